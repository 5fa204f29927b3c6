"""Moving a visit: one transaction, the old place released and the new one taken, the same appointment (RULES §2)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from clinic.booking import locks, queries, states
from clinic.booking.asking import Asked
from clinic.booking.inserting import USE_HOLD
from clinic.booking.places import day_counter, take_day
from clinic.booking.queries import Visit
from clinic.booking.refusals import DayFull, PatientBusy, SlotTaken, of
from clinic.booking.rules import alternatives
from clinic.booking.stepping import lock, write
from clinic.booking.steps import refuse_late
from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import loading
from clinic.schedule.asking import asker
from clinic.schedule.facts import Wish
from clinic.schedule.slots import unknown_id
from clinic.schedule.walltime import NonexistentTime, instant

VERSION = "SELECT version FROM doctor WHERE tenant_id = %(tenant)s AND id = %(id)s"


@db.action
def move(
    *,
    id: uuid.UUID,
    start: datetime,
    doctor_id: uuid.UUID | None = None,
    version: int | None = None,
    held: Any = None,
    by: Actor,
) -> Visit:
    """Move a visit to a free start, of another doctor if *doctor_id* says so. Falls back to booked; pending stays.

    *held*: the hold of a time that the clinic itself proposed; it is used up, and no cut-off or notice binds.
    Raises what booking raises, ``InvalidTransition`` (409), ``CancelTooLate`` (422), ``Stale`` (412).
    """
    found = queries.visit(id, by=by)
    queries.must_act_for(found, by=by)
    to_doctor = doctor_id or found.doctor_id
    who, _rest = loading.whose(doctor_ids=[to_doctor], service_id=found.service_id)
    if not who.doctors or not who.doctors[0].is_active:
        raise unknown_id("/doctor_id")
    try:
        wanted = start if start.tzinfo else instant(start, who.zone_of(who.doctors[0]))
    except NonexistentTime:
        raise invalid("/start", "nonexistent_time", _("The clock skips this time on that day.")) from None
    db.driver().execute("SAVEPOINT moving")
    try:
        return _move(found, who, wanted, version, held, by)
    except (SlotTaken, DayFull) as refusal:
        db.driver().execute("ROLLBACK TO SAVEPOINT moving")
        asked = Asked(doctor_id=to_doctor, service_id=found.service_id)
        refusal.extra["alternatives"] = alternatives(who, wanted, asked, by)
        raise


def _move(
    found: Visit, who: loading.Whose, wanted: datetime, version: int | None, held: Any, by: Actor
) -> Visit:
    doctor = who.doctors[0]
    days = sorted({wanted.astimezone(zone).date() for zone in who.zones_of(doctor)})
    visit = lock(found, version=version, days=[(doctor.id, day) for day in days])
    states.step("move", visit.status)
    if held is None:
        refuse_late(visit, by)
    room_kind = who.service.room_kind if who.service else None
    rooms = locks.rooms([room_kind])
    answers = db.send(
        *rooms,
        (VERSION, {"id": doctor.id}),
        *loading.standing(who, days[0], days[-1]),
        queries.engagements(visit.patient_id, wanted, who.now),
    )
    if answers[len(rooms)][0].version != doctor.version:
        # Somebody changed the doctor between our first look and the lock: look again, now that nobody can.
        who = loading.one(doctor.id, service_id=found.service_id)
        if not who.doctors[0].is_active:
            raise unknown_id("/doctor_id")
    table = loading.timetables(who, days[0], days[-1], answers[len(rooms) + 1 : -1])[0]
    wish = Wish(who.service, minutes_of(visit, who), held.location_id if held else None)
    own, bound = [visit.id, held.id if held else None], None if held is None else "staff"
    verdict = table.check(wanted, wish, asker(by, who.now, wish, except_for=own, audience=bound))
    slot = verdict.slot
    if slot is None:
        raise of(verdict.reasons, by, wanted.astimezone(who.zone_of(who.doctors[0])).date())
    busy = [each for each in answers[-1] if each.id != visit.id and each.starts_at]
    if not visit.overlap_allowed and any(
        each.starts_at < slot.end and slot.start < each.ends_at for each in busy
    ):
        raise PatientBusy
    changes: dict[str, Any] = {
        "doctor_id": doctor.id,
        "location_id": slot.location_id,
        "session_id": slot.session_id,
        "room_id": verdict.room_id,
        "date": slot.day,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "timezone": slot.opening.zone.key,
        "place": verdict.place,
        "token": None,
        "overbooked": False,
        "needs_rescheduling": False,
        "confirmed_at": None,
        "status": "pending" if visit.status == "pending" else "booked",
    }
    also: list[db.Statement] = [(USE_HOLD, {"hold_id": held.id})] if held else []
    if (doctor.id, slot.day) != (visit.doctor_id, visit.date):
        counter = day_counter(doctor.id, slot.day)
        also.append(take_day(doctor, counter, beyond=False))
    return write(visit, "move", changes, by=by, event="appointment.moved", also=also)


def minutes_of(visit: Visit, who: loading.Whose) -> int | None:
    """A visit keeps its length when it is moved, unless its type says how long it is."""
    if visit.starts_at is None or (who.service and visit.ends_at is None):
        return None
    minutes = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
    return None if who.service and who.service.minutes == minutes else minutes
