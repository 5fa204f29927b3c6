"""Booking at the desk: from a free time, with as few presses as the caller at the telephone deserves."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, make_response, render_template, request, url_for

from clinic.booking import actions, finding, queries_desk, queries_waitlist, series, waitlist
from clinic.booking.forms import BookingForm, date_in, id_in, is_fragment
from clinic.booking.forms_steps import Said, told
from clinic.booking.refusals import DayFull, PatientBusy, SlotTaken
from clinic.core import audit, formats, pages
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import NotFound, Refusal
from clinic.core.i18n import gettext, ngettext
from clinic.core.ids import parse_id
from clinic.core.parsing import Wrong
from clinic.patients import opening

bp = StaffPages("booking", __name__)

IN_A_LIST = 8


def register(app: Flask) -> None:
    """The form checks its own token, so that an old page is shown again with all that was typed."""
    app.extensions["csrf"].exempt(book)


@bp.get("/appointments/new")
@allow("appointments.change")
def new() -> Any:
    """The form for a time that was chosen; without one, free times to choose from."""
    if "start" in request.args or "number" in request.args:
        return _page(_prefilled())
    return render_template("booking/find.html", **_found())


@bp.get("/appointments/booking-form")
@allow("appointments.change")
def booking_form() -> str:
    """The form alone, for the dialog."""
    return render_template("booking/_booking_form.html", **_shown(_prefilled()))


@bp.post("/appointments/questions")
@allow("appointments.change")
def questions() -> str:
    """What the visit type asks that was just chosen, with what was answered so far."""
    return render_template("booking/_questions.html", form=BookingForm())


@bp.get("/appointments/times")
@allow("appointments.change")
def times() -> str:
    """The free times that answer the caller's question."""
    return render_template("booking/_times.html", **_found())


@bp.post("/appointments/new")
@allow("appointments.change")
def book() -> Any:
    """Book it; or show the form again with what is the matter and all that was typed."""
    form = BookingForm()
    if refusal := pages.too_old():
        return _again(form, refusal)
    if "find" in request.form:
        form.validate()
        form.q.errors = []
        return _again(form, status=200)
    if instead := request.form.get("instead"):
        form.instead(instead)
    if not form.validate():
        return _again(form)
    try:
        return pages.once(lambda: _done(form))
    except Wrong:
        raise NotFound from None
    except Refusal as refusal:
        return _again(form, refusal)


def _done(form: BookingForm) -> Response:
    if form.rrule:
        return _series(form, form.rrule)
    wish = parse_id(form.wish.data or "")
    if wish and g.actor.may("waitlist.write"):
        visit = waitlist.fulfil(id=wish, asked=form.asked(), by=g.actor)
    else:
        visit = actions.book(asked=form.asked(), by=g.actor)
    person = queries_desk.person(visit.patient_id)
    if visit.starts_at is not None:
        when = formats.at(visit.starts_at, visit.timezone)
    else:
        when = f"{formats.day(visit.date)}, № {visit.token}"
    text = gettext("Booked: %(name)s, %(when)s", name=person.full_name if person else "", when=when)
    home = url_for("desk.board", date=visit.date) if g.actor.may("desk.use") else "/my-day"
    return told(Said(text, url_for("visits.cancel", id=visit.id)), home=home, to=home)


def _series(form: BookingForm, rrule: str) -> Response:
    """Every visit of a series that is free; which were not is said."""
    booked = series.book_series(asked=form.asked(), rrule=rrule, by=g.actor)
    first = booked.visits[0]
    person = queries_desk.person(first.patient_id)
    said = ngettext(
        "Booked %(num)d visit: %(name)s.",
        "Booked %(num)d visits: %(name)s.",
        len(booked.visits),
        name=person.full_name if person else "",
    )
    if booked.refused:
        which = "; ".join(f"{formats.at(each.start)}: {each.detail}" for each in booked.refused)
        said = f"{said} {gettext('Not: %(which)s', which=which)}"
    home = url_for("desk.board", date=first.date) if g.actor.may("desk.use") else "/my-day"
    return told(Said(said, tone="wait" if booked.refused else "good"), home=home, to=home)


def _prefilled() -> BookingForm:
    """The form as the address fills it in."""
    args = request.args
    known = opening.chosen(patient, by=g.actor) if (patient := id_in("patient")) else None
    return BookingForm(
        formdata=None,
        doctor=args.get("doctor", ""),
        start=args.get("start", ""),
        date=args.get("date", ""),
        location=args.get("location", ""),
        service=args.get("service", ""),
        wish=args.get("wish", ""),
        patient_id=str(known.id) if known else "",
        q=known.name if known else "",
    )


def _shown(form: BookingForm, refusal: Refusal | None = None) -> dict[str, Any]:
    """What the form shows: the time that was chosen, visit types, who was found, other times if this one is gone."""
    try:
        time = finding.chosen(
            doctor_id=parse_id(form.doctor.data or ""),
            start=form.start.data,
            day=form.date.data,
            location_id=parse_id(form.location.data or ""),
            by=g.actor,
        )
    except Wrong:
        raise NotFound from None
    services = queries_desk.services(time.doctor.id)
    form.offer(services)
    typed = (form.q.data or "").strip()
    search = request.method == "POST" and typed and not form.patient_id.data and not form.is_new
    found = opening.look_up(typed[:200], limit=IN_A_LIST, by=g.actor)[0] if search else None
    chosen = parse_id(form.patient_id.data or "")
    known = opening.chosen(chosen, by=g.actor) if chosen and request.method == "POST" else None
    if known:
        form.q.data = known.name
    beyond = isinstance(refusal, SlotTaken | DayFull) and g.actor.may("appointments.overbook")
    return {
        "form": form,
        "refusal": form.told(refusal) if refusal else None,
        "time": time,
        "waiting": _who_waits(time),
        "some_ask": any(service.asks for service in services),
        "found": found,
        "alternatives": refusal.extra.get("alternatives", ()) if refusal else (),
        "may_overbook": beyond or bool(form.overbook.data),
        "may_overlap": isinstance(refusal, PatientBusy) or bool(form.allow_overlap.data),
        "back": request.values.get("back", ""),
    }


def _who_waits(time: finding.Chosen) -> list[Any]:
    """Who waits for a time like this, for who may know it."""
    if not g.actor.may("waitlist.read") or time.is_past:
        return []
    found = [
        opening.veiled(wish, by=g.actor) for wish in queries_waitlist.who_waits(time.doctor.id, time.date)
    ]
    audit.listed("wish", (wish.id for wish in found[:IN_A_LIST]), by=g.actor)
    return found


def _again(form: BookingForm, refusal: Refusal | None = None, status: int = 422) -> Response:
    template = "booking/_booking_form.html" if is_fragment() else "booking/new.html"
    html = render_template(template, **_shown(form, refusal))
    return make_response(html, refusal.status if refusal else status)


def _page(form: BookingForm) -> str:
    return render_template("booking/new.html", **_shown(form))


def _found() -> dict[str, Any]:
    """Free times by what the caller wants: whose, what for, from which day on, which part of the day."""
    on, _is_wrong = date_in("date")
    part = request.args.get("part_of_day")
    asked: dict[str, Any] = {
        "doctor": id_in("doctor"),
        "service": id_in("service"),
        "date": on,
        "part_of_day": part if part in ("morning", "afternoon", "evening") else None,
        "specialty": id_in("specialty"),
        "patient": id_in("patient"),
        "wish": id_in("wish"),
    }
    offer = finding.free(
        doctor_id=id_in("doctor"),
        specialty_id=id_in("specialty"),
        service_id=id_in("service"),
        on=on,
        part_of_day=asked["part_of_day"],
        by=g.actor,
    )
    return {
        "offer": offer,
        "asked": asked,
        "doctors": [(doctor.id, doctor.full_name) for doctor in offer.everybody],
        "services": [(service.id, service.name) for service in queries_desk.services()],
        "specialties": [(specialty.id, specialty.name) for specialty in queries_desk.specialties()],
        "stamp": finding.stamp,
        "again": lambda date: url_for("booking.new", **{**asked, "date": date}),
    }
