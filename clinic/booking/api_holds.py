"""Holds as JSON: a free slot kept for a few minutes (API.md §6)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g

from clinic.booking import holds, queries
from clinic.booking.refusals import TIMES, AlreadyExtended, HoldExpired
from clinic.booking.schemas_holds import Hold, HoldAsked, show_hold
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, stands

api = ApiBlueprint("holds", __name__, about="A free slot, kept for a few minutes.")
stands("/holds/<uuid:id>", lambda id: queries.hold(id, by=g.actor))


@api.post("/holds", answers={201: Hold}, refuses=TIMES)
@allow("appointments.book")
def hold(body: HoldAsked) -> Response:
    """Keep a free slot for a few minutes."""
    made = holds.hold(**body.asked(), by=g.actor)
    return answer(
        show_hold(made, queries.zone_of_hold(made)), status=201, location=f"/api/v1/holds/{made.id}"
    )


@api.post("/holds/<uuid:id>/extend", answers=Hold, refuses=[AlreadyExtended, HoldExpired])
@allow("appointments.book")
def extend(id: uuid.UUID) -> dict[str, Any]:
    """Keep it once more as long."""
    made = holds.extend(id=id, by=g.actor)
    return show_hold(made, queries.zone_of_hold(made))


@api.delete("/holds/<uuid:id>", answers=None)
@allow("appointments.book")
def release(id: uuid.UUID) -> None:
    """Let go of it."""
    holds.release(id=id, by=g.actor)
