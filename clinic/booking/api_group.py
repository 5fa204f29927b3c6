"""Several visits at once as JSON: ``POST /appointments/group`` (API.md §6)."""

from __future__ import annotations

from flask import Response, g

from clinic.booking import group
from clinic.booking.refusals import TIMES, HoldExpired, PatientLimit
from clinic.booking.schemas import show
from clinic.booking.schemas_group import Group, GroupAsked
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer
from clinic.core.external import ExternalIdTaken

api = ApiBlueprint("group", __name__, about="Several visits at once, all or none.")


@api.post(
    "/appointments/group",
    answers={201: Group},
    refuses=[*TIMES, PatientLimit, HoldExpired, ExternalIdTaken],
)
@allow("appointments.book")
def book_all(body: GroupAsked) -> Response:
    """Book several visits, all or none; what is against one of them is told at `/items/<place>`."""
    visits = group.book_all(items=body.asked(), by=g.actor)
    return answer({"items": [show(visit) for visit in visits]}, status=201)
