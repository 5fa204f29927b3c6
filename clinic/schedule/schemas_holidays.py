"""Public holidays as JSON: proposed, and accepted as closures."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from clinic.core.fields import Line
from clinic.core.schema import Body, Query, Reply
from clinic.core.times import Date
from clinic.schedule.public_holidays import Proposal
from clinic.schedule.schemas_timeaway import Closure

Part = Annotated[
    Line, Field(min_length=1, description="ISO 3166-2 without the country, or a name: `BY`, `Bayern`.")
]


class HolidaysAsked(Query):
    """``year``: without it the twelve months from today."""

    year: Annotated[int, Field(ge=1970, le=2100)] | None = None
    location_id: uuid.UUID | None = None
    subdivision: Part | None = None


class Holiday(Reply):
    """A public holiday to come. Accepted, it is a closure of the whole day."""

    date: date
    name: str
    is_closed: bool = Field(description="Everything is closed on this day already.")


class Holidays(Reply):
    """What is proposed, and of which country and part of it."""

    items: list[Holiday]
    next_cursor: str | None = None
    country: str
    subdivision: str | None
    location_id: uuid.UUID | None


class HolidaysAccepted(Body):
    """The days to close on, of those that were proposed."""

    dates: Annotated[list[Date], Field(min_length=1, max_length=100)]
    location_id: uuid.UUID | None = None
    subdivision: Part | None = None
    force: bool = False


class HolidayClosures(Reply):
    """The closures that were made; a day that was closed already needed none."""

    items: list[Closure]


def show_holidays(found: Proposal) -> dict[str, Any]:
    """What is proposed as ``Holidays``."""
    return {
        "items": [
            {"date": each.date, "name": each.name, "is_closed": each.is_closed} for each in found.holidays
        ],
        "next_cursor": None,
        "country": found.country,
        "subdivision": found.subdivision,
        "location_id": found.location_id,
    }
