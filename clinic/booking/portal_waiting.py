"""A patient's own waiting list: say what you wait for, see what is offered, take it or let it go to the next."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import g, make_response, redirect, render_template, request, url_for

from clinic.booking import forms_portal, queries_portal, queries_to_do, waitlist
from clinic.booking.forms_steps import REFUSED
from clinic.booking.forms_waiting import OwnWishForm
from clinic.core import audit, navigation, pages
from clinic.core.access import allow
from clinic.core.doors import PortalPages
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.jinja import say

bp = PortalPages("my_waiting", __name__)
bp.before_request(forms_portal.closed)
bp.context_processor(forms_portal.reachable)

navigation.add(
    "portal", "my_waiting.wishes", _("Waiting list"), icon="hourglass", right="waitlist.read", order=15
)


@bp.get("/my/waiting")
@allow("waitlist.read")
def wishes() -> Any:
    """What I wait for, and what is offered to me."""
    if not g.actor.is_patient:
        return redirect(url_for("waiting.waiting"))
    found = queries_to_do.waiting(today=waitlist.today(), by=g.actor)
    audit.listed("wish", (wish.id for wish in found), by=g.actor)
    return render_template("booking/portal/waiting.html", wishes=found)


@bp.get("/my/waiting/new")
@allow("waitlist.write")
def new() -> Any:
    """For whom, from when to when."""
    if not g.actor.is_patient:
        return redirect(url_for("waiting.new"))
    asked = {name: request.args.get(name, "") for name in ("doctor", "service")}
    return _shown(OwnWishForm(_people(), formdata=None, **asked))


@bp.post("/my/waiting/new")
@allow("waitlist.write")
def add() -> Any:
    """Wait for it."""
    form = OwnWishForm(_people())
    if not form.validate():
        return make_response(_shown(form), 422)
    try:
        return pages.once(lambda: _added(form))
    except Refusal as refusal:
        return make_response(_shown(form, form.told(refusal)), refusal.status)


def _added(form: OwnWishForm) -> Any:
    waitlist.add(fields=form.wish(), by=g.actor)
    say(gettext("You are on the waiting list."))
    return redirect(url_for("my_waiting.wishes"), 303)


@bp.post("/my/waiting/<uuid:id>/accept")
@allow("waitlist.write")
def accept(id: uuid.UUID) -> Any:
    """Book the place that is offered."""

    def take() -> str:
        visit = waitlist.accept(id=id, by=g.actor)
        return forms_portal.link_to(visit.id, booked=1)

    return _pressed(take)


@bp.post("/my/waiting/<uuid:id>/decline")
@allow("waitlist.write")
def decline(id: uuid.UUID) -> Any:
    """Not this one: it goes to the next."""

    def take() -> str:
        waitlist.decline(id=id, by=g.actor)
        say(gettext("The place goes to the next person waiting. You stay on the list."))
        return url_for("my_waiting.wishes")

    return _pressed(take)


@bp.post("/my/waiting/<uuid:id>/remove")
@allow("waitlist.write")
def remove(id: uuid.UUID) -> Any:
    """I wait no more."""

    def take() -> str:
        waitlist.remove(id=id, by=g.actor)
        say(gettext("You are off the waiting list."))
        return url_for("my_waiting.wishes")

    return _pressed(take)


def _pressed(take: Callable[[], str]) -> Any:
    """Take the step and go on; what the rules refuse is said on the list."""
    try:
        return pages.once(lambda: redirect(take(), 303))
    except (*REFUSED, pages.SentBefore) as refusal:
        say(str(refusal.detail), tone="bad")
        return redirect(url_for("my_waiting.wishes"), 303)


def _people() -> list[Any]:
    return queries_portal.people(g.actor) if g.actor.patient_id else []


def _shown(form: OwnWishForm, refusal: Refusal | None = None) -> str:
    doctor, service = form.waits_for()
    return render_template(
        "booking/portal/wish.html", form=form, refusal=refusal, doctor=doctor, service=service
    )
