"""What the desk reads beside the day board: a visit with its history, the visit types, somebody's visits."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from clinic.booking.queries import scope
from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import NotFound

SHOWN = """
SELECT appointment.id, appointment.patient_id, appointment.doctor_id, appointment.location_id, appointment.service_id,
       appointment.date, appointment.starts_at, appointment.ends_at, appointment.timezone, appointment.token,
       appointment.status, appointment.modality, appointment.appointment_type, appointment.reason,
       appointment.notes, appointment.meeting_url,
       appointment.source, appointment.overbooked, appointment.overbook_reason, appointment.needs_rescheduling,
       appointment.cancel_reason, appointment.intake_answers, appointment.custom_fields, appointment.series_id,
       appointment.version, appointment.created_at, s.questions, p.full_name AS patient_name,
       p.phone AS patient_phone, p.birth_date, p.birth_date_is_estimated, p.file_number, p.confidential,
       d.full_name AS doctor_name, d.booking_mode, s.name AS service_name, l.name AS location_name,
       r.name AS room_name, now() AS now
  FROM appointment
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = appointment.patient_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = appointment.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = appointment.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = appointment.location_id
  LEFT JOIN room r ON r.tenant_id = %(tenant)s AND r.id = appointment.room_id
 WHERE appointment.tenant_id = %(tenant)s AND appointment.id = %(id)s
"""
HISTORY = """
SELECT h.id, h.at, h.step, h.from_status, h.to_status, h.before, h.reason, h.actor, h.undone_at, u.name AS who,
       h.at > now() - interval '10 minutes' AS is_fresh
  FROM appointment_history h
  LEFT JOIN user_account u ON u.tenant_id = %(tenant)s AND 'user:' || u.id::text = h.actor
 WHERE h.tenant_id = %(tenant)s AND h.appointment_id = %(id)s
 ORDER BY h.at, h.id
"""
SERVICES = """
SELECT s.id, s.name, s.duration_minutes, s.questions <> '[]'::jsonb AS asks
  FROM service s
 WHERE s.tenant_id = %(tenant)s AND s.is_active
   AND (%(doctor_id)s::uuid IS NULL
        OR NOT EXISTS (SELECT 1 FROM doctor_service o WHERE o.tenant_id = %(tenant)s AND o.doctor_id = %(doctor_id)s)
        OR EXISTS (SELECT 1 FROM doctor_service o
                    WHERE o.tenant_id = %(tenant)s AND o.doctor_id = %(doctor_id)s AND o.service_id = s.id))
 ORDER BY lower(s.name), s.id
"""
PERSON = """
SELECT p.id, p.full_name, p.phone, p.birth_date, p.birth_date_is_estimated, now() AS now
  FROM patient p WHERE p.tenant_id = %(tenant)s AND p.id = %(id)s AND p.is_active
"""
OF_PATIENT = """
SELECT appointment.id, appointment.date, appointment.starts_at, appointment.ends_at, appointment.timezone,
       appointment.token, appointment.status, appointment.reason, d.full_name AS doctor_name, s.name AS service_name,
       l.name AS location_name, now() AS now
  FROM appointment
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = appointment.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = appointment.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = appointment.location_id
 WHERE appointment.tenant_id = %(tenant)s AND appointment.patient_id = %(patient_id)s
"""
OF_SERIES = """
SELECT appointment.id, appointment.date, appointment.starts_at, appointment.timezone, appointment.status
  FROM appointment
 WHERE appointment.tenant_id = %(tenant)s AND appointment.series_id = %(series_id)s
   AND appointment.series_id IS NOT NULL
"""
LATEST_FIRST = """
 ORDER BY appointment.date DESC, appointment.starts_at DESC NULLS LAST, appointment.id DESC LIMIT %(most)s
"""


def shown(id: uuid.UUID, *, by: Actor) -> tuple[Any, list[Any]]:
    """A visit that *by* may see, with the names that its page shows, and its history, first step first."""
    condition, params = scope(by)
    found, history = db.send((SHOWN + condition, {"id": id, **params}), (HISTORY, {"id": id}))
    if not found:
        raise NotFound
    return found[0], history


def services(doctor_id: uuid.UUID | None = None) -> list[Any]:
    """The visit types, of one doctor if *doctor_id* says so."""
    return db.rows(SERVICES, doctor_id=doctor_id)


def specialties() -> list[Any]:
    """The specialties, by name."""
    return db.rows(
        "SELECT id, name FROM specialty WHERE tenant_id = %(tenant)s AND is_active ORDER BY lower(name), id"
    )


def person(id: uuid.UUID) -> Any | None:
    """Name, phone and birth date of a patient who is already chosen; None for nobody of this clinic."""
    return db.row(PERSON, id=id)


def of_series(series_id: uuid.UUID | None, *, by: Actor) -> list[Any]:
    """The visits of a series that *by* may see, first one first; none of no series."""
    if series_id is None:
        return []
    condition, params = scope(by)
    return db.rows(OF_SERIES + condition + " ORDER BY appointment.starts_at", series_id=series_id, **params)


def of_patient(patient_id: uuid.UUID, *, before: date | None = None, most: int = 50, by: Actor) -> list[Any]:
    """A patient's visits that *by* may see, latest first; *before* a date only those."""
    condition, params = scope(by)
    if before is not None:
        condition += " AND appointment.date < %(before)s"
        params["before"] = before
    return db.rows(OF_PATIENT + condition + LATEST_FIRST, patient_id=patient_id, most=most, **params)
