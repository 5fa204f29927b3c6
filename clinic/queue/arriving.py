"""Who comes into a doctor's queue and gets its next number: checked in, walked in, sent on by a colleague.

Locks: what the visit needs first (patient, doctor, day, visit), the entry last (RULES §3).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from clinic.booking import actions as booking
from clinic.booking import queries as visits
from clinic.booking import steps
from clinic.booking.asking import Asked
from clinic.booking.states import InvalidTransition
from clinic.core import db, events, tenancy
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import NotFound, Unprocessable, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.queue import queries
from clinic.queue.transitions import LOCK, transition
from clinic.schedule import slots

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
WALK_IN = "walk_in"
WAKE = """
UPDATE queue_entry SET status = 'waiting', called_at = NULL, started_at = NULL, version = version + 1
 WHERE tenant_id = %(tenant)s AND id = %(id)s
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
        db.send((WAKE, {"id": before.id}), transition(before.id, before.status, "waiting", by))
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
        transition(id, None, "waiting", by),
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
    """Somebody is here without an appointment: visit and entry in one. A specialty takes its shortest queue.

    That they are here already is reason enough to go beyond the cap, if no other is given.
    """
    field = slots.specialty(specialty) if specialty is not None else None
    if doctor_id is None:
        if field is None:
            raise invalid("/doctor_id", "required", _("Say which doctor or specialty."))
        doctor_id = _shortest_queue(field)
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
            overbook_reason=overbook_reason or (WALK_IN if overbook else None),
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
def transfer(*, id: uuid.UUID, doctor_id: uuid.UUID, by: Actor) -> Any:
    """To another doctor's queue: its next number, the same ticket."""
    entry = queries.entry(id, by=by)
    _may_be_sent_on(entry.status)
    if entry.doctor_id == doctor_id:  # they are there: nobody goes to the end of the queue they stand in
        return entry
    try:
        visit = steps.hand_over(id=entry.appointment_id, doctor_id=doctor_id, by=by)
    except NotFound:
        raise slots.unknown_id("/doctor_id") from None
    # Somebody may have called them in while we waited for the visit.
    _may_be_sent_on(queries.whereabouts(db.row(LOCK, id=id).status, visit.status))
    (counted,) = db.send((POSITION, {"doctor_id": doctor_id, "date": visit.date}))
    db.send(
        (
            "UPDATE queue_entry SET doctor_id = %(doctor_id)s, position = %(position)s, status = 'waiting',"
            " called_at = NULL, version = version + 1 WHERE tenant_id = %(tenant)s AND id = %(id)s",
            {"id": id, "doctor_id": doctor_id, "position": counted[0].last_position},
        ),
        transition(id, entry.status, "waiting", by, reason="transfer"),
        events.entry("queue.transferred", "queue_entry", id, entry.version + 1),
    )
    # Whoever a doctor has sent on is another doctor's now: it is told once more, to who did it.
    return queries.entry(id, by=SYSTEM)


def _may_be_sent_on(status: str) -> None:
    if status not in ("waiting", "called", "skipped"):
        raise InvalidTransition(extra={"status_now": status})
