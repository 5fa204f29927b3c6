"""How full the days of many doctors are: what is booked and what is free, without naming anybody.

Five statements beside entering, for one doctor or fifty, for a week or a month.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as local_date
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal
from zoneinfo import ZoneInfo

from clinic.booking.dayfacts import FRESH, whom
from clinic.core import db
from clinic.core.access import Actor
from clinic.core.i18n import gettext
from clinic.schedule import loading, overview
from clinic.schedule.asking import asker
from clinic.schedule.facts import Asker, Wish
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import day_range, moment

State = Literal["open", "off", "absent", "closed"]
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Load:
    """One doctor's date, or that of all together. ``free`` None: there is no end of numbers. ``first``: the first free
    time; ``text``: why there is none.
    """

    date: local_date
    state: State
    booked: int
    free: int | None
    first: str = ""
    text: str = ""

    @property
    def tenths(self) -> int:
        """How much of it is booked, in tenths, rounded up: one visit is to be seen."""
        whole = self.booked + (self.free or 0)
        return -(-self.booked * TENTHS // whole) if whole else 0


@dataclass(slots=True)
class Loads:
    """Dates *first* to *last*; ``rows``: a doctor and the load of each date."""

    first: local_date
    last: local_date
    today: local_date
    everybody: list[Any]
    locations: list[Any]
    rows: list[tuple[Any, list[Load]]]

    @property
    def dates(self) -> list[local_date]:
        return _dates(self.first, self.last)

    @property
    def totals(self) -> list[Load]:
        """All doctors together, date by date."""
        return [_total(date, [of[place] for _, of in self.rows]) for place, date in enumerate(self.dates)]


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, and what it comes to when somebody asks. ``version``: the same text as long as it is the same."""

    version: str
    work_out: Callable[[], Loads]


def read(
    on: local_date | None,
    *,
    stretch: Callable[[local_date], tuple[local_date, local_date]],
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    by: Actor,
) -> Read:
    """The *stretch* of dates around *on* (None: today) of every active doctor, or of those of a location, or of one."""
    who, zone, everybody = whom(doctor_id=doctor_id, location_id=location_id, by=by)
    today = who.now.astimezone(zone).date()
    first, last = stretch(on or today)
    rows = db.send(*loading.standing(who, first, last))
    wish = Wish(location_id=location_id if location_id in who.locations else None)
    asking = asker(by, who.now, wish)

    def work_out() -> Loads:
        rules, busy, days = rows
        hours = [rule._replace(service_ids=None) for rule in rules]
        tables = loading.timetables(who, first, last, [hours, busy, days])
        found = [
            (doctor, _of(table, wish, asking, first, last, zone))
            for doctor, table in zip(who.doctors, tables, strict=True)
        ]
        locations = [location for location in who.locations.values() if location.is_active]
        return Loads(first, last, today, everybody, locations, found)

    now = int(who.now.timestamp() // FRESH.total_seconds())
    seen = repr((now, [doctor._replace(now=None) for doctor in everybody], who.locations, rows))
    return Read(sha256(seen.encode()).hexdigest()[:32], work_out)


def month_of(on: local_date) -> tuple[local_date, local_date]:
    """The whole weeks in which a month lies, Monday to Sunday."""
    first = on.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


def _of(
    table: Timetable, wish: Wish, asking: Asker, first: local_date, last: local_date, zone: ZoneInfo
) -> list[Load]:
    gives_numbers = table.doctor.mode == "token"
    free: dict[local_date, int] = {}
    earliest: dict[local_date, str] = {}
    if gives_numbers:
        free = {count.date: count.available for count in overview.free_on(table, wish, asking, first, last)}
    else:
        for slot in table.offer(wish, asking, first, last):
            if slot.day not in free:
                free[slot.day], earliest[slot.day] = 0, moment(slot.at, zone).strftime("%H:%M")
            free[slot.day] += slot.remaining
    found = []
    for date in _dates(first, last):
        record = table.day(date)
        state, text = _state(table, date, zone, wish)
        if state == "closed" and (record.booked or free.get(date)):
            state = "open"
        endless = gives_numbers and record.cap is None and bool(free.get(date))
        found.append(
            Load(
                date,
                state,
                record.booked,
                None if endless else free.get(date, 0),
                earliest.get(date, ""),
                text,
            )
        )
    return found


def _state(table: Timetable, date: local_date, zone: ZoneInfo, wish: Wish) -> tuple[State, str]:
    """Whether a doctor receives on a date; where not, why."""
    begins, ends = day_range(date, zone)
    openings = [each for each in table.open.openings(begins, ends) if wish.is_at(each)]
    if not openings:
        return "closed", ""
    if not table.day(date).is_present:
        return "absent", gettext("Not here")
    offs = [
        off
        for each in openings
        for off in table.open.offs(each.location_id, each.zone)
        if off.start <= each.start and each.end <= off.end
    ]
    if len(offs) < len(openings):
        return "open", ""
    said = gettext("Closed") if offs[0].code == "closed" else gettext("Blocked")
    return "off", offs[0].block.reason or said


def _total(date: local_date, of: list[Load]) -> Load:
    reason = next((load.text for load in of if load.state == "off"), "")
    state: State = "open" if any(load.state == "open" for load in of) else "off" if reason else "closed"
    free = sum(load.free or 0 for load in of)
    first = min((load.first for load in of if load.first), default="")
    return Load(date, state, sum(load.booked for load in of), free, first, reason if state == "off" else "")


def _dates(first: local_date, last: local_date) -> list[local_date]:
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
