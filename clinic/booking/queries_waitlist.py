"""Every SELECT of wishes. ``status_now`` of a row: an offer whose hold is gone has lapsed, and they wait again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import NotFound

LIVE = (
    "EXISTS (SELECT FROM hold h WHERE h.tenant_id = %(tenant)s AND h.id = w.hold_id AND h.expires_at > now())"
)
COLUMNS = f"""
w.id, w.patient_id, w.doctor_id, w.specialty_id, w.service_id, w.first, w.last, w.part_of_day, w.status, w.hold_id,
w.offered_doctor_id, w.offered_location_id, w.offered_date, w.offered_start, w.offered_end, w.offered_at,
w.offered_until, w.times_offered, w.skipped_at, w.skipped_because, w.appointment_id, w.created_by, w.version,
w.created_at, w.updated_at,
(SELECT s.code FROM specialty s WHERE s.tenant_id = %(tenant)s AND s.id = w.specialty_id) AS specialty,
(SELECT l.timezone FROM location l WHERE l.tenant_id = %(tenant)s AND l.id = w.offered_location_id) AS timezone,
CASE WHEN w.status = 'offered' AND NOT {LIVE} THEN 'waiting' ELSE w.status END AS status_now
"""
ONE = f"SELECT {COLUMNS} FROM wish w WHERE w.tenant_id = %(tenant)s AND w.id = %(id)s"
LOCK = "SELECT id FROM wish WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
MINE = """ AND (w.patient_id = %(me)s OR w.patient_id IN (
    SELECT g.patient_id FROM guardian g
     WHERE g.tenant_id = %(tenant)s AND g.guardian_id = %(me)s AND g.may_see))"""

OPEN = f"w.status <> 'booked' AND (w.status = 'waiting' OR NOT {LIVE})"
OF_DOCTOR = """
(w.doctor_id IS NULL OR w.doctor_id = %(doctor_id)s)
AND (w.specialty_id IS NULL OR EXISTS (
    SELECT FROM doctor_specialty x
     WHERE x.tenant_id = %(tenant)s AND x.doctor_id = %(doctor_id)s AND x.specialty_id = w.specialty_id))
AND (w.service_id IS NULL
     OR NOT EXISTS (SELECT FROM doctor_service o WHERE o.tenant_id = %(tenant)s AND o.doctor_id = %(doctor_id)s)
     OR EXISTS (SELECT FROM doctor_service o
                 WHERE o.tenant_id = %(tenant)s AND o.doctor_id = %(doctor_id)s AND o.service_id = w.service_id))
"""
WHO_WAITS = f"""
SELECT {COLUMNS}, p.full_name AS patient_name, p.phone AS patient_phone, p.confidential
  FROM wish w
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = w.patient_id AND p.is_active
 WHERE w.tenant_id = %(tenant)s AND {OPEN} AND %(date)s BETWEEN w.first AND w.last AND {OF_DOCTOR}
 ORDER BY w.created_at, w.id LIMIT %(most)s
"""
MOST = 200


def one(id: uuid.UUID, *, by: Actor) -> Any:
    """One wish that *by* may see, or ``NotFound``."""
    condition, params = scope(by)
    found = db.row(ONE + condition, id=id, **params)
    if found is None:
        raise NotFound
    return found


def page(
    *,
    by: Actor,
    limit: int,
    after: tuple[datetime, uuid.UUID] | None = None,
    patient_id: uuid.UUID | None = None,
    doctor_id: uuid.UUID | None = None,
    service_id: uuid.UUID | None = None,
    specialty_id: uuid.UUID | None = None,
    statuses: Sequence[str] = (),
    today: date | None = None,
) -> list[Any]:
    """One row more than *limit*, who waits longest first. *today*: only wishes that are not over by then."""
    condition, params = scope(by)
    where = ["w.tenant_id = %(tenant)s"]
    given: dict[str, Any] = {
        "patient_id": patient_id,
        "doctor_id": doctor_id,
        "service_id": service_id,
        "specialty_id": specialty_id,
    }
    for column, value in given.items():
        if value is not None:
            where.append(f"w.{column} = %({column})s")
            params[column] = value
    if statuses:
        where.append(
            f"CASE WHEN w.status = 'offered' AND NOT {LIVE} THEN 'waiting' ELSE w.status END = ANY(%(statuses)s)"
        )
        params["statuses"] = list(statuses)
    if today is not None:
        where.append("w.last >= %(today)s")
        params["today"] = today
    if after is not None:
        where.append("(w.created_at, w.id) > (%(after_at)s, %(after_id)s)")
        params["after_at"], params["after_id"] = after
    return db.rows(
        f"SELECT {COLUMNS} FROM wish w WHERE {' AND '.join(where)}{condition}"
        " ORDER BY w.created_at, w.id LIMIT %(most)s",
        most=limit + 1,
        **params,
    )


def who_waits(doctor_id: uuid.UUID, on: date) -> list[Any]:
    """Who waits for a time of this doctor on this date, longest first; with the names that the desk shows."""
    return db.rows(WHO_WAITS, doctor_id=doctor_id, date=on, most=MOST)


def scope(by: Actor) -> tuple[str, dict[str, Any]]:
    """What narrows the wishes ``w`` to those that *by* may see, and its parameters."""
    return (MINE, {"me": by.patient_id}) if by.is_patient else ("", {})
