"""Visits that repeat, as JSON."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.booking import series
from clinic.booking.schemas import Appointment, VisitAsked, show
from clinic.booking.series_steps import Outcome, Stayed
from clinic.core.schema import Query, Reply


class SeriesAsked(VisitAsked):
    """Visits that repeat: the first as ``POST /appointments`` takes it, with ``start``, and how they repeat.

    A hold, a session, a day of numbers and an outside id are of one visit and do not repeat.
    """

    rrule: Annotated[str, Field(min_length=1, max_length=500, examples=["FREQ=WEEKLY;COUNT=10"])] = Field(
        description="RFC 5545, with COUNT or UNTIL: at most 104 visits in three years. The clock time repeats."
    )
    hold_id: None = None
    date: None = None
    session_id: None = None
    external_ids: dict[str, str] = Field(default_factory=dict, max_length=0)


class Clash(Reply):
    """An occurrence that could not be booked, and what is free near it."""

    start: datetime
    code: str
    detail: str
    alternatives: list[dict[str, Any]]


class Series(Reply):
    """What became of it: visits, and occurrences that were not free."""

    series_id: uuid.UUID
    booked: list[Appointment]
    refused: list[Clash]


class SeriesRule(Reply):
    """A series as it was asked for."""

    id: uuid.UUID
    patient_id: uuid.UUID
    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    service_id: uuid.UUID | None
    start: datetime
    rrule: str
    created_at: datetime


class Scoped(Query):
    """``scope``: this visit alone, this and those of its series that follow, or all of it that are to come."""

    scope: Literal["this", "following", "all"] = "this"


def show_booked(booked: series.Booked) -> dict[str, Any]:
    """A series as the API answers it."""
    return {
        "series_id": booked.id,
        "booked": [show(visit) for visit in booked.visits],
        "refused": [series.shown(clash) for clash in booked.refused],
    }


def show_outcome(outcome: Outcome) -> dict[str, Any]:
    """The visit that was named, with what became of the others."""
    others = {"changed": outcome.changed, "refused": [_stayed(each) for each in outcome.refused]}
    return {**show(outcome.visit), "series": others}


def _stayed(each: Stayed) -> dict[str, Any]:
    return {"appointment_id": each.id, **series.shown(each)}


def show_rule(row: Any) -> dict[str, Any]:
    """A series' rule, its first time in its zone."""
    zone = ZoneInfo(row.timezone)
    shown = {
        name: getattr(row, name)
        for name in ("id", "patient_id", "doctor_id", "location_id", "service_id", "rrule")
    }
    return {
        **shown, "start": row.starts_at.astimezone(zone), "created_at": row.created_at.astimezone(zone)
    }  # fmt: skip
