"""Free slots as JSON (API.md §6): what is offered, when is the next, and why not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

from flask import Response, g

from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer
from clinic.core.errors import invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.json import dumps
from clinic.schedule import loading, overview, reasons, single, slots
from clinic.schedule import soonest as firsts
from clinic.schedule.asking import DAYS_AHEAD
from clinic.schedule.asking import asker as asking
from clinic.schedule.facts import Asker, Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.schemas_slots import Availability, Days, Moment, SlotsAsked
from clinic.schedule.schemas_slots import Slots as SlotsShown
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import NonexistentTime, instant

api = ApiBlueprint("slots", __name__, about="Free slots: one engine offers, accepts and explains.")


@dataclass(slots=True)
class Question:
    """A question about slots, resolved: whose time, which bounds, for whom."""

    who: Whose
    first: date | datetime
    last: date | datetime
    wish: Wish
    asker: Asker
    rows: list[list[Any]] | None = None
    """What stands in these days, if it came along with whose they are."""

    def tables(self) -> list[Timetable]:
        return loading.timetables(self.who, _date(self.first), _date(self.last), self.rows)


@api.get("/slots", answers=SlotsShown)
@allow("slots.read")
def free_slots(query: SlotsAsked) -> Response:
    """Free slots in time order."""
    question = _resolve(query)
    return _listed(query, question, _offered(query, question))


@api.get("/doctors/<uuid:id>/slots", answers=SlotsShown)
@allow("slots.read")
def of_doctor(id: uuid.UUID, query: SlotsAsked) -> Response:
    """Free slots of one doctor."""
    loading.one(id)
    return free_slots(query.model_copy(update={"doctor_id": id}))


@api.get("/slots/days", answers=Days)
@allow("slots.read")
def days(query: SlotsAsked) -> Response:
    """How many free slots each date has; of token doctors, how many numbers."""
    question = _resolve(query)
    part = slots.parts_of_day()[query.part_of_day] if query.part_of_day else None
    first, last = _date(question.first), _date(question.last)
    counts = {first + timedelta(days=ahead): 0 for ahead in range((last - first).days + 1)}
    for table in question.tables():
        for count in overview.free_on(table, question.wish, question.asker, first, last, part_of_day=part):
            counts[count.date] += count.available
    return _tagged({"items": [{"date": day, "available": count} for day, count in counts.items()]})


@api.get("/slots/next", answers=SlotsShown)
@allow("slots.read")
def soonest(query: SlotsAsked) -> Response:
    """The first free slot of each matching doctor, soonest first."""
    question = _resolve(query, open_ended=True)
    part = slots.parts_of_day()[query.part_of_day] if query.part_of_day else None
    found = firsts.of_each(
        question.who, question.wish, question.asker, question.first, question.last, part_of_day=part
    )
    return _answer(slots.shown(found[: query.limit], question.who))


@api.get("/doctors/<uuid:id>/check-availability", answers=Availability)
@allow("slots.read")
def check_availability(id: uuid.UUID, query: Moment) -> dict[str, Any]:
    """Whether a time can be booked, and everything that is against it."""
    who = loading.one(id, service_id=query.service_id)
    _refuse_unknown(query, who)
    zone = who.zone_at(query.location_id) if query.location_id else who.zone_of(who.doctors[0])
    start, end = (
        _instant(query.start, "/start", zone),
        _instant(query.end, "/end", zone) if query.end else None,
    )
    if end is not None and end - start > loading.LONGEST:
        end = start  # no visit lasts that long: told without unrolling years of hours
    day = _day(start, zone)
    wish = Wish(who.service, location_id=query.location_id)
    table = loading.timetables(who, day - timedelta(days=1), day + timedelta(days=1))[0]
    audience = query.audience or g.actor.audience
    found = table.reasons(start, wish, asking(g.actor, who.now, wish, audience=audience), end)
    return {
        "available": not found,
        "reasons": [
            {"code": reason.code, "message": reasons.sentence(reason, audience=audience, day=day)}
            for reason in found
        ],
    }


def _resolve(query: SlotsAsked, *, open_ended: bool = False) -> Question:
    """The question behind a query: ids looked up, bounds checked. 422 with its pointer for what does not fit."""
    who, rows = _whose(query)
    _refuse_unknown(query, who)
    zone = who.zone_at(query.location_id) if query.location_id else who.zone_of_all()
    today = who.now.astimezone(zone).date()
    first: date | datetime | None = query.date or query.from_
    last: date | datetime | None = query.date or query.to
    if query.date and (query.from_ or query.to):
        raise invalid("/date", "contradicts_range", _("Give a date or a range, not both."))
    if open_ended:
        first = first or today
        last = last or _date(first) + timedelta(days=DAYS_AHEAD - 1)
    if first is None or last is None:
        missing = "/from" if first is None else "/to"
        raise invalid(missing, "required", _("Say from when to when."))
    if isinstance(first, datetime):
        first = _instant(first, "/from", zone)
    if isinstance(last, datetime):
        last = _instant(last, "/to", zone)
    _refuse_range(first, last)
    wish = Wish(who.service, location_id=query.location_id)
    return Question(who, first, last, wish, asking(g.actor, who.now, wish, audience=query.audience), rows)


def _whose(query: SlotsAsked) -> tuple[Whose, list[list[Any]] | None]:
    """Whose time is asked about; for one doctor on one date, which is asked most, with what stands in it."""
    if (
        query.doctor_id
        and query.date
        and not (query.from_ or query.to or query.specialty or query.service_id)
    ):
        found = single.of(query.doctor_id, query.date, query.date)
        if found is None:
            raise slots.unknown_id("/doctor_id")
        return found
    specialty_id = slots.specialty(query.specialty) if query.specialty else None
    who, _rest = loading.whose(
        doctor_ids=[query.doctor_id] if query.doctor_id else None,
        specialty_id=specialty_id,
        service_id=query.service_id,
    )
    if query.doctor_id and not who.doctors:
        _must_be_somebody(query.doctor_id)
    return who, None


def _must_be_somebody(doctor_id: uuid.UUID) -> None:
    """A doctor of another specialty than the one asked for has no slots; one who is not here is unknown."""
    if not loading.whose(doctor_ids=[doctor_id])[0].doctors:
        raise slots.unknown_id("/doctor_id")


def _refuse_range(first: date | datetime, last: date | datetime) -> None:
    low, high = _date(first), _date(last)
    if high < low or (isinstance(first, datetime) and isinstance(last, datetime) and last <= first):
        raise invalid("/to", "invalid_range", _("The end is before the beginning."))
    if (high - low).days >= DAYS_AHEAD + (1 if isinstance(last, datetime) else 0):
        raise invalid("/to", "range_too_long", _("Ask for 62 days at most."))


def _refuse_unknown(query: SlotsAsked | Moment, who: Whose) -> None:
    if query.service_id and (who.service_row is None or not who.service_row.is_active):
        raise slots.unknown_id("/service_id")
    if query.location_id and query.location_id not in who.locations:
        raise slots.unknown_id("/location_id")


def _offered(query: SlotsAsked, question: Question) -> Iterator[Slot]:
    offered = slots.in_time_order(
        question.tables(),
        question.wish,
        question.asker,
        question.first,
        question.last,
        part_of_day=query.part_of_day,
        include_taken=query.include_taken,
    )
    return slots.first_of_each_day(offered) if query.spread else offered


def _listed(query: SlotsAsked, question: Question, offered: Iterator[Slot]) -> Response:
    if not query.include_taken:
        return _answer(slots.shown(islice(offered, query.limit), question.who))
    every = list(offered)
    return _answer(
        slots.shown(every[: query.limit], question.who),
        total_slots=len(every),
        available_slots=sum(slot.remaining > 0 for slot in every),
    )


def _answer(items: list[dict[str, Any]], **totals: int) -> Response:
    return _tagged({"items": items, "next_cursor": None, **totals})


def _tagged(listed: dict[str, Any]) -> Response:
    """The list with an ``ETag`` of its content, so that who polls an unchanged list gets 304."""
    body = dumps(listed)
    return answer(body, etag=sha256(body).hexdigest()[:32])


def _instant(given: datetime, pointer: str, zone: Any) -> datetime:
    if given.tzinfo is not None:
        return given
    try:
        return instant(given, zone)
    except NonexistentTime:
        raise invalid(pointer, "nonexistent_time", _("The clock skips this time on that day.")) from None


def _day(moment: datetime, zone: Any) -> date:
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        raise invalid("/start", "invalid_time", _("This time is too far away.")) from None


def _date(bound: date | datetime) -> date:
    return bound.date() if isinstance(bound, datetime) else bound
