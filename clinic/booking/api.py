"""Visits as JSON (API.md §6)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g

from clinic.booking import actions, expanding, filters, moves, queries, series_steps, steps
from clinic.booking.refusals import (
    TIMES,
    CancelTooLate,
    HoldExpired,
    NothingToUndo,
    NotToday,
    PatientLimit,
    SlotTaken,
)  # fmt: skip
from clinic.booking.schemas import (
    Appointment,
    Appointments,
    AppointmentsAsked,
    Cancelling,
    NewAppointment,
    One,
    Rescheduling,
    Steps,
    show,
    show_step,
)  # fmt: skip
from clinic.booking.schemas_series import Scoped, show_outcome
from clinic.booking.states import InvalidTransition
from clinic.core import audit, cursor, external
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version, page, stands
from clinic.core.errors import Stale
from clinic.core.schema import Listing

api = ApiBlueprint(
    "appointments", __name__, about="Visits: booking, moving, cancelling and what becomes of them."
)
stands("/appointments/<uuid:id>", lambda id: queries.visit(id, by=g.actor))
CANCELLING = (InvalidTransition, CancelTooLate, Stale, series_steps.NotInSeries)
FIRST_OF_THE_DAY = "-infinity"
"""Where a visit without a time stands among those of its day."""


def _one(visit: Any, *, status: int = 200) -> Response:
    location = f"/api/v1/appointments/{visit.id}" if status == 201 else None
    return answer(show(visit), version=visit.version, status=status, location=location)


def _several(outcome: series_steps.Outcome) -> Response:
    return answer(show_outcome(outcome), version=outcome.visit.version)


@api.post(
    "/appointments",
    answers={201: Appointment},
    refuses=[*TIMES, PatientLimit, HoldExpired, external.ExternalIdTaken],
)
@allow("appointments.book")
def book(body: NewAppointment) -> Response:
    """Book a visit: a free slot, or the next token of a day."""
    visit = actions.book(asked=body.asked(), by=g.actor)
    response = _one(visit, status=201)
    if hasattr(visit, "idempotency_hash"):
        # The visit that this key booked long ago: its first answer is kept no more, the visit is.
        response.headers["Idempotent-Replayed"] = "true"
    return response


@api.get("/appointments", answers=Appointments)
@allow("appointments.read")
def appointments(query: AppointmentsAsked) -> dict[str, Any]:
    """Visits by date and start."""
    wanted = _filters(query)
    found = queries.page(by=g.actor, limit=query.limit, after=_after(query.cursor), **wanted)
    if not found:
        filters.refuse_unknown(wanted, by=g.actor)
    audit.listed("appointment", [visit.id for visit in found[: query.limit]], by=g.actor)
    listed = page(found, query.limit, _key, show)
    expanding.expand(listed["items"], query.expand, by=g.actor)
    return listed


@api.get("/patients/<uuid:id>/appointments", answers=Appointments)
@allow("appointments.read")
def appointments_of_patient(id: uuid.UUID, query: AppointmentsAsked) -> dict[str, Any]:
    """One patient's visits."""
    queries.must_see_patient(id, by=g.actor)
    return appointments(query.model_copy(update={"patient_id": id}))


@api.get("/appointments/<uuid:id>", answers=Appointment)
@allow("appointments.read")
def appointment(id: uuid.UUID, query: One) -> Response:
    """One visit."""
    visit = queries.visit(id, by=g.actor)
    audit.read("appointment", id, by=g.actor, patient_id=visit.patient_id)
    shown = [show(visit)]
    expanding.expand(shown, query.expand, by=g.actor)
    return answer(shown[0], version=visit.version)


@api.get("/appointments/<uuid:id>/history", answers=Steps)
@allow("appointments.read")
def history(id: uuid.UUID, query: Listing) -> dict[str, Any]:
    """What became of a visit, first step first."""
    visit = queries.visit(id, by=g.actor)
    audit.read("appointment", id, by=g.actor, patient_id=visit.patient_id)
    zone = ZoneInfo(visit.timezone)
    found, more = cursor.part(queries.steps(id), query.limit, query.cursor, lambda step: str(step.id))
    return {"items": [show_step(step, zone) for step in found], "next_cursor": more}


@api.post("/appointments/<uuid:id>/cancel", answers=Appointment, refuses=CANCELLING)
@allow("appointments.cancel")
def cancel(id: uuid.UUID, body: Cancelling, query: Scoped) -> Response:
    """Call a visit off, or (`scope`) those of its series; the places are free at once."""
    said = {"id": id, "reason": body.reason, "version": expected_version(), "by": g.actor}
    if query.scope == "this":
        return _one(steps.cancel(**said))
    return _several(series_steps.cancel(scope=query.scope, **said))


@api.delete("/appointments/<uuid:id>", answers=Appointment, refuses=CANCELLING)
@allow("appointments.cancel")
def delete(id: uuid.UUID, query: Scoped) -> Response:
    """The same as cancelling."""
    return cancel(id, Cancelling(), query)


@api.post(
    "/appointments/<uuid:id>/reschedule",
    answers=Appointment,
    refuses=[*TIMES, *CANCELLING],
)
@allow("appointments.move")
def reschedule(id: uuid.UUID, body: Rescheduling, query: Scoped) -> Response:
    """Move a visit to another free start, in one step; those of its series (`scope`) by as much."""
    start, doctor_id = body.where()
    said = {"id": id, "start": start, "doctor_id": doctor_id, "version": expected_version(), "by": g.actor}
    if query.scope == "this":
        return _one(moves.move(**said))
    return _several(series_steps.move(scope=query.scope, **said))


@api.post("/appointments/<uuid:id>/confirm", answers=Appointment, refuses=[InvalidTransition, Stale])
@allow("appointments.cancel")
def confirm(id: uuid.UUID) -> Response:
    """The patient will come."""
    return _one(steps.confirm(id=id, version=expected_version(), by=g.actor))


@api.post("/appointments/<uuid:id>/approve", answers=Appointment, refuses=[InvalidTransition, Stale])
@allow("appointments.change")
def approve(id: uuid.UUID) -> Response:
    """Accept a visit that was asked for."""
    return _one(steps.approve(id=id, version=expected_version(), by=g.actor))


@api.post("/appointments/<uuid:id>/reject", answers=Appointment, refuses=[InvalidTransition, Stale])
@allow("appointments.change")
def reject(id: uuid.UUID, body: Cancelling) -> Response:
    """Decline a visit that was asked for."""
    return _one(steps.reject(id=id, reason=body.reason, version=expected_version(), by=g.actor))


@api.post("/appointments/<uuid:id>/no-show", answers=Appointment, refuses=[InvalidTransition, Stale])
@allow("appointments.change")
def no_show(id: uuid.UUID) -> Response:
    """The patient did not come; the place is free."""
    return _one(steps.no_show(id=id, version=expected_version(), by=g.actor))


@api.post("/appointments/<uuid:id>/start", answers=Appointment, refuses=[InvalidTransition, NotToday, Stale])
@allow("appointments.serve")
def start(id: uuid.UUID) -> Response:
    """The visit begins (no desk: video, telephone)."""
    return _one(steps.start(id=id, version=expected_version(), by=g.actor))


@api.post("/appointments/<uuid:id>/complete", answers=Appointment, refuses=[InvalidTransition, Stale])
@allow("appointments.serve")
def complete(id: uuid.UUID) -> Response:
    """The visit is done."""
    return _one(steps.complete(id=id, version=expected_version(), by=g.actor))


@api.post(
    "/appointments/<uuid:id>/restore", answers=Appointment, refuses=[InvalidTransition, SlotTaken, Stale]
)
@allow("appointments.change")
def restore(id: uuid.UUID) -> Response:
    """Bring a cancelled, declined or missed visit back, if its place is still free."""
    return _one(steps.restore(id=id, version=expected_version(), by=g.actor))


@api.post("/appointments/<uuid:id>/undo", answers=Appointment, refuses=[NothingToUndo, SlotTaken])
@allow("appointments.change")
def undo(id: uuid.UUID) -> Response:
    """Take back the last step, within ten minutes."""
    return _one(steps.undo(id=id, by=g.actor))


def _key(visit: Any) -> Sequence[Any]:
    return visit.date, visit.starts_at or FIRST_OF_THE_DAY, visit.id


def _after(text: str | None) -> tuple[Any, ...] | None:
    """The last visit of the page before, as ``queries.page`` takes it. A start is a time, or before every time."""
    found = cursor.decode(text, (date, str, uuid.UUID))
    if found is None or found[1] == FIRST_OF_THE_DAY:
        return found
    return cursor.decode(text, (date, datetime, uuid.UUID))


def _filters(query: AppointmentsAsked) -> dict[str, Any]:
    where: dict[str, Any] = {"doctor_id": query.doctor_id, "location_id": query.location_id}
    return {
        **where,
        **{
            name: getattr(query, name)
            for name in ("patient_id", "service_id", "series_id", "needs_rescheduling")
        },
        **filters.bounds(query.from_, query.to, on=query.date, **where),
        "statuses": query.status,
        "external": filters.outside(query.external_id),
        "updated_since": filters.moment(query.updated_since, "/updated_since", **where),
    }
