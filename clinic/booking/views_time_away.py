"""Leave and blocked time of a doctor, closed days and public holidays of the clinic; who is affected comes next."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, make_response, redirect, render_template, request, url_for

from clinic.booking import waitlist
from clinic.booking.forms import id_in
from clinic.booking.forms_steps import REFUSED, Said, pressed
from clinic.booking.forms_time_away import AwayForm, BlockForm
from clinic.core import navigation
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import NotFound, Refusal
from clinic.core.i18n import gettext, ngettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.jinja import say
from clinic.core.parsing import Wrong
from clinic.core.times import iso_date
from clinic.schedule import loading, public_holidays
from clinic.schedule.booked import AppointmentsAffected
from clinic.schedule.timeaway import blocks, closures

bp = StaffPages("time_away", __name__)
navigation.add(
    "palette", "time_away.time_away", _("Leave and blocked time"), icon="calendar-x", right="schedule.own_hours",
    order=34,
)  # fmt: skip
navigation.add("palette", "time_away.closed", _("Closed days"), icon="ban", right="schedule.write", order=35)

MOST = 100


@bp.get("/desk/time-away")
@allow("schedule.own_hours")
def time_away() -> str:
    """A doctor's leave and blocked time to come."""
    doctor_id = _whose(str(id_in("doctor") or ""))
    form = BlockForm(formdata=None, doctor=str(doctor_id or ""))
    return render_template("booking/time_away.html", **_of_doctor(form, doctor_id))


@bp.post("/desk/time-away")
@allow("schedule.own_hours")
def block() -> Any:
    """Take time out of a doctor's days. Visits that lose theirs are counted first."""
    form = BlockForm()
    doctor_id = _whose(form.doctor.data or "")
    if doctor_id is None:
        raise NotFound

    def add(force: bool) -> None:
        blocks.add(fields={**form.fields(), "doctor_id": doctor_id}, force=force, by=g.actor)

    home = url_for("time_away.time_away", doctor=doctor_id)
    return _added(
        form, add, lambda *said: ("booking/time_away.html", _of_doctor(form, doctor_id, *said)), home
    )


@bp.post("/desk/time-away/<uuid:id>/remove")
@allow("schedule.own_hours")
def unblock(id: uuid.UUID) -> Any:
    """The doctor is there after all."""

    def take() -> Said:
        blocks.remove(id, by=g.actor)
        return Said(gettext("The time is free again."), url_for("time_away.block_again", id=id))

    return pressed(take, home=url_for("time_away.time_away"))


@bp.post("/desk/time-away/<uuid:id>/restore")
@allow("schedule.own_hours")
def block_again(id: uuid.UUID) -> Any:
    """Take the removal back."""

    def take() -> Said:
        blocks.restore(id, by=g.actor)
        return Said(gettext("The time is blocked again."))

    return pressed(take, home=url_for("time_away.time_away"))


# -- the clinic ---------------------------------------------------------------------------------------------------


@bp.get("/desk/closures")
@allow("schedule.write")
def closed() -> str:
    """When the clinic is closed, and the public holidays to come."""
    return render_template("booking/closures.html", **_of_clinic(AwayForm(formdata=None)))


@bp.post("/desk/closures")
@allow("schedule.write")
def close() -> Any:
    """Close the clinic or a location."""
    form = AwayForm()

    def add(force: bool) -> None:
        where = parse_id(form.location.data or "")
        closures.add(fields={**form.fields(), "location_id": where}, force=force, by=g.actor)

    home = url_for("time_away.closed")
    return _added(form, add, lambda *said: ("booking/closures.html", _of_clinic(form, *said)), home)


@bp.get("/desk/closures/holidays")
@allow("schedule.write")
def holidays() -> Any:
    """The address of the page that answered the form, opened by itself."""
    return redirect(url_for("time_away.closed"))


@bp.post("/desk/closures/holidays")
@allow("schedule.write")
def close_on_holidays() -> Any:
    """Close on the public holidays that were chosen."""
    chosen = request.form.getlist("day")[:MOST]
    try:
        days = [iso_date(given) for given in chosen]
        made = public_holidays.accept(dates=days, force="force" in request.form, by=g.actor)
    except AppointmentsAffected as refusal:
        shown = _of_clinic(AwayForm(formdata=None), chosen=chosen, lost=len(refusal.extra["appointment_ids"]))
        return make_response(render_template("booking/closures.html", **shown), refusal.status)
    except Wrong:
        raise NotFound from None
    say(ngettext("Closed on %(num)d day.", "Closed on %(num)d days.", len(made)))
    to_list = "force" in request.form and g.actor.may("appointments.reassign")
    return redirect(url_for("to_do.to_move" if to_list else "time_away.closed"), 303)


@bp.post("/desk/closures/<uuid:id>/remove")
@allow("schedule.write")
def reopen(id: uuid.UUID) -> Any:
    """Open after all."""

    def take() -> Said:
        closures.remove(id, by=g.actor)
        return Said(gettext("Open again."), url_for("time_away.close_again", id=id))

    return pressed(take, home=url_for("time_away.closed"))


@bp.post("/desk/closures/<uuid:id>/restore")
@allow("schedule.write")
def close_again(id: uuid.UUID) -> Any:
    """Take the removal back."""

    def take() -> Said:
        closures.restore(id, by=g.actor)
        return Said(gettext("Closed again."))

    return pressed(take, home=url_for("time_away.closed"))


# -- how ----------------------------------------------------------------------------------------------------------


def _whose(given: str) -> uuid.UUID | None:
    return g.actor.doctor_id if g.actor.is_doctor else parse_id(given)


def _added(form: AwayForm, add: Any, page: Any, home: str) -> Any:
    """Do it and go on: back to the list, or by force to the visits that lose their time."""
    forced = "force" in request.form
    if not form.validate():
        template, shown = page()
        return make_response(render_template(template, **shown), 422)
    try:
        add(forced)
    except REFUSED as refusal:
        lost = len(refusal.extra["appointment_ids"]) if isinstance(refusal, AppointmentsAffected) else 0
        template, shown = page(None if lost else form.told(refusal), lost)
        return make_response(render_template(template, **shown), refusal.status)
    if forced and g.actor.may("appointments.reassign"):
        return redirect(url_for("to_do.to_move"), 303)
    say(gettext("Saved."))
    return redirect(home, 303)


def _of_doctor(
    form: AwayForm, doctor_id: uuid.UUID | None, refusal: Refusal | None = None, lost: int = 0
) -> dict[str, Any]:
    who, _rest = loading.whose()
    doctor = next((each for each in who.doctors if each.id == doctor_id), None)
    if doctor_id is not None and doctor is None:
        raise NotFound
    today = waitlist.today()
    found = blocks.page({"doctor_id": doctor_id, "from_": today}, limit=MOST) if doctor else []
    return {
        "form": form,
        "doctor": doctor,
        "doctors": [(each.id, each.full_name) for each in who.doctors],
        "away": _rows(found, who.zone_of(doctor)) if doctor else [],
        "refusal": refusal,
        "lost": lost,
    }


def _of_clinic(
    form: AwayForm,
    refusal: Refusal | None = None,
    lost_by_form: int = 0,
    *,
    chosen: Sequence[str] = (),
    lost: int = 0,
) -> dict[str, Any]:
    who, _rest = loading.whose(doctor_ids=[])
    places = [each for each in who.locations.values() if each.is_active]
    form.offer(places)
    found = closures.page({"from_": waitlist.today()}, limit=MOST)
    try:
        holidays = public_holidays.proposed().holidays
    except public_holidays.NoCalendar:
        holidays = []
    rows = [
        row
        for closure in found
        for row in _rows([closure], who.zone_at(closure.location_id), _name_of(closure, who))
    ]
    return {
        "form": form,
        "several": len(places) > 1,
        "away": rows,
        "holidays": [each for each in holidays if not each.is_closed],
        "chosen": chosen,
        "refusal": refusal,
        "lost": lost_by_form,
        "holidays_lost": lost,
    }


def _name_of(closure: Any, who: Any) -> str | None:
    return who.locations[closure.location_id].name if closure.location_id else None


def _rows(found: Sequence[Any], zone: ZoneInfo, where: str | None = None) -> list[dict[str, Any]]:
    """What is listed of blocks and closures: whole days by their dates, all else by its times."""
    return [
        {
            "id": each.id,
            "start": each.starts_at.astimezone(zone),
            "last": (each.ends_at - timedelta(seconds=1)).astimezone(zone).date(),
            "end": each.ends_at.astimezone(zone),
            "all_day": each.all_day,
            "repeats": bool(each.rrule),
            "reason": each.reason,
            "where": where,
        }
        for each in found
    ]
