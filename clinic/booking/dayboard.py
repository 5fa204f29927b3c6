"""The day board as its page shows it: a column for each doctor who is here, rows of the clock, everything in words."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date as local_date
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import dayfacts, daylayout, finding
from clinic.booking.dayfacts import Day, DoctorsDay
from clinic.booking.daylayout import Span
from clinic.core import formats
from clinic.core.access import Actor
from clinic.core.i18n import gettext, ngettext
from clinic.schedule.facts import Slot
from clinic.schedule.walltime import ONE_DAY, day_range, moment

TALLIED = ("pending", "booked", "confirmed", "checked_in", "in_progress", "completed", "no_show")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit in a cell. ``line``: what follows the name where there is room."""

    id: uuid.UUID
    clock: str
    name: str
    status: str
    line: str
    is_overbooked: bool
    to_reschedule: bool
    length: str


@dataclass(frozen=True, slots=True)
class Free:
    """A free time: what it reads, what it sends, the whole sentence for who cannot see the rest of the table."""

    clock: str
    start: str
    slot: str
    spoken: str
    left: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table: what it is, how many rows it spans, and what stands in it."""

    kind: str
    rows: int
    column: int
    lines: int
    visits: list[Visit] = field(default_factory=list)
    free: list[Free] = field(default_factory=list)
    text: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: as it is laid out, with its cells in words."""

    laid: daylayout.Row
    cells: list[Cell]


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

    facts: Day
    heads: list[Head]
    rows: list[Row]
    away: list[str]
    unset: list[str]
    somebody: bool
    shortest: int

    @property
    def pace(self) -> str:
        """How much room an hour needs, so that the shortest visit can still be read and pressed."""
        return "easy" if self.shortest >= 20 else "brisk" if self.shortest >= 15 else "fast"

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
        states = Counter(visit.status for of in self.facts.of for visit in of.visits)
        return [(state, states[state]) for state in TALLIED if states[state]]

    @property
    def before(self) -> local_date:
        return self.date - ONE_DAY

    @property
    def after(self) -> local_date:
        return self.date + ONE_DAY

    @property
    def has_loose(self) -> bool:
        return any(head.loose for head in self.heads)


def board(
    on: local_date | None = None,
    *,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    moving: uuid.UUID | None = None,
    by: Actor,
) -> Board:
    """The board of a date (None: today); *moving*: a visit whose own time counts as free."""
    day = dayfacts.read(on, doctor_id=doctor_id, location_id=location_id, except_for=moving, by=by)
    begins, ends = day_range(day.date, day.zone)
    columns = [(of, daylayout.column(of, begins, ends, at=location_id)) for of in day.of]
    here = [each for each in columns if doctor_id or _is_here(*each)]
    absent = [of.doctor for of, _spans in columns if all(of is not shown for shown, _ in here)]
    away = [doctor.full_name for doctor in absent if doctor.has_hours]
    unset = [doctor.full_name for doctor in absent if not doctor.has_hours]
    now = int(day.now.timestamp()) if day.is_today else None
    heads = [_head(of, any(span.kind == "numbers" for span in spans), day) for of, spans in here]
    shortest = daylayout.shortest([spans for _of, spans in here])
    somebody = any(_is_here(*each) for each in columns)
    return Board(day, heads, _rows(here, day, now), away, unset, somebody, shortest)


def _is_here(of: DoctorsDay, spans: list[Span]) -> bool:
    """Whether there is something to see of a doctor: hours, visits, or numbers on any day, without hours."""
    numbers_any_day = of.gives_numbers and not of.doctor.has_hours
    return bool(of.visits) or numbers_any_day or any(span.kind != "closed" for span in spans)


def _head(of: DoctorsDay, has_numbers: bool, day: Day) -> Head:
    notes: list[tuple[str, str]] = []
    if not of.is_present:
        notes.append(("bad", gettext("Not here today") if day.is_today else gettext("Not here")))
    if of.delay:
        notes.append(("wait", gettext("%(minutes)d min late", minutes=of.delay)))
    if of.remaining == 0:
        notes.append(("wait", gettext("Full")))
    count = ngettext("%(num)d visit", "%(num)d visits", len(of.visits))
    if not of.gives_numbers:
        free = sum(slot.remaining for slot in of.free)
        count = gettext("%(visits)s, %(free)d free", visits=count, free=free)
    elif of.remaining is not None:
        count = gettext("%(visits)s, %(left)d left", visits=count, left=of.remaining)
    loose = [] if has_numbers else [_visit(visit, day.zone) for visit in of.visits if visit.starts_at is None]
    return Head(
        of.doctor.id, of.doctor.full_name, count, notes, of.is_present, of.gives_numbers, loose
    )  # fmt: skip


def _rows(here: list[tuple[DoctorsDay, list[Span]]], day: Day, now: int | None) -> list[Row]:
    told: set[int] = set()

    def cell(laid: daylayout.Cell) -> Cell:
        of, span = here[laid.column][0], laid.span
        visits = span.visits
        if span.kind == "numbers" and laid.column not in told:
            told.add(laid.column)  # a doctor's numbers are listed once, in the first stretch of hours
            visits = [visit for visit in of.visits if visit.starts_at is None]
        shown = [_visit(visit, day.zone) for visit in visits]
        free = [_free(slot, of, day) for slot in span.slots]
        text, hint = _said(span, day)
        return Cell(span.kind, laid.rows, laid.column, len(shown) + len(free), shown, free, text, hint)

    laid = daylayout.rows([spans for _of, spans in here], day.zone, now)
    return [Row(row, [cell(each) for each in row.cells]) for row in laid]


def _visit(visit: Any, zone: ZoneInfo) -> Visit:
    if visit.starts_at is not None:
        clock = formats.clock(visit.starts_at, zone)
        length = formats.duration((visit.ends_at - visit.starts_at).total_seconds() // 60)
    else:
        clock, length = f"№ {visit.token}" if visit.token else gettext("Walk-in"), ""
    line = " · ".join(filter(None, (visit.service_name, visit.reason)))
    return Visit(
        visit.id, clock, visit.patient_name, visit.status, line, visit.overbooked, visit.needs_rescheduling,
        length,
    )  # fmt: skip


def _free(slot: Slot, of: DoctorsDay, day: Day) -> Free:
    clock = formats.clock(slot.start, day.zone)
    spoken = gettext("Book %(time)s with %(doctor)s", time=clock, doctor=of.doctor.full_name)
    return Free(clock, finding.stamp(slot), finding.seal(slot), spoken, slot.remaining)


def _said(span: Span, day: Day) -> tuple[str, str]:
    """What a stretch without visits says, and from when to when."""
    until = formats.span(moment(span.start, day.zone), moment(span.end, day.zone), day.zone)
    if span.off is not None:
        closed = span.off.code == "closed"
        return span.off.block.reason or (gettext("Closed") if closed else gettext("Blocked")), until
    if span.kind == "elsewhere":
        location = day.who.locations.get(span.location_id) if span.location_id else None
        return location.name if location else "", until
    said = {
        "held": gettext("Somebody is booking"),
        "absent": gettext("Not here"),
        "numbers": gettext("Numbers"),
    }
    return said.get(span.kind, ""), until
