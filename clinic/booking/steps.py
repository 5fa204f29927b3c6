"""The steps of a visit after it was booked: confirm, cancel, come, not come, and back again (API.md §6)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import details, queries, states
from clinic.booking.places import day_counter, retake, take_day
from clinic.booking.queries import Visit
from clinic.booking.refusals import AlreadyCheckedIn, CancelTooLate, NotToday
from clinic.booking.stepping import lock, write
from clinic.booking.undoing import undo as undo
from clinic.core import db, tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound
from clinic.schedule import loading


@db.action
def confirm(*, id: uuid.UUID, version: int | None = None, by: Actor) -> Visit:
    """The patient says that they will come."""
    visit = lock(queries.visit(id, by=by), version=version)
    queries.must_act_for(visit, by=by)
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
    queries.must_act_for(visit, by=by)
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
    if visit.now.astimezone(ZoneInfo(visit.timezone)).date() != visit.date:
        raise NotToday


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
