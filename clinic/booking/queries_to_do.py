"""What waits for the desk: visits to move, requests to approve, people on the waiting list."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from clinic.booking import queries_waitlist
from clinic.core import db
from clinic.core.access import Actor

MOST = 100
"""So many rows of a list are shown; the rest move up."""

AHEAD = """
appointment.date >= (now() - interval '3 days')::date
AND (appointment.ends_at > now() OR (appointment.starts_at IS NULL
                                     AND appointment.date >= (now() AT TIME ZONE appointment.timezone)::date))
"""
TO_MOVE = (
    f"appointment.needs_rescheduling AND appointment.status IN ('pending', 'booked', 'confirmed') AND {AHEAD}"
)
REQUESTED = f"appointment.status = 'pending' AND {AHEAD}"
COUNTS = f"""
SELECT (SELECT count(*) FROM appointment WHERE appointment.tenant_id = %(tenant)s AND {TO_MOVE}) AS to_move,
       (SELECT count(*) FROM appointment WHERE appointment.tenant_id = %(tenant)s AND {REQUESTED}) AS requested,
       (SELECT count(*) FROM wish w WHERE w.tenant_id = %(tenant)s AND w.status <> 'booked'
                                      AND w.last >= (now() AT TIME ZONE %(zone)s)::date) AS waiting,
       (SELECT count(*) FROM zone_seen WHERE zone_seen.tenant_id = %(tenant)s AND zone_seen.differs) AS zones
"""
SHOWN = """
SELECT appointment.id, appointment.patient_id, appointment.doctor_id, appointment.date, appointment.starts_at,
       appointment.ends_at, appointment.timezone, appointment.token, appointment.status, appointment.reason,
       appointment.overbooked, appointment.created_at, appointment.version, appointment.intake_answers,
       p.full_name AS patient_name, p.phone AS patient_phone, p.birth_date, p.confidential,
       d.full_name AS doctor_name, s.name AS service_name, s.questions, l.name AS location_name"""
NAMES = """
  FROM appointment
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = appointment.patient_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = appointment.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = appointment.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = appointment.location_id"""
OFFERED = """,
       o.id AS proposal_id, o.starts_at AS offered_start, o.timezone AS offered_timezone,
       o.doctor_id AS offered_doctor_id, od.full_name AS offered_doctor, h.expires_at AS offered_until"""
OFFERS = """
  LEFT JOIN proposal o ON o.tenant_id = %(tenant)s AND o.appointment_id = appointment.id AND o.status = 'open'
  LEFT JOIN hold h ON h.tenant_id = %(tenant)s AND h.id = o.id AND h.expires_at > now()
  LEFT JOIN doctor od ON od.tenant_id = %(tenant)s AND od.id = o.doctor_id"""
AFFECTED = f"""
{SHOWN}{OFFERED}{NAMES}{OFFERS}
 WHERE appointment.tenant_id = %(tenant)s AND {TO_MOVE}
   AND (%(doctor_id)s::uuid IS NULL OR appointment.doctor_id = %(doctor_id)s)
   AND (%(date)s::date IS NULL OR appointment.date = %(date)s)
 ORDER BY appointment.date, appointment.starts_at, appointment.id LIMIT %(most)s
"""
REQUESTS = f"""
{SHOWN}{NAMES}
 WHERE appointment.tenant_id = %(tenant)s AND {REQUESTED}
 ORDER BY appointment.date, appointment.starts_at, appointment.id LIMIT %(most)s
"""
ANSWERED = """
SELECT count(*) FILTER (WHERE status = 'confirmed') AS moved, count(*) FILTER (WHERE status = 'declined') AS declined
  FROM proposal
 WHERE tenant_id = %(tenant)s AND created_at > now() - interval '3 days' AND answered_at > now() - interval '12 hours'
"""
WAITING = f"""
SELECT {queries_waitlist.COLUMNS}, p.full_name AS patient_name, p.phone AS patient_phone, p.confidential,
       d.full_name AS doctor_name, y.name AS specialty_name, s.name AS service_name,
       od.full_name AS offered_doctor_name
  FROM wish w
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = w.patient_id
  LEFT JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = w.doctor_id
  LEFT JOIN specialty y ON y.tenant_id = %(tenant)s AND y.id = w.specialty_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = w.service_id
  LEFT JOIN doctor od ON od.tenant_id = %(tenant)s AND od.id = w.offered_doctor_id
 WHERE w.tenant_id = %(tenant)s AND w.status <> 'booked' AND w.last >= %(today)s
   AND (%(date)s::date IS NULL OR %(date)s BETWEEN w.first AND w.last)
   AND (%(doctor_id)s::uuid IS NULL OR {queries_waitlist.OF_DOCTOR})
"""


def counts(zone: str) -> Any:
    """How many visits are ``to_move``, how many are ``requested``, how many people are ``waiting``.

    ``zones``: how many zones set their clocks otherwise by now.
    """
    return db.row(COUNTS, zone=zone)


def affected(*, doctor_id: uuid.UUID | None = None, on: date | None = None) -> tuple[list[Any], Any]:
    """Visits to come whose time was taken away, soonest first, each with what is offered instead; the answers so far.

    ``offered_until`` None beside a ``proposal_id``: it ran out.
    """
    rows, answers = db.send(
        (AFFECTED, {"doctor_id": doctor_id, "date": on, "most": MOST}),
        (ANSWERED, {}),
    )
    return rows, answers[0]


def requests() -> list[Any]:
    """Visits that patients asked for and nobody has approved, soonest first."""
    return db.rows(REQUESTS, most=MOST)


def waiting(
    *, today: date, doctor_id: uuid.UUID | None = None, on: date | None = None, by: Actor
) -> list[Any]:
    """Who waits and for what, as far as *by* may know, longest first; for a time of this doctor, or of this date."""
    condition, params = queries_waitlist.scope(by)
    sql = f"{WAITING}{condition} ORDER BY w.created_at, w.id LIMIT %(most)s"
    return db.rows(sql, today=today, doctor_id=doctor_id, date=on, most=MOST, **params)
