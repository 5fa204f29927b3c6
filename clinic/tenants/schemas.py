"""What JSON bodies and answers of the organisation look like."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import request
from pydantic import AfterValidator, Field, model_validator

from clinic.core import times
from clinic.core.external import ChangedIds, ExternalId, ExternalIds
from clinic.core.fields import (
    Code,
    CountryCode,
    Currency,
    Email,
    HexColor,
    Language,
    Latitude,
    Line,
    Longitude,
    Minutes,
    Name,
    Phone,
    Positive,
    Search,
    TimeZoneName,
)
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Parsed, Wrong
from clinic.core.schema import Body, Listing, Partial, Record, Reply
from clinic.core.text import Text


def web_address(text: str) -> str:
    """An ``http`` or ``https`` address of at most 2,000 characters. ``Wrong("invalid_url")`` otherwise."""
    try:
        parts = urlsplit(text)
        sound = (
            parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
        )
    except ValueError:
        sound = False
    if not sound or len(text) > 2000 or not text.isprintable() or " " in text:
        raise Wrong("invalid_url", _("Write an address that begins with https://."))
    return text


def origin(text: str) -> str:
    """The origin of a web page: scheme, host and port alone (RFC 6454). ``Wrong("invalid_origin")`` otherwise."""
    try:
        parts = urlsplit(web_address(text).lower())
    except Wrong:
        parts = urlsplit("")
    if not parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Wrong("invalid_origin", _("Write an origin such as https://www.example.org."))
    return f"{parts.scheme}://{parts.netloc}"


def hhmm(text: str) -> str:
    """A time of day that stays text: settings are kept as JSON."""
    return times.show_time(times.time_of_day(text))


def each_once(values: list[Any]) -> list[Any]:
    """A list without its repetitions, in order."""
    return list(dict.fromkeys(values))


def point(text: str) -> tuple[float, float]:
    """``4.61,-74.08``: latitude and longitude. ``Wrong("invalid_point")`` otherwise."""
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        latitude, longitude = 100.0, 0.0
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Wrong("invalid_point", _("Write a place as latitude,longitude, such as 4.61,-74.08."))
    return latitude, longitude


WebAddress = Annotated[str, Parsed(web_address, {"format": "uri", "maxLength": 2000})]
Origin = Annotated[str, Parsed(origin, {"maxLength": 300, "examples": ["https://www.example.org"]})]
Clock = Annotated[str, Parsed(hhmm, {"pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["12:00"]})]
Point = Annotated[tuple[float, float], Parsed(point, {"maxLength": 60, "examples": ["4.61,-74.08"]})]


# -- the operator's -----------------------------------------------------------------------------------------------


class Tenant(Reply):
    """A clinic as the operator sees it."""

    id: uuid.UUID
    slug: str
    name: str
    timezone: str
    country: str
    locale: str
    currency: str
    status: Literal["active", "suspended"]
    url: str = Field(description="The clinic's own host.")
    version: int
    created_at: datetime
    updated_at: datetime


def show_clinic(row: Any) -> dict[str, Any]:
    """A clinic's row as ``Tenant``; its host is a name under the platform's."""
    zone = ZoneInfo(row.timezone)
    shown = {name: getattr(row, name) for name in Tenant.model_fields if name != "url"}
    return {
        **shown,
        "url": f"{request.scheme}://{row.slug}.{request.host}",
        "created_at": row.created_at.astimezone(zone),
        "updated_at": row.updated_at.astimezone(zone),
    }


class TenantChange(Partial):
    """Rename or suspend."""

    name: Name
    status: Literal["active", "suspended"]


class TenantListing(Listing):
    status: Literal["active", "suspended"] | None = None


class Bootstrapped(Reply):
    """What was made just now; nothing the second time."""

    lookups: dict[str, list[str]] = Field(description="Codes by kind.")


# -- settings -----------------------------------------------------------------------------------------------------


class QuietHours(Body):
    """Nothing is sent between these times of day, in the clinic's zone; over midnight is meant as said."""

    from_: Clock = Field(alias="from")
    to: Clock


class SettingsChange(Partial):
    """Any of the clinic's settings."""

    name: Name
    logo_url: WebAddress | None
    color: HexColor
    phone: Phone | None
    timezone: TimeZoneName
    country: CountryCode
    currency: Currency
    locale: Language
    languages: Annotated[list[Language], Field(min_length=1, max_length=20), AfterValidator(each_once)]
    min_notice_minutes: Minutes
    max_days_ahead: Annotated[int, Field(ge=1, le=730)]
    cancel_notice_minutes: Minutes
    hold_minutes: Annotated[int, Field(ge=1, le=60)]
    max_open_bookings_per_patient: Annotated[int, Field(ge=1, le=1000)]
    max_appointments_per_doctor_per_day: Annotated[int, Field(ge=1, le=10_000)] | None
    late_grace_minutes: Annotated[int, Field(ge=0, le=1440)]
    walk_in_max_wait_minutes: Annotated[int, Field(ge=0, le=1440)]
    morning_ends: Clock
    afternoon_ends: Clock
    reminder_minutes_before: Annotated[
        list[Minutes], Field(default_factory=list, max_length=10), AfterValidator(each_once)
    ]
    quiet_hours: QuietHours | None
    allowed_origins: Annotated[
        list[Origin], Field(default_factory=list, max_length=50), AfterValidator(each_once)
    ]
    portal_open: bool
    retention: Annotated[
        dict[Code, Positive],
        Field(default_factory=dict, max_length=30, description="Days to keep, by kind."),
    ]

    def changes(self) -> dict[str, Any]:
        """What was sent, as it is kept."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Settings(Reply):
    """Every setting with its present value."""

    name: str
    logo_url: str | None
    color: str
    phone: str | None
    timezone: str
    country: str
    currency: str
    locale: str
    languages: list[str]
    min_notice_minutes: int
    max_days_ahead: int
    cancel_notice_minutes: int
    hold_minutes: int
    max_open_bookings_per_patient: int
    max_appointments_per_doctor_per_day: int | None
    late_grace_minutes: int
    walk_in_max_wait_minutes: int
    morning_ends: str
    afternoon_ends: str
    reminder_minutes_before: list[int]
    quiet_hours: dict[str, str] | None
    allowed_origins: list[str]
    portal_open: bool
    retention: dict[str, int]
    version: int
    updated_at: datetime


# -- locations ----------------------------------------------------------------------------------------------------


class LocationMore(Body):
    """What a location may have beside its name and zone."""

    code: Code | None = None
    address: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Annotated[str, Text(20)] | None = None
    country: CountryCode | None = None
    phone: Phone | None = None
    email: Email | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    external_ids: ExternalIds = Field(default_factory=dict)


class LocationNew(LocationMore):
    """A place where the clinic receives: enough is its name and time zone."""

    name: Name
    timezone: TimeZoneName

    def more(self) -> dict[str, Any]:
        """What was given beside name and zone."""
        return {key: value for key, value in self.given().items() if key not in ("name", "timezone")}


class LocationChange(LocationNew, Partial):
    """Any part of a location."""

    external_ids: ChangedIds  # type: ignore[assignment]  # null has a meaning here


class Location(Record):
    """A place where the clinic receives."""

    name: str
    timezone: str
    code: str | None
    address: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    phone: str | None
    email: str | None
    latitude: float | None
    longitude: float | None
    external_ids: dict[str, str]
    distance_km: float | None = Field(None, description="From the point of `near`, as the crow flies.")


class LocationListing(Listing):
    q: Search | None = Field(None, description="Words of name, code, city, address.")
    city: Line | None = None
    near: Point | None = Field(None, description="`latitude,longitude`: the nearest first.")
    radius_km: Annotated[float, Field(gt=0, le=40_000)] | None = None
    external_id: ExternalId | None = None
    include_inactive: bool = False

    @model_validator(mode="after")
    def _radius_around_what(self) -> Self:
        if self.radius_km is not None and self.near is None:
            raise Wrong("required", _("A radius needs a point: give near too."))
        return self
