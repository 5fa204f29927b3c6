"""When a doctor receives, as people enter it: weekly hours, the hours of one date, sessions that come once.

The arithmetic of it all is ``hours``; what is booked in it is looked after by ``ofdoctor`` and ``booked``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, select

from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import Conflict, FieldError, Invalid, means
from clinic.core.i18n import lazy_gettext as _
from clinic.core.records import must_exist, numbered
from clinic.core.times import show_time
from clinic.schedule import loading
from clinic.schedule.hours import WeeklyRule, clock_minutes
from clinic.schedule.models import Availability, DateOverride, Doctor, OneOffSession, Service
from clinic.schedule.moments import instant_at
from clinic.schedule.ofdoctor import OfDoctor, Ranged, out_of_order, zone_of
from clinic.schedule.overlaps import overlap
from clinic.tenants.models import Location

BOOKED_COUNT = f"""
SELECT session_id, count(*)::int AS booked FROM appointment
 WHERE tenant_id = %(tenant)s AND session_id = ANY(%(ids)s) AND {loading.HOLDING} GROUP BY session_id
"""


class AvailabilityOverlap(Conflict):
    """``extra``: ``availability_id`` and ``availability`` (the hours in the way), ``on`` (the first date they meet)."""

    code = "availability_overlap"
    title = _("The doctor has other hours at this time.")


@means("date_override_one_per_date")
class OverrideExists(Conflict):
    """``extra["existing_id"]``: the override of that date."""

    code = "override_exists"
    title = _("This date has hours of its own already. Change or remove those.")


class Weekly(OfDoctor[Availability]):
    """Weekly hours. No two of a doctor meet on any date, at whatever place."""

    adds = frozenset({"create", "restore"})

    def fill(self, record: Availability, fields: Mapping[str, Any]) -> None:
        super().fill(record, {**fields, **_services(fields)})
        if not record.ends_next_day and record.end_time <= record.start_time:
            raise out_of_order("/end_time")
        if record.ends_next_day and record.end_time > record.start_time:
            raise Invalid(FieldError("/end_time", "out_of_range", str(_("Hours last a day at most."))))
        if record.valid_from and record.valid_until and record.valid_until < record.valid_from:
            raise out_of_order("/valid_until")

    @contextmanager
    def around(self, record: Availability, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        with super().around(record, act=act, force=force, by=by):
            yield
            if record.is_active:
                _refuse_overlap(record)


class Overrides(OfDoctor[DateOverride]):
    """The hours of one date in place of the weekly ones; no intervals: none that day."""

    def where(self, filters: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
        plain = dict(filters)
        if (first := plain.pop("from_", None)) is not None:
            yield DateOverride.date >= first
        if (last := plain.pop("to", None)) is not None:
            yield DateOverride.date <= last
        yield from super().where(plain)

    def fill(self, record: DateOverride, fields: Mapping[str, Any]) -> None:
        super().fill(record, {**fields, "intervals": _in_order(fields.get("intervals", ()))})

    @contextmanager
    def around(self, record: DateOverride, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        with super().around(record, act=act, force=force, by=by):
            if act != "remove":
                _refuse_second(record)
            yield


class Sessions(Ranged[OneOffSession], OfDoctor[OneOffSession]):
    """Hours on top of the weekly ones, once. Given as ``start`` with ``end`` or ``duration_minutes``."""

    reach = (OneOffSession.starts_at, OneOffSession.ends_at)
    adds = frozenset({"create", "restore"})

    def fill(self, record: OneOffSession, fields: Mapping[str, Any]) -> None:
        plain = {**fields, **_services(fields)}
        start, end, minutes = (plain.pop(name, None) for name in ("start", "end", "duration_minutes"))
        if (end is None) == (minutes is None):
            message = str(_("Say when it ends: an end or a duration, one of them."))
            raise Invalid(FieldError("/end", "required" if end is None else "contradicts_duration", message))
        super().fill(record, plain)
        zone = zone_of(record.doctor_id, record.location_id)
        record.starts_at = instant_at(start, zone, at="/start")
        record.ends_at = (
            record.starts_at + timedelta(minutes=minutes) if end is None else instant_at(end, zone, at="/end")
        )
        if record.ends_at <= record.starts_at:
            raise out_of_order("/end")


availability = Weekly(
    Availability,
    order=[Availability.weekday, Availability.start_time],
    refers={"location_id": Location},
    custom="availability",
)
overrides = Overrides(DateOverride, order=[DateOverride.date], refers={"location_id": Location})
sessions = Sessions(
    OneOffSession, order=[OneOffSession.starts_at], refers={"doctor_id": Doctor, "location_id": Location}
)


def booked_counts(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many visits hold a place in each of these sessions; those without are not among them."""
    return {row.session_id: row.booked for row in db.rows(BOOKED_COUNT, ids=list(ids))} if ids else {}


def _services(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``service_ids`` if given: they exist, and none at all means any."""
    if "service_ids" not in fields:
        return {}
    must_exist(Service, numbered("/service_ids", fields["service_ids"]))
    return {"service_ids": fields["service_ids"] or None}


def _refuse_overlap(record: Availability) -> None:
    mine = (Availability.doctor_id == record.doctor_id, Availability.is_active)
    oldest_first = select(Availability).where(*mine).order_by(Availability.created_at, Availability.id)
    hours = {each.id: each for each in db.session.scalars(oldest_first)}
    who = loading.one(record.doctor_id)
    home = who.home_of(who.doctors[0])

    def rule(hours: Availability) -> WeeklyRule:
        return WeeklyRule(
            id=hours.id,
            weekday=hours.weekday,
            start=hours.start_time,
            end=hours.end_time,
            zone=who.zone_at(hours.location_id or home),
            ends_next_day=hours.ends_next_day,
            valid_from=hours.valid_from,
            valid_until=hours.valid_until,
            every_weeks=hours.every_weeks,
        )

    found = overlap(rule(record), map(rule, hours.values()))
    if found is not None:
        other = hours[found.rule.id]
        same = ("id", "weekday", "ends_next_day", "location_id", "valid_from", "valid_until", "every_weeks")
        shown = {name: getattr(other, name) for name in same}
        shown |= {name: show_time(getattr(other, name)) for name in ("start_time", "end_time")}
        raise AvailabilityOverlap(extra={"availability_id": other.id, "availability": shown, "on": found.on})


def _refuse_second(record: DateOverride) -> None:
    same = (DateOverride.doctor_id == record.doctor_id, DateOverride.date == record.date)
    other = select(DateOverride.id).where(*same, DateOverride.is_active, DateOverride.id != record.id)
    with db.session.no_autoflush:
        holder = db.session.scalar(other)
    if holder is not None:
        raise OverrideExists(extra={"existing_id": holder})


def _in_order(intervals: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The intervals as they are kept, by time; 422 for one that ends before it starts, or meets another.

    Kept without ``ends_next_day``: one that does not end after it starts ends on the next day (``hours.Override``).
    """
    spans = []
    for place, each in enumerate(intervals):
        start, end, past_midnight = each["start_time"], each["end_time"], bool(each.get("ends_next_day"))
        if past_midnight != (end <= start):
            raise out_of_order(f"/intervals/{place}/end_time")
        spans.append((*clock_minutes(start, end, past_midnight=past_midnight), place, each))
    spans.sort(key=lambda span: span[:3])
    for (_begins, ends, *_rest), (begins, _ends, place, _each) in pairwise(spans):
        if begins < ends:
            message = str(_("This meets the interval before it."))
            raise Invalid(FieldError(f"/intervals/{place}", "availability_overlap", message))
    return [{name: show_time(each[name]) for name in ("start_time", "end_time")} for *_span, each in spans]
