"""A patient who leaves, as JSON: ``DELETE /patients/{id}`` (API.md §5)."""

from __future__ import annotations

import uuid

from flask import g, request

from clinic.booking import leaving
from clinic.booking.states import InvalidTransition
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, expected_version
from clinic.core.schema import Query
from clinic.patients.refusals import Confidential, HasAppointments

api = ApiBlueprint("leaving", __name__, about="A patient leaves, with the visits to come.")


class Leaving(Query):
    """``cancel_appointments``: also with visits to come, which are called off."""

    cancel_appointments: bool = False


@api.delete("/patients/<uuid:id>", refuses=[HasAppointments, Confidential, InvalidTransition])
@allow("patients.remove")
def remove(id: uuid.UUID, query: Leaving) -> None:
    """Take a patient out of lists and searches; the record stays and can be restored."""
    leaving.remove_patient(
        id=id,
        cancel_appointments=query.cancel_appointments,
        version=expected_version(),
        reason=request.headers.get("X-Access-Reason"),
        by=g.actor,
    )
