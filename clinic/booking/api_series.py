"""Visits that repeat as JSON: ``POST /appointments/series`` (API.md §6)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g

from clinic.booking import series
from clinic.booking.refusals import TIMES, PatientLimit
from clinic.booking.schemas_series import Series, SeriesAsked, SeriesRule, show_booked, show_rule
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, stands

api = ApiBlueprint("series", __name__, about="Visits that repeat.")
stands("/appointments/series/<uuid:id>", lambda id: series.one(id, by=g.actor))


@api.post("/appointments/series", answers={201: Series}, refuses=[*TIMES, PatientLimit])
@allow("appointments.book")
def book_series(body: SeriesAsked) -> Response:
    """Book every occurrence that is free; those that are not come back with other times."""
    booked = series.book_series(asked=body.asked(), rrule=body.rrule, by=g.actor)
    return answer(show_booked(booked), status=201)


@api.get("/appointments/series/<uuid:id>", answers=SeriesRule)
@allow("appointments.read")
def one(id: uuid.UUID) -> dict[str, Any]:
    """A series as it was asked for; its visits stand under `/appointments?series_id=`."""
    return show_rule(series.one(id, by=g.actor))
