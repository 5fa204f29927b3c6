"""The steps of a visit after it was booked: confirm, cancel, come, not come, and back again (API.md §6).

Each step locks in the order of RULES §2, then looks at the status again: two who step at once get one winner and one
good answer. What a step overwrote stands in its history row, so that ``undo`` can put it back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from clinic.booking import details, locks, queries, states
from clinic.booking.history import history, kept
from clinic.booking.queries import Visit
from clinic.booking.refusals import AlreadyCheckedIn, CancelTooLate, NothingToUndo, NotToday, SlotTaken
from clinic.core import audit, db, events, tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound, Stale
from clinic.schedule import loading
from clinic.schedule.asking import asker
from clinic.schedule.caps import cap_of
from clinic.schedule.facts import Wish

UNDO_WITHIN = timedelta(minutes=10)

LOCK = f"""
SELECT {queries.COLUMNS}, now() AS now FROM appointment
 WHERE tenant_id = %(tenant)s AND id = %(id)s FOR NO KEY UPDATE
"""
GIVE_BACK = """
UPDATE doctor_day SET booked = booked - 1, excess = greatest(booked - 1 - cap, 0), version = version + 1
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s
"""
TAKE = """
UPDATE doctor_day SET booked = booked + 1, cap = %(cap)s, excess = greatest(booked + %(beyond)s - %(cap)s, 0),
       version = version + 1
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s
"""
SETTABLE = frozenset(
    "status doctor_id location_id room_id session_id date starts_at ends_at timezone place token overbooked "
    "needs_rescheduling confirmed_at cancelled_at cancel_reason cancelled_by".split()
)


def lock(visit: Visit, *, version: int | None = None, days: Iterable[tuple[uuid.UUID, date]] = ()) -> Visit:
    """The visit under its locks, as it stands now; ``Stale`` (412) if it has moved on from *version*.

    *days*: other doctor-days that the step touches, locked in the same order.
    """
    wanted = {(visit.doctor_id, visit.date), *days}
    answers = db.send(*locks.statements(patients=[visit.patient_id], days=wanted), (LOCK, {"id": visit.id}))
    if not answers[-1]:
        raise NotFound
    now: Visit = answers[-1][0]
    if (now.doctor_id, now.date) not in wanted:
        raise Stale  # moved to another day while we waited for this one
    if version is not None and now.version != version:
        raise Stale
    return now


def write(
    visit: Visit,
    step: str,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    event: str,
    reason: str | None = None,
    also: Iterable[db.Statement] = (),
) -> Visit:
    """Write one step: the row, its history, the audit row, the event; *also* goes in the same pipeline.

    Counters of the day follow the status: a step that gives up or takes a place says so by its statuses.
    """
    if not changes.keys() <= SETTABLE:
        raise ValueError(changes.keys() - SETTABLE)
    status = changes.get("status", visit.status)
    moves = (changes.get("doctor_id", visit.doctor_id), changes.get("date", visit.date)) != (
        visit.doctor_id,
        visit.date,
    )
    held, holds = visit.status in states.HOLDING, status in states.HOLDING
    counters: list[db.Statement] = []
    if held and (not holds or moves):
        counters.append((GIVE_BACK, {"doctor_id": visit.doctor_id, "date": visit.date}))
    assignments = ", ".join(f"{name} = %({name})s" for name in sorted(changes))
    update = (
        f"UPDATE appointment SET {assignments}{', ' if assignments else ''}version = version + 1, updated_at = now()"
        f" WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING {queries.COLUMNS}"
    )
    *_counted, updated, _history, _audit, _event = db.send(
        *counters,
        *also,
        (update, {**changes, "id": visit.id}),
        history(visit.id, step, visit.status, status, by=by, before=kept(visit, changes), reason=reason),
        audit.entry(f"appointment.{step}", "appointment", visit.id, by=by, patient_id=visit.patient_id),
        events.entry(event, "appointment", visit.id, visit.version + 1, previous=_previous(visit, changes)),
    )
    return updated[0]


def _previous(visit: Visit, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    if "starts_at" not in changes:
        return None
    return (
        {"start": visit.starts_at, "doctor_id": str(visit.doctor_id)}
        if visit.starts_at is None
        else {
            "start": visit.starts_at.isoformat(),
            "doctor_id": str(visit.doctor_id),
        }
    )


def take_day(doctor: Any, counter: Any, *, beyond: bool) -> db.Statement:
    """The statement that counts one more visit on a doctor's day; *beyond*: above the cap, in the excess."""
    cap = cap_of(doctor, counter.max_appointments)
    return TAKE, {
        "doctor_id": counter.doctor_id,
        "date": counter.date,
        "cap": cap,
        "beyond": 1 if beyond else 0,
    }


# -- steps --------------------------------------------------------------------------------------------------------


@db.action
def confirm(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """The patient says that they will come."""
    visit = lock(queries.visit(id, by=by), version=version)
    to = states.step("confirm", visit.status)
    if visit.status == to:
        return visit
    return write(
        visit, "confirm", {"status": to, "confirmed_at": visit.now}, by=by, event="appointment.confirmed"
    )


@db.action
def approve(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """The clinic accepts what a patient asked for."""
    visit = lock(queries.visit(id, by=by), version=version)
    return write(
        visit,
        "approve",
        {"status": states.step("approve", visit.status)},
        by=by,
        event="appointment.approved",
    )


@db.action
def reject(*, id: uuid.UUID, reason: str | None = None, version: int | None = None, by: Actor) -> Visit:
    """The clinic declines; the place is free at once."""
    reason = details.reason_code(reason)
    visit = lock(queries.visit(id, by=by), version=version)
    changes = {"status": states.step("reject", visit.status), "cancel_reason": reason}
    return write(visit, "reject", changes, by=by, event="appointment.rejected", reason=reason)


@db.action
def cancel(*, id: uuid.UUID, reason: str | None = None, version: int | None = None, by: Actor) -> Visit:
    """Call a visit off: the place and the cap are free at once. Patients are bound by the cut-off.

    Raises ``InvalidTransition`` (409), ``CancelTooLate`` (422).
    """
    reason = details.reason_code(reason)
    visit = lock(queries.visit(id, by=by), version=version)
    to = states.step("cancel", visit.status)
    refuse_late(visit, by)
    changes = {"status": to, "cancelled_at": visit.now, "cancel_reason": reason, "cancelled_by": by.caller}
    return write(visit, "cancel", changes, by=by, event="appointment.cancelled", reason=reason)


@db.action
def no_show(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """The patient did not come; the place is free."""
    visit = lock(queries.visit(id, by=by), version=version)
    return write(
        visit, "no_show", {"status": states.step("no_show", visit.status)}, by=by, event="appointment.no_show"
    )


@db.action
def start(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """The visit begins without a desk (video, telephone) or from the queue; today, else ``NotToday`` (422)."""
    visit = lock(queries.visit(id, by=by), version=version)
    to = states.step("start", visit.status)
    refuse_other_day(visit)
    return write(visit, "start", {"status": to}, by=by, event="appointment.started")


@db.action
def complete(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """The visit is done."""
    visit = lock(queries.visit(id, by=by), version=version)
    return write(
        visit,
        "complete",
        {"status": states.step("complete", visit.status)},
        by=by,
        event="appointment.completed",
    )


@db.action
def restore(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """Bring back what was called off, declined or missed, if the place is still free: else ``SlotTaken`` (409)."""
    visit = lock(queries.visit(id, by=by), version=version)
    to = states.step("restore", visit.status)
    changes: dict[str, Any] = {
        "status": to, "cancelled_at": None, "cancel_reason": None, "cancelled_by": None, "confirmed_at": None,
    }  # fmt: skip
    counted = retake(visit, visit, by, changes)
    return write(visit, "restore", changes, by=by, event="appointment.restored", also=[counted])


@db.action
def arrive(*, visit: Visit, by: Actor) -> Visit:
    """The patient is here: part of a check-in (the queue's verb), on the visit's own day.

    One who was taken for a no-show gets the place back, beyond the capacity if somebody has it (``overbooked``).
    """
    visit = lock(visit)
    if visit.status in ("checked_in", "in_progress"):
        raise AlreadyCheckedIn
    to = states.step("check_in", visit.status)
    refuse_other_day(visit)
    changes: dict[str, Any] = {"status": to}
    also = [retake(visit, visit, by, changes, beyond=True)] if visit.status == "no_show" else []
    return write(visit, "check_in", changes, by=by, event="appointment.checked_in", also=also)


@db.action
def undo(*, id: uuid.UUID, by: Actor) -> Visit:
    """Take back the last step after the booking itself, within ten minutes.

    Raises ``NothingToUndo`` (409), ``SlotTaken`` (409) when the old place is gone.
    """
    found = queries.visit(id, by=by)
    last = db.row(
        "SELECT id, step, from_status, to_status, before, at > now() - %(within)s AS is_fresh FROM appointment_history"
        " WHERE tenant_id = %(tenant)s AND appointment_id = %(id)s AND undone_at IS NULL AND step <> 'undo'"
        " ORDER BY at DESC, id DESC LIMIT 1",
        id=id,
        within=UNDO_WITHIN,
    )
    if last is None or last.step == "book" or not last.is_fresh:
        raise NothingToUndo
    before = dict(last.before)
    for name in ("starts_at", "ends_at", "confirmed_at", "cancelled_at"):
        if before.get(name):
            before[name] = datetime.fromisoformat(before[name])
    for name in ("doctor_id", "location_id", "room_id", "session_id"):
        if before.get(name):
            before[name] = uuid.UUID(before[name])
    if before.get("date"):
        before["date"] = date.fromisoformat(before["date"])
    target = (before.get("doctor_id", found.doctor_id), before.get("date", found.date))
    visit = lock(found, days=[target])
    if visit.status != last.to_status:
        raise NothingToUndo
    also: list[db.Statement] = []
    was_held = visit.status in states.HOLDING
    will_hold = before.get("status", visit.status) in states.HOLDING
    if will_hold and (not was_held or "starts_at" in before or "date" in before):
        old = visit._replace(**{name: value for name, value in before.items() if name in visit._fields})
        also.append(retake(visit, old, by, before))
    also.append(
        (
            "UPDATE appointment_history SET undone_at = now() WHERE tenant_id = %(tenant)s AND id = %(step)s",
            {"step": last.id},
        )
    )
    return write(visit, "undo", before, by=by, event="appointment.undone", also=also, reason=last.step)


# -- conditions ---------------------------------------------------------------------------------------------------


def refuse_late(visit: Visit, by: Actor) -> None:
    """The cut-off binds patients: the visit type's notice, else the clinic's."""
    if by.audience != "patient" or visit.starts_at is None:
        return
    own = db.row(
        "SELECT cancel_notice_minutes FROM service WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=visit.service_id,
    )
    notice = own.cancel_notice_minutes if own and own.cancel_notice_minutes is not None else None
    if notice is None:
        notice = tenancy.require().setting("cancel_notice_minutes")
    if visit.now > visit.starts_at - timedelta(minutes=notice):
        raise CancelTooLate


def refuse_other_day(visit: Visit) -> None:
    """Only on the visit's own date, in its location's zone."""
    from zoneinfo import ZoneInfo

    if visit.now.astimezone(ZoneInfo(visit.timezone)).date() != visit.date:
        raise NotToday


def retake(
    visit: Visit, place: Visit, by: Actor, changes: dict[str, Any], *, beyond: bool = False
) -> db.Statement:
    """Ask the rules for the place that *place* describes; the statement that counts it. The day is locked.

    With *beyond* a place that somebody has meanwhile is kept above the capacity instead of refused.
    """
    who, _rest = loading.whose(doctor_ids=[place.doctor_id], service_id=place.service_id)
    doctor = who.doctors[0]
    counter = day_counter(place.doctor_id, place.date)
    if place.starts_at is None:
        cap = cap_of(doctor, counter.max_appointments)
        full = cap is not None and counter.booked >= cap
        if full and not beyond:
            raise SlotTaken
        return take_day(doctor, counter, beyond=full)
    table = loading.timetables(who, place.date, place.date)[0]
    minutes = (place.ends_at - place.starts_at).total_seconds() // 60
    wish = Wish(who.service, int(minutes), room_id=place.room_id)
    verdict = table.check(
        place.starts_at, wish, asker(by, who.now, wish, audience="staff", except_for=[visit.id])
    )
    in_the_way = {reason.code for reason in verdict.reasons} & {
        "booked",
        "held",
        "buffer",
        "day_full",
        "room_busy",
    }
    if in_the_way and not beyond:
        raise SlotTaken
    if in_the_way:
        changes["overbooked"], changes["place"] = True, queries.next_place(place.doctor_id, place.starts_at)
        if "room_busy" in in_the_way:
            changes["room_id"] = None
    elif verdict.accepted:
        changes["place"] = verdict.place
    else:
        changes["place"] = queries.next_place(place.doctor_id, place.starts_at)
    return take_day(doctor, counter, beyond="day_full" in in_the_way or place.overbooked)


@db.action
def hand_over(*, id: uuid.UUID, doctor_id: uuid.UUID, by: Actor) -> Visit:
    """A patient who is here is seen by another doctor today: beyond that doctor's capacity, at no time of its own.

    ``NotFound`` for a doctor who is not here.
    """
    found = queries.visit(id, by=by)
    who, _rest = loading.whose(doctor_ids=[doctor_id], service_id=found.service_id)
    if not who.doctors or not who.doctors[0].is_active:
        raise NotFound
    visit = lock(found, days=[(doctor_id, found.date)])
    if visit.doctor_id == doctor_id:
        return visit
    counter = day_counter(doctor_id, visit.date)
    changes: dict[str, Any] = {"doctor_id": doctor_id, "token": None}
    if visit.starts_at is not None:
        changes |= {"overbooked": True, "place": queries.next_place(doctor_id, visit.starts_at)}
    taken = take_day(who.doctors[0], counter, beyond=True)
    return write(visit, "transfer", changes, by=by, event="appointment.moved", also=[taken])


def day_counter(doctor_id: uuid.UUID, day: date) -> Any:
    return db.row(
        "SELECT doctor_id, date, max_appointments, booked FROM doctor_day"
        " WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s",
        doctor_id=doctor_id,
        date=day,
    )
