"""Specialties, rooms and visit types as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from clinic.core.external import ChangedIds, ExternalId, ExternalIds
from clinic.core.fields import Code, Currency, HexColor, Line, Minutes, Modality, Name
from clinic.core.resources import Listed
from clinic.core.schema import Body, Expand, Partial, Query, Record

Capacity = Annotated[int, Field(ge=1, le=1000)]
Length = Annotated[int, Field(ge=1, le=1440)]
"""Minutes of a visit or a step: at most a day."""
Around = Annotated[int, Field(ge=0, le=1440)]
PlaceExpand = Expand[Literal["location"]]


class SpecialtyNew(Body):
    """A field of medicine."""

    name: Name
    code: Code


class SpecialtyChange(SpecialtyNew, Partial):
    """Any part of a specialty."""


class Specialty(Record):
    """A field of medicine that the clinic offers."""

    name: str
    code: str


class SpecialtyListing(Listed):
    code: Code | None = None


class RoomNew(Body):
    """A room or device; visit types ask for a ``kind``."""

    location_id: uuid.UUID
    name: Name
    kind: Code | None = None


class RoomChange(RoomNew, Partial):
    """Any part of a room."""


class Room(Record):
    """A room or device that a visit may need."""

    location_id: uuid.UUID
    name: str
    kind: str | None
    location: dict[str, Any] | None = Field(None, description="With `expand=location`.")


class RoomRead(Query):
    expand: PlaceExpand = frozenset()


class RoomListing(Listed):
    location_id: uuid.UUID | None = None
    kind: Code | None = None
    expand: PlaceExpand = frozenset()


class Question(Body):
    """Something to ask before the visit; the appointment keeps the answer under its id."""

    id: Code | None = None
    label: Annotated[Line, Field(min_length=1)]
    type: Literal["text", "choice", "yes_no", "date"] = "text"
    required: bool = False
    choices: Annotated[list[Annotated[Line, Field(min_length=1)]], Field(max_length=50)] = Field(
        default_factory=list
    )


class ServiceNew(Body):
    """A visit type: enough is its name and how long it takes."""

    name: Name
    duration_minutes: Length
    code: Code | None = None
    buffer_before_minutes: Around = 0
    buffer_after_minutes: Around = 0
    capacity: Capacity | None = None
    modality: Modality = "in_person"
    online_bookable: bool = True
    requires_approval: bool = False
    price: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None
    currency: Currency | None = None
    min_notice_minutes: Minutes | None = None
    max_days_ahead: Annotated[int, Field(ge=0, le=730)] | None = None
    cancel_notice_minutes: Minutes | None = None
    room_kind: Code | None = None
    questions: Annotated[list[Question], Field(max_length=50)] = Field(default_factory=list)
    color: HexColor | None = None
    external_ids: ExternalIds = Field(default_factory=dict)


class ServiceChange(ServiceNew, Partial):
    """Any part of a visit type."""

    external_ids: ChangedIds  # type: ignore[assignment]  # null has a meaning here


class Service(Record):
    """A visit type. Notice, days ahead and capacity: null means the clinic's, the hours'."""

    name: str
    duration_minutes: int
    code: str | None
    buffer_before_minutes: int
    buffer_after_minutes: int
    capacity: int | None
    modality: Modality
    online_bookable: bool
    requires_approval: bool
    price: float | None
    currency: str | None
    min_notice_minutes: int | None
    max_days_ahead: int | None
    cancel_notice_minutes: int | None
    room_kind: str | None
    questions: list[dict[str, Any]]
    color: str | None
    external_ids: dict[str, str]


class ServiceListing(Listed):
    code: Code | None = None
    modality: Modality | None = None
    online_bookable: bool | None = None
    external_id: ExternalId | None = None
