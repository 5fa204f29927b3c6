"""What is asked about free slots in JSON, and what is answered."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from clinic.core.fields import Line
from clinic.core.schema import Query, Reply
from clinic.core.times import Date, DateOrInstant, WallOrInstant

PartOfDay = Literal["morning", "afternoon", "evening"]
Audience = Literal["patient", "staff"]


class SlotsAsked(Query):
    """Whose free slots, when. At most 62 days."""

    from_: DateOrInstant | None = Field(None, alias="from")
    to: DateOrInstant | None = None
    date: Date | None = None
    doctor_id: uuid.UUID | None = None
    specialty: Line | None = None
    location_id: uuid.UUID | None = None
    service_id: uuid.UUID | None = None
    part_of_day: PartOfDay | None = None
    spread: Literal["day"] | None = None
    limit: Annotated[int, Field(ge=1, le=5000)] | None = None
    include_taken: bool = False
    audience: Audience | None = None


class Slot(Reply):
    """A start that can be booked now; `slot` alone books it."""

    slot: str
    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    service_id: uuid.UUID | None
    start: datetime
    end: datetime
    capacity: int
    remaining: int
    label: str


class Slots(Reply):
    """Free slots in time order."""

    items: list[Slot]
    next_cursor: None = None
    total_slots: int | None = Field(None, description="With `include_taken`.")
    available_slots: int | None = Field(None, description="With `include_taken`.")


class DayCount(Reply):
    """How many free slots (or tokens) a date has."""

    date: date
    available: int


class Days(Reply):
    items: list[DayCount]


class Moment(Query):
    """The time to check."""

    start: WallOrInstant
    end: WallOrInstant | None = None
    service_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    audience: Audience | None = None


class ReasonShown(Reply):
    """One thing that stands against a time, in the clinic's words."""

    code: str
    message: str


class Availability(Reply):
    """Whether a time can be booked, and all that is against it."""

    available: bool
    reasons: list[ReasonShown]
