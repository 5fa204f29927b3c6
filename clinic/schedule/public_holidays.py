"""Public holidays of the clinic's country, as a proposal: nothing is closed until somebody accepts it (API.md §4).

The calendars are those of the ``holidays`` library, by country and part of it (ISO 3166). Accepting a holiday is
entering a closure, with all that a closure asks: booked visits are named, or by force need rescheduling.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import holidays

from clinic.core import clock, db, tenancy
from clinic.core.access import Actor
from clinic.core.errors import FieldError, Invalid, NotFound, Unprocessable, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.records import unknown_id
from clinic.schedule import loading, timeoff
from clinic.schedule.booked import AppointmentsAffected
from clinic.schedule.models import Closure
from clinic.schedule.timeaway import closures
from clinic.schedule.walltime import day_range
from clinic.tenants.queries import location

A_YEAR = timedelta(days=365)


class NoCalendar(Unprocessable):
    """``extra["country"]``: the country whose holidays nobody has told us."""

    code = "no_holiday_calendar"
    title = _("We know no public holidays of this country.")


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday to come; ``is_closed``: a closure holds on all of it already."""

    date: date
    name: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """The holidays to come of a ``country`` and, where it is known, a part of it (ISO 3166-2 without the country)."""

    country: str
    subdivision: str | None
    location_id: uuid.UUID | None
    holidays: list[Holiday]


def proposed(
    *, year: int | None = None, location_id: uuid.UUID | None = None, subdivision: str | None = None
) -> Proposal:
    """The holidays that are still to come in *year*, or in the twelve months from today.

    Of the clinic's country, or of the location's and its state. Raises ``NoCalendar`` (422), ``Invalid`` with
    ``unknown_id`` or ``unknown_subdivision``.
    """
    place = _location(location_id)
    zone = loading.whose(doctor_ids=[])[0].zone_at(location_id)
    country = ((place and place.country) or tenancy.require().country).upper()
    today = clock.today(zone)
    first, last = today, today + A_YEAR
    if year is not None:
        first, last = max(today, date(year, 1, 1)), date(year, 12, 31)
    part = _part_of(country, subdivision, place and place.state)
    found = sorted(
        (day, name)
        for day, name in _calendar(country, part, range(first.year, last.year + 1)).items()
        if first <= day <= last
    )
    closed = _closed(location_id, [day for day, _name in found])
    return Proposal(country, part, location_id, [Holiday(day, name, day in closed) for day, name in found])


@db.action
def accept(
    *,
    dates: Sequence[date],
    location_id: uuid.UUID | None = None,
    subdivision: str | None = None,
    force: bool = False,
    by: Actor,
) -> list[Closure]:
    """Close the clinic, or one location, on these holidays; all of them or none. A day that is closed already stays so.

    Raises ``not_a_holiday`` (422) at ``/dates/<place>``; ``AppointmentsAffected`` (409) with the visits of all of them
    and the ``dates`` that they are on, unless *force*; what ``proposed`` raises.
    """
    known: dict[date, Holiday] = {}
    for year in sorted({day.year for day in dates}):
        found = proposed(year=year, location_id=location_id, subdivision=subdivision)
        known |= {holiday.date: holiday for holiday in found.holidays}
    strange = [place for place, day in enumerate(dates) if day not in known]
    if strange:
        message = str(_("This is no public holiday to come."))
        raise Invalid([FieldError(f"/dates/{place}", "not_a_holiday", message) for place in strange])
    made, affected, where = [], [], []
    for day in sorted(set(dates)):
        if known[day].is_closed:
            continue
        fields = {"start": day, "all_day": True, "reason": known[day].name, "location_id": location_id}
        try:
            with db.savepoint():
                made.append(closures.add(fields=fields, force=force, by=by))
        except AppointmentsAffected as refusal:
            affected += refusal.extra["appointment_ids"]
            where.append(day)
    if affected:
        raise AppointmentsAffected(extra={"appointment_ids": list(dict.fromkeys(affected)), "dates": where})
    return made


def _location(id: uuid.UUID | None) -> Any | None:
    if id is None:
        return None
    try:
        found = location(id)
    except NotFound:
        raise unknown_id("/location_id") from None
    if not found.is_active:
        raise unknown_id("/location_id")
    return found


def _calendar(country: str, part: str | None, years: Sequence[int] | range) -> Any:
    """The library's calendar, in the clinic's language where it has it."""
    try:
        kind = holidays.country_holidays(country)
    except NotImplementedError:
        raise NoCalendar(extra={"country": country}) from None
    ours = tenancy.require().locale.split("_")[0]
    spoken = next((each for each in kind.supported_languages if each.split("_")[0] == ours), None)
    return holidays.country_holidays(country, subdiv=part, years=list(years), language=spoken)


def _part_of(country: str, asked: str | None, state: str | None) -> str | None:
    """The part of the country by its code or name: as *asked*, else as far as the location's *state* is known."""
    kind = _calendar(country, None, ())
    codes = {code.casefold(): code for code in kind.subdivisions}
    names = {name.casefold(): code for name, code in kind.subdivisions_aliases.items()}
    for given in (asked, state):
        if given:
            wanted = given.strip().casefold().removeprefix(f"{country.casefold()}-")
            if found := codes.get(wanted) or names.get(wanted):
                return str(found)
            if given is asked:
                message = _("We know no such part of this country.")
                raise invalid("/subdivision", "unknown_subdivision", message)
    return None


def _closed(location_id: uuid.UUID | None, days: Sequence[date]) -> set[date]:
    """Those of these days on which closures leave nothing open."""
    if not days:
        return set()
    nobody, _rest = loading.whose(doctor_ids=[])
    zone = nobody.zone_at(location_id)
    rules = db.send(*loading.standing(nobody, days[0], days[-1]))[0]
    blocks = [
        timeoff.Block(
            rule.id,
            rule.starts_at,
            rule.ends_at,
            nobody.zone_at(rule.location_id),
            rule.all_day,
            rrule=rule.rrule,
        )
        for rule in rules
        if rule.location_id in (None, location_id)
    ]
    offs = timeoff.expand(blocks, timeoff.CLOSED, zone, days[0], days[-1])
    return {day for day in days if not timeoff.subtract(*day_range(day, zone), offs)}
