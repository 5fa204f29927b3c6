"""A visit's details as JSON: ``PATCH /appointments/{id}`` (API.md §6)."""

from __future__ import annotations

import uuid

from flask import Response, g

from clinic.booking import details
from clinic.booking.schemas import Appointment, show
from clinic.booking.schemas_details import AppointmentChange
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version
from clinic.core.errors import Stale
from clinic.core.external import ExternalIdTaken

api = ApiBlueprint("details", __name__, about="What is written on a visit besides its time.")


@api.patch("/appointments/<uuid:id>", answers=Appointment, refuses=[ExternalIdTaken, Stale])
@allow("appointments.change")
def change(id: uuid.UUID, body: AppointmentChange) -> Response:
    """Change notes, reason, modality, type, meeting link, other systems' ids or custom fields."""
    visit = details.change(id=id, changes=body.given(), version=expected_version(), by=g.actor)
    return answer(show(visit), version=visit.version)
