"""Tables of the day's queue."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from clinic.core.db import Base, Identified, belongs_to

STATES = ("waiting", "called", "in_room", "served", "skipped", "left")


class QueueEntry(Identified, Base):
    """Somebody who is here. A check-in after an undo wakes the same entry with its old number."""

    __tablename__ = "queue_entry"
    __table_args__ = (
        UniqueConstraint("tenant_id", "doctor_id", "date", "position", name="queue_entry_one_per_position"),
        UniqueConstraint("tenant_id", "appointment_id", name="queue_entry_one_per_appointment"),
        Index("queue_entry_by_state", "tenant_id", "doctor_id", "date", "status"),
        CheckConstraint("status IN ('" + "', '".join(STATES) + "')", name="status_known"),
        CheckConstraint("priority IN ('normal', 'urgent')", name="priority_known"),
        belongs_to("appointment"),
        belongs_to("doctor"),
        belongs_to("patient"),
    )
    appointment_id: Mapped[uuid.UUID]
    doctor_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    date: Mapped[date]
    position: Mapped[int]
    ticket: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="waiting", server_default="waiting")
    priority: Mapped[str] = mapped_column(Text, default="normal", server_default="normal")
    priority_reason: Mapped[str | None] = mapped_column(Text)
    walk_in: Mapped[bool] = mapped_column(default=False, server_default="false")
    checked_in_at: Mapped[datetime] = mapped_column(server_default=func.now())
    called_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    served_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class QueueTransition(Identified, Base):
    """One change of state with its time, so that waits can be measured and undone."""

    __tablename__ = "queue_transition"
    __table_args__ = (
        belongs_to("queue_entry", "entry_id"),
        Index("queue_transition_by_entry", "tenant_id", "entry_id", "at"),
    )
    entry_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
