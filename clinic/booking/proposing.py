"""Which other time to propose for a visit: with the same doctor, else one of the same specialty, the nearest time.

Nearness is counted in days, then on the clock; another part of day than the patient's usual, or another location, is
as far as a day.
Nothing is locked or written here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import queries
from clinic.booking.moves import minutes_of
from clinic.booking.queries import Visit
from clinic.core import db
from clinic.core.access import Actor
from clinic.schedule import loading, slots
from clinic.schedule.asking import DAYS_AHEAD, asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.walltime import epoch

SPANS = (timedelta(days=14), timedelta(days=DAYS_AHEAD))
A_DAY = 86_400
LEAD = timedelta(hours=1)
"""Nearer than this nobody could answer."""
CHOICES = 8

USUAL = f"""
SELECT starts_at, timezone FROM appointment
 WHERE tenant_id = %(tenant)s AND patient_id = %(patient_id)s AND starts_at IS NOT NULL AND {queries.HOLDING}
 ORDER BY date DESC, starts_at DESC LIMIT 20
"""
COLLEAGUES = """
SELECT DISTINCT d.id FROM doctor_specialty mine
  JOIN doctor_specialty theirs ON theirs.tenant_id = %(tenant)s AND theirs.specialty_id = mine.specialty_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = theirs.doctor_id
 WHERE mine.tenant_id = %(tenant)s AND mine.doctor_id = %(doctor_id)s AND d.id <> %(doctor_id)s
   AND d.is_active AND d.booking_mode = 'timed'
"""


@dataclass
class Search:
    """The search for times for several visits: what is chosen for one is taken for the next."""

    by: Actor
    own: Sequence[uuid.UUID] = ()
    """Holds that are in nobody's way: of proposals that these replace."""
    chosen: list[Slot] = field(default_factory=list)
    _tables: dict[Any, tuple[Whose, list[Any]]] = field(default_factory=dict)
    _engaged: dict[uuid.UUID, list[Any]] = field(default_factory=dict)

    def times_for(self, visit: Visit, doctor_id: uuid.UUID | None = None) -> list[tuple[Slot, Whose]]:
        """The best other times for a visit, best first; of that doctor alone if *doctor_id* says so."""
        own = doctor_id or visit.doctor_id
        rounds: list[tuple[list[uuid.UUID], timedelta]] = [([own], SPANS[0])]
        if doctor_id is None:
            rounds += [([own, *self.colleagues(own)], span) for span in SPANS]
        else:
            rounds += [([own], SPANS[1])]
        for doctors, span in rounds:
            found = self._near(visit, doctors, span)
            if found:
                self.chosen.append(found[0][0])
                return found
        return []

    def colleagues(self, doctor_id: uuid.UUID) -> list[uuid.UUID]:
        """Who shares a specialty with this doctor."""
        return [row.id for row in db.rows(COLLEAGUES, doctor_id=doctor_id)]

    def _near(self, visit: Visit, doctors: Sequence[uuid.UUID], span: timedelta) -> list[tuple[Slot, Whose]]:
        who, tables = self._load(visit, doctors, span)
        wish = Wish(who.service, minutes_of(visit, who))
        asking = asker(self.by, who.now, wish, except_for=[visit.id, *self.own], audience="staff")
        earliest = epoch(who.now + LEAD)
        usual = _Habit(visit, db.rows(USUAL, patient_id=visit.patient_id))
        free = [
            slot
            for table in tables
            for slot in table.offer(wish, asking, table.first, table.last)
            if slot.at >= earliest and not self._is_in_the_way(visit, slot)
        ]
        # Of two equally near the later one: nobody has to come sooner than they thought.
        free.sort(key=lambda slot: (usual.distance(slot), -slot.at, str(slot.doctor_id)))
        return [(slot, who) for slot in free[:CHOICES]]

    def _load(self, visit: Visit, doctors: Sequence[uuid.UUID], span: timedelta) -> tuple[Whose, list[Any]]:
        key = (tuple(doctors), visit.service_id, visit.date, span)
        if key not in self._tables:
            who, _rest = loading.whose(doctor_ids=list(doctors), service_id=visit.service_id)
            who.doctors = [each for each in who.doctors if each.is_active and each.booking_mode == "timed"]
            today = who.now.astimezone(who.zone_of_all()).date()
            first, last = max(visit.date - span, today), max(visit.date, today) + span
            tables = loading.timetables(who, first, last) if who.doctors else []
            self._tables[key] = who, tables
        return self._tables[key]

    def _is_in_the_way(self, visit: Visit, slot: Slot) -> bool:
        """Where the visit is now, what the patient has besides, and what was chosen for others of this search."""
        if slot.doctor_id == visit.doctor_id and slot.at == epoch(visit.starts_at):
            return True
        if any(
            each.doctor_id == slot.doctor_id and each.at < slot.until and slot.at < each.until
            for each in self.chosen
        ):
            return True
        return any(
            epoch(each.starts_at) < slot.until and slot.at < epoch(each.ends_at)
            for each in self._engagements(visit.patient_id)
            if each.id != visit.id and each.starts_at
        )

    def _engagements(self, patient_id: uuid.UUID) -> list[Any]:
        if patient_id not in self._engaged:
            now = db.row("SELECT now() AS now").now
            self._engaged[patient_id] = db.send(queries.engagements(patient_id, now, now))[0]
        return self._engaged[patient_id]


class _Habit:
    """When a patient usually comes, as far as their visits tell."""

    def __init__(self, visit: Visit, past: Iterable[Any]) -> None:
        self.visit = visit
        self._past = [(row.starts_at, row.timezone) for row in past] or [(visit.starts_at, visit.timezone)]

    @cached_property
    def part(self) -> str:
        parts = [_part_of(start.astimezone(ZoneInfo(zone))) for start, zone in self._past]
        return max(parts, key=parts.count)

    def distance(self, slot: Slot) -> int:
        """Days and then hours from the visit's own time (seconds), and a day for each thing that is not as it was."""
        strange: int = (_part_of(slot.start) != self.part) + (slot.location_id != self.visit.location_id)
        was = self.visit.starts_at.astimezone(ZoneInfo(self.visit.timezone))
        days: int = abs((slot.day - self.visit.date).days)
        return A_DAY * (days + strange) + abs(_seconds(slot.start) - _seconds(was))


def _part_of(moment: datetime) -> str:
    clock = moment.time()
    parts = slots.parts_of_day()
    return next(name for name, (_from, until) in parts.items() if until is None or clock < until)


def _seconds(moment: datetime) -> int:
    """Since midnight, on the clock."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def days_of(slot: Slot, who: Whose) -> list[date]:
    """The local dates to lock before a slot is taken, in whichever zone its doctor receives."""
    doctor = next(each for each in who.doctors if each.id == slot.doctor_id)
    return sorted({slot.start.astimezone(zone).date() for zone in who.zones_of(doctor)})
