"""Booking, in the order of RULES §2: ask who and whose, lock, ask the rules, insert, record, announce.

Three pipelines in one transaction. The rules are the engine that lists free slots, asked again under the locks; the
constraints of ``appointment`` are there for those who ask at once by another way.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from clinic.booking import holds, locks, queries
from clinic.booking.asking import Asked
from clinic.booking.history import history
from clinic.booking.queries import Visit
from clinic.booking.refusals import (
    DayFull,
    PatientBusy,
    PatientLimit,
    SlotTaken,
    Vanished,
    of,
)
from clinic.core import audit, db, events, external, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Forbidden, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.patients import actions as patients
from clinic.schedule import loading, overview, slots, tokens
from clinic.schedule.asking import DAYS_AHEAD, asker
from clinic.schedule.caps import cap_of
from clinic.schedule.facts import Wish
from clinic.schedule.loading import Whose
from clinic.schedule.slots import unknown_id
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import NonexistentTime, epoch, instant, moment

BEYOND = frozenset({"booked", "held", "buffer", "day_full", "off_grid", "room_busy"})
"""What overbooking goes beyond. It never opens a closed door: hours, blocks and absence hold."""

WALK_INS_HEED = frozenset({"doctor_absent", "closed", "blocked", "day_full", "past"})
ALTERNATIVES = 3
LOOK_AHEAD = timedelta(days=DAYS_AHEAD)

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


@dataclass(slots=True)
class Place:
    """Where and when the visit will be, once the rules have agreed."""

    date: date
    starts_at: datetime | None
    ends_at: datetime | None
    zone: ZoneInfo
    location_id: uuid.UUID | None
    session_id: uuid.UUID | None = None
    room_id: uuid.UUID | None = None
    place: int = 0
    token: int | None = None
    overbooked: bool = False


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
    wanted = _instant(asked.start, "/start", who, asked) if asked.start else None
    days = _days(asked, who, wanted)
    db.driver().execute("SAVEPOINT booking")
    try:
        return _book(asked, who, wanted, days, by)
    except (SlotTaken, DayFull, Vanished) as refusal:
        # Let go of the day before looking for other times: others are waiting for it.
        db.driver().execute("ROLLBACK TO SAVEPOINT booking")
        said = SlotTaken() if isinstance(refusal, Vanished) else refusal
        if wanted is not None:
            said.extra["alternatives"] = alternatives(who, wanted, asked, by)
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
    answers = db.send(*locking, *standing, engaged)
    locked, engagements = answers[: len(locking)], answers[-1]
    if not locked[0] or not locked[0][0].is_active:
        raise unknown_id("/patient_id")
    if not locked[1] or not locked[1][0].is_active:
        raise unknown_id("/doctor_id")
    rows = answers[len(locking) : -1]
    timetable = loading.timetables(who, days[0], days[-1], rows, room_id=asked.room_id)[0]
    counters = {day.date: day for day in locked[3]}
    hold = holds.live(asked.hold_id, by=by) if asked.hold_id else None
    if wanted is not None:
        place = _timed(asked, who, timetable, wanted, by)
    else:
        place = _token(asked, who, timetable, days[0], counters[days[0]], by)
    _refuse_busy_patient(asked, place, engagements, who, by)
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


def _instant(wall: datetime, pointer: str, who: Whose, asked: Asked) -> datetime:
    """An aware time as it is; a naive one on the clock of the location asked for, else of the doctor's."""
    if wall.tzinfo is not None:
        return wall
    zone = who.zone_at(asked.location_id) if asked.location_id else who.zone_of(who.doctors[0])
    try:
        return instant(wall, zone)
    except NonexistentTime:
        raise invalid(pointer, "nonexistent_time", _("The clock skips this time on that day.")) from None


def _days(asked: Asked, who: Whose, wanted: datetime | None) -> list[date]:
    """The local dates that the visit may be counted on or reach into, in whichever zone this doctor receives."""
    if wanted is None:
        if asked.date is None:
            raise invalid("/start", "required", _("Say when: a start, a slot or a date."))
        return [asked.date]
    ends = _instant(asked.end, "/end", who, asked) if asked.end else wanted
    try:
        return sorted(
            {end.astimezone(zone).date() for zone in who.zones_of(who.doctors[0]) for end in (wanted, ends)}
        )[:4]
    except OverflowError:
        raise invalid("/start", "invalid_time", _("This time is out of reach.")) from None


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


# -- the rules ----------------------------------------------------------------------------------------------------


def _wish(asked: Asked, who: Whose) -> Wish:
    return Wish(who.service, asked.minutes, asked.location_id, asked.session_id, asked.room_id)


def _timed(asked: Asked, who: Whose, timetable: Timetable, wanted: datetime, by: Actor) -> Place:
    wish = _wish(asked, who)
    ends = _instant(asked.end, "/end", who, asked) if asked.end else None
    verdict = timetable.check(wanted, wish, asker(by, who.now, wish, except_for=[asked.hold_id]), ends)
    if verdict.slot is not None:
        slot = verdict.slot
        return Place(
            slot.day,
            slot.start,
            slot.end,
            slot.opening.zone,
            slot.location_id,
            slot.session_id,
            verdict.room_id,
            verdict.place,
        )
    if asked.overbook and all(reason.code in BEYOND for reason in verdict.reasons):
        return _beyond(asked, who, timetable, wanted, ends, wish)
    raise of(verdict.reasons, by, wanted.astimezone(timetable.doctor.zone).date())


def _beyond(
    asked: Asked, who: Whose, timetable: Timetable, wanted: datetime, ends: datetime | None, wish: Wish
) -> Place:
    """A place beyond the capacity, in the hours that hold this time."""
    begins = epoch(wanted)
    opening = timetable.open.holding(begins, wish)[0].opening
    step = opening.slot_minutes or (who.service.minutes if who.service else 30)
    minutes = asked.minutes or (who.service.minutes if who.service else step)
    until = ends or moment(begins + 60 * minutes, opening.zone)
    place = queries.next_place(who.doctors[0].id, wanted)
    start = moment(begins, opening.zone)
    return Place(
        start.date(), start, until.astimezone(opening.zone), opening.zone, opening.location_id, opening.session_id,
        asked.room_id, place, overbooked=True,
    )  # fmt: skip


def _token(asked: Asked, who: Whose, timetable: Timetable, day: date, counter: Any, by: Actor) -> Place:
    """The next number of a day, or a walk-in: somebody who is here and needs no time."""
    doctor, wish = who.doctors[0], _wish(asked, who)
    asking = asker(by, who.now, wish)
    answer = tokens.check(timetable, day, wish, asking, by_desk=by.audience == "staff" or by.kind == "key")
    if doctor.booking_mode != "token" and doctor.has_hours and not asked.walk_in:
        raise invalid("/start", "required", _("This doctor receives at times: say when the visit starts."))
    against = answer.reasons
    if asked.walk_in:
        # Hours bind who books ahead, not who stands at the desk; absence, closures and the cap hold.
        against = tuple(reason for reason in against if reason.code in WALK_INS_HEED)
    if against and not (asked.overbook and all(reason.code in BEYOND for reason in against)):
        raise of(against, by, day)
    location = asked.location_id or answer.location_id or who.home_of(doctor)
    numbered = doctor.booking_mode == "token" or not doctor.has_hours
    return Place(
        day,
        None,
        None,
        answer.zone,
        location,
        token=counter.last_token + 1 if numbered else None,
        overbooked=bool(against),
    )


def _refuse_busy_patient(asked: Asked, place: Place, engagements: list[Any], who: Whose, by: Actor) -> None:
    if place.starts_at is not None and place.ends_at is not None and not asked.allow_overlap:
        start, end = place.starts_at, place.ends_at
        if any(each.starts_at and each.starts_at < end and start < each.ends_at for each in engagements):
            raise PatientBusy
    most = tenancy.require().setting("max_open_bookings_per_patient")
    if by.audience == "patient" and most is not None:
        ahead = sum(
            each.status in ("pending", "booked", "confirmed") and each.is_ahead for each in engagements
        )
        if ahead >= most:
            raise PatientLimit


# -- the writes ---------------------------------------------------------------------------------------------------


def _insert(
    asked: Asked, who: Whose, place: Place, patient_id: uuid.UUID, counter: Any, by: Actor, hold: Any
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
                "custom_fields": Jsonb(dict(asked.custom_fields)),
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


# -- what else there is -------------------------------------------------------------------------------------------


def alternatives(who: Whose, wanted: datetime, asked: Asked, by: Actor) -> list[dict[str, Any]]:
    """The three free slots of the same doctor nearest to *wanted*, as far as 62 days around it; near days first."""
    wish = _wish(asked, who)
    asking = asker(by, who.now, wish)
    zone = who.zone_of(who.doctors[0])
    day = max(wanted, who.now).astimezone(zone).date()
    for span in (timedelta(days=3), LOOK_AHEAD):
        first = max(day - span, who.now.astimezone(zone).date())
        found = overview.nearest(
            loading.timetables(who, first, day + span)[0], wanted, wish, asking, ALTERNATIVES
        )
        if len(found) >= ALTERNATIVES:
            break
    return [slots.shown(slot, who) for slot in found]
