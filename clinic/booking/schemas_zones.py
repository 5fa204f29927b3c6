"""Zones whose clock is set otherwise than when visits were booked there, as JSON."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.booking.zone_changes import Change
from clinic.core.fields import TimeZoneName
from clinic.core.schema import Body, ListOf, Reply


class VisitConcerned(Reply):
    """A visit whose time on the clock is another by now."""

    appointment_id: uuid.UUID
    start: datetime
    was: str = Field(description="The wall-clock time that was booked, without an offset.")
    now: str = Field(description="What the same instant reads on the clock by now.")


class ZoneChange(Reply):
    """A zone, with the visits to come that its new rules concern."""

    zone: str
    visits: list[VisitConcerned]


ZoneChanges = ListOf[ZoneChange]


class ZoneSettled(Body):
    """What visits to come keep: the time on the clock, or the moment."""

    zone: TimeZoneName
    keep: Literal["wall_clock", "instant"]


class ZoneDone(Reply):
    """How many visits it concerned."""

    zone: str
    keep: str
    visits: int


def show(change: Change) -> dict[str, Any]:
    """A change as ``ZoneChange``."""
    zone = ZoneInfo(change.zone)
    visits = [
        {
            "appointment_id": each.visit.id,
            "start": each.visit.starts_at.astimezone(zone),
            "was": each.was.isoformat(timespec="minutes"),
            "now": each.now.isoformat(timespec="minutes"),
        }
        for each in change.visits
    ]
    return {"zone": change.zone, "visits": visits}
