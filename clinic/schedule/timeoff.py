"""Time that is not offered: a doctor's blocks, closures of a location or of the whole clinic.

Once, these are instants. Whole days are the local dates of whichever location is asked about, and what repeats is
repeated as wall-clock time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule import recurrence
from clinic.schedule.walltime import ONE_DAY, day_range, edge, epoch, wall

BLOCKED, CLOSED = "blocked", "closed"


@dataclass(frozen=True, slots=True)
class Block:
    """Blocked time of a doctor, or a closure (then ``location_id`` is the location, None: the whole clinic).

    ``start``, ``end``: instants, or naive wall times of ``zone``. ``all_day``: every local date that they touch, in
    ``zone``, is off as a whole, in each location's own zone. ``rrule`` (RFC 5545) repeats the wall times of ``zone``.
    """

    id: UUID
    start: datetime
    end: datetime
    zone: ZoneInfo
    all_day: bool = False
    reason: str | None = None
    rrule: str | None = None
    location_id: UUID | None = None


class Off(NamedTuple):
    """One stretch of time off, in epoch seconds; ``code`` is ``blocked`` or ``closed``."""

    start: int
    end: int
    code: str
    block: Block


def expand(blocks: Iterable[Block], code: str, zone: ZoneInfo, first: date, last: date) -> list[Off]:
    """Every stretch that touches the local dates *first* to *last* or a day beside them, in time order."""
    low, high = day_range(first - ONE_DAY, zone)[0], day_range(last + ONE_DAY, zone)[1]
    found = [
        Off(start, end, code, block)
        for block in blocks
        for start, end in _spans(block, zone, first, last)
        if start < end and start < high and low < end
    ]
    found.sort(key=lambda off: (off.start, off.end, off.code, str(off.block.id)))
    return found


def subtract(start: int, end: int, offs: Sequence[Off]) -> list[tuple[int, int]]:
    """What is left of [start, end) after taking away *offs*, which are in time order."""
    left = []
    for off in offs:
        if off.start >= end:
            break
        if off.end > start:
            if off.start > start:
                left.append((start, off.start))
            start = off.end
            if start >= end:
                return left
    left.append((start, end))
    return left


def _spans(block: Block, zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[int, int]]:
    if not block.all_day and not block.rrule:
        yield _once(block.start, block.zone), _once(block.end, block.zone)
        return
    start, end = wall(block.start, block.zone), wall(block.end, block.zone)
    if block.all_day:
        start = datetime.combine(start, time())
        end = datetime.combine(max(start, end - timedelta(microseconds=1)), time()) + ONE_DAY
    lasts = end - start
    for begins in _begins(block, start, lasts, first, last):
        if block.all_day:
            yield day_range(begins.date(), zone)[0], day_range((begins + lasts - ONE_DAY).date(), zone)[1]
        else:
            yield edge(begins, block.zone), edge(begins + lasts, block.zone)


def _begins(block: Block, start: datetime, lasts: timedelta, first: date, last: date) -> list[datetime]:
    if not block.rrule:
        return [start]
    # Two days more on both sides: the window is in another zone's dates than the rule.
    since = datetime.combine(first, time()) - lasts - 2 * ONE_DAY
    return recurrence.occurrences(
        block.rrule, start, block.zone, since, datetime.combine(last, time()) + 3 * ONE_DAY
    )


def _once(moment: datetime, zone: ZoneInfo) -> int:
    return edge(moment, zone) if moment.tzinfo is None else epoch(moment)
