"""The lock order of RULES §2: patient, doctor, doctor's day, room; each kind sorted by id.

What people queue for is one doctor's day. The statements go in one pipeline with everything that the rules read, so
that the rules see the world as it is once the locks are held.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date

from clinic.booking.freeing import ended
from clinic.core.db import Statement

DoctorDays = Iterable[tuple[uuid.UUID, date]]

PATIENTS = """
SELECT id, is_active FROM patient
 WHERE tenant_id = %(tenant)s AND id = ANY(%(patients)s) ORDER BY id FOR NO KEY UPDATE
"""
DOCTORS = """
SELECT id, is_active, version FROM doctor
 WHERE tenant_id = %(tenant)s AND id = ANY(%(doctors)s) ORDER BY id FOR SHARE
"""
MAKE_DAYS = """
INSERT INTO doctor_day (tenant_id, doctor_id, date)
SELECT %(tenant)s, asked.doctor_id, asked.date
  FROM unnest(%(day_doctors)s::uuid[], %(day_dates)s::date[]) AS asked (doctor_id, date)
 ORDER BY asked.doctor_id, asked.date
ON CONFLICT (tenant_id, doctor_id, date) DO NOTHING
"""
DAYS = """
SELECT d.doctor_id, d.date, d.is_present, d.max_appointments, d.cap, d.booked, d.excess, d.last_token, d.last_position
  FROM doctor_day d
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
) -> list[Statement]:
    """The locks, in order: five answers (patients, doctors, -, days, -) and one more when rooms are needed.

    None among the rooms is no room.
    """
    wanted = sorted(set(days))
    params = {
        "patients": sorted(set(patients)),
        "doctors": sorted({doctor for doctor, _ in wanted}),
        "day_doctors": [doctor for doctor, _ in wanted],
        "day_dates": [day for _, day in wanted],
    }
    order: Sequence[str] = [PATIENTS, DOCTORS, MAKE_DAYS, DAYS, EXPIRED]
    return [*((sql, params) for sql in order), *rooms(room_kinds, room_ids)]


def rooms(kinds: Iterable[str | None], ids: Iterable[uuid.UUID | None] = ()) -> list[Statement]:
    """The last of the locks: every room of these kinds, and these rooms. No statement if that is none."""
    wanted = {"room_kinds": [each for each in kinds if each], "room_ids": [each for each in ids if each]}
    return [(ROOMS, wanted)] if any(wanted.values()) else []
