"""Booking, in the order of RULES §2: ask who and whose, lock, ask the rules, insert, record, announce.

Three pipelines in one transaction. The rules are the engine that lists free slots, asked again under the locks; the
constraints of ``appointment`` are there for those who ask at once by another way.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from clinic.booking import details, holds, inserting, intake, locks, queries, rules
from clinic.booking.asking import Asked
from clinic.booking.queries import Visit
from clinic.booking.refusals import (
    DayFull,
    SlotTaken,
    Vanished,
)
from clinic.core import custom, db
from clinic.core.access import Actor
from clinic.core.errors import Forbidden, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.patients import actions as patients
from clinic.patients import queries as register
from clinic.schedule import loading
from clinic.schedule.loading import Whose
from clinic.schedule.slots import unknown_id
from clinic.tenants import queries as lists

SAVEPOINT: db.Statement = ("SAVEPOINT booking", {})
BACK: db.Statement = ("ROLLBACK TO SAVEPOINT booking", {})


class Ready(NamedTuple):
    """What is asked for, with whose time it is: looked at, nothing locked yet."""

    asked: Asked
    who: Whose
    wanted: datetime | None
    days: list[date]


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
    return take(_ready(asked, who, by), last=True, by=by)


def prepare(asked: Asked, *, by: Actor) -> Ready:
    """Look at what is asked for before any lock. Raises ``Invalid`` for what cannot be, ``Forbidden``."""
    doctor_id = _whom(asked, by)
    who, _rest = loading.whose(doctor_ids=[doctor_id], service_id=asked.service_id)
    return _ready(asked, who, by)


def take(ready: Ready, *, last: bool = False, by: Actor) -> Visit:
    """Lock, ask the rules, insert. A refusal is taken back to where it began and brings other times with it.

    *last*: the verb does nothing after this, so it may be committed in the same breath.
    """
    if ready.asked.patient is not None:
        # Whoever is made for this booking is unmade with it, before we look for other times.
        db.send(SAVEPOINT)
    try:
        return attempt(ready, last=last, by=by)
    except (SlotTaken, DayFull) as refusal:
        # Let go of the day before looking for other times: others are waiting for it.
        db.send(BACK)
        refusal.extra["alternatives"] = others(ready, by=by)
        raise


def others(ready: Ready, *, by: Actor) -> list[dict[str, Any]]:
    """The nearest free slots beside what was asked for; none for a day of numbers."""
    return rules.alternatives(ready.who, ready.wanted, ready.asked, by) if ready.wanted else []


def _ready(asked: Asked, who: Whose, by: Actor) -> Ready:
    _refuse_unknown(asked, who)
    asked = _checked(asked, who, by)
    wanted = rules.instant(asked.start, "/start", who, asked) if asked.start else None
    return Ready(asked, who, wanted, rules.days(asked, who, wanted))


def attempt(ready: Ready, *, last: bool = False, by: Actor) -> Visit:
    """As ``take``, for who takes it back and looks for other times by themselves."""
    try:
        return _take(ready, by, last=last)
    except Vanished:
        raise SlotTaken from None


def _take(ready: Ready, by: Actor, *, last: bool) -> Visit:
    asked, who, wanted, days = ready
    doctor = who.doctors[0]
    patient_id = patient_of(asked, by=by)
    locking = locks.statements(
        patients=[patient_id],
        days=[(doctor.id, day) for day in days],
        room_kinds=[who.service.room_kind if who.service else None],
        room_ids=[asked.room_id],
        holding=False,
    )
    # The locked days are read with their lock; what stands beside them does not matter to one time.
    standing = loading.standing(who, days[0], days[-1], room_id=asked.room_id, days=False)
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
    rules_rows, busy, *rooms = answers[len(locking) : -1]
    rows = [rules_rows, busy, locked[3], *rooms]
    timetable = loading.timetables(who, days[0], days[-1], rows, room_id=asked.room_id)[0]
    counters = {day.date: day for day in locked[3]}
    hold = holds.live(asked.hold_id, by=by) if asked.hold_id else asked.offer
    if wanted is not None:
        place = rules.timed(asked, who, timetable, wanted, by)
    else:
        place = rules.token(asked, who, timetable, days[0], counters[days[0]], by)
    rules.refuse_busy_patient(asked, place, engagements, who, by)
    return inserting.insert(asked, who, place, patient_id, counters[place.date], by, hold, last=last)


# -- who and whose ------------------------------------------------------------------------------------------------


def _whom(asked: Asked, by: Actor) -> uuid.UUID:
    doctor_id = asked.doctor_id
    if asked.doctor_document:
        doctor_id = queries.doctor_by_document(*_coded(asked.doctor_document, "/doctor_document"))
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


def _coded(document: tuple[str, str], at: str) -> tuple[str, str]:
    """A document with its type as code; 422 ``unknown_code`` for a type that nobody here knows."""
    type, number = document
    return lists.code_of("document_types", type, at=f"{at}/document_type"), number


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
    answers = intake.checked(questions, asked.intake_answers, bound=asked.binds(by))
    kind = details.type_code(asked.appointment_type) if asked.appointment_type else None
    return replace(asked, appointment_type=kind, intake_answers=answers)


def patient_of(asked: Asked, *, by: Actor) -> uuid.UUID:
    """For whom. Somebody who is described is found or made in this same transaction (API.md §5)."""
    if by.is_patient:
        own = asked.patient_id or by.patient_id
        if own is None or not queries.may_book_for(own, by):
            raise unknown_id("/patient_id")
        return own
    if asked.patient_id:
        # Who is no patient of a doctor's yet comes to them by name, at the desk or by booking: not by an id.
        if by.is_doctor and not register.some([asked.patient_id], by=by):
            raise unknown_id("/patient_id")
        return asked.patient_id
    if asked.patient_document:
        found = patients.find_by_document(*_coded(asked.patient_document, "/patient_document"))
        if found is None:
            raise unknown_id("/patient_document")
        return found
    if asked.patient is None:
        raise invalid("/patient_id", "required", _("Say who the visit is for."))
    return patients.find_or_create(asked.patient, at="/patient", by=by).id
