"""Today, as every screen of the queue shows it: who waits at whose door, in which order and why, who is still expected.

Six statements beside entering, however many doctors and patients, the record of who looked among them.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core import audit, db, tenancy
from clinic.core.access import Actor
from clinic.patients import opening
from clinic.queue import order, queries
from clinic.queue.order import Place
from clinic.schedule import loading

ASKED = """
  JOIN unnest(%(doctors)s::uuid[], %(dates)s::date[]) AS asked (doctor_id, date)
    ON asked.doctor_id = {alias}.doctor_id AND asked.date = {alias}.date
"""
LIVE = f"""
SELECT {queries.COLUMNS}, p.full_name AS patient_name, p.birth_date, p.phone AS patient_phone, p.confidential,
       s.name AS service_name, r.name AS room_name
  FROM queue_entry e
  {ASKED.format(alias="e")}
  JOIN appointment a ON a.tenant_id = %(tenant)s AND a.id = e.appointment_id
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = e.patient_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
  LEFT JOIN room r ON r.tenant_id = %(tenant)s AND r.id = a.room_id
 WHERE e.tenant_id = %(tenant)s AND a.status IN ('checked_in', 'in_progress')
 ORDER BY e.doctor_id, e.position
"""
VISITS = f"""
SELECT a.id, a.doctor_id, a.patient_id, a.date, a.starts_at, a.ends_at, a.timezone, a.token, a.status, a.reason,
       a.modality, p.full_name AS patient_name, p.phone AS patient_phone, p.birth_date, p.confidential,
       s.name AS service_name
  FROM appointment a
  {ASKED.format(alias="a")}
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
 WHERE a.tenant_id = %(tenant)s AND a.status = ANY(%(statuses)s)
 ORDER BY a.starts_at NULLS LAST, a.token, a.id
"""
DAYS = """
SELECT d.id, d.queue_order, d.booking_mode, d.slot_minutes, y.delay_minutes, y.is_present, y.last_position
  FROM doctor d
  JOIN unnest(%(doctors)s::uuid[], %(dates)s::date[]) AS asked (doctor_id, date) ON asked.doctor_id = d.id
  LEFT JOIN doctor_day y ON y.tenant_id = %(tenant)s AND y.doctor_id = d.id AND y.date = asked.date
 WHERE d.tenant_id = %(tenant)s
"""
EXPECTED = ("booked", "confirmed", "no_show")
ALL_BUT_CANCELLED = ("pending", *EXPECTED, "checked_in", "in_progress", "completed")


@dataclass(slots=True)
class AtDoctor:
    """One doctor's door: ``places`` in the order in which people are seen, those called and in the room first."""

    doctor: Any
    day: Any
    date: date
    zone: ZoneInfo
    places: list[Place]
    visits: list[Any]

    @property
    def delay(self) -> int:
        return self.day.delay_minutes or 0

    @property
    def is_present(self) -> bool:
        return self.day.is_present is not False

    @property
    def in_room(self) -> list[Place]:
        return [place for place in self.places if place.entry.status == "in_room"]

    @property
    def called(self) -> list[Place]:
        return [place for place in self.places if place.entry.status == "called"]

    @property
    def waiting(self) -> list[Place]:
        return [place for place in self.places if place.entry.status == "waiting"]

    @property
    def aside(self) -> list[Place]:
        return [place for place in self.places if place.entry.status == "skipped"]

    @property
    def expected(self) -> list[Any]:
        """Who has a visit today and is not here yet; who was taken for a no-show comes last."""
        found = [visit for visit in self.visits if visit.status in EXPECTED]
        return sorted(found, key=lambda visit: visit.status == "no_show")


@dataclass(slots=True)
class Today:
    """All doors. ``everybody``: all active doctors, for whom nobody waits too."""

    now: datetime
    everybody: list[Any]
    locations: list[Any]
    of: list[AtDoctor] = field(default_factory=list)
    version: str = ""

    @property
    def waits(self) -> int:
        return sum(len(of.waiting) for of in self.of)

    @property
    def expected(self) -> list[tuple[AtDoctor, Any]]:
        """Everybody who is still expected, by time; who was taken for a no-show last, numbers without a time before."""
        found = [(of, visit) for of in self.of for visit in of.expected]
        return sorted(
            found,
            key=lambda each: (
                each[1].status == "no_show",
                each[1].starts_at is None,
                each[1].starts_at or self.now,
                each[1].token or 0,
            ),
        )


def read(
    *,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    whole_day: bool = False,
    by: Actor,
) -> Today:
    """Today at every door, or at one doctor's, or at one location; a doctor's own alone. Not yet on record.

    *whole_day*: all visits of the day, not only those still expected.
    """
    who, _rest = loading.whose()
    location = who.locations.get(location_id) if location_id else None
    today = Today(who.now, list(who.doctors), [each for each in who.locations.values() if each.is_active])
    shown = [
        doctor
        for doctor in who.doctors
        if doctor_id in (None, doctor.id)
        and (location is None or not doctor.location_ids or location.id in doctor.location_ids)
        and (not by.is_doctor or doctor.id == by.doctor_id)
    ]
    zones = {doctor.id: who.zone_at(location.id) if location else who.zone_of(doctor) for doctor in shown}
    dates = {id: who.now.astimezone(zone).date() for id, zone in zones.items()}
    asked = {
        "doctors": list(dates),
        "dates": list(dates.values()),
        "statuses": list(ALL_BUT_CANCELLED if whole_day else EXPECTED),
    }
    days, entries, visits = db.send((DAYS, asked), (LIVE, asked), (VISITS, asked))
    of_doctor: dict[uuid.UUID, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for entry in entries:
        of_doctor[entry.doctor_id][0].append(opening.veiled(queries.placed(entry), by=by))
    for visit in visits:
        of_doctor[visit.doctor_id][1].append(opening.veiled(visit, by=by))
    day_of = {day.id: day for day in days}
    for doctor in shown:
        here, due = of_doctor[doctor.id]
        if here or due or doctor_id or by.is_doctor:
            rule = order.rule_of(day_of[doctor.id], tenancy.require())
            places = order.places(here, rule, who.now)
            today.of.append(
                AtDoctor(doctor, day_of[doctor.id], dates[doctor.id], zones[doctor.id], places, due)
            )
    moment = int(who.now.timestamp() // 60)
    today.version = sha256(repr((moment, days, entries, visits)).encode()).hexdigest()[:32]
    return today


def on_record(today: Today, *, by: Actor) -> None:
    """Record who was shown who is here."""
    ids = [place.entry.id for of in today.of for place in of.places]
    ids += [visit.id for of in today.of for visit in of.visits]
    audit.listed("queue_entry", ids, by=by)


def everybody() -> list[Any]:
    """Every active doctor, for a choice."""
    return loading.whose()[0].doctors
