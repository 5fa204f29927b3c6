"""Every SELECT of the queue, named by what it returns.

The queue shows only entries whose visit is checked in or in progress, so a cancelled visit needs no write here; where
somebody is, visit and entry say together (``whereabouts``).
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core import db, tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound

COLUMNS = """
e.id, e.appointment_id, e.doctor_id, e.patient_id, e.date, e.position, e.ticket, e.status, e.priority,
e.priority_reason, e.walk_in, e.checked_in_at, e.called_at, e.started_at, e.served_at, e.version, a.starts_at,
a.timezone, a.status AS visit_status, a.reason, a.service_id
"""
# One visit and one patient for each entry: left to itself the planner may join by reading all that the clinic has.
LIVE = f"""
SELECT {COLUMNS}, p.full_name AS patient_name, p.birth_date, s.name AS service_name, now() AS now
  FROM queue_entry e
 CROSS JOIN LATERAL (SELECT v.starts_at, v.timezone, v.status, v.reason, v.service_id FROM appointment v
                      WHERE v.tenant_id = %(tenant)s AND v.id = e.appointment_id LIMIT 1) a
 CROSS JOIN LATERAL (SELECT q.full_name, q.birth_date FROM patient q
                      WHERE q.tenant_id = %(tenant)s AND q.id = e.patient_id LIMIT 1) p
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
 WHERE e.tenant_id = %(tenant)s AND e.doctor_id = ANY(%(doctors)s) AND e.date = %(date)s
   AND a.status IN ('checked_in', 'in_progress')
 ORDER BY e.doctor_id, e.position
"""
ENTRY = f"""
SELECT {COLUMNS}, now() AS now
  FROM queue_entry e JOIN appointment a ON a.tenant_id = %(tenant)s AND a.id = e.appointment_id
 WHERE e.tenant_id = %(tenant)s AND e.id = %(id)s
"""
DOCTORS = """
SELECT d.id, d.full_name, d.queue_order, d.booking_mode, d.slot_minutes, d.ticket_prefix, d.is_active,
       y.delay_minutes, y.is_present, y.last_position, now() AS now
  FROM doctor d
  LEFT JOIN doctor_day y ON y.tenant_id = %(tenant)s AND y.doctor_id = d.id AND y.date = %(date)s
 WHERE d.tenant_id = %(tenant)s AND d.id = ANY(%(doctors)s)
 ORDER BY d.name_key, d.id
"""
BACK_OUT = {"in_room": "called", "served": "called", "left": "waiting"}
BY_VISIT = {"in_progress": "in_room", "completed": "served"}
OF_SPECIALTY = """
SELECT d.id,
       (SELECT count(*) FROM queue_entry e JOIN appointment a ON a.tenant_id = %(tenant)s AND a.id = e.appointment_id
         WHERE e.tenant_id = %(tenant)s AND e.doctor_id = d.id AND e.date = %(date)s
           AND e.status IN ('waiting', 'called')
           AND a.status = 'checked_in') AS waiting
  FROM doctor d
  JOIN doctor_specialty x ON x.tenant_id = %(tenant)s AND x.doctor_id = d.id AND x.specialty_id = %(specialty_id)s
  LEFT JOIN doctor_day y ON y.tenant_id = %(tenant)s AND y.doctor_id = d.id AND y.date = %(date)s
 WHERE d.tenant_id = %(tenant)s AND d.is_active AND coalesce(y.is_present, true)
 ORDER BY waiting, d.name_key, d.id
"""


def whereabouts(status: str, visit_status: str) -> str:
    """The state of an entry with this *status* and visit: steps of the visit are taken and undone without the queue.

    Who was in the room and is only checked in again stands where they were called from; whose visit is none of today's
    any more has left.
    """
    if visit_status == "checked_in":
        return BACK_OUT.get(status, status)
    return BY_VISIT.get(visit_status, "left")


def placed(row: Any) -> Any:
    """A row of an entry with its state in place of what stands in its table."""
    return row._replace(status=whereabouts(row.status, row.visit_status))


def entry(id: uuid.UUID, *, by: Actor) -> Any:
    """One entry that *by* may see: a patient their own, a doctor their own day's; or ``NotFound``."""
    found = db.row(ENTRY, id=id)
    if found is None or (by.is_patient and found.patient_id != by.patient_id):
        raise NotFound
    if by.is_doctor and found.doctor_id != by.doctor_id:
        raise NotFound
    return placed(found)


def of_appointment(appointment_id: uuid.UUID) -> Any | None:
    """The entry of a visit, whatever its state."""
    return db.row(
        "SELECT id, doctor_id, date, position, ticket, status FROM queue_entry"
        " WHERE tenant_id = %(tenant)s AND appointment_id = %(id)s",
        id=appointment_id,
    )


def day_of(doctors: list[uuid.UUID], on: date) -> tuple[list[Any], list[Any]]:
    """The doctors of a board and all their live entries of a date: two queries however many."""
    found, entries = db.send(
        (DOCTORS, {"doctors": doctors, "date": on}), (LIVE, {"doctors": doctors, "date": on})
    )
    return found, [placed(row) for row in entries]


def zone_of(doctor_id: uuid.UUID) -> ZoneInfo:
    """The zone of the doctor's first location, else of the clinic's first, else the clinic's own; ``NotFound``."""
    found = db.row(
        "SELECT coalesce("
        " (SELECT l.timezone FROM doctor_location x"
        "   JOIN location l ON l.tenant_id = %(tenant)s AND l.id = x.location_id"
        "   WHERE x.tenant_id = %(tenant)s AND x.doctor_id = d.id AND l.is_active ORDER BY l.created_at, l.id LIMIT 1),"
        " (SELECT l.timezone FROM location l WHERE l.tenant_id = %(tenant)s AND l.is_active"
        "   ORDER BY l.created_at, l.id LIMIT 1)) AS timezone"
        " FROM doctor d WHERE d.tenant_id = %(tenant)s AND d.id = %(id)s",
        id=doctor_id,
    )
    if found is None:
        raise NotFound
    return ZoneInfo(found.timezone) if found.timezone else tenancy.require().zone


def today_of(doctor_id: uuid.UUID) -> date:
    """Today at the doctor's location, by the database's clock."""
    zone = zone_of(doctor_id)
    now: datetime = db.row("SELECT now() AS now").now
    return now.astimezone(zone).date()
