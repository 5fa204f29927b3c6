"""The page of one visit, for whoever has its link: what, where, when; move it, call it off, put it into a calendar.

The link is in every message, so it shows nothing of the patient: not even a name, which an anonymous visitor could
compare with the one that they typed. Only who is signed in and may see the patient reads it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import segno
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from markupsafe import Markup

from clinic.booking import (
    calendar,
    choosing,
    forms_portal,
    moves,
    offering,
    queries,
    queries_portal,
    states,
    steps,
)
from clinic.booking.refusals import CancelTooLate, DayFull, NotThisTime, PatientBusy, RoomBusy, SlotTaken
from clinic.booking.states import InvalidTransition
from clinic.core import audit, pages
from clinic.core.access import Actor, allow
from clinic.core.doors import PortalPages
from clinic.core.errors import Gone, NotFound, Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.jinja import say

bp = PortalPages("visit", __name__)
bp.context_processor(forms_portal.reachable)

LASTS = timedelta(days=30)
"""How long after a visit its link still opens."""


class LinkOver(Gone):
    code = "link_over"
    title = _("This link has run out: the visit was a while ago.")


@dataclass(frozen=True, slots=True)
class Opened:
    """A visit that a link opened: its row, who acts through the link, and what may still be done until when."""

    token: str
    row: Any
    by: Actor
    is_own: bool
    may_act: bool

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.row.timezone)

    @property
    def until(self) -> datetime | None:
        """The last moment to move or cancel online; a number of a day has none but its day."""
        if self.row.starts_at is None:
            return None
        return self.row.starts_at - timedelta(minutes=self.row.cancel_notice_minutes)  # type: ignore[no-any-return]

    @property
    def is_ahead(self) -> bool:
        if self.row.starts_at is not None:
            return bool(self.row.now < self.row.starts_at)
        return bool(self.row.now.astimezone(self.zone).date() <= self.row.date)

    @property
    def is_open(self) -> bool:
        """Whether the visit is still to come, as far as its state goes."""
        return self.is_ahead and self.row.status in states.OPEN

    @property
    def in_time(self) -> bool:
        return self.by.audience == "staff" or self.until is None or self.row.now <= self.until

    @property
    def code(self) -> Markup:
        """The link for the camera of a telephone, on the printed slip."""
        url = url_for("visit.visit", token=self.token, _external=True)
        drawing = segno.make(url, error="m").svg_inline(
            scale=3, border=0, title=gettext("Link to this visit")
        )
        return Markup(drawing)  # noqa: S704 - drawn by us, of an address that is ours

    @property
    def may_cancel(self) -> bool:
        return self.may_act and self.is_open and self.in_time

    @property
    def may_move(self) -> bool:
        return self.may_cancel and self.row.starts_at is not None and states.may("move", self.row.status)


@bp.get("/v/<token>")
@allow("appointments.cancel")
def visit(token: str) -> Any:
    """What was booked, where and when."""
    return _shown(_open(token))


@bp.get("/v/<token>/visit.ics")
@allow("appointments.cancel")
def calendar_file(token: str) -> Response:
    """The visit for a calendar, with the way back here in it."""
    opened = _open(token)
    url = url_for("visit.visit", token=token, _external=True)
    return Response(
        calendar.file(opened.row, url=url),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="visit.ics"'},
    )


@bp.get("/v/<token>/cancel")
@allow("appointments.cancel")
def ask_to_cancel(token: str) -> Any:
    """Really?"""
    opened = _open(token)
    if not opened.may_cancel:
        return redirect(url_for("visit.visit", token=token))
    return render_template("booking/portal/cancel.html", opened=opened, refusal=None)


@bp.post("/v/<token>/cancel")
@allow("appointments.cancel")
def cancel(token: str) -> Any:
    """Call it off. Twice is harmless."""
    opened = _open(token)
    if too_old := pages.too_old():
        html = render_template("booking/portal/cancel.html", opened=opened, refusal=too_old)
        return make_response(html, too_old.status)
    try:
        steps.cancel(id=opened.row.id, by=opened.by)
    except InvalidTransition:
        return redirect(url_for("visit.visit", token=token), 303)
    except CancelTooLate as refusal:
        return _shown(opened, refusal)
    say(gettext("The visit is cancelled."))
    return redirect(url_for("visit.visit", token=token), 303)


@bp.get("/v/<token>/move")
@allow("appointments.move")
def move(token: str) -> Any:
    """Other times of the same doctor."""
    opened = _open(token)
    if not opened.may_move:
        return redirect(url_for("visit.visit", token=token))
    return render_template("booking/portal/move.html", opened=opened, **_offered(opened))


@bp.get("/v/<token>/slots")
@allow("appointments.move")
def slots(token: str) -> Any:
    """The part of that page which another day changes."""
    opened = _open(token)
    return render_template("booking/portal/_slots.html", said=True, **_offered(opened))


@bp.get("/v/<token>/move/check")
@allow("appointments.move")
def check_move(token: str) -> Any:
    """From when to when, to look it over."""
    opened = _open(token)
    if not opened.may_move:
        return redirect(url_for("visit.visit", token=token))
    return _checked(opened, forms_portal.choice_in(request.args))


@bp.post("/v/<token>/move")
@allow("appointments.move")
def move_there(token: str) -> Any:
    """Move it: the same visit at another time."""
    opened = _open(token)
    choice = forms_portal.choice_in(request.form)
    if choice.start is None:
        raise NotFound
    if too_old := pages.too_old():
        return _checked(opened, choice, too_old)
    start, doctor_id = choice.start, choice.doctor_id
    try:
        answer = pages.once(lambda: _moved(opened, start, doctor_id), by=opened.by)
    except InvalidTransition:
        return redirect(url_for("visit.visit", token=token), 303)
    except CancelTooLate as refusal:
        return _shown(opened, refusal)
    except (SlotTaken, DayFull, NotThisTime, RoomBusy, PatientBusy, pages.SentBefore) as refusal:
        return _checked(opened, choice, refusal)
    say(gettext("The visit is moved."))
    return answer


def _moved(opened: Opened, start: datetime, doctor_id: uuid.UUID) -> Response:
    moves.move(id=opened.row.id, start=start, doctor_id=doctor_id, by=opened.by)
    return make_response(redirect(url_for("visit.visit", token=opened.token), 303))


def _open(token: str) -> Opened:
    """The visit of a link, with the look at it on record. Raises ``NotFound``, ``LinkOver``."""
    id, for_whoever_has_it = forms_portal.id_in(token)
    found = queries_portal.visit(id)
    if found.date < (found.now - LASTS).date():
        raise LinkOver
    by, is_own = g.actor, g.actor.kind == "user"
    if is_own:
        try:
            queries.visit(found.id, by=by)
        except NotFound:
            is_own = False
    if not (is_own or for_whoever_has_it):
        raise NotFound
    looks_on = is_own and by.is_patient and not queries.may_book_for(found.patient_id, by)
    if not is_own or (looks_on and for_whoever_has_it):
        # Who has the link may act by it, whoever else they are; they are bound like the patient.
        by = Actor("anonymous", forms_portal.visitor().id)
    audit.read("appointment", found.id, by=by, patient_id=found.patient_id)
    return Opened(token, found, by, is_own, for_whoever_has_it or not looks_on)


def _shown(opened: Opened, refusal: Refusal | None = None) -> Response:
    html = render_template(
        "booking/portal/visit.html",
        opened=opened,
        visit=opened.row,
        refusal=refusal,
        fresh="booked" in request.args,
    )
    return make_response(html, refusal.status if refusal else 200)


def _checked(opened: Opened, choice: choosing.Choice, refusal: Refusal | None = None) -> Response:
    """The old time and the new one; if that is lost, the nearest others to press."""
    times: list[dict[str, Any]] = []
    if refusal and not isinstance(refusal, pages.PageTooOld | pages.SentBefore):
        near, who = choosing.nearest(choice, by=opened.by, except_for=[opened.row.id])
        names = {doctor.id: doctor.full_name for doctor in who.doctors}
        times = [
            {"slot": slot, "choice": choosing.of_slot(slot).sealed, "doctor": names[slot.doctor_id]}
            for slot in near
            if slot.start != opened.row.starts_at
        ]
    html = render_template(
        "booking/portal/move_check.html",
        opened=opened,
        visit=opened.row,
        chosen=choosing.told(choice),
        refusal=refusal,
        times=times,
    )
    return make_response(html, refusal.status if refusal else 200)


def _offered(opened: Opened) -> dict[str, Any]:
    """Free times to move to, and their addresses on other days."""
    day, unreadable = forms_portal.date_of("day")
    since, _wrong = forms_portal.date_of("from")
    own = opened.row
    first = own.starts_at.astimezone(opened.zone).date() if own.starts_at else own.date
    offer = offering.look(
        own.service_id,
        own.doctor_id,
        since=since or day or first,
        day=day,
        rather=first,
        except_for=[own.id],
        but=own.starts_at,
        by=opened.by,
    )
    note = None
    if unreadable or (day and day < offer.today):
        note = gettext("That day has passed. These are the days to come.")
    return {
        "offer": offer,
        "note": note,
        "page": partial(url_for, "visit.move", token=opened.token),
        "part": partial(url_for, "visit.slots", token=opened.token),
    }


def register(app: Flask) -> None:
    """These forms check their token themselves: a page that was open for too long is shown again."""
    for view in (cancel, move_there):
        app.extensions["csrf"].exempt(view)
