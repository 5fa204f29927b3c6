"""The waiting list: wishes for a time that is not free, and the answers to what was offered (API.md §6).

A freed place is offered by the worker (``freed``). Locks: the wish, then as everywhere (RULES §2).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from clinic.booking import actions, holds, queries, queries_waitlist
from clinic.booking.asking import Asked
from clinic.booking.queries import Visit
from clinic.booking.refusals import AlreadyAnswered, HoldExpired
from clinic.core import audit, clock, db, tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.patients import actions as patients
from clinic.schedule.directory import specialty_id
from clinic.schedule.slots import unknown_id

MAKE = """
INSERT INTO wish (tenant_id, id, patient_id, doctor_id, specialty_id, service_id, first, last, part_of_day, created_by)
VALUES (%(tenant)s, %(id)s, %(patient_id)s, %(doctor_id)s, %(specialty_id)s, %(service_id)s, %(first)s, %(last)s,
        %(part_of_day)s, %(by)s)
"""
KNOWN = {
    "patient_id": "SELECT true FROM patient WHERE tenant_id = %(tenant)s AND id = %(id)s AND is_active",
    "doctor_id": "SELECT true FROM doctor WHERE tenant_id = %(tenant)s AND id = %(id)s AND is_active",
    "service_id": "SELECT true FROM service WHERE tenant_id = %(tenant)s AND id = %(id)s AND is_active",
}
REMOVE = "DELETE FROM wish WHERE tenant_id = %(tenant)s AND id = %(id)s"
BOOKED = """
UPDATE wish SET status = 'booked', appointment_id = %(appointment_id)s, hold_id = NULL, version = version + 1,
       updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
DECLINED = """
UPDATE wish SET status = 'waiting', hold_id = NULL, skipped_at = now(), skipped_because = 'declined',
       version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""


@db.action
def add(*, fields: Mapping[str, Any], by: Actor) -> Any:
    """Put a wish on the list: for whom, from when to when, with whom or for what, and in which part of the day.

    Takes ``patient_id`` (a patient's own if left out) or ``patient`` (who is found or made), ``doctor_id``,
    ``specialty`` (code or id), ``service_id``, ``first``, ``last``, ``part_of_day``. Raises ``unknown_id`` and
    ``unknown_code`` (422) at their fields.
    """
    wish: dict[str, Any] = {name: fields.get(name) for name in ("doctor_id", "service_id", "part_of_day")}
    wish |= {
        "patient_id": _whose(fields, by),
        "first": fields["first"],
        "last": fields["last"],
    }
    if wish["last"] < wish["first"]:
        raise invalid("/to", "out_of_order", _("This ends before it begins."))
    if wish["last"] < today():
        raise invalid("/to", "past", _("This time has passed."))
    for name, known in KNOWN.items():
        if wish[name] is not None and db.row(known, id=wish[name]) is None:
            raise unknown_id(f"/{name}")
    given = fields.get("specialty")
    wish["specialty_id"] = specialty_id(given, at="/specialty") if given else None
    id = new_id()
    made = {**wish, "id": id, "by": by.caller}
    db.send((MAKE, made), audit.entry("wish.add", "wish", id, by=by, patient_id=wish["patient_id"]))
    return queries_waitlist.one(id, by=by)


@db.action
def remove(*, id: uuid.UUID, by: Actor) -> None:
    """Take a wish off the list; what was offered is free for the next. Raises ``NotFound``."""
    wish = _locked(id, by)
    db.send(
        (REMOVE, {"id": id}),
        (holds.RELEASE, {"id": wish.hold_id}),
        audit.entry("wish.remove", "wish", id, by=by, patient_id=wish.patient_id),
    )


@db.action
def accept(*, id: uuid.UUID, by: Actor) -> Visit:
    """Book the place that was offered. No notice or limit binds: the clinic offered it.

    Raises ``NotFound``, ``HoldExpired`` (410) if nothing is offered now, ``AlreadyAnswered`` (409), and what booking
    raises if the hours have changed meanwhile.
    """
    wish = _locked(id, by)
    _must_be_offered(wish)
    asked = Asked(
        patient_id=wish.patient_id,
        doctor_id=wish.offered_doctor_id,
        service_id=wish.service_id,
        location_id=wish.offered_location_id,
        start=wish.offered_start,
        offer=db.row(queries.HOLD, id=wish.hold_id),
        source="waitlist",
    )
    visit = actions.book(asked=asked, by=by)
    db.send((BOOKED, {"id": id, "appointment_id": visit.id}))
    return visit


@db.action
def fulfil(*, id: uuid.UUID, asked: Asked, by: Actor) -> Visit:
    """Book another time for somebody who waits, and take them off the list; an offer of theirs is free for the next.

    Raises ``NotFound``, ``AlreadyAnswered`` (409), and what ``actions.book`` raises.
    """
    wish = _locked(id, by)
    if wish.status_now == "booked":
        raise AlreadyAnswered(extra={"status_now": "booked", "appointment_id": wish.appointment_id})
    visit = actions.book(asked=asked, by=by)
    db.send(
        (BOOKED, {"id": id, "appointment_id": visit.id}),
        (holds.RELEASE, {"id": wish.hold_id}),
    )
    return visit


@db.action
def decline(*, id: uuid.UUID, by: Actor) -> Any:
    """Let the offered place go to the next; the wish stays. Raises as ``accept``."""
    wish = _locked(id, by)
    _must_be_offered(wish)
    db.send(
        (DECLINED, {"id": id}),
        (holds.RELEASE, {"id": wish.hold_id}),
        audit.entry("wish.decline", "wish", id, by=by, patient_id=wish.patient_id),
    )
    return queries_waitlist.one(id, by=by)


def today() -> date:
    """The date at the clinic."""
    return clock.today(tenancy.require().zone)


def _whose(fields: Mapping[str, Any], by: Actor) -> uuid.UUID:
    patient_id: uuid.UUID | None = fields.get("patient_id")
    if by.is_patient:
        own = patient_id or by.patient_id
        if own is None or not queries.may_book_for(own, by):
            raise unknown_id("/patient_id")
        return own
    if patient_id is None and fields.get("patient"):
        return patients.find_or_create(fields["patient"], at="/patient", by=by).id
    if patient_id is None:
        raise invalid("/patient_id", "required", _("Say who is waiting."))
    return patient_id


def _locked(id: uuid.UUID, by: Actor) -> Any:
    queries_waitlist.one(id, by=by)
    if not db.rows(queries_waitlist.LOCK, id=id):
        raise NotFound
    return queries_waitlist.one(id, by=by)


def _must_be_offered(wish: Any) -> None:
    if wish.status_now == "booked":
        raise AlreadyAnswered(extra={"status_now": "booked", "appointment_id": wish.appointment_id})
    if wish.status_now != "offered":
        raise HoldExpired
