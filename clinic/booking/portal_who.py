"""Who comes, and then it is booked. The time is kept meanwhile; if it is lost, what was typed is not.

What was typed travels in the forms themselves, from page to page: it stands in no address, no cookie and no session.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request, session, url_for

from clinic.booking import actions, choosing, forms_portal, holds, intake, queries, queries_portal
from clinic.booking.asking import Asked
from clinic.booking.choosing import Choice
from clinic.booking.forms_portal import WhoForm
from clinic.booking.refusals import (
    AlreadyExtended,
    DayFull,
    HoldExpired,
    NotThisTime,
    PatientBusy,
    PatientLimit,
    RoomBusy,
    SlotTaken,
)
from clinic.core import clock, pages, tenancy
from clinic.core.access import allow
from clinic.core.doors import PortalPages, to_sign_in
from clinic.core.errors import Invalid, NotFound, Refusal
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id

bp = PortalPages("who", __name__)
bp.before_request(forms_portal.closed)
bp.context_processor(forms_portal.reachable)

LOST = (SlotTaken, DayFull, NotThisTime, RoomBusy, HoldExpired)
"""The time cannot be had (any more): others are offered."""
NOT_THIS_PERSON = (PatientBusy, PatientLimit)
ANOTHER_DOCTOR = _(
    "That doctor has just been booked, and another one is free then. Please look it over again."
)


@bp.post("/book/hold")
@allow("appointments.book")
def hold() -> Any:
    """Keep the time that was pressed, and on to who comes; past that, if it was said already."""
    choice = forms_portal.choice_in(request.form)
    form = _form(choice)
    if pages.too_old():
        return _details(form, choice, None)
    kept = None
    if choice.start:
        try:
            choice, kept = _keep(choice)
        except LOST as refusal:
            return _gone(form, choice, refusal)
    if form.has_typed:
        return _check(form, choice, kept) if form.validate() else _details(form, choice, kept)
    return redirect(url_for("who.details", choice=choice.sealed, hold=kept and kept.id), 303)


@bp.get("/book/details")
@allow("appointments.book")
def details() -> Any:
    """Who comes to the visit?"""
    choice = forms_portal.choice_in(request.args)
    return _details(_form(choice), choice, _live(request.args.get("hold")))


@bp.get("/book/hold")
@bp.get("/book/check")
@bp.get("/book/confirm")
@allow("appointments.book")
def again() -> Any:
    """The address of a page that answered a form, opened by itself: in another language, from the history."""
    if "choice" not in request.args:
        return redirect(url_for("book.reasons"))
    kept = {name: request.args[name] for name in ("choice", "hold") if name in request.args}
    return redirect(url_for("who.details", **kept))  # type: ignore[arg-type]


@bp.post("/book/details")
@allow("appointments.book")
def change() -> Any:
    """The same form again with what was typed: to change it, or to keep the time longer."""
    choice = forms_portal.choice_in(request.form)
    form, too_old = _form(choice), pages.too_old()
    kept, refusal = _live(form.hold.data), None
    if "extend" in request.form and not too_old:
        kept, refusal = _longer(kept)
    return _details(form, choice, kept, refusal)


@bp.post("/book/held")
@allow("appointments.book")
def held() -> Any:
    """Keep the time longer, and how long it is kept now: the part of the page that this changes."""
    kept = _live(request.form.get("hold"))
    if pages.too_old() is None:
        kept, _refusal = _longer(kept)
    zone = queries.zone_of_hold(kept) if kept else None
    return render_template("booking/portal/_held.html", hold=kept, zone=zone, fresh=True)


@bp.post("/book/check")
@allow("appointments.book")
def check() -> Any:
    """What will be booked, to look it over."""
    choice = forms_portal.choice_in(request.form)
    form, too_old = _form(choice), pages.too_old()
    if form.is_signed_out:
        return to_sign_in()
    kept = _live(form.hold.data)
    if too_old or not form.validate():
        return _details(form, choice, kept, too_old)
    if choice.start and kept is None:
        try:
            choice, kept = _keep(choice)
        except LOST as refusal:
            return _gone(form, choice, refusal)
    return _check(form, choice, kept)


@bp.post("/book/confirm")
@allow("appointments.book")
def confirm() -> Any:
    """Book it."""
    choice = forms_portal.choice_in(request.form)
    form, too_old = _form(choice), pages.too_old()
    if form.is_signed_out:
        return to_sign_in()
    kept = _live(form.hold.data)
    if not form.validate():
        return _details(form, choice, kept, too_old)
    if too_old:
        return _check(form, choice, kept, too_old)
    forms_portal.count("book")
    try:
        answer = pages.once(lambda: redirect(_book(form, choice), 303), by=forms_portal.visitor())
    except LOST as refusal:
        return _another(form, choice, refusal)
    except (*NOT_THIS_PERSON, pages.SentBefore) as refusal:
        return _check(form, choice, _live(form.hold.data), refusal)
    except Invalid as refusal:
        return _details(form, choice, _live(form.hold.data), form.told(refusal))
    session.pop("hold", None)
    return answer


def _book(form: WhoForm, choice: Choice) -> str:
    """Book it, and where its page is. A hold that ran out is no matter as long as nobody came before."""
    by = forms_portal.visitor()
    kept = _live(form.hold.data)
    asked = Asked(
        doctor_id=choice.doctor_id,
        service_id=choice.service_id,
        location_id=choice.location_id,
        start=choice.start,
        date=choice.day,
        hold_id=kept.id if kept else None,
        source="portal",
        intake_answers=form.given_more("intake_answers") or None,
        # Who has no account shall not learn from a refusal that the clinic knows this person.
        allow_overlap=by.kind == "anonymous",
        **form.for_whom,
    )
    return forms_portal.link_to(actions.book(asked=asked, by=by).id, booked=1)


# -- the time that is kept ----------------------------------------------------------------------------------------


def _keep(choice: Choice) -> tuple[Choice, Any]:
    forms_portal.count("hold")
    choice, kept = choosing.keep(choice, by=forms_portal.visitor())
    session["hold"] = str(kept.id)
    return choice, kept


def _live(given: str | uuid.UUID | None) -> Any | None:
    """The visitor's hold with this id while it runs."""
    id = parse_id(str(given or ""))
    try:
        kept = queries.hold(id, by=forms_portal.visitor()) if id else None
    except NotFound:
        return None
    return kept if kept and kept.is_live else None


def _longer(kept: Any | None) -> tuple[Any | None, Refusal | None]:
    if kept is None:
        return None, HoldExpired()
    try:
        return holds.extend(id=kept.id, by=forms_portal.visitor()), None
    except (AlreadyExtended, HoldExpired) as refusal:
        return _live(kept.id), refusal


# -- the pages ----------------------------------------------------------------------------------------------------


def _form(choice: Choice) -> WhoForm:
    by = forms_portal.visitor()
    people = queries_portal.people(by) if by.is_patient else []
    today = clock.today(tenancy.require().zone)
    return WhoForm(people, today, intake.of_service(choice.service_id), choice=choice.sealed)


def _details(form: WhoForm, choice: Choice, kept: Any | None, refusal: Refusal | None = None) -> Response:
    if len(form.people) == 1 and not form.questions and not form.errors and refusal is None:
        return _check(form, choice, kept)  # there is nothing to ask
    return _page("details", form, choice, kept, refusal)


def _check(form: WhoForm, choice: Choice, kept: Any | None, refusal: Refusal | None = None) -> Response:
    return _page("check", form, choice, kept, refusal)


def _page(name: str, form: WhoForm, choice: Choice, kept: Any | None, refusal: Refusal | None) -> Response:
    form.choice.data, form.hold.data = choice.sealed, kept and str(kept.id)
    chosen = choosing.told(choice)
    html = render_template(
        f"booking/portal/{name}.html",
        form=form,
        chosen=chosen,
        hold=kept,
        refusal=refusal,
        notice=_notice(chosen),
        answers=intake.told(form.questions, form.given_more("intake_answers")),
    )
    status = refusal.status if refusal else 422 if form.errors else 200
    return make_response(html, status, refusal.headers if refusal else {})


def _another(form: WhoForm, choice: Choice, refusal: Refusal) -> Response:
    """The time was lost at the last moment: of *first available* another doctor may be free then."""
    if choice.anybody and isinstance(refusal, SlotTaken | HoldExpired):
        try:
            choice, kept = _keep(choice)
        except LOST as none_is_free:
            return _gone(form, choice, none_is_free)
        return _check(form, choice, kept, SlotTaken(ANOTHER_DOCTOR))
    return _gone(form, choice, refusal)


def _notice(chosen: choosing.Chosen) -> int:
    """Minutes before the visit until which it can be moved or cancelled online."""
    own = chosen.service.cancel_notice_minutes if chosen.service else None
    return int(tenancy.require().setting("cancel_notice_minutes") if own is None else own)


def _gone(form: WhoForm, choice: Choice, refusal: Refusal) -> Response:
    """The time cannot be had: somebody else's turn, or the nearest free ones, with what was typed."""
    by = forms_portal.visitor()
    near, who = choosing.nearest(choice, by=by, except_for=forms_portal.held_by_visitor())
    names = {doctor.id: doctor.full_name for doctor in who.doctors}
    times = [
        {
            "slot": slot,
            "choice": choosing.of_slot(slot, anybody=choice.anybody).sealed,
            "doctor": names[slot.doctor_id],
        }
        for slot in near
    ]
    html = render_template(
        "booking/portal/taken.html", form=form, chosen=choosing.told(choice), refusal=refusal, times=times
    )
    return make_response(html, refusal.status)


def register(app: Flask) -> None:
    """These forms check their token themselves: a page that was open for too long is shown again with all in it."""
    for view in (hold, change, held, check, confirm):
        app.extensions["csrf"].exempt(view)
