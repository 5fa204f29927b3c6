"""The week of one doctor as its page shows it: a column for each day, rows of the clock.

Days of 23 and 25 hours stand beside days of 24, so what stands in them is put where the clock on the wall says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date as local_date
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import cells, daylayout
from clinic.booking.cells import Column, Row, Visit
from clinic.booking.dayboard import count, notes, pace, tally
from clinic.booking.dayfacts import Days, DoctorsDay
from clinic.booking.daylayout import Span
from clinic.core.i18n import ngettext
from clinic.schedule.walltime import DAY, day_range, moment

WALL = ZoneInfo("UTC")
"""Seconds since midnight read like an instant here: the first day of 1970."""
SATURDAY = 5


@dataclass(slots=True)
class Head:
    """A column: the date, what is to be known of it, visits without a time."""

    date: local_date
    is_today: bool
    is_past: bool
    count: str
    notes: list[tuple[str, str]]
    is_present: bool
    gives_numbers: bool
    loose: list[Visit]


@dataclass(slots=True)
class Week:
    """The week of ``doctor``. ``somebody``: whether there is anything to see."""

    doctor: Any
    heads: list[Head]
    rows: list[Row]
    pace: str
    tally: list[tuple[str, int]]
    somebody: bool

    @property
    def has_loose(self) -> bool:
        return any(head.loose for head in self.heads)


def week(days: Days, *, location_id: Any = None, moving: bool = False) -> Week:
    """The week that was read for one doctor (``dayfacts.read``, with ``week_of``)."""
    columns = [_column(of, days.zone, location_id) for of in days.of]
    shown = [each for each in columns if each[0].date.weekday() < SATURDAY or _is_here(*each)]
    now = moment(int(days.now.timestamp()), days.zone)
    clock = now.hour * 3600 + now.minute * 60 if days.first <= days.today <= days.last else None
    drawn = cells.rows(shown, days, clock=WALL, now=clock, moving=moving)
    return Week(
        days.of[0].doctor,
        [_head(of, spans, days) for of, spans in shown],
        drawn,
        pace(daylayout.shortest([spans for _of, spans in shown])),
        tally(days.of),
        any(_is_here(*each) for each in shown),
    )


def _is_here(of: DoctorsDay, spans: list[Span]) -> bool:
    return bool(of.visits) or any(span.kind != "closed" for span in spans)


def _head(of: DoctorsDay, spans: list[Span], days: Days) -> Head:
    here = _is_here(of, spans)
    return Head(
        of.date,
        of.date == days.today,
        of.date < days.today,
        _count(of, days) if here else "",
        notes(of, days) if here else [],
        of.is_present,
        of.gives_numbers,
        cells.loose(of, spans, days),
    )


def _count(of: DoctorsDay, days: Days) -> str:
    """A day that is over has nothing free, and need not say so."""
    if of.date < days.today:
        return ngettext("%(num)d visit", "%(num)d visits", len(of.visits))
    return count(of)


def _column(of: DoctorsDay, zone: ZoneInfo, location_id: Any) -> Column:
    begins, ends = day_range(of.date, zone)
    return of, on_the_wall(daylayout.column(of, begins, ends, at=location_id), zone, ends)


def on_the_wall(spans: list[Span], zone: ZoneInfo, ends: int) -> list[Span]:
    """Spans that follow one another until *ends*, the end of their day, in seconds since midnight on the wall.

    An hour that comes twice has one place on the wall: what is in it the second time stands below the first.
    """
    found: list[Span] = []
    for span in spans:
        start = max(_wall(span.start, zone, ends), found[-1].end if found else 0)
        end = _wall(span.end, zone, ends)
        if end <= start and span.kind != "closed":
            end = min(start + span.end - span.start, DAY)
        if end > start:
            found.append(replace(span, start=start, end=end))
        elif found and (span.visits or span.slots):
            last = found[-1]
            found[-1] = replace(
                last, kind="visits", visits=[*last.visits, *span.visits], slots=[*last.slots, *span.slots]
            )
    return found


def _wall(seconds: int, zone: ZoneInfo, ends: int) -> int:
    if seconds >= ends:
        return DAY
    clock = moment(seconds, zone)
    return clock.hour * 3600 + clock.minute * 60 + clock.second
