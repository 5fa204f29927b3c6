"""What a JSON body about the queue looks like, and what is answered."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.core.fields import Line, Note
from clinic.core.schema import LARGEST_PAGE, Body, Expand, ListOf, Query, Reply
from clinic.core.text import Text
from clinic.core.times import Date
from clinic.patients.schemas import NewPatient

Priority = Literal["normal", "urgent"]
State = Literal["waiting", "called", "in_room", "served", "skipped", "left"]


class CheckIn(Body):
    """Somebody is here: for their appointment, or without one (``walk_in``)."""

    appointment_id: uuid.UUID | None = None
    patient_id: uuid.UUID | None = None
    patient: NewPatient | None = None
    doctor_id: uuid.UUID | None = None
    specialty: Line | None = None
    service_id: uuid.UUID | None = None
    walk_in: bool = False
    priority: Priority = "normal"
    priority_reason: Line | None = None
    reason: Note | None = None
    overbook: bool = False
    overbook_reason: Line | None = None


class DayOf(Query):
    """Which day; today at the doctor's location if left out. All of it, unless a limit is given."""

    date: Date | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] | None = None
    cursor: Annotated[str, Text(2000)] | None = None
    expand: Expand[Literal["patient", "doctor"]] = frozenset()


class Prioritise(Body):
    priority: Priority
    reason: Line | None = None


class Transfer(Body):
    doctor_id: uuid.UUID


class Entry(Reply):
    """Somebody in the queue. Numbers never change; ``ahead`` and the estimate do."""

    id: uuid.UUID
    appointment_id: uuid.UUID
    doctor_id: uuid.UUID
    patient_id: uuid.UUID
    date: date
    queue_position: int
    ticket: str
    status: State
    priority: Priority
    priority_reason: str | None
    walk_in: bool
    checked_in_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    served_at: datetime | None
    version: int
    ahead: int
    estimated_wait_minutes: int
    why: str
    patient: dict[str, Any] | None = Field(None, description="With `expand=patient`.")
    doctor: dict[str, Any] | None = Field(None, description="With `expand=doctor`.")


Queue = ListOf[Entry]


def show(entry: Any, ahead: int = 0, wait: int = 0, why: str = "") -> dict[str, Any]:
    """An entry as the API answers it; times with the offset of its location."""
    zone = ZoneInfo(entry.timezone)
    return {
        "id": entry.id,
        "appointment_id": entry.appointment_id,
        "doctor_id": entry.doctor_id,
        "patient_id": entry.patient_id,
        "date": entry.date,
        "queue_position": entry.position,
        "ticket": entry.ticket,
        "status": entry.status,
        "priority": entry.priority,
        "priority_reason": entry.priority_reason,
        "walk_in": entry.walk_in,
        "checked_in_at": _local(entry.checked_in_at, zone),
        "called_at": _local(entry.called_at, zone),
        "started_at": _local(entry.started_at, zone),
        "served_at": _local(entry.served_at, zone),
        "version": entry.version,
        "ahead": ahead,
        "estimated_wait_minutes": wait,
        "why": why,
    }


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None
