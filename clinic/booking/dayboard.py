"""The day board as its page shows it: a column for each doctor who is here, rows of the clock, everything in words."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date as local_date
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import cells, daylayout
from clinic.booking.cells import Column, Row, Visit
from clinic.booking.dayfacts import Days, DoctorsDay
from clinic.booking.daylayout import Span
from clinic.core.i18n import gettext, ngettext
from clinic.schedule.walltime import ONE_DAY, day_range

TALLIED = ("pending", "booked", "confirmed", "checked_in", "in_progress", "completed", "no_show")


@dataclass(slots=True)
class Head:
    """A column: a doctor, what is to be known of their day, and visits without a time."""

    id: uuid.UUID
    name: str
    count: str
    notes: list[tuple[str, str]]
    is_present: bool
    gives_numbers: bool
    loose: list[Visit]


@dataclass(slots=True)
class Board:
    """All of it. ``away``: who has neither hours nor visits on this day, ``unset``: who has no hours at all.

    ``somebody``: whether there is anything to see; ``shortest``: the minutes of the shortest visit or free time.
    """

    facts: Days
    heads: list[Head]
    rows: list[Row]
    away: list[str]
    unset: list[str]
    somebody: bool
    shortest: int

    @property
    def pace(self) -> str:
        """How much room an hour needs, so that the shortest visit can still be read and pressed."""
        return pace(self.shortest)

    @property
    def date(self) -> local_date:
        return self.facts.date

    @property
    def today(self) -> local_date:
        return self.facts.today

    @property
    def is_today(self) -> bool:
        return self.facts.is_today

    @property
    def zone(self) -> ZoneInfo:
        return self.facts.zone

    @property
    def version(self) -> str:
        return self.facts.version

    @property
    def doctors(self) -> list[Any]:
        """All of them, for the filter."""
        return self.facts.everybody

    @property
    def locations(self) -> list[Any]:
        return self.facts.locations

    @property
    def tally(self) -> list[tuple[str, int]]:
        """How many visits are in which state, in the order in which a day goes."""
        return tally(self.facts.of)

    @property
    def before(self) -> local_date:
        return self.date - ONE_DAY

    @property
    def after(self) -> local_date:
        return self.date + ONE_DAY

    @property
    def has_loose(self) -> bool:
        return any(head.loose for head in self.heads)


def pace(shortest: int) -> str:
    """How much room an hour needs where the shortest line has so many minutes."""
    return "easy" if shortest >= 20 else "brisk" if shortest >= 15 else "fast"


def tally(of: list[DoctorsDay]) -> list[tuple[str, int]]:
    """How many visits are in which state, in the order in which a day goes."""
    states = Counter(visit.status for each in of for visit in each.visits)
    return [(state, states[state]) for state in TALLIED if states[state]]


def board(
    day: Days,
    *,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    moving: bool = False,
) -> Board:
    """The board of the one day that was read (``dayfacts.read``), for all doctors, those of a location, or one."""
    begins, ends = day_range(day.date, day.zone)
    columns: list[Column] = [(of, daylayout.column(of, begins, ends, at=location_id)) for of in day.of]
    here = [each for each in columns if doctor_id or _is_here(*each)]
    absent = [of.doctor for of, _spans in columns if all(of is not shown for shown, _ in here)]
    away = [doctor.full_name for doctor in absent if doctor.has_hours]
    unset = [doctor.full_name for doctor in absent if not doctor.has_hours]
    now = int(day.now.timestamp()) if day.is_today else None
    heads = [_head(of, spans, day) for of, spans in here]
    shortest = daylayout.shortest([spans for _of, spans in here])
    somebody = any(_is_here(*each) for each in columns)
    drawn = cells.rows(here, day, clock=day.zone, now=now, moving=moving)
    return Board(day, heads, drawn, away, unset, somebody, shortest)


def _is_here(of: DoctorsDay, spans: list[Span]) -> bool:
    """Whether there is something to see of a doctor: hours, visits, or numbers on any day, without hours."""
    numbers_any_day = of.gives_numbers and not of.doctor.has_hours
    return bool(of.visits) or numbers_any_day or any(span.kind != "closed" for span in spans)


def _head(of: DoctorsDay, spans: list[Span], day: Days) -> Head:
    return Head(
        of.doctor.id,
        of.doctor.full_name,
        count(of),
        notes(of, day),
        of.is_present,
        of.gives_numbers,
        cells.loose(of, spans, day),
    )


def count(of: DoctorsDay) -> str:
    """``3 visits, 5 free``: how full a doctor's day is."""
    visits = ngettext("%(num)d visit", "%(num)d visits", len(of.visits))
    if not of.gives_numbers:
        return gettext(
            "%(visits)s, %(free)d free", visits=visits, free=sum(slot.remaining for slot in of.free)
        )
    if of.remaining is not None:
        return gettext("%(visits)s, %(left)d left", visits=visits, left=of.remaining)
    return visits


def notes(of: DoctorsDay, days: Days) -> list[tuple[str, str]]:
    """What else is to be known of a doctor's day: a tone and a few words each."""
    found: list[tuple[str, str]] = []
    if not of.is_present:
        found.append(("bad", gettext("Not here today") if of.date == days.today else gettext("Not here")))
    if of.delay:
        found.append(("wait", gettext("%(minutes)d min late", minutes=of.delay)))
    if of.remaining == 0:
        found.append(("wait", gettext("Full")))
    return found
