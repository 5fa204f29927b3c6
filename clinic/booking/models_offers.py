"""Tables of what is offered and not yet taken: times proposed for a visit, and wishes for a time that is not free."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from clinic.core.db import Base, Identified, OfTenant, Versioned, belongs_to


class Proposal(Identified, Base):
    """Another time for a visit, held for whoever answers. Its hold has the same id; without it, it has expired."""

    __tablename__ = "proposal"
    __table_args__ = (
        Index(
            "proposal_one_open",
            "tenant_id",
            "appointment_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("proposal_by_age", "tenant_id", "created_at", "id"),
        CheckConstraint("status IN ('open', 'confirmed', 'declined', 'replaced')", name="status_known"),
        belongs_to("appointment"),
        belongs_to("doctor"),
        belongs_to("location"),
        belongs_to("service"),
    )
    appointment_id: Mapped[uuid.UUID]
    doctor_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="open", server_default="open")
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(Text)


class Wish(Versioned, Base):
    """Somebody who waits for a time that is not free: when, with whom, and what was offered to them last.

    ``skipped_because`` says why they were passed over when a place that they might have liked was free.
    """

    __tablename__ = "wish"
    __table_args__ = (
        Index("wish_waiting", "tenant_id", "created_at", "id", postgresql_where=text("status <> 'booked'")),
        Index("wish_by_patient", "tenant_id", "patient_id"),
        CheckConstraint("status IN ('waiting', 'offered', 'booked')", name="status_known"),
        CheckConstraint("part_of_day IN ('morning', 'afternoon', 'evening')", name="part_of_day_known"),
        CheckConstraint("last >= first", name="ends_after_it_begins"),
        belongs_to("patient"),
        belongs_to("doctor"),
        belongs_to("specialty"),
        belongs_to("service"),
        belongs_to("appointment"),
        belongs_to("doctor", "offered_doctor_id", name="wish_offered_by_doctor"),
    )
    patient_id: Mapped[uuid.UUID]
    doctor_id: Mapped[uuid.UUID | None]
    specialty_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    first: Mapped[date]
    last: Mapped[date]
    part_of_day: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="waiting", server_default="waiting")
    hold_id: Mapped[uuid.UUID | None]
    offered_doctor_id: Mapped[uuid.UUID | None]
    offered_location_id: Mapped[uuid.UUID | None]
    offered_date: Mapped[date | None]
    offered_start: Mapped[datetime | None]
    offered_end: Mapped[datetime | None]
    offered_at: Mapped[datetime | None]
    offered_until: Mapped[datetime | None]
    times_offered: Mapped[int] = mapped_column(default=0, server_default="0")
    skipped_at: Mapped[datetime | None]
    skipped_because: Mapped[str | None] = mapped_column(Text)
    appointment_id: Mapped[uuid.UUID | None]
    created_by: Mapped[str | None] = mapped_column(Text)


class ZoneSeen(OfTenant, Base):
    """How the clock of a zone was going to be set when the clinic last looked (``zone_changes``).

    ``differs``: the zone database says otherwise by now, and nobody has said yet what visits to come keep.
    """

    __tablename__ = "zone_seen"
    zone: Mapped[str] = mapped_column(Text, primary_key=True)
    offsets: Mapped[list[list[int]]] = mapped_column(JSONB)
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    differs: Mapped[bool] = mapped_column(default=False, server_default="false")
