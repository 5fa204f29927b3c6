"""The queue at the desk: who is expected, who waits at whose door, and every step that somebody takes there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request, url_for

from clinic.booking import queries as visits
from clinic.booking import queries_desk
from clinic.booking.forms import id_in, is_fragment
from clinic.booking.forms_steps import Said, filled_in, pressed, told
from clinic.booking.refusals import DayFull
from clinic.core import navigation, pages
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.core.errors import NotFound, Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.patients import opening
from clinic.queue import actions, arriving, queries, today, undoing
from clinic.queue.forms import WalkInForm

bp = StaffPages("queue", __name__)
navigation.add("staff", "queue.queue", _("Queue"), icon="list-ordered", right="desk.use", order=20, key="g q")
navigation.add("palette", "queue.walk_in_page", _("Walk-in"), icon="user-plus", right="desk.use", order=55)

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
    visits.visit(id, by=g.actor)  # of another clinic, or another doctor's: not found
    return _pressed(
        lambda: arriving.check_in(appointment_id=id, by=g.actor),
        gettext("%(name)s is here: ticket %(ticket)s"),
    )


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
    return filled_in(WalkInForm(), _walked_in, _again)


def _walked_in(form: WalkInForm) -> Response:
    entry = arriving.walk_in(**form.given(), by=g.actor)
    return told(_said(entry, gettext("%(name)s is here: ticket %(ticket)s")), home=_home(), to=_home())


def _empty() -> WalkInForm:
    doctor = id_in("doctor") or g.actor.doctor_id
    return WalkInForm(formdata=None, to=str(doctor or ""))


def _walking_in(form: WalkInForm, refusal: Refusal | None = None) -> dict[str, Any]:
    doctors = [each for each in today.everybody() if not g.actor.is_doctor or each.id == g.actor.doctor_id]
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

    def take() -> Said:
        entry = actions.call_next(doctor_id=id, by=g.actor)
        if entry is None:
            return Said(gettext("Nobody is waiting."), tone="info")
        return _said(entry, gettext("Called: %(ticket)s, %(name)s"))

    # Pressed twice by a nervous finger, it calls one: the second press carries the same key.
    return pages.once(lambda: told(take(), home=_home()))


@bp.post("/queue/<uuid:id>/call")
@allow("queue.serve")
def call(id: uuid.UUID) -> Any:
    """Call somebody in, or once more."""
    return _pressed(lambda: actions.call(id=id, by=g.actor), gettext("Called: %(ticket)s, %(name)s"))


@bp.post("/queue/<uuid:id>/start")
@allow("queue.serve")
def start(id: uuid.UUID) -> Any:
    """They are in the room."""
    return _pressed(lambda: actions.start(id=id, by=g.actor), gettext("In the room: %(name)s"))


@bp.post("/queue/<uuid:id>/serve")
@allow("queue.serve")
def serve(id: uuid.UUID) -> Any:
    """Done."""
    return _pressed(lambda: actions.serve(id=id, by=g.actor), gettext("Done: %(name)s"))


@bp.post("/queue/<uuid:id>/skip")
@allow("queue.serve")
def skip(id: uuid.UUID) -> Any:
    """Called and not there; the number stays."""
    return _pressed(lambda: actions.skip(id=id, by=g.actor), gettext("Stepped out: %(name)s"))


@bp.post("/queue/<uuid:id>/requeue")
@allow("queue.serve")
def requeue(id: uuid.UUID) -> Any:
    """Back to waiting."""
    return _pressed(lambda: actions.requeue(id=id, by=g.actor), gettext("Waiting again: %(name)s"))


@bp.post("/queue/<uuid:id>/leave")
@allow("queue.serve")
def leave(id: uuid.UUID) -> Any:
    """They left before they were seen."""
    return _pressed(lambda: actions.leave(id=id, by=g.actor), gettext("Left: %(name)s"))


@bp.post("/queue/<uuid:id>/priority")
@allow("queue.serve")
def priority(id: uuid.UUID) -> Any:
    """Urgent, with a reason; or not any more."""
    urgent = "urgent" in request.form
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON] or None
    wanted = "urgent" if urgent else "normal"
    said = gettext("Urgent: %(name)s") if urgent else gettext("Not urgent any more: %(name)s")
    return _pressed(
        lambda: actions.prioritise(id=id, priority=wanted, reason=reason, by=g.actor), said, undo=False
    )


@bp.get("/queue/<uuid:id>/transfer")
@allow("queue.serve")
def transfer_page(id: uuid.UUID) -> str:
    """To whom somebody may be sent on."""
    return render_template("queue/transfer.html", **_sending_on(id))


@bp.get("/queue/<uuid:id>/transfer-form")
@allow("queue.serve")
def transfer_form(id: uuid.UUID) -> str:
    """The same in the dialog."""
    return render_template("queue/_transfer_form.html", **_sending_on(id))


def _sending_on(id: uuid.UUID) -> dict[str, Any]:
    entry = queries.entry(id, by=g.actor)
    person = queries_desk.person(entry.patient_id)
    others = [(each.id, each.full_name) for each in today.everybody() if each.id != entry.doctor_id]
    return {"entry": entry, "name": person.full_name if person else "", "doctors": others}


@bp.post("/queue/<uuid:id>/transfer")
@allow("queue.serve")
def transfer(id: uuid.UUID) -> Any:
    """To another doctor's door; the ticket stays."""
    to = id_in("doctor")
    if to is None:
        raise NotFound
    return pressed(
        lambda: _said(
            arriving.transfer(id=id, doctor_id=to, by=g.actor), gettext("Transferred: %(name)s"), undo=False
        ),
        home=_home(),
        to=_home(),
    )


@bp.post("/queue/<uuid:id>/undo")
@allow("queue.serve")
def undo(id: uuid.UUID) -> Any:
    """Take back the last step."""
    return _pressed(lambda: undoing.undo(id=id, by=g.actor), gettext("Undone: %(name)s"), undo=False)


def _pressed(take: Callable[[], Any], said: str, *, undo: bool = True) -> Any:
    """Take the step and say so, with the way back; *said* names the patient and the ticket."""
    return pressed(lambda: _said(take(), said, undo=undo), home=_home())


def _said(entry: Any, said: str, *, undo: bool = True) -> Said:
    person = queries_desk.person(entry.patient_id)
    text = said % {"name": person.full_name if person else "", "ticket": entry.ticket}
    return Said(text, url_for("queue.undo", id=entry.id) if undo else None)


def _home() -> str:
    return url_for("queue.queue" if g.actor.may("desk.use") else "my_day.my_day")
