"""Visits whose time on the clock is another since a zone's rules changed: shown, and asked what they keep."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for

from clinic.booking import zone_changes
from clinic.booking.forms_steps import Said, pressed
from clinic.core import audit
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.i18n import ngettext

bp = StaffPages("zone_changes", __name__)


@bp.get("/desk/zone-changes")
@allow("desk.use")
def changes() -> str:
    """Which visits, with the time that was booked and the one that it is by now."""
    found = zone_changes.changes()
    audit.listed("appointment", (each.visit.id for change in found for each in change.visits), by=g.actor)
    return render_template("booking/zone_changes.html", changes=found)


@bp.post("/desk/zone-changes")
@allow("schedule.write")
def settle() -> Any:
    """They keep the time on the clock, or the moment."""
    keep = "instant" if request.form.get("keep") == "instant" else "wall_clock"

    def take() -> Said:
        number = zone_changes.settle(zone=request.form.get("zone", ""), keep=keep, by=g.actor)
        return Said(ngettext("%(num)d visit is settled.", "%(num)d visits are settled.", number))

    home = url_for("zone_changes.changes")
    return pressed(take, home=home, to=home)
