"""What stands in a day, or in a week: hours, visits, holds and days of the doctors, read by as many statements for one
as for forty.

Six beside entering, the record of who looked among them. What is shown and what is in the way are read together; what
is free is worked out when somebody asks, and nobody does of a board that has not changed.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date as local_date
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking.queries import HOLDING
from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.patients import opening
from clinic.schedule import loading
from clinic.schedule.asking import asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import day_range
from clinic.schedule.walltime import local_date as date_of

FRESH = timedelta(minutes=5)
"""How often a board that nobody changes is drawn anew: for its line of now, and for times that have passed."""

DAYS = """
SELECT doctor_id, date, is_present, max_appointments, booked, delay_minutes, notes
  FROM doctor_day
 WHERE tenant_id = %(tenant)s AND doctor_id = ANY(%(doctors)s) AND date BETWEEN %(first)s AND %(last)s
"""
STANDING = f"""
SELECT 'visit' AS kind, a.id, a.doctor_id, a.date, a.starts_at, a.ends_at, a.place::int AS place,
       a.buffer_before_minutes::int AS before, a.buffer_after_minutes::int AS after, a.status, a.token, a.source,
       a.reason, a.overbooked, a.needs_rescheduling, a.version, a.patient_id, p.full_name AS patient_name,
       p.phone AS patient_phone, p.birth_date, p.file_number, s.name AS service_name, a.modality, p.confidential
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
 WHERE a.tenant_id = %(tenant)s AND a.date BETWEEN %(date)s AND %(end)s
   AND a.doctor_id = ANY(%(doctors)s)
   AND a.status <> ALL(ARRAY['cancelled', 'rejected'])
UNION ALL
SELECT 'beside', a.id, a.doctor_id, a.date, a.starts_at, a.ends_at, a.place::int, a.buffer_before_minutes::int,
       a.buffer_after_minutes::int, a.status, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL
  FROM appointment a
 WHERE a.tenant_id = %(tenant)s AND a.doctor_id = ANY(%(doctors)s) AND a.{HOLDING}
   AND a.starts_at >= %(since)s AND a.starts_at < %(until)s AND NOT a.date BETWEEN %(date)s AND %(end)s
UNION ALL
SELECT 'hold', h.id, h.doctor_id, NULL, h.starts_at, h.ends_at, h.place::int, h.buffer_before_minutes::int,
       h.buffer_after_minutes::int, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL
  FROM hold h
 WHERE h.tenant_id = %(tenant)s AND h.doctor_id = ANY(%(doctors)s) AND h.expires_at > now()
   AND h.starts_at >= %(since)s AND h.starts_at < %(until)s
 ORDER BY starts_at NULLS LAST, token, id
"""
HOLDS_A_PLACE = frozenset({"pending", "booked", "confirmed", "checked_in", "in_progress", "completed", None})


@dataclass(slots=True)
class DoctorsDay:
    """The day of one doctor: the row of the doctor and of the day, their time, visits, what is held, what is free."""

    doctor: Any
    date: local_date
    table: Timetable
    facts: Any | None
    visits: list[Any]
    held: list[Any]
    free: list[Slot]

    @property
    def is_present(self) -> bool:
        return self.facts is None or self.facts.is_present

    @property
    def delay(self) -> int:
        """By how many minutes the doctor runs late."""
        return self.facts.delay_minutes if self.facts else 0

    @property
    def gives_numbers(self) -> bool:
        return bool(self.doctor.booking_mode == "token")

    @property
    def remaining(self) -> int | None:
        """How many more visits the day takes, where it has a cap."""
        day = self.table.day(self.date)
        return None if day.cap is None else max(0, day.cap - day.booked)


@dataclass
class Days:
    """Local dates *first* to *last* at the clinic, or at one of its locations.

    ``everybody``: all doctors, those not shown too. ``version``: the same text as long as a board shows the same.
    """

    first: local_date
    last: local_date
    today: local_date
    now: datetime
    zone: ZoneInfo
    who: Whose
    everybody: list[Any]
    version: str
    _work_out: Callable[[Days], list[DoctorsDay]]

    @property
    def date(self) -> local_date:
        return self.first

    @property
    def is_today(self) -> bool:
        return self.first == self.today

    @property
    def dates(self) -> list[local_date]:
        return [self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1)]

    @property
    def locations(self) -> list[Any]:
        return [location for location in self.who.locations.values() if location.is_active]

    @cached_property
    def of(self) -> list[DoctorsDay]:
        """Each doctor's days one after the other."""
        return self._work_out(self)


def one_day(on: local_date) -> tuple[local_date, local_date]:
    return on, on


def week_of(on: local_date) -> tuple[local_date, local_date]:
    """Monday to Sunday."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


def read(
    on: local_date | None,
    *,
    stretch: Callable[[local_date], tuple[local_date, local_date]] = one_day,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    except_for: uuid.UUID | None = None,
    by: Actor,
) -> Days:
    """The day *on* (None: today), or the *stretch* around it, of every active doctor, or of those of a location, or of
    one; not yet on record.

    *except_for*: a visit that is about to be moved, and is in nobody's way.
    """
    who, zone, everybody = whom(doctor_id=doctor_id, location_id=location_id, by=by)
    today = who.now.astimezone(zone).date()
    first, last = stretch(on or today)
    standing = {
        **loading.window(first, last),
        "doctors": [doctor.id for doctor in who.doctors],
        "date": first,
        "end": last,
        "since": datetime.fromtimestamp(day_range(first, zone)[0], zone) - loading.LONGEST,
        "until": datetime.fromtimestamp(day_range(last, zone)[1], zone) + timedelta(hours=4),
    }
    rules, records, rows = db.send(
        *loading.standing(who, first, last)[:1], (DAYS, standing), (STANDING, standing)
    )

    def work_out(days: Days) -> list[DoctorsDay]:
        # Hours for certain visit types only are open time too: which type it is, the form asks.
        hours = [rule._replace(service_ids=None) for rule in rules]
        tables = loading.timetables(who, first, last, [hours, list(_busy(rows)), records])
        wish = Wish(location_id=location_id if location_id in who.locations else None)
        asking = asker(by, who.now, wish, except_for=[except_for])
        facts = {(row.doctor_id, row.date): row for row in records}
        of: dict[tuple[Any, local_date, str], list[Any]] = defaultdict(list)
        for row in rows:
            date = row.date or date_of(int(row.starts_at.timestamp()), zone)
            of[row.doctor_id, date, row.kind].append(opening.veiled(row, by=by))
        found = []
        for doctor, table in zip(who.doctors, tables, strict=True):
            free: dict[local_date, list[Slot]] = defaultdict(list)
            for slot in table.offer(wish, asking, first, last):
                free[slot.day].append(slot)
            for date in days.dates:
                visits, held = of[doctor.id, date, "visit"], of[doctor.id, date, "hold"]
                record = facts.get((doctor.id, date))
                found.append(DoctorsDay(doctor, date, table, record, visits, held, free[date]))
        return found

    version = _version(who, rules, records, rows)
    return Days(first, last, today, who.now, zone, who, everybody, version, work_out)


def whom(
    *, doctor_id: uuid.UUID | None, location_id: uuid.UUID | None, by: Actor
) -> tuple[Whose, ZoneInfo, list[Any]]:
    """The doctors of a board, the zone of its clock, and all doctors there are; a doctor's own is theirs alone."""
    who, _rest = loading.whose()
    everybody = list(who.doctors)
    location = who.locations.get(location_id) if location_id else None
    who.doctors = [
        doctor
        for doctor in everybody
        if doctor_id in (None, doctor.id)
        and (location is None or not doctor.location_ids or location.id in doctor.location_ids)
        and (not by.is_doctor or doctor.id == by.doctor_id)
    ]
    if location:
        return who, who.zone_at(location.id), everybody
    return who, who.zone_of((who.doctors or everybody)[0]) if everybody else who.zone_of_all(), everybody


def on_record(day: Days, *, by: Actor, how: str = "list") -> None:
    """Record who was shown whose visits."""
    audit.listed("appointment", (visit.id for of in day.of for visit in of.visits), by=by, how=how)


def _busy(rows: list[Any]) -> Iterator[tuple[Any, ...]]:
    """What is in the way, as the engine takes it; the doctor last."""
    for row in rows:
        if row.starts_at is not None and row.status in HOLDS_A_PLACE:
            start, until = int(row.starts_at.timestamp()), int(row.ends_at.timestamp())
            yield start, until, row.id, row.place, row.before, row.after, row.kind == "hold", row.doctor_id


def _version(who: Whose, *rows: list[Any]) -> str:
    moment = int(who.now.timestamp() // FRESH.total_seconds())
    doctors = [doctor._replace(now=None) for doctor in who.doctors]
    return sha256(repr((moment, doctors, who.locations, rows)).encode()).hexdigest()[:32]
