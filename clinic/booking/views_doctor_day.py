"""A doctor is ill at ten past seven, or late: said in one form, and who is affected is the next page."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import g, make_response, redirect, render_template, request, url_for

from clinic.booking import forms_doctor_day, waitlist
from clinic.booking.forms import date_in, id_in
from clinic.booking.forms_doctor_day import DayForm
from clinic.core import navigation
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import NotFound, Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.jinja import say
from clinic.core.parsing import Wrong
from clinic.core.times import iso_date
from clinic.schedule import days, loading
from clinic.schedule.booked import AppointmentsAffected

bp = StaffPages("doctor_day", __name__)
navigation.add(
    "palette",
    "doctor_day.doctor_day",
    _("Away or late"),
    icon="user-x",
    right="schedule.doctor_day",
    order=33,
)


@bp.get("/desk/doctor-day")
@allow("schedule.doctor_day")
def doctor_day() -> str:
    """Whose day, and how it is."""
    on = date_in("date")[0] or waitlist.today()
    doctor_id = g.actor.doctor_id if g.actor.is_doctor else id_in("doctor")
    form = forms_doctor_day.of(days.one(doctor_id, on=on)) if doctor_id else None
    return render_template("booking/doctor_day.html", **_shown(form, doctor_id, on))


@bp.post("/desk/doctor-day")
@allow("schedule.doctor_day")
def put() -> Any:
    """Say how the day is. Visits that lose their time are counted first; said again, they stand on the list to move."""
    form = DayForm()
    doctor_id, on = parse_id(form.doctor.data or ""), _date(form.date.data)
    if doctor_id is None or (g.actor.is_doctor and doctor_id != g.actor.doctor_id):
        raise NotFound
    if not form.validate():
        return make_response(render_template("booking/doctor_day.html", **_shown(form, doctor_id, on)), 422)
    version = int(form.version.data) if (form.version.data or "").isdecimal() else None
    forced = "force" in request.form
    try:
        days.put(doctor_id, on=on, fields=form.fields(), version=version, force=forced, by=g.actor)
    except Refusal as refusal:
        form.version.data = str(days.one(doctor_id, on=on).version)
        html = render_template("booking/doctor_day.html", **_shown(form, doctor_id, on, refusal))
        return make_response(html, refusal.status)
    if forced and g.actor.may("appointments.reassign"):
        return redirect(url_for("to_do.to_move", doctor=doctor_id, date=on), 303)
    say(gettext("Saved."))
    home = url_for("desk.board", date=on) if g.actor.may("desk.use") else "/my-day"
    return redirect(home, 303)


def _date(given: str | None) -> date:
    try:
        return iso_date(given or "")
    except Wrong:
        raise NotFound from None


def _shown(
    form: DayForm | None, doctor_id: uuid.UUID | None, on: date, refusal: Refusal | None = None
) -> dict[str, Any]:
    who, _rest = loading.whose()
    affected = refusal.extra["appointment_ids"] if isinstance(refusal, AppointmentsAffected) else []
    return {
        "form": form,
        "doctor_id": doctor_id,
        "date": on,
        "doctors": [(each.id, each.full_name) for each in who.doctors],
        "refusal": None if affected else refusal,
        "affected": len(affected),
    }
