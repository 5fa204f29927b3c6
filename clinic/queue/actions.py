"""The day's steps: call, start, serve, skip (API.md §7, RULES §3). ``arriving`` is how somebody comes into it.

Locks: what the visit needs first (patient, doctor, day, visit), the entry last.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from clinic.booking import steps
from clinic.booking.states import InvalidTransition
from clinic.core import audit, db, events, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Forbidden, NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.queue import order, queries
from clinic.queue.transitions import LOCK, transition

MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "call": (("waiting", "skipped", "called"), "called"),
    "start": (("waiting", "called"), "in_room"),
    "serve": (("in_room",), "served"),
    "skip": (("waiting", "called"), "skipped"),
    "requeue": (("called", "skipped"), "waiting"),
    "leave": (("waiting", "called", "skipped"), "left"),
}
"""The states of an entry: waiting → called → in_room → served; skipped and left from waiting or called."""

GONE = ("served", "left")
STATE = """
UPDATE queue_entry
   SET status = %(to)s, version = version + 1,
       called_at = CASE WHEN %(to)s = 'called' THEN now() WHEN %(to)s = 'waiting' THEN NULL ELSE called_at END,
       started_at = CASE WHEN %(to)s = 'in_room' THEN now() ELSE started_at END,
       served_at = CASE WHEN %(to)s = 'served' THEN now() ELSE served_at END
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
NEXT = """
SELECT e.id FROM queue_entry e
 WHERE e.tenant_id = %(tenant)s AND e.id = ANY(%(ids)s) AND e.status IN ('waiting', 'left')
   AND EXISTS (SELECT FROM appointment a
                WHERE a.tenant_id = %(tenant)s AND a.id = e.appointment_id AND a.status = 'checked_in')
 ORDER BY array_position(%(ids)s, e.id) LIMIT 1 FOR UPDATE OF e SKIP LOCKED
"""


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
    return _step(queries.entry(id, by=by), "call", by)


@db.action
def start(*, id: uuid.UUID, by: Actor) -> Any:
    """They are in the room: the visit begins."""
    entry = queries.entry(id, by=by)
    steps.start(id=entry.appointment_id, by=by)
    return _step(entry, "start", by)


@db.action
def serve(*, id: uuid.UUID, by: Actor) -> Any:
    """Done: the visit is completed."""
    entry = queries.entry(id, by=by)
    steps.complete(id=entry.appointment_id, by=by)
    return _step(entry, "serve", by)


@db.action
def skip(*, id: uuid.UUID, by: Actor) -> Any:
    """Called and not there: set aside, the number stays."""
    return _step(queries.entry(id, by=by), "skip", by)


@db.action
def requeue(*, id: uuid.UUID, by: Actor) -> Any:
    """Back to waiting, with the same number."""
    return _step(queries.entry(id, by=by), "requeue", by)


@db.action
def leave(*, id: uuid.UUID, by: Actor) -> Any:
    """They left before they were seen: the visit is cancelled."""
    entry = queries.entry(id, by=by)
    steps.cancel(id=entry.appointment_id, reason="left_before_seen", by=by)
    return _step(entry, "leave", by)


@db.action
def prioritise(*, id: uuid.UUID, priority: str, reason: str | None = None, by: Actor) -> Any:
    """Urgent, with a reason; or back to normal. ``InvalidTransition`` (409) for who is gone."""
    if priority == "urgent" and not reason:
        raise invalid("/reason", "required", _("Say why this is urgent."))
    entry = queries.entry(id, by=by)
    if entry.status in GONE:
        raise InvalidTransition(extra={"status_now": entry.status, "step": "priority"})
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


# -- how ----------------------------------------------------------------------------------------------------------


def _step(entry: Any, name: str, by: Actor) -> Any:
    """One step of *entry*, as it and its visit stood before the step."""
    _refuse_others_queue(entry.doctor_id, by)
    locked = db.row(LOCK, id=entry.id)
    return _move(entry, name, queries.whereabouts(locked.status, entry.visit_status), by)


def _move(entry: Any, name: str, status: str, by: Actor) -> Any:
    allowed, to = MOVES[name]
    if status not in allowed:
        raise InvalidTransition(extra={"status_now": status, "step": name})
    statements = [
        (STATE, {"id": entry.id, "to": to}),
        transition(entry.id, status, to, by),
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


def _refuse_others_queue(doctor_id: uuid.UUID, by: Actor) -> None:
    if by.is_doctor and doctor_id != by.doctor_id:
        raise Forbidden
