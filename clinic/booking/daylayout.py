"""A doctor's day as a column of stretches without gaps, and columns side by side as the rows of one table.

Pure. Rows begin wherever something begins in any column, so that a table of them shows every length as it is: a cell
spans the rows from its beginning to its end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.facts import Slot
from clinic.schedule.timeoff import Off
from clinic.schedule.walltime import moment

Kind = Literal["visits", "free", "held", "off", "absent", "elsewhere", "numbers", "open", "closed"]
RANK: dict[str, int] = {
    name: rank
    for rank, name in enumerate(
        ("closed", "open", "numbers", "elsewhere", "off", "absent", "held", "free", "visits")
    )
}
HALF_HOUR, HOUR, MINUTE = 1800, 3600, 60


@dataclass(slots=True, eq=False)
class Span:
    """Something in [start, end), in epoch seconds: visits that overlap, a free slot, time off, hours, no hours."""

    kind: Kind
    start: int
    end: int
    visits: list[Any] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    off: Off | None = None
    location_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What a column shows from one row on, for so many rows."""

    column: int
    rows: int
    span: Span


@dataclass(slots=True)
class Row:
    """A row of the table: as many ``minutes`` as it lasts, a ``mark`` of the clock (None: inside of one).

    ``crowded``: a mark so near to that of now that there is no room for both.
    """

    start: int
    minutes: int
    mark: str | None = None
    mark_rows: int = 0
    is_hour: bool = False
    is_now: bool = False
    crowded: bool = False
    cells: list[Cell] = field(default_factory=list)


def column(of: Any, begins: int, ends: int, *, at: UUID | None = None) -> list[Span]:
    """One doctor's day (``dayfacts.DoctorsDay``) between two moments, without gaps, each span where it counts.

    *at*: the location that is looked at; hours at another one are *elsewhere*.
    """
    spans = [Span("closed", begins, ends)]
    openings = of.table.open.openings(begins, ends)
    for opening in openings:
        spans.append(Span("numbers" if of.gives_numbers else "open", opening.start, opening.end))
        if at is not None and opening.location_id not in (None, at):
            spans.append(Span("elsewhere", opening.start, opening.end, location_id=opening.location_id))
        spans += [
            Span("off", max(off.start, opening.start), min(off.end, opening.end), off=off)
            for off in of.table.open.offs(opening.location_id, opening.zone)
            if off.start < opening.end and opening.start < off.end
        ]
        if not of.is_present:
            spans.append(Span("absent", opening.start, opening.end))
    spans += [Span("held", _seconds(hold.starts_at), _seconds(hold.ends_at)) for hold in of.held]
    together = _clusters(visit for visit in of.visits if visit.starts_at is not None)
    for slot in of.free:
        shared = next((each for each in together if each.start < slot.until and slot.at < each.end), None)
        if shared:
            shared.slots.append(slot)
        else:
            spans.append(Span("free", slot.at, slot.until, slots=[slot]))
    return _painted(spans + together, begins, ends)


def _clusters(visits: Iterable[Any]) -> list[Span]:
    """Visits that overlap one another come together; *visits* are in time order."""
    found: list[Span] = []
    for visit in visits:
        start, end = _seconds(visit.starts_at), _seconds(visit.ends_at)
        if found and start < found[-1].end:
            found[-1].end = max(found[-1].end, end)
        else:
            found.append(Span("visits", start, end))
        found[-1].visits.append(visit)
    return found


def _painted(spans: list[Span], begins: int, ends: int) -> list[Span]:
    """The spans one after the other; where two overlap, the more telling one shows."""
    inside = [span for span in spans if span.start < ends and begins < span.end]
    edges = sorted(
        {begins, ends} | {edge for span in inside for edge in (span.start, span.end) if begins < edge < ends}
    )
    shown: list[Span] = [inside[0]] * (len(edges) - 1)
    for span in sorted(inside, key=lambda span: RANK[span.kind]):
        for place in range(bisect_left(edges, span.start), min(bisect_left(edges, span.end), len(shown))):
            shown[place] = span
    found: list[Span] = []
    before: Span | None = None
    for place, span in enumerate(shown):
        if span is before:
            found[-1].end = edges[place + 1]
        else:
            found.append(replace(span, start=edges[place], end=edges[place + 1]))
        before = span
    return found


def bounds(columns: Sequence[Sequence[Span]], zone: ZoneInfo) -> tuple[int, int] | None:
    """From when to when there is something to see, in whole hours of the clock; None: nowhere anything."""
    seen = [span for spans in columns for span in spans if span.kind != "closed"]
    if not seen:
        return None
    first, last = min(span.start for span in seen), max(span.end for span in seen)
    return first - _into(first, HOUR, zone), last + -_into(last, HOUR, zone) % HOUR


def rows(columns: Sequence[Sequence[Span]], zone: ZoneInfo, now: int | None = None) -> list[Row]:
    """The columns as rows, with marks of the clock every half hour and one at *now*."""
    seen = bounds(columns, zone)
    if seen is None:
        return []
    first, last = seen
    marks = set(range(first, last, HALF_HOUR))
    line = now - now % MINUTE if now is not None and first <= now < last else None
    if line is not None:
        marks.add(line)
    clipped = [[span for span in spans if span.start < last and first < span.end] for spans in columns]
    starts = sorted(marks | {last} | {max(span.start, first) for spans in clipped for span in spans})
    place = {edge: number for number, edge in enumerate(starts)}
    found = [Row(start, max(1, (end - start) // MINUTE)) for start, end in pairwise(starts)]
    _mark(found, sorted(marks), place, zone, line)
    for number, spans in enumerate(clipped):
        for span in spans:
            at, until = place[max(span.start, first)], place[min(span.end, last)]
            found[at].cells.append(Cell(number, until - at, span))
    return found


def shortest(columns: Sequence[Sequence[Span]]) -> int:
    """How many minutes the shortest line of text has, among visits and free times; an hour if there is none."""
    lines = [
        (span.end - span.start) // max(1, len(span.visits), len(span.slots)) // MINUTE
        for spans in columns
        for span in spans
        if span.kind in ("visits", "free")
    ]
    return min(lines, default=60)


def _mark(found: list[Row], marks: list[int], place: dict[int, int], zone: ZoneInfo, now: int | None) -> None:
    for mark, until in zip(marks, [*marks[1:], None], strict=True):
        row = found[place[mark]]
        row.mark_rows = (place[until] if until is not None else len(found)) - place[mark]
        row.is_hour, row.is_now = not _into(mark, HOUR, zone), mark == now
        row.crowded = now is not None and not row.is_now and abs(mark - now) < 10 * MINUTE
        row.mark = moment(mark, zone).strftime("%H:%M")


def _into(seconds: int, unit: int, zone: ZoneInfo) -> int:
    """How far into the hour (or half hour) the clock of *zone* stands."""
    clock = moment(seconds, zone)
    return (clock.hour * HOUR + clock.minute * MINUTE + clock.second) % unit


def _seconds(at: Any) -> int:
    return int(at.timestamp())
