"""The desk: the day board of all doctors, the week of one or of all, the month, and the day on paper."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response, g, render_template, request, url_for

from clinic.booking import dayboard, dayfacts, loads, queries_desk, weekboard
from clinic.booking.forms import date_in, id_in
from clinic.core import formats, navigation
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.core.i18n import lazy_gettext as _

bp = StaffPages("desk", __name__)
navigation.add(
    "staff", "desk.board", _("Calendar"), icon="calendar-days", right="desk.use", order=10, key="g d"
)
navigation.add("palette", "desk.board_of_week", _("Week"), icon="calendar-days", right="desk.use", order=11)
navigation.add("palette", "desk.board_of_month", _("Month"), icon="calendar-days", right="desk.use", order=12)
navigation.add(
    "palette", "booking.new", _("Find a free time"), icon="calendar-plus", right="desk.use", order=50
)

PAGE_OF = {"desk.day": "desk.board", "desk.week": "desk.board_of_week"}
"""The page on which each fragment stands: its links lead there, whoever drew them."""


@bp.get("/desk")
@allow("desk.use")
def board() -> str:
    """The day of every doctor side by side: home of those who work at the desk."""
    asked = _asked()
    return render_template("booking/desk.html", **_day(asked, _read(asked)))


@bp.get("/desk/day")
@allow("desk.use")
def day() -> Response:
    """The board alone, asked for again and again; unchanged: 304."""
    asked = _asked()
    found = _read(asked)
    return polled(lambda: render_template("booking/_day.html", **_day(asked, found)), version=found.version)


@bp.get("/week")
@allow("desk.use")
def board_of_week() -> str:
    """A week: of one doctor hour by hour, of several how full their days are."""
    asked = _asked()
    return render_template("booking/weeks.html", **_week(asked, _read_week(asked)))


@bp.get("/desk/week")
@allow("desk.use")
def week() -> Response:
    """The week alone, asked for again and again; unchanged: 304."""
    asked = _asked()
    found = _read_week(asked)
    return polled(lambda: render_template("booking/_week.html", **_week(asked, found)), version=found.version)


@bp.get("/month")
@allow("desk.use")
def board_of_month() -> str:
    """A month of one doctor or of all: how full each day is."""
    asked = _asked()
    on = asked["date"]
    found = loads.read(on, stretch=loads.month_of, **_whom(asked), by=g.actor).work_out()
    middle = found.first + timedelta(days=6)
    around = middle.replace(day=1) - timedelta(days=1), middle.replace(day=1) + timedelta(days=31)
    return render_template(
        "booking/month.html",
        board=found,
        month=middle.month,
        title=formats.day(middle, "month"),
        weeks=[found.totals[at : at + 7] for at in range(0, len(found.totals), 7)],
        **_around(asked, on or found.today, found, around),
    )


@bp.get("/desk/print")
@allow("desk.use")
def on_paper() -> str:
    """The day list of one doctor, or of all, for the printer."""
    on, _is_wrong = date_in("date")
    shown = dayfacts.read(on, doctor_id=id_in("doctor"), by=g.actor)
    dayfacts.on_record(shown, by=g.actor, how="print")
    return render_template("booking/print.html", day=shown)


def _asked() -> dict[str, Any]:
    """What the address asks for."""
    on, is_wrong = date_in("date")
    return {
        "date": on,
        "wrong_date": is_wrong and request.args.get("date"),
        "doctor": id_in("doctor"),
        "location": id_in("location"),
        "move": id_in("move"),
    }


def _whom(asked: dict[str, Any]) -> dict[str, Any]:
    return {"doctor_id": asked["doctor"], "location_id": asked["location"]}


def _read(asked: dict[str, Any], **more: Any) -> dayfacts.Days:
    return dayfacts.read(asked["date"], **_whom(asked), except_for=asked["move"], by=g.actor, **more)


def _day(asked: dict[str, Any], found: dayfacts.Days) -> dict[str, Any]:
    # Who is told nothing new has read nothing new: only what is drawn goes on record.
    dayfacts.on_record(found, by=g.actor)
    shown = dayboard.board(found, **_whom(asked), moving=bool(asked["move"]))
    return {"board": shown, **_around(asked, found.date, found, (shown.before, shown.after), "desk.day")}


def _read_week(asked: dict[str, Any]) -> dayfacts.Days | loads.Read:
    """Of one doctor what stands in it, of several how full it is."""
    if asked["doctor"]:
        return _read(asked, stretch=dayfacts.week_of)
    return loads.read(asked["date"], stretch=dayfacts.week_of, location_id=asked["location"], by=g.actor)


def _week(asked: dict[str, Any], read: dayfacts.Days | loads.Read) -> dict[str, Any]:
    shown: dict[str, Any] = {"week": None}
    if isinstance(read, loads.Read):
        found: Any = read.work_out()
    else:
        found = read
        dayfacts.on_record(found, by=g.actor)
        if found.of:
            shown["week"] = weekboard.week(found, location_id=asked["location"], moving=bool(asked["move"]))
    ahead = timedelta(days=7)
    return {
        **shown,
        "board": found,
        "title": formats.dates(found.first, found.last),
        **_around(
            asked,
            asked["date"] or found.today,
            found,
            (found.first - ahead, found.first + ahead),
            "desk.week",
        ),
    }


def _around(
    asked: dict[str, Any], on: date, found: Any, neighbours: tuple[date, date], fragment: str | None = None
) -> dict[str, Any]:
    """What every board has around it: the same in other views and at other times, the filters, what is being moved."""
    kept = {"doctor": asked["doctor"], "location": asked["location"], "move": asked["move"]}
    before, after = neighbours
    return {
        "asked": asked,
        "date": on,
        "today": found.today,
        "before": before,
        "after": after,
        "wrong_date": asked["wrong_date"],
        "moved": queries_desk.shown(asked["move"], by=g.actor)[0] if asked["move"] else None,
        "doctors": [(doctor.id, doctor.full_name) for doctor in found.everybody],
        "locations": [(location.id, location.name) for location in found.locations],
        "address": url_for(fragment, **{**kept, "date": on}) if fragment else None,
        "here": PAGE_OF.get(request.endpoint or "", request.endpoint),
        "on": lambda date, view="desk.board", **more: url_for(view, **{**kept, "date": date, **more}),
    }
