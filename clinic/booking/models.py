"""Tables of the bookings. The constraints here are the promise that a place is never sold twice (RULES §2)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from clinic.booking.models_offers import Proposal as Proposal
from clinic.booking.models_offers import Wish as Wish
from clinic.booking.models_offers import ZoneSeen as ZoneSeen
from clinic.core.db import Base, Identified, Versioned, belongs_to

NO_FIELDS = text("'{}'")
STATUSES = (
    "pending", "booked", "confirmed", "checked_in", "in_progress", "completed", "cancelled", "rejected", "no_show",
)  # fmt: skip
HOLDS_A_PLACE = "status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed')"
DURING = "CASE WHEN starts_at IS NOT NULL THEN tstzrange(starts_at, ends_at) END"
"""A visit without a time has no range (one from NULL to NULL would be all of time)."""


def _no_two(name: str, column: str, where: str) -> ExcludeConstraint:
    return ExcludeConstraint(
        ("tenant_id", "="), (column, "="), ("during", "&&"), name=name, where=text(where), using="gist"
    )


def _room(name: str, differing: str) -> ExcludeConstraint:
    return ExcludeConstraint(
        ("tenant_id", "="),
        ("room_id", "="),
        (differing, "<>"),
        ("during", "&&"),
        name=name,
        where=text(f"{HOLDS_A_PLACE} AND room_id IS NOT NULL"),
        using="gist",
    )


class Appointment(Versioned, Base):
    """A visit. Without ``starts_at`` it is a token or a walk-in: a date, and a number instead of a time."""

    __tablename__ = "appointment"
    __table_args__ = (
        ExcludeConstraint(
            ("tenant_id", "="),
            ("doctor_id", "="),
            ("starts_at", "<>"),
            ("during", "&&"),
            name="appointment_no_overlap",
            where=text(f"{HOLDS_A_PLACE} AND NOT overbooked"),
            using="gist",
        ),
        Index(
            "appointment_one_per_place",
            "tenant_id",
            "doctor_id",
            "starts_at",
            "place",
            unique=True,
            postgresql_where=text(f"{HOLDS_A_PLACE} AND starts_at IS NOT NULL"),
        ),
        _no_two("appointment_patient_once", "patient_id", f"{HOLDS_A_PLACE} AND NOT overlap_allowed"),
        # Visits of one doctor that start together (a group) share a room; nobody else comes in meanwhile.
        _room("appointment_room_once", "starts_at"),
        _room("appointment_room_one_doctor", "doctor_id"),
        UniqueConstraint("tenant_id", "doctor_id", "date", "token", name="appointment_one_per_token"),
        UniqueConstraint(
            "tenant_id", "idempotency_caller", "idempotency_key", name="appointment_one_per_key"
        ),
        Index(
            "appointment_busy",
            "tenant_id",
            "doctor_id",
            "starts_at",
            postgresql_include=[
                "ends_at",
                "id",
                "place",
                "overbooked",
                "room_id",
                "buffer_before_minutes",
                "buffer_after_minutes",
            ],
            postgresql_where=text(HOLDS_A_PLACE),
        ),
        Index("appointment_by_day", "tenant_id", "doctor_id", "date", "starts_at"),
        Index("appointment_by_date", "tenant_id", "date", "starts_at", "id"),
        Index("appointment_by_patient", "tenant_id", "patient_id", "date"),
        Index("appointment_by_change", "tenant_id", "updated_at", "id"),
        Index(
            "appointment_to_reschedule",
            "tenant_id",
            "date",
            postgresql_where=text("needs_rescheduling"),
        ),
        Index("appointment_to_approve", "tenant_id", "date", postgresql_where=text("status = 'pending'")),
        Index(
            "appointment_by_series", "tenant_id", "series_id", postgresql_where=text("series_id IS NOT NULL")
        ),
        CheckConstraint("status IN ('" + "', '".join(STATUSES) + "')", name="status_known"),
        CheckConstraint("source IN ('desk', 'portal', 'api', 'walk_in', 'waitlist')", name="source_known"),
        CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="has_both_ends"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint("modality IN ('in_person', 'video', 'phone', 'home')", name="modality_known"),
        belongs_to("patient"),
        belongs_to("doctor"),
        belongs_to("location"),
        belongs_to("service"),
        belongs_to("room"),
        belongs_to("appointment_series", "series_id"),
    )
    patient_id: Mapped[uuid.UUID]
    doctor_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    room_id: Mapped[uuid.UUID | None]
    session_id: Mapped[uuid.UUID | None]
    series_id: Mapped[uuid.UUID | None]
    date: Mapped[date]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE, Computed(DURING, persisted=True))
    timezone: Mapped[str] = mapped_column(Text)
    place: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    token: Mapped[int | None]
    status: Mapped[str] = mapped_column(Text, default="booked", server_default="booked")
    modality: Mapped[str] = mapped_column(Text, default="in_person", server_default="in_person")
    appointment_type: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    meeting_url: Mapped[str | None] = mapped_column(Text)
    intake_answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    source: Mapped[str] = mapped_column(Text, default="desk", server_default="desk")
    overbooked: Mapped[bool] = mapped_column(default=False, server_default="false")
    overbook_reason: Mapped[str | None] = mapped_column(Text)
    overlap_allowed: Mapped[bool] = mapped_column(default=False, server_default="false")
    buffer_before_minutes: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    buffer_after_minutes: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    needs_rescheduling: Mapped[bool] = mapped_column(default=False, server_default="false")
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    cancelled_by: Mapped[str | None] = mapped_column(Text)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=NO_FIELDS)
    created_by: Mapped[str | None] = mapped_column(Text)
    idempotency_caller: Mapped[str | None] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    idempotency_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class AppointmentHistory(Identified, Base):
    """One step of a visit: who, when, from what to what. ``before`` holds what undo needs to put back."""

    __tablename__ = "appointment_history"
    __table_args__ = (
        belongs_to("appointment"),
        Index("appointment_history_by_appointment", "tenant_id", "appointment_id", "at"),
    )
    appointment_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    step: Mapped[str] = mapped_column(Text)
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=NO_FIELDS)
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    undone_at: Mapped[datetime | None]


class AppointmentSeries(Identified, Base):
    """Visits that repeat: the rule as it was asked for, its first time, and the zone on whose clock it repeats."""

    __tablename__ = "appointment_series"
    __table_args__ = (
        belongs_to("patient"),
        belongs_to("doctor"),
        belongs_to("location"),
        belongs_to("service"),
    )
    patient_id: Mapped[uuid.UUID]
    doctor_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(Text)
    rrule: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str] = mapped_column(Text)


class VisitNote(Identified, Base):
    """One version of what the doctor wrote about a visit. Append-only: every version is kept, the last one counts."""

    __tablename__ = "visit_note"
    __table_args__ = (
        UniqueConstraint("tenant_id", "appointment_id", "number", name="visit_note_one_per_number"),
        belongs_to("appointment"),
    )
    appointment_id: Mapped[uuid.UUID]
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str] = mapped_column(Text)


class Hold(Identified, Base):
    """A slot kept for somebody for a few minutes. Expired ones are deleted under the doctor-day's lock.

    ``place`` counts on after the visits': two holds of a slot of capacity 2 are two different places.
    """

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("tenant_id", "doctor_id", "starts_at", "place", name="hold_one_per_place"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("doctor_id", "="),
            ("starts_at", "<>"),
            ("during", "&&"),
            name="hold_no_overlap",
            using="gist",
        ),
        Index("hold_by_expiry", "expires_at"),
        Index(
            "hold_by_appointment",
            "tenant_id",
            "appointment_id",
            postgresql_where=text("appointment_id IS NOT NULL"),
        ),
        CheckConstraint("kind IN ('hold', 'proposal', 'waitlist')", name="kind_known"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        belongs_to("doctor"),
        belongs_to("appointment"),
    )
    kind: Mapped[str] = mapped_column(Text, default="hold", server_default="hold")
    doctor_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    room_id: Mapped[uuid.UUID | None]
    appointment_id: Mapped[uuid.UUID | None]
    date: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE, Computed(DURING, persisted=True))
    place: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    buffer_before_minutes: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    buffer_after_minutes: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    holder: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    extended: Mapped[bool] = mapped_column(default=False, server_default="false")
