"""Check-in and queue as JSON (API.md §7)."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any

from flask import Response, g

from clinic.booking import expanding
from clinic.booking.refusals import AlreadyCheckedIn, DayFull, NotThisTime, NotToday
from clinic.booking.states import InvalidTransition
from clinic.core import audit, cursor, tenancy
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, stands
from clinic.core.errors import Forbidden, NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.json import dumps
from clinic.queue import actions, arriving, order, queries
from clinic.queue.schemas import CheckIn, DayOf, Entry, Prioritise, Queue, Transfer, show

api = ApiBlueprint("queue", __name__, about="The day: who is here, who is next.")
for path in ("/checkins/<uuid:id>", "/queue/<uuid:id>"):
    stands(path, lambda id: queries.entry(id, by=g.actor))


@api.post(
    "/checkins",
    answers={201: Entry},
    refuses=[
        NotToday, arriving.WrongPatient, AlreadyCheckedIn, InvalidTransition, DayFull, NotThisTime,
    ],
)  # fmt: skip
@allow("queue.check_in")
def check_in(body: CheckIn) -> Response:
    """Check somebody in for their appointment, or without one."""
    if body.walk_in:
        if body.appointment_id is not None:
            raise invalid("/appointment_id", "contradicts_walk_in", _("A walk-in has no appointment yet."))
        entry = arriving.walk_in(
            doctor_id=body.doctor_id,
            specialty=body.specialty,
            patient_id=body.patient_id,
            patient=body.patient.given() if body.patient else None,
            priority=body.priority,
            priority_reason=body.priority_reason,
            service_id=body.service_id,
            reason=body.reason,
            overbook=body.overbook,
            overbook_reason=body.overbook_reason,
            by=g.actor,
        )
    else:
        if body.appointment_id is None:
            raise invalid("/appointment_id", "required", _("Say which appointment, or that it is a walk-in."))
        entry = arriving.check_in(
            appointment_id=body.appointment_id,
            patient_id=body.patient_id,
            priority=body.priority,
            priority_reason=body.priority_reason,
            by=g.actor,
        )
    return answer(_placed(entry), version=entry.version, status=201, location=f"/api/v1/checkins/{entry.id}")


@api.get("/checkins/<uuid:id>", answers=Entry)
@allow("queue.read_own")
def entry(id: uuid.UUID) -> Response:
    """One entry, with how many are ahead."""
    found = queries.entry(id, by=g.actor)
    audit.read("queue_entry", id, by=g.actor, patient_id=found.patient_id)
    # Not the version: who is ahead changes with others' entries.
    body = dumps(_placed(found))
    return answer(body, etag=_tag(body))


@api.get("/doctors/<uuid:id>/queue", answers=Queue)
@allow("queue.read")
def queue(id: uuid.UUID, query: DayOf) -> Response:
    """A doctor's queue in the order in which people will be seen."""
    if g.actor.is_doctor and g.actor.doctor_id != id:
        raise Forbidden
    doctors, entries = queries.day_of([id], query.date or queries.today_of(id))
    if not doctors:
        raise NotFound
    rule = order.rule_of(doctors[0], tenancy.require())
    places = order.places(entries, rule, doctors[0].now)
    placed, more = cursor.part(places, query.limit, query.cursor, lambda place: str(place.entry.id))
    audit.listed("queue_entry", [place.entry.id for place in placed], by=g.actor)
    items = [show(place.entry, place.ahead, place.estimated_wait_minutes, place.why) for place in placed]
    expanding.expand(items, query.expand, by=g.actor)
    body = dumps({"items": items, "next_cursor": more})
    return answer(body, etag=_tag(body))


@api.post("/doctors/<uuid:id>/queue/call-next", answers={200: Entry, 204: None})
@allow("queue.serve")
def call_next(id: uuid.UUID) -> Response:
    """Call the next one; nobody waiting: 204."""
    entry = actions.call_next(doctor_id=id, by=g.actor)
    return Response(status=204) if entry is None else answer(_placed(entry), version=entry.version)


@api.post("/queue/<uuid:id>/call", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def call(id: uuid.UUID) -> Response:
    """Call somebody in, or once more."""
    return _one(actions.call(id=id, by=g.actor))


@api.post("/queue/<uuid:id>/start", answers=Entry, refuses=[InvalidTransition, NotToday])
@allow("queue.serve")
def start(id: uuid.UUID) -> Response:
    """In the room: the visit begins."""
    return _one(actions.start(id=id, by=g.actor))


@api.post("/queue/<uuid:id>/serve", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def serve(id: uuid.UUID) -> Response:
    """Done: the visit is completed."""
    return _one(actions.serve(id=id, by=g.actor))


@api.post("/queue/<uuid:id>/skip", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def skip(id: uuid.UUID) -> Response:
    """Called and not there; the number stays."""
    return _one(actions.skip(id=id, by=g.actor))


@api.post("/queue/<uuid:id>/requeue", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def requeue(id: uuid.UUID) -> Response:
    """Back to waiting."""
    return _one(actions.requeue(id=id, by=g.actor))


@api.post("/queue/<uuid:id>/leave", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def leave(id: uuid.UUID) -> Response:
    """Left before being seen: the visit is cancelled."""
    return _one(actions.leave(id=id, by=g.actor))


@api.post("/queue/<uuid:id>/priority", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def priority(id: uuid.UUID, body: Prioritise) -> Response:
    """Urgent, with a reason; or back to normal."""
    return _one(actions.prioritise(id=id, priority=body.priority, reason=body.reason, by=g.actor))


@api.post("/queue/<uuid:id>/transfer", answers=Entry, refuses=[InvalidTransition])
@allow("queue.serve")
def transfer(id: uuid.UUID, body: Transfer) -> Response:
    """To another doctor's queue; the ticket stays."""
    return _one(arriving.transfer(id=id, doctor_id=body.doctor_id, by=g.actor))


def _tag(body: bytes) -> str:
    return sha256(body).hexdigest()[:32]


def _one(entry: Any) -> Response:
    return answer(_placed(entry), version=entry.version)


def _placed(entry: Any) -> dict[str, Any]:
    """The entry with its place among the others of its doctor's day."""
    doctors, entries = queries.day_of([entry.doctor_id], entry.date)
    rule = order.rule_of(doctors[0], tenancy.require())
    for place in order.places(entries, rule, doctors[0].now):
        if place.entry.id == entry.id:
            return show(entry, place.ahead, place.estimated_wait_minutes, place.why)
    return show(entry)
