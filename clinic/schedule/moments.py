"""What was sent as a time becomes an instant, on the clock of the place that it is about (API.md §1, *times*)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from clinic.core.errors import invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule.walltime import NonexistentTime, day_range, instant


def instant_at(given: datetime, zone: ZoneInfo, *, at: str) -> datetime:
    """An aware time as it is, a naive one on the clock of *zone*; 422 ``nonexistent_time`` at the pointer *at*."""
    if given.tzinfo is not None:
        return given
    try:
        return instant(given, zone)
    except NonexistentTime:
        raise invalid(at, "nonexistent_time", _("The clock skips this time on that day.")) from None


def begin_of(given: date | datetime, zone: ZoneInfo, *, at: str) -> datetime:
    """The instant at which a range begins: a date begins at its midnight."""
    if isinstance(given, datetime):
        return instant_at(given, zone, at=at)
    return datetime.fromtimestamp(day_range(given, zone)[0], UTC)


def end_of(given: date | datetime, zone: ZoneInfo, *, at: str) -> datetime:
    """The instant before which a range ends: a date is included whole."""
    if isinstance(given, datetime):
        return instant_at(given, zone, at=at)
    return datetime.fromtimestamp(day_range(given, zone)[1], UTC)
