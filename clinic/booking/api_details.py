"""A visit's details as JSON: ``PATCH /appointments/{id}`` (API.md §6)."""

from __future__ import annotations

import uuid

from flask import Response, g

from clinic.booking import details, series_steps
from clinic.booking.schemas import Appointment, show
from clinic.booking.schemas_details import AppointmentChange
from clinic.booking.schemas_series import Scoped, show_outcome
from clinic.booking.series_steps import NotInSeries
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version
from clinic.core.errors import Stale
from clinic.core.external import ExternalIdTaken

api = ApiBlueprint("details", __name__, about="What is written on a visit besides its time.")


@api.patch("/appointments/<uuid:id>", answers=Appointment, refuses=[ExternalIdTaken, Stale, NotInSeries])
@allow("appointments.change")
def change(id: uuid.UUID, body: AppointmentChange, query: Scoped) -> Response:
    """Change notes, reason, modality, type, meeting link, other systems' ids or custom fields."""
    if query.scope != "this":
        outcome = series_steps.change(
            id=id, scope=query.scope, changes=body.given(), version=expected_version(), by=g.actor
        )
        return answer(show_outcome(outcome), version=outcome.visit.version)
    visit = details.change(id=id, changes=body.given(), version=expected_version(), by=g.actor)
    return answer(show(visit), version=visit.version)
