"""Every SELECT of visits, named by what it returns. Rows come as named tuples with the columns of ``COLUMNS``.

Scoped to who asks: a patient finds their own and their dependants' visits, a doctor their own.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core import db, idempotency, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Forbidden, NotFound
from clinic.core.text import document_key

HOLDING = "status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed')"

NAMES = (
    "id", "patient_id", "doctor_id", "location_id", "service_id", "room_id", "session_id", "series_id", "date",
    "starts_at", "ends_at", "timezone", "place", "token", "status", "modality", "appointment_type", "reason", "notes",
    "meeting_url", "intake_answers", "source", "overbooked", "overbook_reason", "overlap_allowed",
    "buffer_before_minutes", "buffer_after_minutes", "needs_rescheduling", "confirmed_at", "cancelled_at",
    "cancel_reason", "cancelled_by", "custom_fields", "created_by", "version", "created_at", "updated_at",
)  # fmt: skip
EXTERNAL = (
    "(SELECT jsonb_object_agg(x.system, x.value) FROM external_id x"
    " WHERE x.tenant_id = %(tenant)s AND x.kind = 'appointment' AND x.object_id = appointment.id) AS external_ids"
)
COLUMNS = ", ".join(f"appointment.{name}" for name in NAMES) + ", " + EXTERNAL

Visit = Any
"""A row of ``COLUMNS``."""

ONE = f"SELECT {COLUMNS} FROM appointment WHERE tenant_id = %(tenant)s AND id = %(id)s"
BY_KEY = f"""
SELECT {COLUMNS}, idempotency_hash FROM appointment
 WHERE tenant_id = %(tenant)s AND idempotency_caller = %(caller)s AND idempotency_key = %(key)s
"""
ENGAGEMENTS = f"""
SELECT id, starts_at, ends_at, status, coalesce(starts_at > now(), date >= %(today)s) AS is_ahead
  FROM appointment
 WHERE tenant_id = %(tenant)s AND patient_id = %(patient_id)s AND {HOLDING} AND date >= %(since)s
"""
PLACES = f"""
SELECT place::int AS place FROM appointment
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND starts_at = %(starts_at)s AND {HOLDING}
"""
HOLD = """
SELECT id, kind, doctor_id, location_id, service_id, appointment_id, date, starts_at, ends_at, holder, expires_at,
       extended, expires_at > now() AS is_live
  FROM hold WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
GUARDED = """
SELECT 1 FROM guardian
 WHERE tenant_id = %(tenant)s AND guardian_id = %(me)s AND patient_id = %(patient_id)s AND {right}
"""


def scope(by: Actor) -> tuple[str, dict[str, Any]]:
    """The condition that narrows visits to what this actor may see, with its parameters."""
    if by.is_patient:
        return (
            " AND (appointment.patient_id = %(me)s OR appointment.patient_id IN (SELECT g.patient_id FROM guardian g"
            " WHERE g.tenant_id = %(tenant)s AND g.guardian_id = %(me)s AND g.may_see))",
            {"me": by.patient_id},
        )
    if by.is_doctor:
        return " AND appointment.doctor_id = %(my_doctor)s", {"my_doctor": by.doctor_id}
    return "", {}


def visit(id: uuid.UUID, *, by: Actor) -> Visit:
    """One visit that *by* may see, or ``NotFound``."""
    condition, params = scope(by)
    found = db.row(ONE + condition, id=id, **params)
    if found is None:
        raise NotFound
    return found


def by_key(caller: str, key: str) -> db.Statement:
    """The statement that finds the visit a caller's idempotency key booked."""
    return BY_KEY, {"caller": caller, "key": key}


def same_request(found: Sequence[Visit], fingerprint: bytes | None) -> Visit | None:
    """The visit that the key booked, if the request is the same; ``KeyReused`` if it is another."""
    if not found:
        return None
    if (
        fingerprint is not None
        and found[0].idempotency_hash is not None
        and bytes(found[0].idempotency_hash) != fingerprint
    ):
        raise idempotency.KeyReused
    return found[0]


def engagements(patient_id: uuid.UUID, wanted: datetime, now: datetime) -> db.Statement:
    """The statement for a patient's other visits from two days before *wanted* (or now) on."""
    since = (min(wanted, now) - timedelta(days=2)).date()
    return ENGAGEMENTS, {"patient_id": patient_id, "since": since, "today": (now - timedelta(days=1)).date()}


def next_place(doctor_id: uuid.UUID, starts_at: datetime) -> int:
    """The smallest place at this start that no visit has."""
    taken = {row.place for row in db.rows(PLACES, doctor_id=doctor_id, starts_at=starts_at)}
    return next(place for place in range(len(taken) + 1) if place not in taken)


def hold(id: uuid.UUID, *, by: Actor) -> Any:
    """A hold of this caller's, or ``NotFound``."""
    found = db.row(HOLD, id=id)
    if found is None or found.holder != by.caller:
        raise NotFound
    return found


def doctor_by_document(type: str, number: str) -> uuid.UUID | None:
    """The active doctor with this document, compared without case, spaces, dots and dashes."""
    found = db.row(
        "SELECT id FROM doctor WHERE tenant_id = %(tenant)s AND document_type = %(type)s AND document_key = %(key)s"
        " AND is_active AND document_key IS NOT NULL",
        type=type.upper(),
        key=document_key(number),
    )
    return found.id if found else None


def may_book_for(patient_id: uuid.UUID, by: Actor) -> bool:
    """Whether a signed-in patient may book for this person: themselves, or somebody they answer for."""
    if patient_id == by.patient_id:
        return True
    return db.row(GUARDED.format(right="may_book"), me=by.patient_id, patient_id=patient_id) is not None


def must_act_for(visit: Visit, *, by: Actor) -> None:
    """``Forbidden`` for a signed-in patient who sees this visit, but may not book for the one who comes to it."""
    if by.is_patient and not may_book_for(visit.patient_id, by):
        raise Forbidden


def page(
    *,
    by: Actor,
    limit: int,
    after: tuple[Any, ...] | None = None,
    first: date | None = None,
    last: date | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    doctor_id: uuid.UUID | None = None,
    patient_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    service_id: uuid.UUID | None = None,
    series_id: uuid.UUID | None = None,
    statuses: Sequence[str] = (),
    needs_rescheduling: bool | None = None,
    updated_since: datetime | None = None,
    external: tuple[str, str] | None = None,
) -> list[Visit]:
    """Visits by date, start and id: *limit* + 1 of them, so that the caller sees whether there are more.

    Dates bound the local day; instants (*since*, *until*, half-open) bound the start, tokens by their date.
    """
    condition, params = scope(by)
    where = ["tenant_id = %(tenant)s"]
    equal: dict[str, Any] = {
        "doctor_id": doctor_id,
        "patient_id": patient_id,
        "location_id": location_id,
        "service_id": service_id,
        "series_id": series_id,
        "needs_rescheduling": needs_rescheduling,
    }
    for column, value in equal.items():
        if value is not None:
            where.append(f"{column} = %({column})s")
            params[column] = value
    bounds: list[tuple[str, str, Any]] = [
        ("date >= %(first)s", "first", first),
        ("date <= %(last)s", "last", last),
        ("starts_at >= %(since)s", "since", since),
        ("starts_at < %(until)s", "until", until),
        ("updated_at >= %(updated_since)s", "updated_since", updated_since),
        ("status = ANY(%(statuses)s)", "statuses", list(statuses) or None),
    ]
    for clause, name, value in bounds:
        if value is not None:
            where.append(clause)
            params[name] = value
    if external:
        where.append(
            "id IN (SELECT e.object_id FROM external_id e WHERE e.tenant_id = %(tenant)s AND e.kind = 'appointment'"
            " AND e.system = %(system)s AND e.value = %(value)s)"
        )
        params["system"], params["value"] = external
    if after is not None:
        where.append(
            "(date, coalesce(starts_at, '-infinity'), id) > (%(after_date)s, %(after_start)s, %(after_id)s)"
        )
        params["after_date"], params["after_start"], params["after_id"] = after
    return db.rows(
        f"SELECT {COLUMNS} FROM appointment WHERE {' AND '.join(where)}{condition}"
        " ORDER BY date, coalesce(starts_at, '-infinity'), id LIMIT %(most)s",
        most=limit + 1,
        **params,
    )


DAY = """
SELECT a.id, a.doctor_id, a.patient_id, a.starts_at, a.ends_at, a.timezone, a.token, a.status, a.reason, a.notes,
       a.overbooked, a.needs_rescheduling, a.source, a.version, p.full_name AS patient_name, p.phone AS patient_phone,
       p.birth_date, p.file_number, s.name AS service_name, s.color AS service_color, a.location_id
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
 WHERE a.tenant_id = %(tenant)s AND a.date = %(date)s AND a.doctor_id = ANY(%(doctors)s)
   AND a.status <> ALL(ARRAY['cancelled', 'rejected'])
 ORDER BY a.doctor_id, a.starts_at NULLS LAST, a.token, a.id
"""


def day(doctors: Sequence[uuid.UUID], on: date) -> list[Any]:
    """The visits of these doctors on a local date, with what a day list shows of the patient."""
    return db.rows(DAY, doctors=list(doctors), date=on)


OF_PATIENT = """
SELECT a.id, a.date, a.starts_at, a.ends_at, a.timezone, a.token, a.status, d.full_name AS doctor_name,
       s.name AS service_name, l.name AS location_name
  FROM appointment a
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = a.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = a.location_id
 WHERE a.tenant_id = %(tenant)s AND a.patient_id = %(patient_id)s
 ORDER BY a.date DESC, a.starts_at DESC NULLS LAST, a.id DESC LIMIT %(most)s
"""


def of_patient(patient_id: uuid.UUID, *, most: int = 100) -> list[Any]:
    """A patient's visits, latest first, with the names that a list shows."""
    return db.rows(OF_PATIENT, patient_id=patient_id, most=most)


DETAIL = """
SELECT a.id, a.patient_id, a.doctor_id, a.location_id, a.service_id, a.date, a.starts_at, a.ends_at, a.timezone,
       a.token, a.status, a.modality, a.reason, a.notes, a.meeting_url, a.version, a.overbooked, a.cancel_reason,
       p.full_name AS patient_name, p.phone AS patient_phone, p.email AS patient_email,
       d.full_name AS doctor_name, s.name AS service_name, s.cancel_notice_minutes,
       l.name AS location_name, l.address AS location_address, l.city AS location_city, l.phone AS location_phone
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = a.doctor_id
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = a.location_id
 WHERE a.tenant_id = %(tenant)s AND a.id = %(id)s
"""


def detail(id: uuid.UUID) -> Any:
    """A visit with the names that a confirmation shows, or ``NotFound``. Whoever calls has checked who may see it."""
    found = db.row(DETAIL, id=id)
    if found is None:
        raise NotFound
    return found


def steps(appointment_id: uuid.UUID) -> list[Any]:
    """The history of a visit, first step first."""
    return db.rows(
        "SELECT id, at, step, from_status, to_status, reason, actor, undone_at FROM appointment_history"
        " WHERE tenant_id = %(tenant)s AND appointment_id = %(id)s ORDER BY at, id",
        id=appointment_id,
    )


def zone_of_hold(hold: Any) -> ZoneInfo:
    """The zone in which a hold's times are shown: its location's, else the clinic's."""
    found = db.row(
        "SELECT timezone FROM location WHERE tenant_id = %(tenant)s AND id = %(id)s", id=hold.location_id
    )
    return ZoneInfo(found.timezone) if found else tenancy.require().zone


def must_see_patient(id: uuid.UUID, *, by: Actor) -> None:
    """``NotFound`` unless the patient is this clinic's and *by* may see their visits."""
    if by.is_patient and id != by.patient_id:
        if db.row(GUARDED.format(right="may_see"), me=by.patient_id, patient_id=id) is None:
            raise NotFound
    elif db.row("SELECT 1 FROM patient WHERE tenant_id = %(tenant)s AND id = %(id)s", id=id) is None:
        raise NotFound
