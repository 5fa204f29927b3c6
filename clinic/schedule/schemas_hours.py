"""Weekly hours, overrides of a date and one-off sessions as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from clinic.core.fields import FreeObject
from clinic.core.resources import Listed
from clinic.core.schema import Body, Expand, Partial, Query, Record, Reply
from clinic.core.times import Date, DateOrInstant, TimeOfDay, WallOrInstant, Weekday
from clinic.schedule.schemas_directory import Capacity, Length

ServiceIds = Annotated[list[uuid.UUID], Field(max_length=200, description="Null: every visit type.")]
HoursExpand = Expand[Literal["doctor", "location"]]


class AvailabilityNew(Body):
    """Hours of every week, on the clock of their location."""

    weekday: Weekday
    start_time: TimeOfDay
    end_time: TimeOfDay
    ends_next_day: bool = False
    location_id: uuid.UUID | None = None
    slot_minutes: Length | None = None
    capacity: Capacity = 1
    service_ids: ServiceIds | None = None
    valid_from: Date | None = None
    valid_until: Date | None = None
    every_weeks: Annotated[int, Field(ge=1, le=520, description="Counted from the week of valid_from.")] = 1
    custom_fields: FreeObject = Field(default_factory=dict)


class AvailabilityChange(AvailabilityNew, Partial):
    """Any part of weekly hours."""

    force: bool = False


class Expanded(Reply):
    """What ``expand`` puts beside the ids."""

    doctor: dict[str, Any] | None = Field(None, description="With `expand=doctor`.")
    location: dict[str, Any] | None = Field(None, description="With `expand=location`.")


class WeeklyHours(Record, Expanded):
    """Hours of every week. ``valid_from`` and ``valid_until`` are included."""

    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    weekday: int
    start_time: str
    end_time: str
    ends_next_day: bool
    slot_minutes: int | None
    capacity: int
    service_ids: list[uuid.UUID] | None
    valid_from: date | None
    valid_until: date | None
    every_weeks: int
    custom_fields: dict[str, Any]


class HoursRead(Query):
    expand: HoursExpand = frozenset()


class AvailabilityListing(Listed):
    weekday: Annotated[int, Field(ge=0, le=6)] | None = None
    location_id: uuid.UUID | None = None
    expand: HoursExpand = frozenset()


class Interval(Body):
    """Wall-clock times of one day."""

    start_time: TimeOfDay
    end_time: TimeOfDay
    ends_next_day: bool = False


class OverrideNew(Body):
    """The hours of one date; no intervals: none that day."""

    date: Date
    intervals: Annotated[list[Interval], Field(max_length=48)] = Field(default_factory=list)
    location_id: uuid.UUID | None = None
    force: bool = False


class OverrideInterval(Reply):
    start_time: str
    end_time: str
    ends_next_day: bool


class Override(Record, Expanded):
    """The hours of one date in place of the weekly ones."""

    doctor_id: uuid.UUID
    date: date
    intervals: list[OverrideInterval]
    location_id: uuid.UUID | None


class OverrideListing(Listed):
    from_: Date | None = Field(None, alias="from")
    to: Date | None = None
    expand: HoursExpand = frozenset()


class SessionNew(Body):
    """Hours that come once, on top of the weekly ones: a start, and an end or a duration."""

    doctor_id: uuid.UUID
    start: WallOrInstant
    end: WallOrInstant | None = None
    duration_minutes: Length | None = None
    location_id: uuid.UUID | None = None
    slot_minutes: Length | None = None
    capacity: Capacity = 1
    service_ids: ServiceIds | None = None


class OneOffSession(Record, Expanded):
    """Hours that come once. ``is_booked``: no place in it is left."""

    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    start: datetime
    end: datetime
    duration_minutes: int
    slot_minutes: int | None
    capacity: int
    service_ids: list[uuid.UUID] | None
    booked_count: int
    is_booked: bool


class SessionListing(Listed):
    doctor_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    from_: DateOrInstant | None = Field(None, alias="from")
    to: DateOrInstant | None = None
    expand: HoursExpand = frozenset()
