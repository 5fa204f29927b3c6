"""What patients are shown before and after they book: reasons, doctors, whose turn it is, their own visits."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from clinic.booking.queries import HOLDING
from clinic.core import db, tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound

REASONS = """
SELECT s.id, s.name, s.duration_minutes, s.modality, s.price, s.currency, s.requires_approval, s.online_bookable
  FROM service s
 WHERE s.tenant_id = %(tenant)s AND s.is_active
   AND EXISTS (
    SELECT 1 FROM doctor d
     WHERE d.tenant_id = %(tenant)s AND d.is_active AND (%(doctor_id)s::uuid IS NULL OR d.id = %(doctor_id)s)
       AND (NOT EXISTS (SELECT 1 FROM doctor_service o WHERE o.tenant_id = %(tenant)s AND o.doctor_id = d.id)
            OR EXISTS (SELECT 1 FROM doctor_service o
                        WHERE o.tenant_id = %(tenant)s AND o.doctor_id = d.id AND o.service_id = s.id)))
 ORDER BY lower(s.name), s.id
"""
SPECIALTIES = """
SELECT x.doctor_id, array_agg(y.name ORDER BY lower(y.name)) AS names
  FROM doctor_specialty x
  JOIN specialty y ON y.tenant_id = %(tenant)s AND y.id = x.specialty_id AND y.is_active
 WHERE x.tenant_id = %(tenant)s AND x.doctor_id = ANY(%(doctors)s)
 GROUP BY x.doctor_id
"""
IN_TURN = f"""
SELECT asked.id
  FROM unnest(%(doctors)s::uuid[]) AS asked (id)
  LEFT JOIN doctor_day d ON d.tenant_id = %(tenant)s AND d.doctor_id = asked.id AND d.date = %(date)s
  LEFT JOIN LATERAL (
    SELECT a.ends_at FROM appointment a
     WHERE a.tenant_id = %(tenant)s AND a.doctor_id = asked.id AND a.{HOLDING} AND a.starts_at < %(at)s
     ORDER BY a.starts_at DESC LIMIT 1) AS last ON true
 ORDER BY coalesce(d.booked, 0), last.ends_at NULLS FIRST, asked.id
"""
OWN_HOLDS = """
SELECT id, doctor_id, location_id, service_id, starts_at, ends_at, expires_at, extended
  FROM hold WHERE tenant_id = %(tenant)s AND holder = %(holder)s AND kind = 'hold' AND expires_at > now()
"""
PEOPLE = """
SELECT p.id, p.full_name, p.birth_date, p.id = %(me)s AS is_me
  FROM patient p
 WHERE p.tenant_id = %(tenant)s AND p.is_active
   AND (p.id = %(me)s OR p.id IN (SELECT g.patient_id FROM guardian g
                                   WHERE g.tenant_id = %(tenant)s AND g.guardian_id = %(me)s AND g.may_book))
 ORDER BY p.id <> %(me)s, p.name_key, p.id
"""
VISITS = """
SELECT a.id, a.patient_id, a.date, a.starts_at, a.ends_at, a.timezone, a.token, a.status, a.modality,
       p.full_name AS patient_name, a.patient_id = %(me)s AS is_mine, d.full_name AS doctor_name,
       a.patient_id = %(me)s OR a.patient_id IN (SELECT g.patient_id FROM guardian g
         WHERE g.tenant_id = %(tenant)s AND g.guardian_id = %(me)s AND g.may_book) AS may_act,
       s.name AS service_name, l.name AS location_name, now() AS now
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = a.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = a.location_id
 WHERE a.tenant_id = %(tenant)s
   AND (a.patient_id = %(me)s OR a.patient_id IN (SELECT g.patient_id FROM guardian g
         WHERE g.tenant_id = %(tenant)s AND g.guardian_id = %(me)s AND g.may_see))
"""
SHOWN = """
SELECT a.id, a.patient_id, a.doctor_id, a.location_id, a.service_id, a.date, a.starts_at, a.ends_at, a.timezone,
       a.token, a.status, a.modality, a.meeting_url, a.version, a.created_at, a.updated_at, now() AS now,
       p.full_name AS patient_name, d.full_name AS doctor_name, d.ticket_prefix, s.name AS service_name,
       coalesce(s.cancel_notice_minutes, %(notice)s) AS cancel_notice_minutes,
       l.name AS location_name, l.address AS location_address, l.city AS location_city, l.phone AS location_phone
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = a.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = a.location_id
 WHERE a.tenant_id = %(tenant)s AND a.id = %(id)s
"""
COMING = (
    " AND a.date >= %(today)s AND a.status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress')"
    " ORDER BY a.date, a.starts_at NULLS LAST, a.id"
)
PAST = (
    " AND NOT (a.date >= %(today)s AND a.status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress'))"
    " ORDER BY a.date DESC, a.starts_at DESC NULLS LAST, a.id DESC LIMIT %(most)s OFFSET %(skip)s"
)
NUMBER_TO_CALL = """
SELECT phone FROM location WHERE tenant_id = %(tenant)s AND is_active AND phone IS NOT NULL
 ORDER BY created_at, id LIMIT 1
"""


def reasons(doctor_id: uuid.UUID | None = None) -> list[Any]:
    """The visit types that somebody here offers (that doctor, if *doctor_id* says so), online or at the desk only."""
    return db.rows(REASONS, doctor_id=doctor_id)


def doctor(id: uuid.UUID) -> Any:
    """A doctor who receives here, or ``NotFound``."""
    found = db.row(
        "SELECT id, full_name, booking_mode FROM doctor WHERE tenant_id = %(tenant)s AND id = %(id)s AND is_active",
        id=id,
    )
    if found is None:
        raise NotFound
    return found


def specialties(doctors: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The names of each doctor's specialties."""
    return {row.doctor_id: row.names for row in db.rows(SPECIALTIES, doctors=list(doctors))}


def in_turn(doctors: Sequence[uuid.UUID], at: datetime, day: date) -> list[uuid.UUID]:
    """Whose turn it is to be given a visit: who has fewest booked on that *day*, then who has been idle longest.

    Idle is the time between a doctor's last visit before *at* and *at*; who never had one is idlest of all.
    """
    return [row.id for row in db.rows(IN_TURN, doctors=list(doctors), at=at, date=day)]


def own_holds(by: Actor) -> list[Any]:
    """What this caller holds at the moment."""
    return db.rows(OWN_HOLDS, holder=by.caller)


def people(by: Actor) -> list[Any]:
    """Whom a signed-in patient may book for: themselves first, then those they answer for."""
    return db.rows(PEOPLE, me=by.patient_id)


def coming_visits(by: Actor, today: date) -> list[Any]:
    """A signed-in patient's visits from *today* on, and those of the people they answer for; soonest first."""
    return db.rows(VISITS + COMING, me=by.patient_id, today=today)


def past_visits(by: Actor, today: date, *, most: int, skip: int = 0) -> list[Any]:
    """What was, and what was called off: latest first; *most* + 1, so that the caller sees if there are more."""
    return db.rows(VISITS + PAST, me=by.patient_id, today=today, most=most + 1, skip=skip)


def visit(id: uuid.UUID) -> Any:
    """A visit as its page and its calendar file show it, or ``NotFound``. Whoever calls has checked who may see it."""
    found = db.row(SHOWN, id=id, notice=tenancy.require().setting("cancel_notice_minutes"))
    if found is None:
        raise NotFound
    return found


def number_to_call() -> str | None:
    """The phone of the first location that has one."""
    found = db.row(NUMBER_TO_CALL)
    return found.phone if found else None
