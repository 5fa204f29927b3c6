"""Another time for a visit, proposed and answered, as JSON (API.md §4, the paragraph under the table)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Response, g

from clinic.booking import expanding, filters, proposals
from clinic.booking.refusals import TIMES, AlreadyAnswered, AlreadyProposed, HoldExpired
from clinic.booking.schemas import Appointment
from clinic.booking.schemas import show as show_visit
from clinic.booking.schemas_proposals import Proposal, Proposals, ProposalsAsked, Proposed, Reassigning, show
from clinic.booking.states import InvalidTransition
from clinic.core import cursor
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, page, stands

api = ApiBlueprint("proposals", __name__, about="Another time for a visit, held until somebody answers.")
stands("/proposals/<uuid:id>", lambda id: proposals.one(id, by=g.actor))


@api.post("/appointments/reassign", answers=Proposed, refuses=[AlreadyProposed])
@allow("appointments.reassign")
def reassign(body: Reassigning) -> dict[str, Any]:
    """Propose and hold another time for each visit: same doctor, else same specialty, the nearest that suits."""
    made, unplaced = proposals.reassign(ids=body.ids, doctor_id=body.doctor_id, by=g.actor)
    return {
        "items": [show(row) for row in made],
        "unplaced": [
            {"appointment_id": each.appointment_id, "code": each.code, "detail": each.detail}
            for each in unplaced
        ],
    }


@api.get("/proposals", answers=Proposals)
@allow("appointments.read")
def listed(query: ProposalsAsked) -> dict[str, Any]:
    """Proposals with how they were answered, the newest first."""
    after = cursor.decode(query.cursor, (datetime, uuid.UUID))
    rows = proposals.page(by=g.actor, limit=query.limit, after=after, appointment_id=query.appointment_id)
    if not rows:
        filters.refuse_unknown({"appointment_id": query.appointment_id}, by=g.actor)
    found = page(rows, query.limit, lambda row: (row.created_at, row.id), show)
    expanding.expand(found["items"], query.expand, by=g.actor)
    return found


@api.get("/proposals/<uuid:id>", answers=Proposal)
@allow("appointments.read")
def one(id: uuid.UUID) -> dict[str, Any]:
    """One proposal."""
    return show(proposals.one(id, by=g.actor))


@api.post(
    "/proposals/<uuid:id>/confirm",
    answers=Appointment,
    refuses=[*TIMES, HoldExpired, AlreadyAnswered, InvalidTransition],
)
@allow("appointments.move")
def confirm(id: uuid.UUID) -> Response:
    """Move the visit to the proposed time."""
    visit = proposals.confirm(id=id, by=g.actor)
    return answer(show_visit(visit), version=visit.version)


@api.delete("/proposals/<uuid:id>", refuses=[HoldExpired, AlreadyAnswered])
@allow("appointments.move")
def decline(id: uuid.UUID) -> None:
    """Turn it down; its time is free at once, the visit stays as it is."""
    proposals.decline(id=id, by=g.actor)
