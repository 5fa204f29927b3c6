"""A patient who leaves the clinic, with the visits that were to come."""

from __future__ import annotations

import uuid

from clinic.booking import locks, queries, steps
from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Forbidden
from clinic.patients import actions as patients
from clinic.patients.queries import visits_to_come

REASON = "clinic"


@db.action
def remove_patient(
    *,
    id: uuid.UUID,
    cancel_appointments: bool = False,
    version: int | None = None,
    reason: str | None = None,
    by: Actor,
) -> None:
    """Take a patient out of lists and searches; the record stays. All or nothing, in one transaction.

    Raises ``HasAppointments`` (409) with visits to come, unless *cancel_appointments* calls them off; ``NotFound``,
    ``Stale``, ``Confidential`` without a *reason* to look; ``Forbidden`` for who may not call visits off.
    """
    if cancel_appointments:
        if not by.may("appointments.cancel"):
            audit.denied("appointments.cancel", by=by)
            raise Forbidden
        visits = [queries.visit(visit, by=by) for visit in visits_to_come(id)]
        days = [(visit.doctor_id, visit.date) for visit in visits]
        db.send(*locks.statements(patients=[id], days=days))
        # Nobody books for this patient any more: the row is ours.
        for visit in visits_to_come(id):
            steps.cancel(id=visit, reason=REASON, by=by)
    patients.remove(id, version=version, reason=reason, by=by)
