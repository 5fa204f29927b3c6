"""The lock order of RULES §2: patient, doctor, doctor's day, room; each kind sorted by id.

What people queue for is one doctor's day. The statements go in one pipeline with everything that the rules read, so
that the rules see the world as it is once the locks are held.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from clinic.booking.freeing import ended
from clinic.core.db import Statement

DoctorDays = Iterable[tuple[uuid.UUID, date]]

PATIENT = """
SELECT id, is_active FROM patient WHERE tenant_id = %(tenant)s AND id = %(patient)s FOR NO KEY UPDATE
"""
PATIENTS = """
SELECT id, is_active FROM patient
 WHERE tenant_id = %(tenant)s AND id = ANY(%(patients)s) ORDER BY id FOR NO KEY UPDATE
"""
DOCTOR = """
SELECT id, is_active, version FROM doctor WHERE tenant_id = %(tenant)s AND id = %(doctor)s FOR SHARE
"""
DOCTORS = """
SELECT id, is_active, version FROM doctor
 WHERE tenant_id = %(tenant)s AND id = ANY(%(doctors)s) ORDER BY id FOR SHARE
"""
MAKE_DAY = """
INSERT INTO doctor_day (tenant_id, doctor_id, date) VALUES (%(tenant)s, %(doctor)s, %(date)s) ON CONFLICT DO NOTHING
"""
MAKE_DAYS = """
INSERT INTO doctor_day (tenant_id, doctor_id, date)
SELECT %(tenant)s, asked.doctor_id, asked.date
  FROM unnest(%(day_doctors)s::uuid[], %(day_dates)s::date[]) AS asked (doctor_id, date)
 ORDER BY asked.doctor_id, asked.date
ON CONFLICT (tenant_id, doctor_id, date) DO NOTHING
"""
STANDS = """
SELECT d.doctor_id, d.date, d.is_present, d.max_appointments, d.cap, d.booked, d.excess, d.last_token, d.last_position
  FROM doctor_day d"""
DAY = f"""{STANDS}
 WHERE d.tenant_id = %(tenant)s AND d.doctor_id = %(doctor)s AND d.date = %(date)s FOR NO KEY UPDATE
"""
DAYS = f"""{STANDS}
  JOIN unnest(%(day_doctors)s::uuid[], %(day_dates)s::date[]) AS asked (doctor_id, date)
    ON d.doctor_id = asked.doctor_id AND d.date = asked.date
 WHERE d.tenant_id = %(tenant)s
 ORDER BY d.doctor_id, d.date
   FOR NO KEY UPDATE OF d
"""
EXPIRED = ended("doctor_id = ANY(%(doctors)s) AND expires_at <= now()")
ROOMS = """
SELECT id FROM room
 WHERE tenant_id = %(tenant)s AND is_active AND (kind = ANY(%(room_kinds)s) OR id = ANY(%(room_ids)s))
 ORDER BY id FOR NO KEY UPDATE
"""


def statements(
    *,
    patients: Iterable[uuid.UUID],
    days: DoctorDays,
    room_kinds: Iterable[str | None] = (),
    room_ids: Iterable[uuid.UUID | None] = (),
    holding: bool = True,
) -> list[Statement]:
    """The locks, in order: five answers (patients, doctors, -, days, -) and one more when rooms are needed.

    None among the rooms is no room. *holding*: whether a hold may be made under them, and so those that are over must
    go first; they are in nobody else's way, and the last of the five is left out.
    """
    wanted = sorted(set(days))
    everybody, doctors = sorted(set(patients)), sorted({doctor for doctor, _ in wanted})
    order = _one(everybody[0], *wanted[0]) if len(everybody) == len(wanted) == 1 else _all(everybody, wanted)
    if holding:
        order.append((EXPIRED, {"doctors": doctors}))
    return [*order, *rooms(room_kinds, room_ids)]


def _one(patient: uuid.UUID, doctor: uuid.UUID, day: date) -> list[Statement]:
    """Nearly every booking: said plainly these are cheaper to send, and one plan serves all of them."""
    params = {"patient": patient, "doctor": doctor, "date": day}
    return [(sql, params) for sql in (PATIENT, DOCTOR, MAKE_DAY, DAY)]


def _all(patients: list[uuid.UUID], days: list[tuple[uuid.UUID, date]]) -> list[Statement]:
    params = {
        "patients": patients,
        "doctors": sorted({doctor for doctor, _ in days}),
        "day_doctors": [doctor for doctor, _ in days],
        "day_dates": [day for _, day in days],
    }
    return [(sql, params) for sql in (PATIENTS, DOCTORS, MAKE_DAYS, DAYS)]


def rooms(kinds: Iterable[str | None], ids: Iterable[uuid.UUID | None] = ()) -> list[Statement]:
    """The last of the locks: every room of these kinds, and these rooms. No statement if that is none."""
    wanted = {"room_kinds": [each for each in kinds if each], "room_ids": [each for each in ids if each]}
    return [(ROOMS, wanted)] if any(wanted.values()) else []
