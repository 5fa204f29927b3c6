"""The waiting list as JSON (API.md §6)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Response, g

from clinic.booking import expanding, filters, queries_waitlist, waitlist
from clinic.booking.refusals import TIMES, AlreadyAnswered, HoldExpired
from clinic.booking.schemas import Appointment
from clinic.booking.schemas import show as show_visit
from clinic.booking.schemas_waitlist import Wish, WishAsked, Wishes, WishesAsked, show
from clinic.core import audit, cursor
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, page, stands
from clinic.schedule.directory import specialty_id

api = ApiBlueprint("waitlist", __name__, about="Who waits for a time that is not free.")
stands("/waitlist/<uuid:id>", lambda id: queries_waitlist.one(id, by=g.actor))


@api.post("/waitlist", answers={201: Wish})
@allow("waitlist.write")
def add(body: WishAsked) -> Response:
    """Put a wish on the list. A place that is freed and fits is held for half an hour, then for the next."""
    wish = waitlist.add(fields=body.fields(), by=g.actor)
    return answer(show(wish), status=201, location=f"/api/v1/waitlist/{wish.id}")


@api.get("/waitlist", answers=Wishes)
@allow("waitlist.read")
def listed(query: WishesAsked) -> dict[str, Any]:
    """Who waits for what, longest first, with what is offered or why they were passed over."""
    rows = queries_waitlist.page(
        by=g.actor,
        limit=query.limit,
        after=cursor.decode(query.cursor, (datetime, uuid.UUID)),
        patient_id=query.patient_id,
        doctor_id=query.doctor_id,
        service_id=query.service_id,
        specialty_id=specialty_id(query.specialty, at="/specialty") if query.specialty else None,
        statuses=query.status,
        today=None if query.include_inactive else waitlist.today(),
    )
    if not rows:
        filters.refuse_unknown(
            query.model_dump(include={"patient_id", "doctor_id", "service_id"}), by=g.actor
        )
    audit.listed("wish", [row.id for row in rows[: query.limit]], by=g.actor)
    found = page(rows, query.limit, lambda row: (row.created_at, row.id), show)
    expanding.expand(found["items"], query.expand, by=g.actor)
    return found


@api.get("/waitlist/<uuid:id>", answers=Wish)
@allow("waitlist.read")
def one(id: uuid.UUID) -> Response:
    """One wish."""
    wish = queries_waitlist.one(id, by=g.actor)
    audit.read("wish", id, by=g.actor, patient_id=wish.patient_id)
    return answer(show(wish))


@api.delete("/waitlist/<uuid:id>")
@allow("waitlist.write")
def remove(id: uuid.UUID) -> None:
    """Take a wish off the list; what was offered goes to the next."""
    waitlist.remove(id=id, by=g.actor)


@api.post(
    "/waitlist/<uuid:id>/accept", answers={201: Appointment}, refuses=[*TIMES, HoldExpired, AlreadyAnswered]
)
@allow("waitlist.write")
def accept(id: uuid.UUID) -> Response:
    """Book the place that is offered."""
    visit = waitlist.accept(id=id, by=g.actor)
    return answer(
        show_visit(visit), version=visit.version, status=201, location=f"/api/v1/appointments/{visit.id}"
    )


@api.post("/waitlist/<uuid:id>/decline", answers=Wish, refuses=[HoldExpired, AlreadyAnswered])
@allow("waitlist.write")
def decline(id: uuid.UUID) -> Response:
    """Let the offered place go to the next, and wait on."""
    return answer(show(waitlist.decline(id=id, by=g.actor)))
