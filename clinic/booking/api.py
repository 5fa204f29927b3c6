"""Visits as JSON (API.md §6)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g

from clinic.booking import actions, expanding, moves, queries, series_steps, steps
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
from clinic.core.api import ApiBlueprint, answer, expected_version, page
from clinic.core.errors import Stale, invalid
from clinic.core.i18n import lazy_gettext as _

api = ApiBlueprint(
    "appointments", __name__, about="Visits: booking, moving, cancelling and what becomes of them."
)
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
    return _one(actions.book(asked=body.asked(), by=g.actor), status=201)


@api.get("/appointments", answers=Appointments)
@allow("appointments.read")
def appointments(query: AppointmentsAsked) -> dict[str, Any]:
    """Visits by date and start."""
    found = queries.page(by=g.actor, limit=query.limit, after=_after(query.cursor), **_filters(query))
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
def history(id: uuid.UUID) -> dict[str, Any]:
    """What became of a visit, first step first."""
    visit = queries.visit(id, by=g.actor)
    audit.read("appointment", id, by=g.actor, patient_id=visit.patient_id)
    zone = ZoneInfo(visit.timezone)
    return {"items": [show_step(step, zone) for step in queries.steps(id)], "next_cursor": None}


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
    filters: dict[str, Any] = {
        name: getattr(query, name)
        for name in (
            "doctor_id",
            "patient_id",
            "location_id",
            "service_id",
            "series_id",
            "needs_rescheduling",
        )
    }
    filters["statuses"] = query.status
    filters["external"] = external.split(query.external_id) if query.external_id else None
    filters["updated_since"] = _aware(query.updated_since)
    if query.date is not None:
        filters["first"] = filters["last"] = query.date
    for given, day, moment in ((query.from_, "first", "since"), (query.to, "last", "until")):
        if isinstance(given, datetime):
            filters[moment] = _aware(given)
        elif given is not None:
            if query.date is not None:
                raise invalid("/date", "contradicts_range", _("Give a date or a range, not both."))
            filters[day] = given
    return filters


def _aware(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given
