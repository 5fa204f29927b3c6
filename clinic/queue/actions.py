"""The day's verbs: check in, walk in, call, start, serve, skip (API.md §7, RULES §3).

Locks: what the visit needs first (patient, doctor, day, visit), the entry last.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from clinic.booking import actions as booking
from clinic.booking import queries as visits
from clinic.booking import steps
from clinic.booking.asking import Asked
from clinic.booking.states import InvalidTransition
from clinic.core import audit, db, events, tenancy
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import Forbidden, NotFound, Unprocessable, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.queue import order, queries
from clinic.schedule import slots

MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "call": (("waiting", "skipped", "called"), "called"),
    "start": (("waiting", "called"), "in_room"),
    "serve": (("in_room",), "served"),
    "skip": (("waiting", "called"), "skipped"),
    "requeue": (("called", "skipped"), "waiting"),
    "leave": (("waiting", "called", "skipped"), "left"),
}
"""The states of an entry: waiting → called → in_room → served; skipped and left from waiting or called."""

POSITION = """
UPDATE doctor_day SET last_position = last_position + 1, version = version + 1
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s RETURNING last_position
"""
ENTER = """
INSERT INTO queue_entry (tenant_id, id, appointment_id, doctor_id, patient_id, date, position, ticket, priority,
                         priority_reason, walk_in)
VALUES (%(tenant)s, %(id)s, %(appointment_id)s, %(doctor_id)s, %(patient_id)s, %(date)s, %(position)s, %(ticket)s,
        %(priority)s, %(priority_reason)s, %(walk_in)s)
"""
WAKE = """
UPDATE queue_entry SET status = 'waiting', called_at = NULL, started_at = NULL, version = version + 1
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
TRANSITION = """
INSERT INTO queue_transition (tenant_id, id, entry_id, from_status, to_status, actor, reason)
VALUES (%(tenant)s, %(id)s, %(entry_id)s, %(from_status)s, %(to_status)s, %(actor)s, %(reason)s)
"""
STATE = """
UPDATE queue_entry
   SET status = %(to)s, version = version + 1,
       called_at = CASE WHEN %(to)s = 'called' THEN now() WHEN %(to)s = 'waiting' THEN NULL ELSE called_at END,
       started_at = CASE WHEN %(to)s = 'in_room' THEN now() ELSE started_at END,
       served_at = CASE WHEN %(to)s = 'served' THEN now() ELSE served_at END
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
LOCK = "SELECT status FROM queue_entry WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
NEXT = """
SELECT id FROM queue_entry
 WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND status = 'waiting'
 ORDER BY array_position(%(ids)s, id) LIMIT 1 FOR UPDATE SKIP LOCKED
"""


class WrongPatient(Unprocessable):
    code = "wrong_patient"
    title = _("This visit is another patient's.")


@db.action
def check_in(
    *,
    appointment_id: uuid.UUID,
    patient_id: uuid.UUID | None = None,
    priority: str = "normal",
    priority_reason: str | None = None,
    by: Actor,
) -> Any:
    """Somebody is here for their visit: they get the next number, or their old one back after an undo.

    Raises ``NotToday`` (422), ``WrongPatient`` (422), ``AlreadyCheckedIn`` (409), ``InvalidTransition`` (409).
    """
    try:
        visit = visits.visit(appointment_id, by=by)
    except NotFound:
        raise slots.unknown_id("/appointment_id") from None
    if patient_id is not None and patient_id != visit.patient_id:
        raise WrongPatient
    visit = steps.arrive(visit=visit, by=by)
    return _enter(visit, priority, priority_reason, by)


def _enter(visit: visits.Visit, priority: str, priority_reason: str | None, by: Actor) -> Any:
    before = queries.of_appointment(visit.id)
    if before is not None:
        db.send((WAKE, {"id": before.id}), _transition(before.id, before.status, "waiting", by))
        return queries.entry(before.id, by=by)
    where = {"doctor_id": visit.doctor_id, "date": visit.date}
    counted, doctor = db.send(
        (POSITION, where), (queries.DOCTORS, {"doctors": [visit.doctor_id], "date": visit.date})
    )
    id, position = new_id(), counted[0].last_position
    number = visit.token or position
    db.send(
        (
            ENTER,
            {
                **where,
                "id": id,
                "appointment_id": visit.id,
                "patient_id": visit.patient_id,
                "position": position,
                "ticket": f"{doctor[0].ticket_prefix}{number:02d}",
                "priority": priority,
                "priority_reason": priority_reason,
                "walk_in": visit.source == "walk_in",
            },
        ),
        _transition(id, None, "waiting", by),
    )
    return queries.entry(id, by=by)


@db.action
def walk_in(
    *,
    doctor_id: uuid.UUID | None = None,
    specialty: str | None = None,
    patient_id: uuid.UUID | None = None,
    patient: Mapping[str, Any] | None = None,
    priority: str = "normal",
    priority_reason: str | None = None,
    service_id: uuid.UUID | None = None,
    reason: str | None = None,
    overbook: bool = False,
    overbook_reason: str | None = None,
    by: Actor,
) -> Any:
    """Somebody is here without an appointment: visit and entry in one. A specialty takes its shortest queue."""
    if doctor_id is None:
        if specialty is None:
            raise invalid("/doctor_id", "required", _("Say which doctor or specialty."))
        doctor_id = _shortest_queue(slots.specialty(specialty))
    try:
        today = queries.today_of(doctor_id)
    except NotFound:
        raise slots.unknown_id("/doctor_id") from None
    visit = booking.book(
        asked=Asked(
            doctor_id=doctor_id,
            patient_id=patient_id,
            patient=patient,
            date=today,
            walk_in=True,
            service_id=service_id,
            reason=reason,
            overbook=overbook,
            overbook_reason=overbook_reason,
        ),
        by=by,
    )
    return _enter(steps.arrive(visit=visit, by=by), priority, priority_reason, by)


def _shortest_queue(specialty_id: uuid.UUID) -> uuid.UUID:
    now = db.row("SELECT now() AS now").now
    found = db.rows(
        queries.OF_SPECIALTY, specialty_id=specialty_id, date=now.astimezone(tenancy.require().zone).date()
    )
    if not found:
        raise invalid("/specialty", "nobody_here", _("Nobody of this specialty is here today."))
    return found[0].id  # type: ignore[no-any-return]


@db.action
def call_next(*, doctor_id: uuid.UUID, on: date | None = None, by: Actor) -> Any | None:
    """Call who is next by the doctor's rule; None when nobody waits. Two callers never get the same person."""
    _refuse_others_queue(doctor_id, by)
    day = on or queries.today_of(doctor_id)
    doctors, entries = queries.day_of([doctor_id], day)
    if not doctors:
        raise NotFound
    rule = order.rule_of(doctors[0], tenancy.require())
    waiting = order.in_order((entry for entry in entries if entry.status == "waiting"), rule, doctors[0].now)
    picked = db.row(NEXT, ids=[entry.id for entry in waiting])
    if picked is None:
        return None
    return _move(queries.entry(picked.id, by=by), "call", "waiting", by)


@db.action
def call(*, id: uuid.UUID, by: Actor) -> Any:
    """Call somebody in, or once more."""
    return _step(id, "call", by)


@db.action
def start(*, id: uuid.UUID, by: Actor) -> Any:
    """They are in the room: the visit begins."""
    entry = queries.entry(id, by=by)
    steps.start(id=entry.appointment_id, by=by)
    return _step(id, "start", by)


@db.action
def serve(*, id: uuid.UUID, by: Actor) -> Any:
    """Done: the visit is completed."""
    entry = queries.entry(id, by=by)
    steps.complete(id=entry.appointment_id, by=by)
    return _step(id, "serve", by)


@db.action
def skip(*, id: uuid.UUID, by: Actor) -> Any:
    """Called and not there: set aside, the number stays."""
    return _step(id, "skip", by)


@db.action
def requeue(*, id: uuid.UUID, by: Actor) -> Any:
    """Back to waiting, with the same number."""
    return _step(id, "requeue", by)


@db.action
def leave(*, id: uuid.UUID, by: Actor) -> Any:
    """They left before they were seen: the visit is cancelled."""
    entry = queries.entry(id, by=by)
    steps.cancel(id=entry.appointment_id, reason="left_before_seen", by=by)
    return _step(id, "leave", by)


@db.action
def prioritise(*, id: uuid.UUID, priority: str, reason: str | None = None, by: Actor) -> Any:
    """Urgent, with a reason; or back to normal."""
    if priority == "urgent" and not reason:
        raise invalid("/reason", "required", _("Say why this is urgent."))
    entry = queries.entry(id, by=by)
    db.send(
        (
            "UPDATE queue_entry SET priority = %(priority)s, priority_reason = %(reason)s, version = version + 1"
            " WHERE tenant_id = %(tenant)s AND id = %(id)s",
            {"id": id, "priority": priority, "reason": reason},
        ),
        audit.entry(
            "queue.priority", "queue_entry", id, by=by, patient_id=entry.patient_id, details={"to": priority}
        ),
    )
    return queries.entry(id, by=by)


@db.action
def transfer(*, id: uuid.UUID, doctor_id: uuid.UUID, by: Actor) -> Any:
    """To another doctor's queue: its next number, the same ticket."""
    entry = queries.entry(id, by=by)
    _may_be_sent_on(entry.status)
    try:
        visit = steps.hand_over(id=entry.appointment_id, doctor_id=doctor_id, by=by)
    except NotFound:
        raise slots.unknown_id("/doctor_id") from None
    # Somebody may have called them in while we waited for the visit.
    _may_be_sent_on(db.row(LOCK, id=id).status)
    (counted,) = db.send((POSITION, {"doctor_id": doctor_id, "date": visit.date}))
    db.send(
        (
            "UPDATE queue_entry SET doctor_id = %(doctor_id)s, position = %(position)s, status = 'waiting',"
            " called_at = NULL, version = version + 1 WHERE tenant_id = %(tenant)s AND id = %(id)s",
            {"id": id, "doctor_id": doctor_id, "position": counted[0].last_position},
        ),
        _transition(id, entry.status, "waiting", by, reason="transfer"),
        events.entry("queue.transferred", "queue_entry", id, entry.version + 1),
    )
    # Whoever a doctor has sent on is another doctor's now: it is told once more, to who did it.
    return queries.entry(id, by=SYSTEM)


def _may_be_sent_on(status: str) -> None:
    if status not in ("waiting", "called", "skipped"):
        raise InvalidTransition(extra={"status_now": status})


# -- how ----------------------------------------------------------------------------------------------------------


def _step(id: uuid.UUID, name: str, by: Actor) -> Any:
    entry = queries.entry(id, by=by)
    _refuse_others_queue(entry.doctor_id, by)
    locked = db.row(LOCK, id=id)
    return _move(entry, name, locked.status, by)


def _move(entry: Any, name: str, status: str, by: Actor) -> Any:
    allowed, to = MOVES[name]
    if status not in allowed:
        raise InvalidTransition(extra={"status_now": status, "step": name})
    statements = [
        (STATE, {"id": entry.id, "to": to}),
        _transition(entry.id, status, to, by),
        audit.entry(f"queue.{name}", "queue_entry", entry.id, by=by, patient_id=entry.patient_id),
    ]
    heard = {
        "call": "queue.called",
        "skip": "queue.skipped",
        "leave": "queue.left",
        "requeue": "queue.requeued",
    }.get(name)
    if heard:
        statements.append(events.entry(heard, "queue_entry", entry.id, entry.version + 1))
    db.send(*statements)
    return queries.entry(entry.id, by=by)


def _transition(
    entry_id: uuid.UUID, status: str | None, to: str, by: Actor, *, reason: str | None = None
) -> db.Statement:
    return TRANSITION, {
        "id": new_id(),
        "entry_id": entry_id,
        "from_status": status,
        "to_status": to,
        "actor": by.caller,
        "reason": reason,
    }


def _refuse_others_queue(doctor_id: uuid.UUID, by: Actor) -> None:
    if by.is_doctor and doctor_id != by.doctor_id:
        raise Forbidden
