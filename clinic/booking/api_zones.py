"""What visits keep whose zone sets its clock otherwise by now, as JSON."""

from __future__ import annotations

from typing import Any

from flask import g

from clinic.booking import zone_changes
from clinic.booking.refusals import PatientBusy, SlotTaken
from clinic.booking.schemas_zones import ZoneChanges, ZoneDone, ZoneSettled, show
from clinic.core import audit
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint

api = ApiBlueprint(
    "zones", __name__, about="Zones whose clock is set otherwise than when visits were booked."
)


@api.get("/zone-changes", answers=ZoneChanges)
@allow("schedule.write")
def listed() -> dict[str, Any]:
    """Visits to come whose time on the clock is another since the zone database changed."""
    found = zone_changes.changes()
    audit.listed("appointment", [each.visit.id for change in found for each in change.visits], by=g.actor)
    return {"items": [show(change) for change in found], "next_cursor": None}


@api.post("/zone-changes", answers=ZoneDone, refuses=[SlotTaken, PatientBusy])
@allow("schedule.write")
def settle(body: ZoneSettled) -> dict[str, Any]:
    """Say what they keep: the time on the clock, or the moment."""
    number = zone_changes.settle(zone=body.zone, keep=body.keep, by=g.actor)
    return {"zone": body.zone, "keep": body.keep, "visits": number}
