"""Blocked time, closures and doctors' days as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from clinic.core.fields import FreeObject, Line, Note
from clinic.core.resources import Listed
from clinic.core.schema import Body, Expand, Listing, Partial, Query, Record, Reply
from clinic.core.text import Text
from clinic.core.times import Date, DateOrInstant

Rule = Annotated[str, Text(500, least=1), Field(examples=["FREQ=WEEKLY;BYDAY=MO"], description="RFC 5545.")]


class Away(Body):
    """A range of time: times, or dates of which the last is included."""

    start: DateOrInstant
    end: DateOrInstant | None = Field(None, description="May be left out of a whole day.")
    all_day: bool = False
    reason: Line | None = None
    rrule: Rule | None = None

    force: bool = False


class BlockedTimeNew(Away):
    """Time that a doctor does not offer."""

    custom_fields: FreeObject = Field(default_factory=dict)


class BlockedTimeChange(BlockedTimeNew, Partial):
    """Any part of blocked time."""


class ClosureNew(Away):
    """A closed location, or without one the whole clinic."""

    location_id: uuid.UUID | None = None


class ClosureChange(ClosureNew, Partial):
    """Any part of a closure."""


class AwayShown(Record):
    """A range of time that is not offered."""

    start: datetime
    end: datetime
    all_day: bool
    reason: str | None
    rrule: str | None


class BlockedTime(AwayShown):
    """Time that a doctor does not offer."""

    doctor_id: uuid.UUID
    custom_fields: dict[str, Any]
    doctor: dict[str, Any] | None = Field(None, description="With `expand=doctor`.")


class Closure(AwayShown):
    """A closed location, or the whole clinic."""

    location_id: uuid.UUID | None
    location: dict[str, Any] | None = Field(None, description="With `expand=location`.")


class AwayListing(Listed):
    """``from`` and ``to``: what reaches into this time. What repeats is listed once."""

    from_: DateOrInstant | None = Field(None, alias="from")
    to: DateOrInstant | None = None


class BlockedTimeListing(AwayListing):
    expand: Expand[Literal["doctor"]] = frozenset()


class BlockedTimeRead(Query):
    expand: Expand[Literal["doctor"]] = frozenset()


class ClosureListing(AwayListing):
    location_id: uuid.UUID | None = None
    expand: Expand[Literal["location"]] = frozenset()


class ClosureRead(Query):
    expand: Expand[Literal["location"]] = frozenset()


class DayChange(Partial):
    """What a doctor's day shall be; what is left out stays as it is."""

    is_present: bool = True
    notes: Note | None = None
    max_appointments: Annotated[int, Field(ge=0, le=10_000)] | None = None
    delay_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    force: bool = False


class DoctorDay(Reply):
    """A doctor's day. ``cap`` is the one in force, ``remaining`` null without one."""

    doctor_id: uuid.UUID
    date: date
    is_present: bool
    notes: str | None
    max_appointments: int | None
    delay_minutes: int
    cap: int | None
    booked: int
    excess: int = Field(description="How many stand above the cap.")
    remaining: int | None
    last_token: int
    last_position: int
    version: int = Field(description="0: nobody has touched this day.")


class DayListing(Listing):
    """The load of the days from … to, both included; at most 366."""

    from_: Date = Field(alias="from")
    to: Date
