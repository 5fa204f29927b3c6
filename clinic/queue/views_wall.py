"""The wall of the waiting room: tickets and where to go, never a name."""

from __future__ import annotations

from typing import Any

from flask import Response, g, render_template, url_for

from clinic.booking.forms import id_in
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.queue import today

bp = StaffPages("wall", __name__)


@bp.get("/board")
@allow("queue.read")
def wall() -> str:
    """The wall."""
    return render_template("queue/wall.html", **_shown())


@bp.get("/board/tickets")
@allow("queue.read")
def tickets() -> Response:
    """The tickets alone, asked for again and again; unchanged: 304."""
    shown = _shown()
    return polled(lambda: render_template("queue/_tickets.html", **shown), version=shown["today"].version)


def _shown() -> dict[str, Any]:
    location = id_in("location")
    found = today.read(location_id=location, by=g.actor)
    called = [(of, place.entry) for of in found.of for place in of.called]
    return {
        "today": found,
        "called": sorted(called, key=lambda each: each[1].called_at or found.now, reverse=True),
        "in_room": [(of, place.entry) for of in found.of for place in of.in_room],
        "waiting": [(of, [place.entry for place in of.waiting]) for of in found.of if of.waiting],
        "address": url_for("wall.tickets", location=location),
    }
