"""Changing a location as JSON: its zone concerns the visits that are to come there (API.md §4)."""

from __future__ import annotations

import uuid
from typing import Literal
from zoneinfo import ZoneInfo

from flask import Response, g
from pydantic import Field

from clinic.booking import zones
from clinic.booking.refusals import PatientBusy, SlotTaken
from clinic.core import external
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version
from clinic.core.records import CodeTaken
from clinic.core.resources import shown
from clinic.tenants import schemas

api = ApiBlueprint(
    "locations_changing", __name__, about="A location is changed, with the visits to come there."
)


class LocationChange(schemas.LocationChange):
    """Any part of a location."""

    keep: Literal["wall_clock", "instant"] | None = Field(
        description="With another time zone: what visits to come keep, the time on the clock or the moment."
    )


@api.patch(
    "/locations/<uuid:id>",
    answers=schemas.Location,
    refuses=[CodeTaken, external.ExternalIdTaken, zones.FutureVisits, SlotTaken, PatientBusy],
)
@allow("schedule.write")
def change_location(id: uuid.UUID, body: LocationChange) -> Response:
    """Change a location. Another time zone needs `keep` if visits are booked here."""
    changes = body.given()
    keep = changes.pop("keep", None)
    row = zones.change_location(id=id, changes=changes, keep=keep, version=expected_version(), by=g.actor)
    zone = ZoneInfo(row.timezone)
    times = {name: getattr(row, name).astimezone(zone) for name in ("created_at", "updated_at")}
    outside = external.of("location", [id]).get(id, {})
    # Beside ``shown``: what a list near a point says of each.
    whole = {**shown(row, schemas.Location, external_ids=outside, **times), "distance_km": None}
    return answer(whole, version=row.version)
