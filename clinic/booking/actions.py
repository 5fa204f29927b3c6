"""Booking, in the order of RULES §2: ask who and whose, lock, ask the rules, insert, record, announce.

Three pipelines in one transaction. The rules are the engine that lists free slots, asked again under the locks; the
constraints of ``appointment`` are there for those who ask at once by another way.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from clinic.booking import details, holds, intake, locks, queries, rules
from clinic.booking.asking import Asked
from clinic.booking.history import history
from clinic.booking.queries import Visit
from clinic.booking.refusals import (
    DayFull,
    SlotTaken,
    Vanished,
)
from clinic.core import audit, custom, db, events, external
from clinic.core.access import Actor
from clinic.core.errors import Forbidden, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.patients import actions as patients
from clinic.schedule import loading
from clinic.schedule.caps import cap_of
from clinic.schedule.loading import Whose
from clinic.schedule.slots import unknown_id

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
SAVEPOINT: db.Statement = ("SAVEPOINT booking", {})
BACK: db.Statement = ("ROLLBACK TO SAVEPOINT booking", {})
USE_HOLD = "DELETE FROM hold WHERE tenant_id = %(tenant)s AND id = %(hold_id)s"


@db.action
def book(*, asked: Asked, by: Actor) -> Visit:
    """Book a visit: a free slot of the doctor, or the next token of a day.

    Raises what API.md §6 lists: 422 by the engine's code, 409 ``slot_taken`` and ``day_full`` with ``alternatives``,
    ``patient_busy``, ``patient_limit``, 410 ``hold_expired``; 422 ``unknown_id`` with its pointer.
    """
    doctor_id = _whom(asked, by)
    key = [queries.by_key(by.caller, asked.idempotency_key)] if asked.idempotency_key else []
    who, before = loading.whose(doctor_ids=[doctor_id], service_id=asked.service_id, also=key)
    known = queries.same_request(before[0], asked.idempotency_hash) if before else None
    if known is not None:
        # The key stays with its visit for good and answers it as it stands (API.md §1).
        return known
    _refuse_unknown(asked, who)
    asked = _checked(asked, who, by)
    wanted = rules.instant(asked.start, "/start", who, asked) if asked.start else None
    days = rules.days(asked, who, wanted)
    if asked.patient is not None:
        # Whoever is made for this booking is unmade with it, before we look for other times.
        db.send(SAVEPOINT)
    try:
        return _book(asked, who, wanted, days, by)
    except (SlotTaken, DayFull, Vanished) as refusal:
        # Let go of the day before looking for other times: others are waiting for it.
        db.send(BACK)
        said = SlotTaken() if isinstance(refusal, Vanished) else refusal
        said.extra["alternatives"] = rules.alternatives(who, wanted, asked, by) if wanted else []
        raise said from None


def _book(asked: Asked, who: Whose, wanted: datetime | None, days: list[date], by: Actor) -> Visit:
    doctor = who.doctors[0]
    patient_id = _patient(asked, by)
    kind = who.service.room_kind if who.service else None
    locking = locks.statements(
        patients=[patient_id], days=[(doctor.id, day) for day in days], room_kind=kind, room_id=asked.room_id
    )
    standing = loading.standing(who, days[0], days[-1], room_id=asked.room_id)
    engaged = queries.engagements(patient_id, wanted or who.now, who.now)
    opening = [] if asked.patient is not None else [SAVEPOINT]
    answers = db.send(*opening, *locking, *standing, engaged)[len(opening) :]
    locked, engagements = answers[: len(locking)], answers[-1]
    if not locked[0] or not locked[0][0].is_active:
        raise unknown_id("/patient_id")
    if not locked[1] or not locked[1][0].is_active:
        raise unknown_id("/doctor_id")
    if locked[1][0].version != doctor.version:
        # Somebody changed the doctor between our first look and the lock: look again, now that nobody can.
        who, _rest = loading.whose(doctor_ids=[doctor.id], service_id=asked.service_id)
    rows = answers[len(locking) : -1]
    timetable = loading.timetables(who, days[0], days[-1], rows, room_id=asked.room_id)[0]
    counters = {day.date: day for day in locked[3]}
    hold = holds.live(asked.hold_id, by=by) if asked.hold_id else None
    if wanted is not None:
        place = rules.timed(asked, who, timetable, wanted, by)
    else:
        place = rules.token(asked, who, timetable, days[0], counters[days[0]], by)
    rules.refuse_busy_patient(asked, place, engagements, who, by)
    return _insert(asked, who, place, patient_id, counters[place.date], by, hold)


# -- who and whose ------------------------------------------------------------------------------------------------


def _whom(asked: Asked, by: Actor) -> uuid.UUID:
    doctor_id = asked.doctor_id
    if asked.doctor_document:
        doctor_id = queries.doctor_by_document(*asked.doctor_document)
        if doctor_id is None:
            raise unknown_id("/doctor_document")
    if doctor_id is None:
        raise invalid("/doctor_id", "required", _("Say which doctor."))
    if by.is_doctor and doctor_id != by.doctor_id:
        raise Forbidden
    if asked.overbook:
        if not by.may("appointments.overbook"):
            raise Forbidden
        if not asked.overbook_reason:
            raise invalid("/overbook_reason", "required", _("Say why this goes beyond the capacity."))
    return doctor_id


def _refuse_unknown(asked: Asked, who: Whose) -> None:
    if not who.doctors:
        raise unknown_id("/doctor_id")
    if asked.service_id and (who.service_row is None or not who.service_row.is_active):
        raise unknown_id("/service_id")
    if asked.location_id and (
        asked.location_id not in who.locations or not who.locations[asked.location_id].is_active
    ):
        raise unknown_id("/location_id")


def _checked(asked: Asked, who: Whose, by: Actor) -> Asked:
    """What is asked for with its coded values as codes. Raises ``Invalid`` at the field that does not hold."""
    if asked.custom_fields is not None:
        custom.check("appointment", asked.custom_fields)
    questions = who.service_row.questions if who.service_row else []
    answers = intake.checked(questions, asked.intake_answers, by=by)
    kind = details.type_code(asked.appointment_type) if asked.appointment_type else None
    return replace(asked, appointment_type=kind, intake_answers=answers)


def _patient(asked: Asked, by: Actor) -> uuid.UUID:
    """For whom. Somebody who is described is found or made in this same transaction (API.md §5)."""
    if by.is_patient:
        own = asked.patient_id or by.patient_id
        if own is None or not queries.may_book_for(own, by):
            raise unknown_id("/patient_id")
        return own
    if asked.patient_id:
        return asked.patient_id
    if asked.patient_document:
        found = patients.find_by_document(*asked.patient_document)
        if found is None:
            raise unknown_id("/patient_document")
        return found
    if asked.patient is None:
        raise invalid("/patient_id", "required", _("Say who the visit is for."))
    return patients.find_or_create(asked.patient, at="/patient", by=by).id


# -- the writes ---------------------------------------------------------------------------------------------------


def _insert(
    asked: Asked, who: Whose, place: rules.Place, patient_id: uuid.UUID, counter: Any, by: Actor, hold: Any
) -> Visit:
    doctor, service, id = who.doctors[0], who.service_row, new_id()
    pending = bool(service and service.requires_approval and by.audience == "patient")
    status = "pending" if pending else "booked"
    cap = cap_of(doctor, counter.max_appointments)
    inserted, *_rest = db.send(
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
                "series_id": None,
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
        history(id, "book", None, status, by=by, reason=asked.overbook_reason if place.overbooked else None),
        audit.entry(
            "appointment.overbook" if place.overbooked else "appointment.book",
            "appointment",
            id,
            by=by,
            patient_id=patient_id,
            reason=asked.overbook_reason if place.overbooked else None,
        ),
        events.entry("appointment.requested" if pending else "appointment.booked", "appointment", id, 1),
    )
    if not inserted:
        raise Vanished
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
