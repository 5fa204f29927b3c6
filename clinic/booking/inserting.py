"""The writes of a booking, in one pipeline: what the rules agreed to, under the locks that they were asked under."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from clinic.booking import queries, rules
from clinic.booking.asking import Asked
from clinic.booking.history import OF_A_VISIT, first
from clinic.booking.queries import Visit
from clinic.booking.refusals import Vanished
from clinic.core import audit, db, events, external
from clinic.core.access import Actor
from clinic.core.ids import new_id
from clinic.schedule.caps import cap_of
from clinic.schedule.loading import Whose

INSERT = (
    """
INSERT INTO appointment (
    tenant_id, id, patient_id, doctor_id, location_id, service_id, room_id, session_id, series_id, date, starts_at,
    ends_at, timezone, place, token, status, modality, appointment_type, reason, notes, meeting_url, intake_answers,
    source, overbooked, overbook_reason, overlap_allowed, buffer_before_minutes, buffer_after_minutes, custom_fields,
    created_by, idempotency_caller, idempotency_key, idempotency_hash)
VALUES (
    %(tenant)s, %(id)s, %(patient_id)s, %(doctor_id)s, %(location_id)s, %(service_id)s, %(room_id)s, %(session_id)s,
    %(series_id)s, %(date)s, %(starts_at)s, %(ends_at)s, %(timezone)s, %(place)s, %(token)s, %(status)s, %(modality)s,
    %(appointment_type)s, %(reason)s, %(notes)s, %(meeting_url)s, %(intake_answers)s, %(source)s, %(overbooked)s,
    %(overbook_reason)s, %(overlap_allowed)s, %(before)s, %(after)s, %(custom_fields)s, %(created_by)s, %(caller)s,
    %(key)s, %(hash)s)
ON CONFLICT DO NOTHING
"""
    + f"RETURNING {queries.COLUMNS}"
)
COUNT = """
UPDATE doctor_day
   SET booked = booked + 1, cap = %(cap)s, last_token = last_token + %(tokens)s, version = version + 1,
       excess = greatest(booked + %(beyond)s - %(cap)s, 0)
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s
"""
"""``beyond`` 1 raises the excess for an overbooked visit; 0 lets the CHECK keep a full day full."""
USE_HOLD = "DELETE FROM hold WHERE tenant_id = %(tenant)s AND id = %(hold_id)s"


def insert(
    asked: Asked,
    who: Whose,
    place: rules.Place,
    patient_id: uuid.UUID,
    counter: Any,
    by: Actor,
    hold: Any,
    *,
    last: bool = False,
) -> Visit:
    """Write the visit with its count on the day, its first step, its audit row and its event; the day is locked.

    *last*: and commit, unless there is more to write. Raises ``Vanished`` if a constraint kept the visit out.
    """
    doctor, service, id = who.doctors[0], who.service_row, new_id()
    pending = bool(service and service.requires_approval and asked.binds(by))
    status = "pending" if pending else "booked"
    cap = cap_of(doctor, counter.max_appointments)
    statements: list[db.Statement] = [
        (
            INSERT,
            {
                "id": id,
                "patient_id": patient_id,
                "doctor_id": doctor.id,
                "location_id": place.location_id,
                "service_id": asked.service_id,
                "room_id": place.room_id,
                "session_id": place.session_id,
                "series_id": asked.series_id,
                "date": place.date,
                "starts_at": place.starts_at,
                "ends_at": place.ends_at,
                "timezone": place.zone.key,
                "place": place.place,
                "token": place.token,
                "status": status,
                "modality": asked.modality or (service.modality if service else "in_person"),
                "appointment_type": asked.appointment_type,
                "reason": asked.reason,
                "notes": asked.notes,
                "meeting_url": asked.meeting_url,
                "intake_answers": Jsonb(dict(asked.intake_answers))
                if asked.intake_answers is not None
                else None,
                "source": asked.source or _source(asked, by),
                "overbooked": place.overbooked,
                "overbook_reason": asked.overbook_reason if place.overbooked else None,
                "overlap_allowed": asked.allow_overlap,
                "before": service.buffer_before_minutes if service else 0,
                "after": service.buffer_after_minutes if service else 0,
                "custom_fields": Jsonb(dict(asked.custom_fields or {})),
                "created_by": by.caller,
                "caller": by.caller if asked.idempotency_key else None,
                "key": asked.idempotency_key,
                "hash": asked.idempotency_hash,
            },
        ),
        first(id, status, by=by, reason=asked.overbook_reason if place.overbooked else None),
        (
            COUNT,
            {
                "doctor_id": doctor.id,
                "date": place.date,
                "cap": cap,
                "tokens": 1 if place.token else 0,
                "beyond": 1 if place.overbooked else 0,
            },
        ),
        *([(USE_HOLD, {"hold_id": hold.id})] if hold else []),
        audit.entry(
            "appointment.overbook" if place.overbooked else "appointment.book",
            "appointment",
            id,
            by=by,
            patient_id=patient_id,
            reason=asked.overbook_reason if place.overbooked else None,
        ),
        events.entry("appointment.requested" if pending else "appointment.booked", "appointment", id, 1),
    ]
    try:
        inserted = db.send(*statements, last=last and not asked.external_ids)[0]
    except psycopg.errors.ForeignKeyViolation as error:
        if db.diagnose(error)[1] == OF_A_VISIT:
            raise Vanished from None
        raise
    if asked.external_ids:
        external.put("appointment", id, asked.external_ids)
        return db.row(queries.ONE, id=id)
    return inserted[0]


def _source(asked: Asked, by: Actor) -> str:
    if asked.walk_in:
        return "walk_in"
    if by.kind == "key":
        return "api"
    return "desk" if by.audience == "staff" else "portal"
