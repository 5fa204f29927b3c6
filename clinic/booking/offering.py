"""What is free, as a page shows it: two weeks of days with free places, and the times of one of them.

Of one doctor, or of everybody who offers the visit type. As many statements for fifty doctors as for one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from clinic.booking import choosing
from clinic.booking.choosing import Choice
from clinic.core import formats
from clinic.core.access import Actor
from clinic.core.errors import NotFound
from clinic.core.i18n import gettext, locale, ngettext
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import bounds, loading, overview, slots
from clinic.schedule.asking import DAYS_AHEAD, asker
from clinic.schedule.facts import Asker, Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.timetable import Timetable

WEEKS = 2
FURTHER = timedelta(days=DAYS_AHEAD)
PARTS = {"morning": _("Morning"), "afternoon": _("Afternoon"), "evening": _("Evening")}


@dataclass(frozen=True, slots=True)
class Day:
    """A date in the calendar with how many places (times, or numbers) it has left."""

    date: date
    left: int
    is_chosen: bool
    is_over: bool
    spoken: str


@dataclass(frozen=True, slots=True)
class Time:
    """One time to press: what it reads, what it sends, what it says to who cannot see the rest."""

    clock: str
    choice: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Group:
    """The times of a part of the day at one location."""

    part: str
    times: list[Time]


@dataclass(frozen=True, slots=True)
class Place:
    """A location with its times on the chosen day. ``name`` and ``address`` are empty where there is but one."""

    name: str
    address: str
    zone: ZoneInfo
    groups: list[Group]


@dataclass(slots=True)
class Offer:
    """Free places on the dates ``first`` to ``last``, with ``day`` the one that is looked at (None: none is free)."""

    who: Whose
    anybody: bool
    first: date
    last: date
    today: date
    horizon: date
    day: date | None = None
    next_day: date | None = None
    by_day: dict[date, list[Slot]] = field(default_factory=dict)
    numbers: dict[date, int] = field(default_factory=dict)
    gives_numbers: bool = False

    @property
    def doctor(self) -> Any | None:
        """The doctor whose time this is; None: whoever is free first."""
        return None if self.anybody or not self.who.doctors else self.who.doctors[0]

    @property
    def service(self) -> Any | None:
        return self.who.service_row

    @property
    def earlier(self) -> date | None:
        """Where the weeks before these begin."""
        return max(self.first - timedelta(weeks=WEEKS), self.today) if self.first > self.today else None

    @property
    def later(self) -> date | None:
        after = self.last + timedelta(days=1)
        return after if after <= self.horizon else None

    @property
    def title(self) -> str:
        """The months that are shown: ``November – December 2026``."""
        last = format_date(self.last, "LLLL y", locale=locale())
        if self.first.month == self.last.month:
            return last
        first = "LLLL" if self.first.year == self.last.year else "LLLL y"
        return f"{format_date(self.first, first, locale=locale())} – {last}"

    def left_on(self, day: date) -> int:
        return self.numbers.get(day, 0) if self.gives_numbers else len(self.by_day.get(day, ()))

    def weeks(self) -> list[list[Day]]:
        """The days in rows of weeks, as calendars of the reader's country begin them."""
        days = [self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1)]
        shown = [
            Day(day, self.left_on(day), day == self.day, day < self.today, self._spoken(day)) for day in days
        ]
        return [shown[at : at + 7] for at in range(0, len(shown), 7)]

    def _spoken(self, day: date) -> str:
        left = self.left_on(day)
        if self.gives_numbers:
            how_many = ngettext("%(num)d number left", "%(num)d numbers left", left)
        else:
            how_many = ngettext("%(num)d free time", "%(num)d free times", left)
        return gettext("%(day)s, %(how_many)s", day=weekday(day), how_many=how_many)

    def said(self) -> str:
        """What a screen reader should hear when other days were fetched."""
        return self._spoken(self.day) if self.day else gettext("Nothing is free in these two weeks")

    def places(self) -> list[Place]:
        """The times of the chosen day, by location and part of day."""
        found: dict[uuid.UUID | None, list[Slot]] = {}
        for slot in self.by_day.get(self.day, ()) if self.day else ():
            found.setdefault(slot.location_id, []).append(slot)
        several = sum(location.is_active for location in self.who.locations.values()) > 1
        places = []
        for id, here in found.items():
            named = self.who.locations.get(id) if several and id else None
            address = ", ".join(filter(None, (named.address, named.city))) if named else ""
            zone = here[0].opening.zone
            places.append(Place(named.name if named else "", address, zone, self._groups(here, named)))
        return sorted(places, key=lambda place: place.name)

    def _groups(self, found: Iterable[Slot], location: Any) -> list[Group]:
        parts = slots.parts_of_day()

        def part(slot: Slot) -> str:
            wall = slot.start.time()
            return next(
                (name for name, (_from, until) in parts.items() if until is None or wall < until), "evening"
            )

        return [
            Group(str(PARTS[name]), [self._time(slot, location) for slot in times])
            for name, times in groupby(found, key=part)
        ]

    def _time(self, slot: Slot, location: Any) -> Time:
        zone = slot.opening.zone
        said = [weekday(slot.day), formats.clock(slot.start, zone), formats.zone_name(zone)]
        said += [location.name] if location else []
        said += [self.doctor.full_name] if self.doctor else []
        choice = choosing.of_slot(slot, anybody=self.anybody)
        return Time(formats.clock(slot.start, zone), choice.sealed, ", ".join(said))

    def number_on(self, day: date) -> str:
        """The choice of a number of this day."""
        return Choice(self.who.doctors[0].id, self.service.id if self.service else None, day=day).sealed


def look(
    service_id: uuid.UUID | None,
    doctor_id: uuid.UUID | None,
    *,
    since: date | None = None,
    day: date | None = None,
    rather: date | None = None,
    except_for: Sequence[uuid.UUID | None] = (),
    but: Any = None,
    by: Actor,
) -> Offer:
    """Two weeks from the one that *since* (or *day*, or today) lies in, with the times of *day* or the first free one.

    No *doctor_id*: everybody who gives times for the visit type. *rather*: a day to look at before the first free one,
    if it has places. *except_for*: ids of holds and visits that are in nobody's way: one's own; *but*: a start that is
    not offered, the one that a visit is moved from. Raises ``NotFound`` for a doctor or visit type that is not here.
    """
    who, _rest = loading.whose(doctor_ids=[doctor_id] if doctor_id else None, service_id=service_id)
    if (doctor_id and not (who.doctors and who.doctors[0].is_active)) or (
        service_id and not (who.service_row and who.service_row.is_active)
    ):
        raise NotFound
    if not doctor_id:
        who.doctors = [doctor for doctor in who.doctors if doctor.booking_mode == "timed"]
    wish = Wish(who.service)
    asking = asker(by, who.now, wish, except_for=except_for)
    today = who.now.astimezone(who.zone_of_all()).date()
    horizon = today + timedelta(days=bounds.days_ahead(wish, asking))
    begin = _week_of(min(max(since or day or today, today), horizon))
    offer = Offer(who, not doctor_id, begin, begin + timedelta(days=7 * WEEKS - 1), today, horizon)
    offer.gives_numbers = bool(doctor_id) and who.doctors[0].booking_mode == "token"
    first, last = max(begin, today), min(offer.last, horizon)
    _fill(offer, loading.timetables(who, first, last), wish, asking, first, last, but)
    free = [each for each in sorted({*offer.by_day, *offer.numbers}) if offer.left_on(each)]
    if day and first <= day <= last:
        offer.day = day
    elif free:
        offer.day = rather if rather in free else free[0]
    if not free:
        offer.next_day = _next_day(offer, wish, asking, last + timedelta(days=1))
    return offer


def _fill(
    offer: Offer, tables: list[Timetable], wish: Wish, asking: Asker, first: date, last: date, but: Any
) -> None:
    if offer.gives_numbers:
        counts = overview.free_on(tables[0], wish, asking, first, last)
        offer.numbers = {count.date: count.available for count in counts}
        return
    seen = set()
    for slot in slots.in_time_order(tables, wish, asking, first, last):
        if (slot.at, slot.location_id) not in seen and (but is None or slot.start != but):
            seen.add((slot.at, slot.location_id))
            offer.by_day.setdefault(slot.day, []).append(slot)


def _next_day(offer: Offer, wish: Wish, asking: Asker, first: date) -> date | None:
    """The first date with a free place after the weeks that are shown."""
    last = min(first + FURTHER, offer.horizon)
    if first > last or not offer.who.doctors:
        return None
    tables = loading.timetables(offer.who, first, last)
    if offer.gives_numbers:
        counts = overview.free_on(tables[0], wish, asking, first, last)
        return next((count.date for count in counts if count.available), None)
    firsts = [table.first_free(wish, asking, first, last) for table in tables]
    return min((slot.day for slot in firsts if slot), default=None)


@dataclass(frozen=True, slots=True)
class OfDoctor:
    """A doctor to choose, with the first free slot (or day of numbers) of the weeks to come."""

    id: uuid.UUID
    name: str
    gives_numbers: bool
    first: Slot | None
    day: date | None


def doctors(service_id: uuid.UUID | None, *, by: Actor) -> tuple[list[OfDoctor], Whose]:
    """Everybody who offers the visit type, by name; who has nothing free comes last. Raises ``NotFound``."""
    who, _rest = loading.whose(service_id=service_id)
    if service_id and not (who.service_row and who.service_row.is_active):
        raise NotFound
    wish = Wish(who.service)
    asking = asker(by, who.now, wish)
    today = who.now.astimezone(who.zone_of_all()).date()
    last = today + timedelta(days=7 * WEEKS)
    found = []
    for doctor, table in zip(who.doctors, loading.timetables(who, today, last), strict=True):
        numbers = doctor.booking_mode == "token"
        slot = None if numbers else table.first_free(wish, asking, today, last)
        day = slot.day if slot else None
        if numbers:
            counts = overview.free_on(table, wish, asking, today, last)
            day = next((count.date for count in counts if count.available), None)
        found.append(OfDoctor(doctor.id, doctor.full_name, numbers, slot, day))
    return sorted(found, key=lambda doctor: doctor.day is None), who


def _week_of(day: date) -> date:
    """The first day of the week in which *day* lies, as the reader's calendar has it."""
    return day - timedelta(days=(day.weekday() - locale().first_week_day) % 7)


def weekday(day: date) -> str:
    """``Monday 23 November``."""
    named = format_skeleton("MMMMd", datetime.combine(day, time()), locale=locale())
    return gettext("%(weekday)s %(day)s", weekday=format_date(day, "EEEE", locale=locale()), day=named)
