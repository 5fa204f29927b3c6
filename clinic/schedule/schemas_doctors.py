"""A doctor as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field

from clinic.core.external import ChangedIds, ExternalId, ExternalIds
from clinic.core.fields import (
    Code,
    DocumentNumber,
    Email,
    FreeObject,
    Language,
    Line,
    LongText,
    Name,
    Phone,
    Search,
)
from clinic.core.resources import Listed
from clinic.core.schema import Body, Expand, Partial, Query, Record
from clinic.core.text import Text
from clinic.schedule.schemas_directory import Length
from clinic.tenants.schemas import WebAddress

WholeName = Annotated[str, Text(200, least=1)]
Mode = Literal["timed", "token"]
Order = Literal["arrival", "appointment"]
DoctorExpand = Expand[Literal["location", "service"]]

OF_STAFF = (
    "email", "phone", "document_type", "document_number", "user_id", "external_ids", "custom_fields",
    "max_appointments_per_day",
)  # fmt: skip
"""What patients are not shown: ``null``, or empty."""


class DoctorNew(Body):
    """Somebody whose time is booked: enough is a name, in parts or whole."""

    first_name: Name | None = None
    last_name: Name | None = None
    full_name: WholeName | None = None
    name: WholeName | None = Field(None, description="The same as `full_name`.")
    code: Code | None = None
    email: Email | None = None
    phone: Phone | None = None
    document_type: Line | None = Field(None, description="A code or id of the list `document_types`.")
    document_number: DocumentNumber | None = None
    license_number: Line | None = None
    qualifications: LongText | None = None
    experience_years: Annotated[int, Field(ge=0, le=100)] | None = None
    bio: LongText | None = None
    photo_url: WebAddress | None = None
    languages: Annotated[list[Language], Field(max_length=20)] = Field(default_factory=list)
    specialties: Annotated[list[Line], Field(max_length=50)] = Field(
        default_factory=list, description="Codes or ids; answered as codes."
    )
    location_ids: Annotated[list[uuid.UUID], Field(max_length=200)] = Field(default_factory=list)
    service_ids: Annotated[list[uuid.UUID], Field(max_length=500)] = Field(
        default_factory=list, description="None: every visit type."
    )
    booking_mode: Mode = "timed"
    queue_order: Order | None = None
    slot_minutes: Length | None = None
    max_appointments_per_day: Annotated[int, Field(ge=0, le=10_000)] | None = None
    user_id: uuid.UUID | None = None
    external_ids: ExternalIds = Field(default_factory=dict)
    custom_fields: FreeObject = Field(default_factory=dict)


class DoctorChange(DoctorNew, Partial):
    """Any part of a doctor."""

    external_ids: ChangedIds  # type: ignore[assignment]  # null has a meaning here
    force: bool = False


class Doctor(Record):
    """Somebody whose time is booked."""

    first_name: str | None
    last_name: str | None
    full_name: str
    name: str
    code: str | None
    email: str | None
    phone: str | None
    document_type: str | None
    document_number: str | None
    license_number: str | None
    qualifications: str | None
    experience_years: int | None
    bio: str | None
    photo_url: str | None
    languages: list[str]
    specialties: list[str]
    location_ids: list[uuid.UUID]
    service_ids: list[uuid.UUID]
    booking_mode: Mode
    queue_order: Order
    slot_minutes: int | None
    max_appointments_per_day: int | None
    ticket_prefix: str = Field(description="Begins the numbers on the wall.")
    user_id: uuid.UUID | None
    external_ids: dict[str, str]
    custom_fields: dict[str, Any]
    locations: list[dict[str, Any]] | None = Field(None, description="With `expand=location`.")
    services: list[dict[str, Any]] | None = Field(None, description="With `expand=service`.")


class DoctorRead(Query):
    expand: DoctorExpand = frozenset()


class DoctorListing(Listed):
    """Filters. ``q``: every word begins a word of the name."""

    q: Search | None = None
    specialty: Line | None = None
    location_id: uuid.UUID | None = None
    service_id: uuid.UUID | None = None
    document_type: Line | None = None
    document_number: DocumentNumber | None = None
    code: Code | None = None
    booking_mode: Mode | None = None
    external_id: ExternalId | None = None
    expand: DoctorExpand = frozenset()


class DoctorsHere(Listed):
    """Parameters of the doctors of a location."""

    expand: DoctorExpand = frozenset()
