"""Wall clocks and instants (RULES §4).

A *wall time* is what the clock in a clinic shows: a naive datetime. An *instant* is a moment: an aware datetime, or
whole seconds since 1970, which is what the slot engine counts in (integers compare and add without a zone's help).
``instant`` turns the one into the other; nothing else does.

Skipped wall times do not exist, repeated ones mean the first. A local day has 23, 24, 24.5 or 25 hours, or none at
all (Apia had no 30 December 2011), and may begin at 01:00 where the clock jumps at midnight.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 86_400
ONE_DAY = timedelta(days=1)


class NonexistentTime(ValueError):
    """The clock of *zone* never shows *wall*: it jumps over it."""

    code = "nonexistent_time"

    def __init__(self, wall: datetime, zone: ZoneInfo) -> None:
        super().__init__(f"{wall:%Y-%m-%d %H:%M} does not exist in {zone.key}")
        self.wall = wall
        self.zone = zone


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment (in UTC) at which the clock of *zone* shows the naive *wall*: the first one, if it does so twice.

    ``NonexistentTime`` if the clock jumps over it. How a gap and a repetition look: PEP 495.
    """
    before = wall.replace(tzinfo=zone, fold=0).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    if before is None or after is None or before < after:
        raise NonexistentTime(wall, zone)
    return (wall - before).replace(tzinfo=UTC)


def edge(wall: datetime, zone: ZoneInfo) -> int:
    """The first moment (epoch seconds) at which the clock of *zone* shows *wall* or later.

    For what begins or ends at a wall time whatever happens to it: hours from 02:30 on a day without 02:30 begin when
    the clock jumps, at 03:00.
    """
    try:
        return epoch(instant(wall, zone))
    except NonexistentTime:
        low, high = (epoch(wall.replace(tzinfo=zone, fold=fold)) for fold in (1, 0))
        while high - low > 1:
            middle = (low + high) // 2
            if moment(middle, zone).replace(tzinfo=None) < wall:
                low = middle
            else:
                high = middle
        return high


@lru_cache(maxsize=16_384)
def day_range(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Begin and end (epoch seconds, half-open) of a local date. Equal if the zone has no such day."""
    midnight = datetime.combine(day, time())
    return edge(midnight, zone), edge(midnight + ONE_DAY, zone)


def at(day: date, clock: time, zone: ZoneInfo) -> int:
    """``edge`` of a time of day: on a day of 24 hours the clock is not changed, so no zone need be asked."""
    start, end = day_range(day, zone)
    if end - start == DAY:
        return start + clock.hour * 3600 + clock.minute * 60 + clock.second
    return edge(datetime.combine(day, clock), zone)


def local_date(seconds: int, zone: ZoneInfo) -> date:
    """The date whose ``day_range`` holds this moment.

    It is what the calendar shows, except where a clock once went back over midnight after that date had begun
    (St John's until 2011, at 00:01): those minutes belong to the date that had begun.
    """
    day = moment(seconds, zone).date()
    while seconds >= day_range(day, zone)[1]:
        day += ONE_DAY
    return day


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970 of an aware datetime (``ValueError``: a naive one); a fraction is dropped."""
    if moment.tzinfo is None:
        raise ValueError("a wall time is no instant until its zone is known")
    return math.floor(moment.timestamp())


def ceil_epoch(moment: datetime) -> int:
    """The first whole second that is not before *moment*."""
    return epoch(moment) + (moment.microsecond > 0)


def moment(seconds: int, zone: ZoneInfo) -> datetime:
    """An aware datetime in *zone*. Compare such datetimes, never subtract them: that is wall-clock arithmetic."""
    return datetime.fromtimestamp(seconds, zone)


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock of *zone* shows (naive); a naive argument is such a reading already."""
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)
