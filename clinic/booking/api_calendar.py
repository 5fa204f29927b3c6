"""Visits as calendar files (API.md §6, end)."""

from __future__ import annotations

import uuid

from flask import Response, g

from clinic.booking import calendar, queries, queries_portal
from clinic.core import audit
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint

api = ApiBlueprint("calendar", __name__, about="Visits for people's own calendars (RFC 5545).")


@api.get("/appointments/<uuid:id>.ics", answers={200: None})
@allow("appointments.read")
def calendar_file(id: uuid.UUID) -> Response:
    """One visit as `text/calendar`. A moved visit keeps its UID, a higher SEQUENCE replaces the old time."""
    visit = queries.visit(id, by=g.actor)
    audit.read("appointment", id, by=g.actor, patient_id=visit.patient_id)
    return Response(
        calendar.file(queries_portal.visit(id)),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="visit.ics"', "ETag": f'"{visit.version}"'},
    )
