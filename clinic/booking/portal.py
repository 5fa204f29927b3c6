"""Choosing a visit: the reason, the doctor or whoever is free first, the day, the time. No account is asked for.

Each step is a page of its own with its choice in the address; without scripts every one works the same.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from flask import Flask, g, redirect, render_template, request, session, url_for

from clinic.booking import forms_portal, holds, offering, queries_portal
from clinic.booking.choosing import Choice
from clinic.core import navigation, pages
from clinic.core.access import allow
from clinic.core.doors import PortalPages
from clinic.core.errors import NotFound
from clinic.core.i18n import lazy_gettext as _

bp = PortalPages("book", __name__)
bp.before_request(forms_portal.closed)
bp.context_processor(forms_portal.reachable)

navigation.add(
    "portal", "book.reasons", _("Book a visit"), icon="calendar-plus", right="slots.read", order=20
)


@bp.get("/book")
@allow("slots.read")
def reasons() -> Any:
    """Why one comes: the visit types, of one doctor if that was chosen first."""
    doctor_id = forms_portal.id_of("doctor")
    doctor = queries_portal.doctor(doctor_id) if doctor_id else None
    found = queries_portal.reasons(doctor_id)
    if doctor and not found:  # a clinic without visit types: its doctors have times all the same
        return redirect(url_for("book.times", doctor=doctor.id))
    online = [reason for reason in found if reason.online_bookable]
    return render_template(
        "booking/portal/reasons.html", reasons=online, any_at_all=bool(found), doctor=doctor
    )


@bp.get("/book/doctors")
@allow("slots.read")
def doctors() -> Any:
    """With whom: the first who is free, or a doctor by name, with the next free time of each."""
    found, who = offering.doctors(forms_portal.id_of("service"), by=g.actor)
    soonest = min((each.first for each in found if each.first), key=lambda slot: slot.at, default=None)
    return render_template(
        "booking/portal/doctors.html",
        doctors=found,
        service=who.service_row,
        specialties=queries_portal.specialties([each.id for each in found]),
        timed=[each for each in found if not each.gives_numbers],
        soonest=soonest,
    )


@bp.get("/book/times")
@allow("slots.read")
def times() -> Any:
    """When: two weeks of days with free places, and the times of one day."""
    return _times(*_offer())


@bp.get("/book/slots")
@allow("slots.read")
def slots() -> Any:
    """The part of that page which another day changes."""
    offer, note = _offer()
    return render_template(
        "booking/portal/_slots.html", offer=offer, note=note, **_addresses(offer), said=True
    )


@bp.post("/book/release")
@allow("appointments.book")
def release() -> Any:
    """Back to the times: lets go of the one that was kept. What was typed meanwhile goes along."""
    if pages.too_old() is None:
        _let_go()
    choice = forms_portal.choice_in(request.form)
    form = forms_portal.WhoForm()
    if not form.has_typed:
        return redirect(_times_of(choice), 303)
    offer = offering.look(
        choice.service_id, None if choice.anybody else choice.doctor_id, day=choice.date, by=g.actor
    )
    return _times(offer, None, form.typed)


@bp.get("/book/release")
@allow("slots.read")
def times_again() -> Any:
    """The same page opened by its address alone."""
    return redirect(
        _times_of(forms_portal.choice_in(request.args))
        if "choice" in request.args
        else url_for("book.reasons")
    )


@bp.post("/book/sign-in")
@allow("appointments.book")
def sign_in() -> Any:
    """Off to the sign-in page and back to this visit. The time is let go of: it was kept for a nameless visitor."""
    if pages.too_old() is None:
        _let_go()
    choice = forms_portal.choice_in(request.form)
    return redirect(url_for("accounts.login", next=url_for("who.details", choice=choice.sealed)), 303)


def _let_go() -> None:
    for id in forms_portal.held_by_visitor():
        session.pop("hold", None)
        with suppress(NotFound):  # it ran out, or is of the session before
            holds.release(id=id, by=forms_portal.visitor())


def _offer() -> tuple[offering.Offer, str | None]:
    """What the address asks about, and what is the matter with the day in it."""
    day, unreadable = forms_portal.date_of("day")
    since, _wrong = forms_portal.date_of("from")
    offer = offering.look(
        forms_portal.id_of("service"),
        None if request.args.get("doctor") == "any" else forms_portal.id_of("doctor"),
        since=since,
        day=day,
        except_for=forms_portal.held_by_visitor(),
        by=g.actor,
    )
    if unreadable:
        return offer, str(_("There is no such date. These are the days to come."))
    if day and day < offer.today:
        return offer, str(_("That day has passed. These are the days to come."))
    if day and day > offer.horizon:
        return offer, str(_("Visits cannot be booked that far ahead yet."))
    return offer, None


def _times(offer: offering.Offer, note: str | None, typed: dict[str, str] | None = None) -> str:
    forms_portal.visitor()  # from here on they are somebody: a double click on a time is one person's
    return render_template(
        "booking/portal/times.html", offer=offer, note=note, typed=typed or {}, **_addresses(offer)
    )


def _addresses(offer: offering.Offer) -> dict[str, Any]:
    """``page(day=…)`` and ``part(day=…)``: the addresses of these times on another day, whole and as a fragment."""
    asked: dict[str, Any] = {
        "service": offer.service.id if offer.service else None,
        "doctor": offer.doctor.id if offer.doctor else "any",
    }
    return {
        "page": partial(url_for, "book.times", **asked),
        "part": partial(url_for, "book.slots", **asked),
        "others": url_for("book.doctors", service=asked["service"]),
    }


def _times_of(choice: Choice) -> str:
    doctor = "any" if choice.anybody else choice.doctor_id
    return url_for("book.times", service=choice.service_id, doctor=doctor, day=choice.date)


def register(app: Flask) -> None:
    """These forms check their token themselves: a page that was open for too long goes on."""
    for view in (release, sign_in):
        app.extensions["csrf"].exempt(view)
