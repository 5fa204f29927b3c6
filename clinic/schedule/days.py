"""A doctor's day: present or absent, a note, a cap, a delay; and how full each day is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Stale
from clinic.schedule import booked, loading
from clinic.schedule.caps import cap_of

DAYS = """
SELECT date, is_present, notes, max_appointments, delay_minutes, booked, excess, last_token, last_position, version
  FROM doctor_day
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date BETWEEN %(first)s AND %(last)s
"""
PUT = """
INSERT INTO doctor_day (tenant_id, doctor_id, date, is_present, notes, max_appointments, delay_minutes, cap)
VALUES (%(tenant)s, %(doctor_id)s, %(date)s, %(is_present)s, %(notes)s, %(max_appointments)s, %(delay_minutes)s,
        %(cap)s)
ON CONFLICT (tenant_id, doctor_id, date) DO UPDATE
   SET is_present = excluded.is_present, notes = excluded.notes, max_appointments = excluded.max_appointments,
       delay_minutes = excluded.delay_minutes, cap = excluded.cap,
       excess = CASE WHEN excluded.cap IS NULL THEN 0 ELSE greatest(0, doctor_day.booked - excluded.cap) END,
       version = doctor_day.version + 1
"""
SETTABLE = ("is_present", "notes", "max_appointments", "delay_minutes")


@dataclass(frozen=True, slots=True)
class Day:
    """One doctor's day. A day nobody has touched is present, empty and of version 0.

    ``max_appointments`` is the day's own cap, ``cap`` the one in force; ``excess``: how many visits stand above it.
    """

    doctor_id: uuid.UUID
    date: date
    cap: int | None
    is_present: bool = True
    notes: str | None = None
    max_appointments: int | None = None
    delay_minutes: int = 0
    booked: int = 0
    excess: int = 0
    last_token: int = 0
    last_position: int = 0
    version: int = 0

    @property
    def remaining(self) -> int | None:
        """How many more visits the day takes; None: there is no cap."""
        return None if self.cap is None else max(0, self.cap - self.booked)


def load(doctor_id: uuid.UUID, *, first: date, last: date) -> list[Day]:
    """Every day from *first* to *last*, both included. Raises ``NotFound``."""
    doctor = loading.one(doctor_id).doctors[0]
    rows = {row.date: row._asdict() for row in db.rows(DAYS, doctor_id=doctor_id, first=first, last=last)}
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    return [
        Day(
            **{
                "doctor_id": doctor_id,
                "date": day,
                "cap": cap_of(doctor, rows.get(day, {}).get("max_appointments")),
                **rows.get(day, {}),
            }
        )
        for day in days
    ]


def one(doctor_id: uuid.UUID, *, on: date) -> Day:
    """One day. Raises ``NotFound``."""
    return load(doctor_id, first=on, last=on)[0]


@db.action
def put(
    doctor_id: uuid.UUID,
    *,
    on: date,
    fields: Mapping[str, Any],
    version: int | None = None,
    force: bool = False,
    by: Actor,
) -> Day:
    """Change what *fields* name of a day: ``is_present``, ``notes``, ``max_appointments``, ``delay_minutes``.

    A cap below what is booked is kept, and ``excess`` says so. Raises ``NotFound``, ``Stale``, and for an absence
    ``AppointmentsAffected``.
    """
    doctor = loading.one(doctor_id).doctors[0]
    booked.lock([doctor_id], by=by)
    before = one(doctor_id, on=on)
    if version is not None and before.version != version:
        raise Stale
    wanted = {name: getattr(before, name) for name in SETTABLE} | dict(fields)
    wanted["cap"] = cap_of(doctor, wanted["max_appointments"])
    with booked.kept([doctor_id], force=force, by=by):
        db.send((PUT, {"doctor_id": doctor_id, "date": on, **wanted}))
    details = {"date": on.isoformat(), "fields": sorted(fields)}
    audit.record("doctor_day.change", "doctor", doctor_id, by=by, details=details)
    return one(doctor_id, on=on)
