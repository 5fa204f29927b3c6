"""What waits for the desk: visits whose time was taken away, and requests that nobody has approved yet."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any

from flask import Response, g, render_template, request, url_for

from clinic.booking import intake, moving, proposals, queries_to_do
from clinic.booking.forms import date_in, id_in
from clinic.booking.forms_steps import Said, pressed, pressed_once
from clinic.core import audit, formats, navigation, tenancy
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.core.i18n import gettext, ngettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.patients import opening
from clinic.schedule import booked

bp = StaffPages("to_do", __name__)
navigation.add(
    "palette",
    "to_do.to_move",
    _("Visits to move"),
    icon="calendar-x",
    right="appointments.reassign",
    order=30,
)
navigation.add("palette", "to_do.requests", _("Requests"), icon="clock-alert", right="desk.use", order=31)


@bp.app_context_processor
def tabs() -> dict[str, Any]:
    """For the pages of these lists: how long each is."""
    return {"to_do_counts": lambda: queries_to_do.counts(tenancy.require().timezone)}


@bp.get("/desk/to-do")
@allow("desk.use")
def to_do() -> str:
    """How much waits, for the day board."""
    return render_template("booking/_to_do.html", counted=True)


# -- visits to move -----------------------------------------------------------------------------------------------


@bp.get("/desk/to-move")
@allow("appointments.reassign")
def to_move() -> str:
    """Who needs another time, and why."""
    return render_template("booking/to_move.html", **_record(_to_move()))


@bp.get("/desk/affected")
@allow("appointments.reassign")
def affected() -> Response:
    """The list alone, asked for again and again; unchanged: 304."""
    shown = _to_move()
    return polled(
        lambda: render_template("booking/_affected.html", **_record(shown)), version=shown["version"]
    )


def _to_move() -> dict[str, Any]:
    asked = {"doctor": id_in("doctor"), "date": date_in("date")[0]}
    rows, answers = queries_to_do.affected(doctor_id=asked["doctor"], on=asked["date"])  # type: ignore[arg-type]
    visits = [opening.veiled(row, by=g.actor) for row in rows]
    open_ones = [visit for visit in visits if visit.offered_until]
    return {
        "visits": visits,
        "answers": answers,
        "offered": open_ones,
        "to_offer": [visit for visit in visits if not visit.offered_until and visit.starts_at],
        "asked": asked,
        "address": url_for("to_do.affected", **asked),  # type: ignore[arg-type]
        "version": sha256(repr((rows, answers)).encode()).hexdigest(),
    }


def _record(shown: dict[str, Any]) -> dict[str, Any]:
    """What is drawn goes on record; and only then is it asked what is against each visit."""
    ids = [visit.id for visit in shown["visits"]]
    audit.listed("appointment", ids, by=g.actor)
    return {**shown, "why": booked.why(ids)}


@bp.post("/desk/to-move/propose")
@allow("appointments.reassign")
def propose() -> Any:
    """Find another time for each, and keep it until somebody answers."""
    ids = _ids("visit")
    return pressed_once(lambda: _proposed(ids), home=url_for("to_do.to_move"))


def _proposed(ids: list[uuid.UUID]) -> Said:
    made, without = proposals.reassign(ids=ids, by=g.actor)
    said = ngettext("%(num)d time is kept for an answer.", "%(num)d times are kept for an answer.", len(made))
    if without:
        nothing = ngettext(
            "Nothing was found for %(num)d visit.", "Nothing was found for %(num)d visits.", len(without)
        )
        said = f"{said} {nothing}" if made else nothing
    return Said(said, tone="good" if made else "wait")


@bp.post("/desk/to-move/confirm")
@allow("appointments.reassign")
def confirm_all() -> Any:
    """Move all of them to what is proposed."""
    return pressed(lambda: _moved(_ids("proposal")), home=url_for("to_do.to_move"))


def _moved(ids: list[uuid.UUID]) -> Said:
    moved, refused = moving.confirm_all(ids, by=g.actor)
    said = ngettext("%(num)d visit is moved.", "%(num)d visits are moved.", moved)
    return Said(" ".join([said, *refused]), tone="good" if not refused else "wait")


@bp.post("/proposals/<uuid:id>/confirm")
@allow("appointments.reassign")
def confirm(id: uuid.UUID) -> Any:
    """Move the visit to the time that is proposed."""

    def take() -> Said:
        visit = proposals.confirm(id=id, by=g.actor)
        when = formats.at(visit.starts_at, visit.timezone)
        return Said(gettext("Moved to %(when)s.", when=when), url_for("visits.undo", id=visit.id))

    return pressed(take, home=url_for("to_do.to_move"))


@bp.post("/proposals/<uuid:id>/decline")
@allow("appointments.reassign")
def decline(id: uuid.UUID) -> Any:
    """Not this time: it is free again, the visit stays on the list."""

    def take() -> Said:
        proposals.decline(id=id, by=g.actor)
        return Said(gettext("The proposed time is free again."))

    return pressed(take, home=url_for("to_do.to_move"))


def _ids(name: str) -> list[uuid.UUID]:
    found = (parse_id(given) for given in request.form.getlist(name)[: queries_to_do.MOST])
    return [id for id in found if id]


# -- requests -----------------------------------------------------------------------------------------------------


@bp.get("/desk/requests")
@allow("desk.use")
def requests() -> str:
    """What patients asked for and the clinic has to look at."""
    rows = queries_to_do.requests()
    visits = [opening.veiled(row, by=g.actor) for row in rows]
    audit.listed("appointment", (visit.id for visit in visits), by=g.actor)
    answers = {visit.id: intake.told(visit.questions or [], visit.intake_answers) for visit in visits}
    return render_template("booking/requests.html", visits=visits, answers=answers)
