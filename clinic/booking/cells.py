"""What stands in the cells of a board, in words: visits, free times, and why there are none.

The same for a day of all doctors and for a week of one. What is said a hundred times is looked up once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date as local_date
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import daylayout, finding
from clinic.booking.dayfacts import Days, DoctorsDay
from clinic.booking.daylayout import Span
from clinic.core import formats
from clinic.core.i18n import gettext
from clinic.schedule.facts import Slot
from clinic.schedule.walltime import moment

Column = tuple[DoctorsDay, list[Span]]


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


@dataclass(frozen=True, slots=True)
class Free:
    """A free time: what it reads, where it leads or what it sends, the whole sentence for who cannot see the table."""

    id: str
    clock: str
    leads: str
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


def rows(
    columns: Sequence[Column], days: Days, *, clock: ZoneInfo, now: int | None, moving: bool = False
) -> list[Row]:
    """The columns side by side. *clock*: the zone in which the seconds of their spans are to be read.

    *moving*: a free time takes a visit that is being moved, else it leads to a booking.
    """
    told: set[int] = set()
    words = Words(days, clock, one_date=days.first == days.last, moving=moving)

    def cell(laid: daylayout.Cell) -> Cell:
        of, span = columns[laid.column][0], laid.span
        visits = span.visits
        if span.kind == "numbers" and laid.column not in told:
            told.add(laid.column)  # a doctor's numbers are listed once, in the first stretch of hours
            visits = [visit for visit in of.visits if visit.starts_at is None]
        shown = [words.visit(visit) for visit in visits]
        free = [words.free(slot, of) for slot in span.slots]
        text, hint = words.said(span)
        return Cell(span.kind, laid.rows, laid.column, len(shown) + len(free), shown, free, text, hint)

    laid = daylayout.rows([spans for _of, spans in columns], clock, now)
    return [Row(row, [cell(each) for each in row.cells]) for row in laid]


def loose(of: DoctorsDay, spans: list[Span], days: Days) -> list[Visit]:
    """Visits without a time of a doctor whose numbers have no hours to stand in."""
    if any(span.kind == "numbers" for span in spans):
        return []
    words = Words(days, days.zone)
    return [words.visit(visit) for visit in of.visits if visit.starts_at is None]


class Words:
    """What a board says, in the reader's language; sentences are looked up when the board is begun."""

    def __init__(self, days: Days, clock: ZoneInfo, *, one_date: bool = True, moving: bool = False) -> None:
        self.days, self.clock, self.one_date, self.moving = days, clock, one_date, moving
        self.walk_in = gettext("Walk-in")
        self.offers = (
            gettext("Move to %(time)s, %(doctor)s") if moving else gettext("Book %(time)s with %(doctor)s")
        )
        self.of_a_day = gettext("%(day)s, %(time)s")
        self.kinds = {
            "held": gettext("Somebody is booking"),
            "absent": gettext("Not here"),
            "numbers": gettext("Numbers"),
        }
        self.offs = {"closed": gettext("Closed"), "blocked": gettext("Blocked")}
        self._named: dict[local_date, str] = {}

    def visit(self, visit: Any) -> Visit:
        """A visit as it stands in its cell."""
        if visit.starts_at is not None:
            clock = visit.starts_at.astimezone(self.days.zone).strftime("%H:%M")
        else:
            clock = f"№ {visit.token}" if visit.token else self.walk_in
        line = " · ".join(filter(None, (visit.service_name, visit.reason)))
        return Visit(
            visit.id,
            clock,
            visit.patient_name,
            visit.status,
            line,
            visit.overbooked,
            visit.needs_rescheduling,
        )

    def free(self, slot: Slot, of: DoctorsDay) -> Free:
        """A free time of this doctor's day."""
        clock = moment(slot.at, self.days.zone).strftime("%H:%M")
        when = clock if self.one_date else self.of_a_day % {"day": self._day(slot.day), "time": clock}
        start, doctor = finding.stamp(slot), of.doctor.id
        return Free(
            f"f{doctor.hex[-12:]}{slot.at // 60:x}",
            clock,
            f"/appointments/new?doctor={doctor}&start={start}",
            finding.seal(slot) if self.moving else "",
            self.offers % {"time": when, "doctor": of.doctor.full_name},
            slot.remaining,
        )

    def said(self, span: Span) -> tuple[str, str]:
        """What a stretch without visits says, and from when to when."""
        if span.kind in ("visits", "free", "open", "closed"):
            return "", ""
        until = formats.span(moment(span.start, self.clock), moment(span.end, self.clock), self.clock)
        if span.off is not None:
            return span.off.block.reason or self.offs[
                "closed" if span.off.code == "closed" else "blocked"
            ], until
        if span.kind == "elsewhere":
            location = self.days.who.locations.get(span.location_id) if span.location_id else None
            return location.name if location else "", until
        return self.kinds.get(span.kind, ""), until

    def _day(self, date: local_date) -> str:
        if date not in self._named:
            self._named[date] = formats.day(date)
        return self._named[date]
