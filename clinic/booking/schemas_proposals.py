"""Proposals of another time, as JSON."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.core.schema import Body, Expand, Listing, ListOf, Reply


class Reassigning(Body):
    """The visits that need another time; with *doctor_id* at that doctor's and nobody else's."""

    ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=200)]
    doctor_id: uuid.UUID | None = None


class Proposal(Reply):
    """Another time for a visit, held until it is answered or expires."""

    id: uuid.UUID
    appointment_id: uuid.UUID
    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    service_id: uuid.UUID | None
    start: datetime
    end: datetime
    status: Literal["open", "confirmed", "declined", "replaced", "expired"]
    expires_at: datetime
    created_at: datetime
    answered_at: datetime | None
    doctor: dict[str, Any] | None = Field(None, description="With `expand=doctor`.")
    service: dict[str, Any] | None = Field(None, description="With `expand=service`.")
    location: dict[str, Any] | None = Field(None, description="With `expand=location`.")


class Unplaced(Reply):
    """A visit for which no other time was found."""

    appointment_id: uuid.UUID
    code: str
    detail: str


class Proposed(Reply):
    """What is held now, and the visits that still need a time."""

    items: list[Proposal]
    unplaced: list[Unplaced]


Proposals = ListOf[Proposal]


class ProposalsAsked(Listing):
    """How the answers stand."""

    appointment_id: uuid.UUID | None = None
    expand: Expand[Literal["doctor", "service", "location"]] = frozenset()


def show(row: Any) -> dict[str, Any]:
    """A proposal as the API answers it; its times in its location's zone."""
    zone = ZoneInfo(row.timezone)
    shown = {
        name: getattr(row, name)
        for name in ("id", "appointment_id", "doctor_id", "location_id", "service_id", "status")
    }
    times = {
        "start": row.starts_at,
        "end": row.ends_at,
        "expires_at": row.expires_at,
        "created_at": row.created_at,
    }
    shown |= {name: moment.astimezone(zone) for name, moment in times.items()}
    return {**shown, "answered_at": row.answered_at.astimezone(zone) if row.answered_at else None}
