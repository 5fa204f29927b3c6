"""The waiting list as JSON."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.core import tenancy
from clinic.core.fields import Line
from clinic.core.schema import Body, Expand, Listing, ListOf, Reply
from clinic.core.times import Date

PartOfDay = Literal["morning", "afternoon", "evening"]
WishStatus = Literal["waiting", "offered", "booked"]


class WishAsked(Body):
    """Somebody waits: from when to when (local dates, both included), with whom or for what."""

    patient_id: uuid.UUID | None = None
    doctor_id: uuid.UUID | None = None
    specialty: Line | None = Field(None, description="Code or id.")
    service_id: uuid.UUID | None = None
    from_: Date = Field(alias="from")
    to: Date
    part_of_day: PartOfDay | None = None

    def fields(self) -> dict[str, Any]:
        """The verb's words."""
        same = ("patient_id", "doctor_id", "specialty", "service_id", "part_of_day")
        return {**{name: getattr(self, name) for name in same}, "first": self.from_, "last": self.to}


class WishesAsked(Listing):
    """Filters of the waiting list. Wishes whose time is over are left out."""

    patient_id: uuid.UUID | None = None
    doctor_id: uuid.UUID | None = None
    specialty: Line | None = None
    service_id: uuid.UUID | None = None
    status: list[WishStatus] = []
    include_inactive: bool = Field(False, description="Those too whose time is over.")
    expand: Expand[Literal["patient", "doctor", "service"]] = frozenset()


class Offer(Reply):
    """A place that is held for them now."""

    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    start: datetime
    end: datetime
    offered_at: datetime
    expires_at: datetime


class Wish(Reply):
    """A wish with what is offered, or why they were passed over last: a code of the engine, or `patient_busy`,
    `part_of_day`, `not_answered`, `declined`."""

    id: uuid.UUID
    version: int
    patient_id: uuid.UUID
    doctor_id: uuid.UUID | None
    specialty: str | None
    service_id: uuid.UUID | None
    from_: Date = Field(alias="from")
    to: Date
    part_of_day: PartOfDay | None
    status: WishStatus
    offer: Offer | None
    times_offered: int
    skipped_at: datetime | None
    skipped_because: str | None
    appointment_id: uuid.UUID | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    patient: dict[str, Any] | None = Field(None, description="With `expand=patient`.")
    doctor: dict[str, Any] | None = Field(None, description="With `expand=doctor`.")
    service: dict[str, Any] | None = Field(None, description="With `expand=service`.")


Wishes = ListOf[Wish]
SAME = (
    "id", "version", "patient_id", "doctor_id", "specialty", "service_id", "part_of_day", "times_offered",
    "appointment_id", "created_by",
)  # fmt: skip


def show(wish: Any) -> dict[str, Any]:
    """A wish as the API answers it. An offer that ran out is none: they were asked and did not answer."""
    clinic = tenancy.require().zone
    lapsed = wish.status == "offered" and wish.status_now == "waiting"
    skipped = wish.offered_until if lapsed else wish.skipped_at
    return {
        **{name: getattr(wish, name) for name in SAME},
        "from": wish.first,
        "to": wish.last,
        "status": wish.status_now,
        "offer": _offer(wish) if wish.status_now == "offered" else None,
        "skipped_at": skipped.astimezone(clinic) if skipped else None,
        "skipped_because": "not_answered" if lapsed else wish.skipped_because,
        "created_at": wish.created_at.astimezone(clinic),
        "updated_at": wish.updated_at.astimezone(clinic),
    }


def _offer(wish: Any) -> dict[str, Any]:
    zone = ZoneInfo(wish.timezone) if wish.timezone else tenancy.require().zone
    times = {
        "start": wish.offered_start,
        "end": wish.offered_end,
        "offered_at": wish.offered_at,
        "expires_at": wish.offered_until,
    }
    return {
        "doctor_id": wish.offered_doctor_id,
        "location_id": wish.offered_location_id,
        **{name: moment.astimezone(zone) for name, moment in times.items()},
    }
