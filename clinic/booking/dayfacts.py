"""What stands in a day: hours, visits, holds and days of the doctors, in as many statements for one as for forty.

Six beside entering, the record of who looked among them. What is shown and what is in the way are read together.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date as local_date
from datetime import datetime, timedelta
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

FRESH = timedelta(minutes=5)
"""How often a board that nobody changes is drawn anew: for its line of now, and for times that have passed."""

DAYS = """
SELECT doctor_id, date, is_present, max_appointments, booked, delay_minutes, notes
  FROM doctor_day
 WHERE tenant_id = %(tenant)s AND doctor_id = ANY(%(doctors)s) AND date BETWEEN %(first)s AND %(last)s
"""
STANDING = f"""
SELECT 'visit' AS kind, a.id, a.doctor_id, a.starts_at, a.ends_at, a.place::int AS place,
       a.buffer_before_minutes::int AS before, a.buffer_after_minutes::int AS after, a.status, a.token, a.source,
       a.reason, a.overbooked, a.needs_rescheduling, a.version, a.patient_id, p.full_name AS patient_name,
       p.phone AS patient_phone, p.birth_date, p.file_number, s.name AS service_name, a.modality, p.confidential
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
 WHERE a.tenant_id = %(tenant)s AND a.date = %(date)s AND a.doctor_id = ANY(%(doctors)s)
   AND a.status <> ALL(ARRAY['cancelled', 'rejected'])
UNION ALL
SELECT 'beside', a.id, a.doctor_id, a.starts_at, a.ends_at, a.place::int, a.buffer_before_minutes::int,
       a.buffer_after_minutes::int, a.status, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL
  FROM appointment a
 WHERE a.tenant_id = %(tenant)s AND a.doctor_id = ANY(%(doctors)s) AND a.{HOLDING}
   AND a.starts_at >= %(since)s AND a.starts_at < %(until)s AND a.date <> %(date)s
UNION ALL
SELECT 'hold', h.id, h.doctor_id, h.starts_at, h.ends_at, h.place::int, h.buffer_before_minutes::int,
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
        day = self.table.day(self.table.first)
        return None if day.cap is None else max(0, day.cap - day.booked)


@dataclass(slots=True)
class Day:
    """A local date at the clinic, or at one of its locations. ``everybody``: all doctors, those not shown too."""

    date: local_date
    today: local_date
    now: datetime
    zone: ZoneInfo
    who: Whose
    everybody: list[Any]
    of: list[DoctorsDay] = field(default_factory=list)
    version: str = ""

    @property
    def is_today(self) -> bool:
        return self.date == self.today

    @property
    def locations(self) -> list[Any]:
        return [location for location in self.who.locations.values() if location.is_active]


def read(
    on: local_date | None,
    *,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    except_for: uuid.UUID | None = None,
    by: Actor,
) -> Day:
    """The day *on* (None: today) of every active doctor, or of those of a location, or of one; not yet on record.

    *except_for*: a visit that is about to be moved, and is in nobody's way.
    """
    who, _rest = loading.whose()
    location = who.locations.get(location_id) if location_id else None
    zone = who.zone_at(location.id) if location else who.zone_of_all()
    today = who.now.astimezone(zone).date()
    day = Day(on or today, today, who.now, zone, who, list(who.doctors))
    who.doctors = [
        doctor
        for doctor in who.doctors
        if doctor_id in (None, doctor.id)
        and (location is None or not doctor.location_ids or location.id in doctor.location_ids)
        and (not by.is_doctor or doctor.id == by.doctor_id)
    ]
    begins, ends = (datetime.fromtimestamp(edge, zone) for edge in day_range(day.date, zone))
    standing = {
        **loading.window(day.date, day.date),
        "doctors": [doctor.id for doctor in who.doctors],
        "date": day.date,
        "since": begins - loading.LONGEST,
        "until": ends + timedelta(hours=4),
    }
    rules, days, rows = db.send(
        *loading.standing(who, day.date, day.date)[:1], (DAYS, standing), (STANDING, standing)
    )
    # Hours for certain visit types only are open time too: which type it is, the form asks.
    rules = [rule._replace(service_ids=None) for rule in rules]
    tables = loading.timetables(who, day.date, day.date, [rules, list(_busy(rows)), days])
    wish = Wish(location_id=location.id if location else None)
    asking = asker(by, who.now, wish, except_for=[except_for])
    facts = {row.doctor_id: row for row in days if row.date == day.date}
    of: dict[tuple[Any, str], list[Any]] = defaultdict(list)
    for row in rows:
        of[row.doctor_id, row.kind].append(opening.veiled(row, by=by))
    for doctor, table in zip(who.doctors, tables, strict=True):
        free = list(table.offer(wish, asking, day.date, day.date))
        visits, held = of[doctor.id, "visit"], of[doctor.id, "hold"]
        day.of.append(DoctorsDay(doctor, table, facts.get(doctor.id), visits, held, free))
    day.version = _version(day, rules, days, rows)
    return day


def on_record(day: Day, *, by: Actor, how: str = "list") -> None:
    """Record who was shown whose visits."""
    audit.listed("appointment", (visit.id for of in day.of for visit in of.visits), by=by, how=how)


def _busy(rows: list[Any]) -> Iterator[tuple[Any, ...]]:
    """What is in the way, as the engine takes it; the doctor last."""
    for row in rows:
        if row.starts_at is not None and row.status in HOLDS_A_PLACE:
            start, until = int(row.starts_at.timestamp()), int(row.ends_at.timestamp())
            yield start, until, row.id, row.place, row.before, row.after, row.kind == "hold", row.doctor_id


def _version(day: Day, *rows: list[Any]) -> str:
    """The same text as long as the board shows the same."""
    moment = int(day.now.timestamp() // FRESH.total_seconds())
    doctors = [doctor._replace(now=None) for doctor in day.who.doctors]
    return sha256(repr((moment, doctors, day.who.locations, rows)).encode()).hexdigest()[:32]
