"""Dates and times as requests write them (API.md §1): ISO 8601 dates, RFC 3339 times, ``HH:MM``, weekdays.

A time may come without an offset: then it is the wall clock of the location that it is about. It is kept naive here,
and the verb that knows the location makes an instant of it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import Field

from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Parsed, Wrong

DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)([Zz]|[+\- ]\d\d:\d\d)?",
    re.ASCII,
)
HHMM = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)

# Far enough for every life and every contract; near enough that a day, a week or an offset can be added without
# leaving the calendar of Python or of the database.
FIRST_YEAR, LAST_YEAR = 1800, 2999


def iso_date(text: str) -> date:
    """``2026-11-23`` as a date. ``Wrong("invalid_date")``: no such day, or another spelling."""
    if DATE.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return day
    raise Wrong("invalid_date")


def wall_or_instant(text: str) -> datetime:
    """An RFC 3339 time: aware with an offset, naive (the location's wall clock) without.

    Seconds may be left out; a fraction is kept to the microsecond. In a query an unescaped ``+`` arrives as a space
    and is read as what it was. ``Wrong("invalid_time")`` otherwise.
    """
    found = MOMENT.fullmatch(text)
    if found:
        day, clock, offset = found.groups()
        offset = (offset or "").replace(" ", "+").upper()
        try:
            moment = datetime.fromisoformat(f"{day}T{clock}{offset}")
            if HHMM.match(clock) and FIRST_YEAR <= moment.year <= LAST_YEAR:
                return moment
        except ValueError:
            pass
    raise Wrong("invalid_time")


def instant(text: str) -> datetime:
    """An RFC 3339 time as an aware datetime; without an offset it is the wall clock of the clinic that we act in.

    ``Wrong("invalid_time")`` for another spelling, and for one without an offset on the platform's own host;
    ``Wrong("nonexistent_time")`` for a time that the clock skips. One that it repeats is the first.
    """
    from clinic.core import tenancy

    moment = wall_or_instant(text)
    if moment.tzinfo is not None:
        return moment
    clinic = tenancy.current()
    if clinic is None:
        raise Wrong("invalid_time", _("Write the time with its offset, such as 2026-11-23T09:00:00-05:00."))
    local = moment.replace(tzinfo=clinic.zone)
    if local.astimezone(UTC).astimezone(clinic.zone).replace(tzinfo=None) != moment:
        raise Wrong("nonexistent_time", _("The clock skips this time on that day."))
    return local


def date_or_instant(text: str) -> date | datetime:
    """An end of a range: a date (the whole local day) or a time (``wall_or_instant``)."""
    return iso_date(text) if DATE.fullmatch(text) else wall_or_instant(text)


def time_of_day(text: str) -> time:
    """``HH:MM`` from 00:00 to 23:59. ``Wrong("invalid_time")`` otherwise."""
    if HHMM.fullmatch(text):
        return time(int(text[:2]), int(text[3:]))
    raise Wrong("invalid_time", _("Write a time of day as HH:MM."))


def show_time(moment: time | datetime) -> str:
    """A time of day as the API writes it: ``09:00``."""
    return f"{moment.hour:02}:{moment.minute:02}"


_DAY = {"format": "date", "pattern": r"^\d{4}-\d\d-\d\d$", "maxLength": 10}
_MOMENT = {"format": "date-time", "maxLength": 40}

Date = Annotated[date, Parsed(iso_date, {**_DAY, "examples": ["2026-11-23"]}, "invalid_date")]
WallOrInstant = Annotated[
    datetime,
    Parsed(
        wall_or_instant,
        {
            **_MOMENT,
            "description": "RFC 3339. Without an offset: the wall clock of the location.",
            "examples": ["2026-11-23T09:00:00-05:00", "2026-11-23T09:00:00"],
        },
        "invalid_time",
    ),
]
Instant = Annotated[
    datetime,
    Parsed(
        instant,
        {
            **_MOMENT,
            "description": "RFC 3339. Without an offset: the wall clock of the clinic.",
            "examples": ["2026-11-23T09:00:00-05:00"],
        },
        "invalid_time",
    ),
]
DateOrInstant = Annotated[
    date | datetime,
    Parsed(
        date_or_instant,
        {
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "maxLength": 40,
            "description": "A date is the whole local day; a time may carry an offset or be the wall clock.",
            "examples": ["2026-11-23", "2026-11-23T09:00:00-05:00"],
        },
        "invalid_time",
    ),
]
TimeOfDay = Annotated[
    time,
    Parsed(
        time_of_day,
        {"pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "maxLength": 5, "examples": ["09:00"]},
        "invalid_time",
    ),
]
Weekday = Annotated[int, Field(ge=0, le=6, description="0 = Monday … 6 = Sunday")]
