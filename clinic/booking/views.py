"""The desk: the day board of all doctors, and the same on paper."""

from __future__ import annotations

from typing import Any

from flask import Response, g, render_template, request, url_for

from clinic.booking import dayboard, dayfacts, queries_desk
from clinic.booking.forms import date_in, id_in
from clinic.core import navigation
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.core.i18n import lazy_gettext as _

bp = StaffPages("desk", __name__)
navigation.add("staff", "desk.board", _("Day"), icon="calendar-days", right="desk.use", order=10, key="g d")


@bp.get("/desk")
@allow("desk.use")
def board() -> str:
    """The day of every doctor side by side: home of those who work at the desk."""
    shown = _shown()
    dayfacts.on_record(shown["board"].facts, by=g.actor)
    return render_template("booking/desk.html", **shown)


@bp.get("/desk/day")
@allow("desk.use")
def day() -> Response:
    """The board alone, asked for again and again; unchanged: 304."""
    shown = _shown()
    found = shown["board"]

    def draw() -> str:
        # Who is told nothing new has read nothing new: only what is drawn goes on record.
        dayfacts.on_record(found.facts, by=g.actor)
        return render_template("booking/_day.html", **shown)

    return polled(draw, version=found.version)


@bp.get("/desk/print")
@allow("desk.use")
def on_paper() -> str:
    """The day list of one doctor, or of all, for the printer."""
    on, _is_wrong = date_in("date")
    shown = dayfacts.read(on, doctor_id=id_in("doctor"), by=g.actor)
    dayfacts.on_record(shown, by=g.actor, how="print")
    return render_template("booking/print.html", day=shown)


def _shown() -> dict[str, Any]:
    """The board that the address asks for, with the address of the same board on other days."""
    on, is_wrong = date_in("date")
    asked: dict[str, Any] = {"doctor": id_in("doctor"), "location": id_in("location"), "move": id_in("move")}
    found = dayboard.board(
        on, doctor_id=asked["doctor"], location_id=asked["location"], moving=asked["move"], by=g.actor
    )
    moved = queries_desk.shown(asked["move"], by=g.actor)[0] if asked["move"] else None
    return {
        "board": found,
        "asked": asked,
        "wrong_date": is_wrong and request.args.get("date"),
        "moved": moved,
        "doctors": [(doctor.id, doctor.full_name) for doctor in found.doctors],
        "locations": [(location.id, location.name) for location in found.locations],
        "address": url_for("desk.day", **{**asked, "date": found.date}),
        "on": lambda date, **more: url_for("desk.board", **{**asked, "date": date, **more}),
    }
