"""The queue at the desk: who is expected, who waits at whose door, and every step that somebody takes there."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for

from clinic.booking import queries_desk
from clinic.booking.forms import back_to, id_in, is_fragment
from clinic.booking.refusals import DayFull
from clinic.core import navigation, pages
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.core.errors import NotFound, Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.jinja import say
from clinic.patients import opening
from clinic.queue import actions, today, undoing
from clinic.queue.forms import WalkInForm

bp = StaffPages("queue", __name__)
navigation.add("staff", "queue.queue", _("Queue"), icon="list-ordered", right="desk.use", order=20, key="g q")

CHANGED = {"HX-Trigger": "close-dialog, visits-changed"}
IN_A_LIST = 8
LONGEST_REASON = 255


def register(app: Flask) -> None:
    """The walk-in form checks its own token, so that nothing typed is lost."""
    app.extensions["csrf"].exempt(walk_in)


@bp.get("/queue")
@allow("desk.use")
def queue() -> str:
    """Who is expected and who waits, at every door."""
    shown = _shown()
    today.on_record(shown["today"], by=g.actor)
    return render_template("queue/queue.html", **shown)


@bp.get("/queue/board")
@allow("desk.use")
def board() -> Response:
    """The same without the page around it, asked for again and again; unchanged: 304."""
    shown = _shown()

    def draw() -> str:
        today.on_record(shown["today"], by=g.actor)
        return render_template("queue/_board.html", **shown)

    return polled(draw, version=shown["today"].version)


def _shown() -> dict[str, Any]:
    asked = {"doctor": id_in("doctor"), "location": id_in("location")}
    found = today.read(doctor_id=asked["doctor"], location_id=asked["location"], by=g.actor)
    return {
        "today": found,
        "asked": asked,
        "address": url_for("queue.board", **asked),  # type: ignore[arg-type]
        "doctors": [(doctor.id, doctor.full_name) for doctor in found.everybody],
        "locations": [(location.id, location.name) for location in found.locations],
    }


# -- somebody is here ---------------------------------------------------------------------------------------------


@bp.post("/appointments/<uuid:id>/check-in")
@allow("queue.check_in")
def check_in(id: uuid.UUID) -> Any:
    """Somebody is here for their visit."""
    try:
        entry = actions.check_in(appointment_id=id, by=g.actor)
    except Refusal as refusal:
        if refusal.code == "unknown_id":
            raise NotFound from None
        raise
    return _done(entry, gettext("%(name)s is here: ticket %(ticket)s"))


@bp.get("/queue/walk-in")
@allow("queue.check_in")
def walk_in_page() -> str:
    """The form for somebody without an appointment."""
    return render_template("queue/walk_in.html", **_walking_in(_empty()))


@bp.get("/queue/walk-in-form")
@allow("queue.check_in")
def walk_in_form() -> str:
    """The form alone, for the dialog."""
    return render_template("queue/_walk_in_form.html", **_walking_in(_empty()))


@bp.post("/queue/walk-in")
@allow("queue.check_in")
def walk_in() -> Any:
    """Somebody is here without an appointment: visit and place in the queue in one."""
    form = WalkInForm()
    if refusal := pages.too_old():
        return _again(form, refusal)
    if "find" in request.form:
        form.validate()
        form.q.errors = []
        return _again(form, status=200)
    if not form.validate():
        return _again(form)
    try:
        return pages.once(
            lambda: _done(
                actions.walk_in(**form.given(), by=g.actor),
                gettext("%(name)s is here: ticket %(ticket)s"),
                to=url_for("queue.queue" if g.actor.may("desk.use") else "my_day.my_day"),
            )
        )
    except Refusal as refusal:
        return _again(form, refusal)


def _empty() -> WalkInForm:
    doctor = id_in("doctor") or g.actor.doctor_id
    return WalkInForm(formdata=None, to=str(doctor or ""))


def _walking_in(form: WalkInForm, refusal: Refusal | None = None) -> dict[str, Any]:
    doctors = today.doctors(by=g.actor)
    form.offer(doctors, [] if g.actor.is_doctor else queries_desk.specialties())
    typed = (form.q.data or "").strip()
    search = request.method == "POST" and typed and not form.patient_id.data and not form.is_new
    return {
        "form": form,
        "refusal": form.told(refusal) if refusal else None,
        "found": opening.look_up(typed[:200], limit=IN_A_LIST, by=g.actor)[0] if search else None,
        "may_overbook": isinstance(refusal, DayFull) or bool(form.overbook.data),
    }


def _again(form: WalkInForm, refusal: Refusal | None = None, status: int = 422) -> Response:
    template = "queue/_walk_in_form.html" if is_fragment() else "queue/walk_in.html"
    html = render_template(template, **_walking_in(form, refusal))
    return make_response(html, refusal.status if refusal else status)


# -- steps --------------------------------------------------------------------------------------------------------


@bp.post("/doctors/<uuid:id>/queue/call-next")
@allow("queue.serve")
def call_next(id: uuid.UUID) -> Any:
    """Call whoever is next at this doctor's door."""
    entry = actions.call_next(doctor_id=id, by=g.actor)
    if entry is None:
        return _said(gettext("Nobody is waiting."), tone="info")
    return _done(entry, gettext("Called: %(ticket)s, %(name)s"))


@bp.post("/queue/<uuid:id>/call")
@allow("queue.serve")
def call(id: uuid.UUID) -> Any:
    """Call somebody in, or once more."""
    return _done(actions.call(id=id, by=g.actor), gettext("Called: %(ticket)s, %(name)s"))


@bp.post("/queue/<uuid:id>/start")
@allow("queue.serve")
def start(id: uuid.UUID) -> Any:
    """They are in the room."""
    return _done(actions.start(id=id, by=g.actor), gettext("In the room: %(name)s"))


@bp.post("/queue/<uuid:id>/serve")
@allow("queue.serve")
def serve(id: uuid.UUID) -> Any:
    """Done."""
    return _done(actions.serve(id=id, by=g.actor), gettext("Done: %(name)s"))


@bp.post("/queue/<uuid:id>/skip")
@allow("queue.serve")
def skip(id: uuid.UUID) -> Any:
    """Called and not there; the number stays."""
    return _done(actions.skip(id=id, by=g.actor), gettext("Stepped out: %(name)s"))


@bp.post("/queue/<uuid:id>/requeue")
@allow("queue.serve")
def requeue(id: uuid.UUID) -> Any:
    """Back to waiting."""
    return _done(actions.requeue(id=id, by=g.actor), gettext("Waiting again: %(name)s"))


@bp.post("/queue/<uuid:id>/leave")
@allow("queue.serve")
def leave(id: uuid.UUID) -> Any:
    """They left before they were seen."""
    return _done(actions.leave(id=id, by=g.actor), gettext("Left: %(name)s"))


@bp.post("/queue/<uuid:id>/priority")
@allow("queue.serve")
def priority(id: uuid.UUID) -> Any:
    """Urgent, with a reason; or not any more."""
    urgent = "urgent" in request.form
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON] or None
    entry = actions.prioritise(id=id, priority="urgent" if urgent else "normal", reason=reason, by=g.actor)
    said = gettext("Urgent: %(name)s") if urgent else gettext("Not urgent any more: %(name)s")
    return _done(entry, said, undo=False)


@bp.post("/queue/<uuid:id>/transfer")
@allow("queue.serve")
def transfer(id: uuid.UUID) -> Any:
    """To another doctor's door; the ticket stays."""
    to = id_in("doctor")
    if to is None:
        raise NotFound
    return _done(actions.transfer(id=id, doctor_id=to, by=g.actor), gettext("Sent on: %(name)s"), undo=False)


@bp.post("/queue/<uuid:id>/undo")
@allow("queue.serve")
def undo(id: uuid.UUID) -> Any:
    """Take back the last step."""
    return _done(undoing.undo(id=id, by=g.actor), gettext("Taken back: %(name)s"), undo=False)


def _done(entry: Any, said: str, *, undo: bool = True, to: str | None = None) -> Any:
    person = queries_desk.person(entry.patient_id)
    text = said % {"name": person.full_name if person else "", "ticket": entry.ticket}
    return _said(text, undo=url_for("queue.undo", id=entry.id) if undo else None, to=to)


def _said(text: str, *, tone: str = "good", undo: str | None = None, to: str | None = None) -> Any:
    """Say it where it was done: on the page, or beside the board, which then asks for itself."""
    if is_fragment():
        html = render_template("booking/_said.html", text=text, undo=undo, tone=tone)
        return make_response(html, 200, CHANGED)
    say(text, tone=tone, undo=undo)
    home = url_for("queue.queue" if g.actor.may("desk.use") else "my_day.my_day")
    return redirect(back_to(to or home, referrer=to is None), 303)
