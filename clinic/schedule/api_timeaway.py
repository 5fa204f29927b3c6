"""Blocked time, closures and doctors' days as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g

from clinic.core import cursor
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version, page
from clinic.core.errors import FieldError, Invalid, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Wrong
from clinic.core.resources import Shown, Under, hang, sent, shown
from clinic.core.schema import ListOf, Record
from clinic.core.times import iso_date
from clinic.schedule import days, loading, public_holidays, schemas_timeaway, timeaway
from clinic.schedule.booked import AppointmentsAffected, AppointmentsInBlock
from clinic.schedule.doctors import doctors
from clinic.schedule.expanding import expand
from clinic.schedule.schemas_holidays import (
    HolidayClosures,
    Holidays,
    HolidaysAccepted,
    HolidaysAsked,
    show_holidays,
)

blocked_times = ApiBlueprint("blocked_times", __name__, about="Time that a doctor does not offer.")
closures = ApiBlueprint("closures", __name__, about="A location, or the whole clinic, is closed.")
doctor_days = ApiBlueprint(
    "doctor_days", __name__, about="A doctor's day: presence, cap, delay, and how full it is."
)
MOST_DAYS = 366


def show_blocks(found: Sequence[Any], kinds: frozenset[str]) -> list[Shown]:
    """Blocked times as ``schemas_timeaway.BlockedTime``, each on its doctor's clock."""
    who, _rest = loading.whose(doctor_ids=[block.doctor_id for block in found])
    zones = {doctor.id: who.zone_of(doctor) for doctor in who.doctors}
    return expand(
        [_show_away(block, schemas_timeaway.BlockedTime, zones[block.doctor_id]) for block in found],
        kinds,
    )


def show_closures(found: Sequence[Any], kinds: frozenset[str]) -> list[Shown]:
    """Closures as ``schemas_timeaway.Closure``, each on the clock of its location."""
    who, _rest = loading.whose(doctor_ids=[])
    zones = {closure.id: who.zone_at(closure.location_id) for closure in found}
    return expand(
        [_show_away(closure, schemas_timeaway.Closure, zones[closure.id]) for closure in found],
        kinds,
    )


def _show_away(record: Any, reply: type[Record], zone: ZoneInfo, **more: Any) -> Shown:
    return shown(
        record, reply, start=record.starts_at.astimezone(zone), end=record.ends_at.astimezone(zone), **more
    )


hang(
    blocked_times,
    "/blocked-times",
    timeaway.blocks,
    one="blocked time",
    many="a doctor's blocked times",
    reply=schemas_timeaway.BlockedTime,
    new=schemas_timeaway.BlockedTimeNew,
    change=schemas_timeaway.BlockedTimeChange,
    listing=schemas_timeaway.BlockedTimeListing,
    reading=schemas_timeaway.BlockedTimeRead,
    show=show_blocks,
    under=Under("/doctors", doctors, "doctor_id"),
    read="schedule.inspect",
    write="schedule.own_hours",
    refuses=[AppointmentsInBlock],
)
hang(
    closures,
    "/closures",
    timeaway.closures,
    one="a closure",
    many="closures",
    reply=schemas_timeaway.Closure,
    new=schemas_timeaway.ClosureNew,
    change=schemas_timeaway.ClosureChange,
    listing=schemas_timeaway.ClosureListing,
    reading=schemas_timeaway.ClosureRead,
    show=show_closures,
    read="schedule.read",
    write="schedule.write",
    refuses=[AppointmentsAffected],
)


@closures.get("/closures/proposed", answers=Holidays, refuses=[public_holidays.NoCalendar])
@allow("schedule.read")
def proposed(query: HolidaysAsked) -> dict[str, Any]:
    """The public holidays to come, of the clinic's country or of a location's; nothing is closed by asking."""
    return show_holidays(
        public_holidays.proposed(
            year=query.year, location_id=query.location_id, subdivision=query.subdivision
        )
    )


@closures.post(
    "/closures/proposed",
    answers={201: HolidayClosures},
    refuses=[public_holidays.NoCalendar, AppointmentsAffected],
)
@allow("schedule.write")
def accept(body: HolidaysAccepted) -> Response:
    """Close on these holidays: all of them, or none if visits are booked and it is not forced."""
    made = public_holidays.accept(
        dates=body.dates,
        location_id=body.location_id,
        subdivision=body.subdivision,
        force=body.force,
        by=g.actor,
    )
    return answer({"items": show_closures(made, frozenset())}, status=201)


@doctor_days.get("/doctors/<uuid:id>/days", answers=ListOf[schemas_timeaway.DoctorDay])
@allow("schedule.inspect")
def load(id: uuid.UUID, query: schemas_timeaway.DayListing) -> Any:
    """How full each day is."""
    if query.to < query.from_ or query.to - query.from_ >= timedelta(days=MOST_DAYS):
        message = str(_("Ask for 1 to %(most)s days.", most=MOST_DAYS))
        raise Invalid(FieldError("/to", "out_of_range", message))
    after = cursor.decode(query.cursor, (date,))
    first = after[0] + timedelta(days=1) if after else query.from_
    last = min(query.to, first + timedelta(days=query.limit))
    return page(days.load(id, first=first, last=last), query.limit, lambda day: (day.date,), show_day)


@doctor_days.get("/doctors/<uuid:id>/days/<on>", answers=schemas_timeaway.DoctorDay)
@allow("schedule.inspect")
def day(id: uuid.UUID, on: str) -> Response:
    """One day of a doctor."""
    return _answer(days.one(id, on=_date(on)))


@doctor_days.put(
    "/doctors/<uuid:id>/days/<on>", answers=schemas_timeaway.DoctorDay, refuses=[AppointmentsAffected]
)
@allow("schedule.doctor_day")
def put_day(id: uuid.UUID, on: str, body: schemas_timeaway.DayChange) -> Response:
    """Say whether the doctor is there, how many they take, how late they are."""
    fields, force = sent(body)
    return _answer(
        days.put(id, on=_date(on), fields=fields, version=expected_version(), force=force, by=g.actor)
    )


def show_day(day: days.Day) -> Shown:
    """A day as ``schemas_timeaway.DoctorDay``."""
    return shown(day, schemas_timeaway.DoctorDay)


def _answer(day: days.Day) -> Response:
    return answer(show_day(day), version=day.version)


def _date(text: str) -> date:
    try:
        return iso_date(text)
    except Wrong as wrong:
        raise invalid("/date", wrong.code, wrong.message) from None
