"""The waiting list at the desk: who waits for what, what is offered to them, and why somebody was passed over."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request, url_for

from clinic.booking import queries_desk, queries_to_do, waitlist
from clinic.booking.forms import date_in, id_in, is_fragment
from clinic.booking.forms_steps import Said, filled_in, pressed, pressed_once, told
from clinic.booking.forms_waiting import WishForm
from clinic.core import audit, formats, navigation
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.patients import opening
from clinic.schedule import loading, reasons
from clinic.schedule.facts import Reason

bp = StaffPages("waiting", __name__)
navigation.add("palette", "waiting.waiting", _("Waiting list"), icon="hourglass", right="desk.use", order=32)

IN_A_LIST = 8
PASSED_OVER = {
    "not_answered": _("a place was offered and not answered in time"),
    "declined": _("declined the place that was offered"),
    "part_of_day": _("the place was in another part of the day"),
    "patient_busy": _("has another visit at that time"),
    "min_notice": _("the time was too soon to make it"),
    "closed": _("the clinic was closed then"),
    "blocked": _("the doctor was not available then"),
}
PARTS = {"morning": _("in the morning"), "afternoon": _("in the afternoon"), "evening": _("in the evening")}


def register(app: Flask) -> None:
    """The form checks its own token, so that nothing typed is lost."""
    app.extensions["csrf"].exempt(add)


def why_passed_over(code: str) -> str:
    """A reason to pass somebody over, in the clinic's words."""
    return str(PASSED_OVER[code]) if code in PASSED_OVER else reasons.sentence(Reason(code))


@bp.get("/desk/waiting")
@allow("desk.use")
def waiting() -> str:
    """Who waits, longest first."""
    asked: dict[str, Any] = {"doctor": id_in("doctor"), "date": date_in("date")[0]}
    today = waitlist.today()
    rows = queries_to_do.waiting(today=today, doctor_id=asked["doctor"], on=asked["date"], by=g.actor)
    wishes = [opening.veiled(row, by=g.actor) for row in rows]
    audit.listed("wish", (wish.id for wish in wishes), by=g.actor)
    return render_template(
        "booking/waiting.html", wishes=wishes, asked=asked, why=why_passed_over, parts=PARTS
    )


@bp.get("/desk/waiting/new")
@allow("desk.use")
def new() -> str:
    """The form for somebody who waits."""
    known = opening.chosen(patient, by=g.actor) if (patient := id_in("patient")) else None
    args = request.args
    form = WishForm(
        formdata=None,
        patient_id=str(known.id) if known else "",
        q=known.name if known else "",
        doctor_id=args.get("doctor", ""),
        specialty=args.get("specialty", ""),
        service_id=args.get("service", ""),
        first=args.get("date", ""),
        part_of_day=args.get("part_of_day", ""),
    )
    return render_template("booking/wish.html", **_shown(form))


@bp.post("/desk/waiting/new")
@allow("desk.use")
def add() -> Any:
    """Put somebody on the list."""
    return filled_in(WishForm(), _added, _again)


def _added(form: WishForm) -> Response:
    wish = waitlist.add(fields=form.wish(), by=g.actor)
    person = queries_desk.person(wish.patient_id)
    said = gettext("%(name)s is on the waiting list.", name=person.full_name if person else "")
    home = url_for("waiting.waiting")
    return told(Said(said), home=home, to=home)


@bp.post("/desk/waiting/<uuid:id>/accept")
@allow("desk.use")
def accept(id: uuid.UUID) -> Any:
    """They said yes: book the place that is offered."""

    def take() -> Said:
        visit = waitlist.accept(id=id, by=g.actor)
        person = queries_desk.person(visit.patient_id)
        when = formats.at(visit.starts_at, visit.timezone)
        said = gettext("Booked: %(name)s, %(when)s", name=person.full_name if person else "", when=when)
        return Said(said, url_for("visits.cancel", id=visit.id))

    return pressed_once(take, home=url_for("waiting.waiting"))


@bp.post("/desk/waiting/<uuid:id>/decline")
@allow("desk.use")
def decline(id: uuid.UUID) -> Any:
    """They said no: the place goes to the next, they wait on."""

    def take() -> Said:
        waitlist.decline(id=id, by=g.actor)
        return Said(gettext("The place goes to the next person waiting."))

    return pressed(take, home=url_for("waiting.waiting"))


@bp.post("/desk/waiting/<uuid:id>/remove")
@allow("desk.use")
def remove(id: uuid.UUID) -> Any:
    """They wait no more."""

    def take() -> Said:
        waitlist.remove(id=id, by=g.actor)
        return Said(gettext("Removed from the waiting list."))

    return pressed(take, home=url_for("waiting.waiting"))


def _shown(form: WishForm, refusal: Refusal | None = None) -> dict[str, Any]:
    who, _rest = loading.whose()
    form.offer(who.doctors, queries_desk.specialties(), queries_desk.services())
    typed = (form.q.data or "").strip()
    search = request.method == "POST" and typed and not form.patient_id.data and not form.is_new
    return {
        "form": form,
        "refusal": form.told(refusal) if refusal else None,
        "found": opening.look_up(typed[:200], limit=IN_A_LIST, by=g.actor)[0] if search else None,
        "in_dialog": is_fragment(),
    }


def _again(form: WishForm, refusal: Refusal | None = None, status: int = 422) -> Response:
    html = render_template("booking/wish.html", **_shown(form, refusal))
    return make_response(html, refusal.status if refusal else status)
