"""One visit at the desk: who, when, its history, and what may be done with it now."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, make_response, render_template, request, url_for

from clinic.booking import finding, intake, moves, queries_desk, series_steps, states, steps
from clinic.booking.forms import date_in, id_in
from clinic.booking.forms_steps import Said, of_several, pressed, scope_in, told
from clinic.booking.refusals import DayFull, SlotTaken
from clinic.core import audit, custom, formats, madeup
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.patients import opening
from clinic.patients import queries as register
from clinic.schedule import slots
from clinic.tenants import queries as tenants

bp = StaffPages("visits", __name__)

LONGEST_REASON = 255
ALL_DAY = 300
STEP_NAMES = {
    "book": _("Booked"),
    "approve": _("Approved"),
    "reject": _("Declined"),
    "confirm": _("Confirmed"),
    "check_in": _("Checked in"),
    "start": _("Started"),
    "complete": _("Done"),
    "cancel": _("Cancelled"),
    "no_show": _("Did not come"),
    "move": _("Moved"),
    "restore": _("Restored"),
    "transfer": _("Handed over to another doctor"),
    "zone": _("The time zone of the location was changed"),
    "undo": _("Undid the last step"),
}


@bp.get("/appointments/<uuid:id>")
@allow("day.read")
def visit(id: uuid.UUID) -> str:
    """A visit as a page of its own."""
    return render_template("booking/visit.html", **_shown(id))


@bp.get("/appointments/<uuid:id>/panel")
@allow("day.read")
def panel(id: uuid.UUID) -> str:
    """The same in the dialog, beside the board that it was opened from."""
    return render_template("booking/_panel.html", **_shown(id))


def _shown(id: uuid.UUID) -> dict[str, Any]:
    found, history = queries_desk.shown(id, by=g.actor)
    found = opening.veiled(found, by=g.actor)
    audit.read("appointment", id, by=g.actor, patient_id=found.patient_id)
    zone = ZoneInfo(found.timezone)
    today = found.now.astimezone(zone).date()
    may = {step for step in states.STEPS if states.may(step, found.status)}
    if found.date != today:
        may -= {"check_in", "start"}
    if found.date > today:
        may -= {"no_show"}
    last = next((each for each in reversed(history) if each.undone_at is None and each.step != "undo"), None)
    return {
        "visit": found,
        "history": history,
        "series": queries_desk.of_series(found.series_id, by=g.actor),
        "answers": intake.told(found.questions or [], found.intake_answers),
        "more": madeup.told(custom.wanted("appointment"), found.custom_fields),
        "zone": zone,
        "today": today,
        "may": may,
        "may_undo": last is not None and last.step != "book" and last.is_fresh,
        "reasons": _reasons() if "cancel" in may else [],
        "step_names": STEP_NAMES,
        "back": request.args.get("back", ""),
    }


def _reasons() -> list[tuple[str, str]]:
    """Why visits are called off: the system's reasons in the reader's language, and the clinic's own."""
    found = tenants.lookups("cancel_reasons", limit=100)
    return [(row.code, gettext(row.label) if row.is_system else row.label) for row in found]


# -- steps --------------------------------------------------------------------------------------------------------


@bp.post("/appointments/<uuid:id>/confirm")
@allow("appointments.change")
def confirm(id: uuid.UUID) -> Any:
    """The patient says that they will come."""
    return _pressed(lambda: steps.confirm(id=id, by=g.actor), gettext("Confirmed: %(name)s"))


@bp.post("/appointments/<uuid:id>/approve")
@allow("appointments.change")
def approve(id: uuid.UUID) -> Any:
    """Accept what a patient asked for."""
    return _pressed(lambda: steps.approve(id=id, by=g.actor), gettext("Approved: %(name)s"))


@bp.post("/appointments/<uuid:id>/reject")
@allow("appointments.change")
def reject(id: uuid.UUID) -> Any:
    """Decline what a patient asked for."""
    return _pressed(lambda: steps.reject(id=id, reason=_reason(), by=g.actor), gettext("Declined: %(name)s"))


@bp.post("/appointments/<uuid:id>/cancel")
@allow("appointments.change")
def cancel(id: uuid.UUID) -> Any:
    """Call a visit off, with a reason if there is one; or those of its series that are meant."""
    scope, said = scope_in(), gettext("Cancelled: %(name)s")
    if scope == "this":
        return _pressed(lambda: steps.cancel(id=id, reason=_reason(), by=g.actor), said)
    return _pressed_all(lambda: series_steps.cancel(id=id, scope=scope, reason=_reason(), by=g.actor), said)


@bp.post("/appointments/<uuid:id>/no-show")
@allow("appointments.change")
def no_show(id: uuid.UUID) -> Any:
    """The patient did not come."""
    return _pressed(lambda: steps.no_show(id=id, by=g.actor), gettext("Did not come: %(name)s"))


@bp.post("/appointments/<uuid:id>/restore")
@allow("appointments.change")
def restore(id: uuid.UUID) -> Any:
    """Bring a visit back, if its place is still free."""
    return _pressed(lambda: steps.restore(id=id, by=g.actor), gettext("Restored: %(name)s"))


@bp.post("/appointments/<uuid:id>/start")
@allow("appointments.serve")
def start(id: uuid.UUID) -> Any:
    """A visit without a desk begins: by video or telephone."""
    return _pressed(lambda: steps.start(id=id, by=g.actor), gettext("Started: %(name)s"))


@bp.post("/appointments/<uuid:id>/complete")
@allow("appointments.serve")
def complete(id: uuid.UUID) -> Any:
    """The visit is done."""
    return _pressed(lambda: steps.complete(id=id, by=g.actor), gettext("Done: %(name)s"))


@bp.post("/appointments/<uuid:id>/undo")
@allow("appointments.change")
def undo(id: uuid.UUID) -> Any:
    """Take back the last step."""
    return _pressed(lambda: steps.undo(id=id, by=g.actor), gettext("Undone: %(name)s"), undo=False)


def _reason() -> str | None:
    """The reason for calling it off: a code of the clinic's list, or in words."""
    said = request.form.get("why", "").strip() or request.form.get("reason", "").strip()
    return said[:LONGEST_REASON] or None


def _pressed(take: Callable[[], Any], said: str, *, undo: bool = True) -> Any:
    """Take the step and say so, with the way back; *said* names the patient."""
    return pressed(
        lambda: _said(take(), said, undo=undo), home=url_for("visits.visit", **(request.view_args or {}))
    )


def _pressed_all(take: Callable[[], series_steps.Outcome], said: str) -> Any:
    """The same for several visits of a series."""

    def taken() -> Said:
        outcome = take()
        return of_several(outcome, _said(outcome.visit, said).text)

    return pressed(taken, home=url_for("visits.visit", **(request.view_args or {})))


def _said(visit: Any, said: str, *, undo: bool = True) -> Said:
    person = queries_desk.person(visit.patient_id)
    text = said % {"name": person.full_name if person else ""}
    return Said(text, url_for("visits.undo", id=visit.id) if undo else None)


# -- another time -------------------------------------------------------------------------------------------------


@bp.get("/appointments/<uuid:id>/move")
@allow("appointments.change")
def other_times(id: uuid.UUID) -> str:
    """Free times for a visit to be moved to."""
    return render_template("booking/move.html", **_moving(id))


@bp.get("/appointments/<uuid:id>/free")
@allow("appointments.change")
def free(id: uuid.UUID) -> str:
    """The free times alone."""
    return render_template("booking/_free.html", **_moving(id))


@bp.post("/appointments/<uuid:id>/move")
@allow("appointments.change")
def move(id: uuid.UUID) -> Any:
    """Move it to the time that was pressed; gone meanwhile: the nearest ones."""
    chosen, scope = slots.unseal(request.form.get("slot", "")), scope_in()
    where = {"start": chosen["start"], "doctor_id": chosen["doctor_id"]}
    try:
        if scope == "this":
            moved, others = moves.move(id=id, **where, by=g.actor), None
        else:
            others = series_steps.move(id=id, scope=scope, **where, by=g.actor)
            moved = others.visit
    except (SlotTaken, DayFull) as refusal:
        return make_response(render_template("booking/move.html", **_moving(id, refusal)), refusal.status)
    when = formats.at(moved.starts_at, moved.timezone)
    to = url_for("desk.board", date=moved.date) if g.actor.may("desk.use") else url_for("visits.visit", id=id)
    said = gettext("Moved to %(when)s: %(name)s", when=when, name="%(name)s")
    done = _said(moved, said)
    return told(of_several(others, done.text) if others else done, home=to, to=to)


def _moving(id: uuid.UUID, refusal: Refusal | None = None) -> dict[str, Any]:
    found, _history = queries_desk.shown(id, by=g.actor)
    audit.read("appointment", id, by=g.actor, patient_id=found.patient_id)
    states.step("move", found.status)
    zone = ZoneInfo(found.timezone)
    on, _is_wrong = date_in("date")
    service, minutes = found.service_id, None
    if found.starts_at is not None and service is None:
        minutes = int((found.ends_at - found.starts_at).total_seconds() // 60)
    doctor_id = id_in("doctor") or found.doctor_id
    offer = finding.free(
        doctor_id=doctor_id,
        service_id=service,
        on=on or found.date,
        except_for=id,
        minutes=minutes,
        most=ALL_DAY,
        by=g.actor,
    )
    back = request.values.get("back", "")
    return {
        "visit": found,
        "zone": zone,
        "offer": offer,
        "doctor_id": doctor_id,
        "doctors": [(doctor.id, doctor.full_name) for doctor in offer.everybody],
        "seal": finding.seal,
        "again": lambda date: url_for(
            "visits.other_times", id=id, doctor=doctor_id, date=date, back=back or None
        ),
        "refusal": refusal,
        "alternatives": refusal.extra.get("alternatives", ()) if refusal else (),
        "back": back,
    }


# -- somebody's visits --------------------------------------------------------------------------------------------


@bp.get("/patients/<uuid:id>/visits")
@allow("day.read")
def visits(id: uuid.UUID) -> str:
    """A patient's visits, as the part of their page that this room serves."""
    return render_template("booking/_visits.html", **_of_patient(id))


@bp.get("/patients/<uuid:id>/appointments")
@allow("day.read")
def all_visits(id: uuid.UUID) -> str:
    """The same as a page of its own."""
    return render_template("booking/visits.html", **_of_patient(id))


def _of_patient(id: uuid.UUID) -> dict[str, Any]:
    patient = register.patient(id, by=g.actor)
    found = queries_desk.of_patient(id, by=g.actor)
    audit.listed("appointment", (each.id for each in found), by=g.actor)
    return {"patient": patient, "visits": found}
