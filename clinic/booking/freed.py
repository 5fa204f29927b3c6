"""A place that was freed is offered to the first on the waiting list whom it fits (API.md §6).

The verb that freed it only wrote its event; the worker comes here with the event's id, maybe twice. The place is held
for who is offered it, for half an hour, or half the time to it where it is near. Not taken, its hold expires, which is
an event too, and the next is asked. The engine that lists free slots decides what fits, under the doctor-day's lock: an
offer is never a place that somebody has. Locks: the event, the wishes, then as everywhere (RULES §2).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from clinic.booking import holds, locks, queries, queries_waitlist, states
from clinic.core import audit, db, events
from clinic.core.access import SYSTEM, Actor
from clinic.schedule import loading, slots
from clinic.schedule.asking import asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.walltime import epoch

HELD = timedelta(minutes=30)
LEAD = timedelta(minutes=10)
"""Nearer than this nobody could come."""

EVENT = """
SELECT type, object_kind, object_id, previous FROM outbox_event
 WHERE tenant_id = %(tenant)s AND id = %(id)s AND offered_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
"""
HEARD = """
UPDATE outbox_event SET offered_at = now()
 WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND offered_at IS NULL
"""
ROOMS = "SELECT DISTINCT room_kind FROM service WHERE tenant_id = %(tenant)s AND id = ANY(%(services)s)"
ANYBODY = "SELECT true FROM wish WHERE tenant_id = %(tenant)s AND status <> 'booked' LIMIT 1"
LOCK = f"""
SELECT w.id FROM wish w
 WHERE w.tenant_id = %(tenant)s AND {queries_waitlist.OPEN} AND %(date)s BETWEEN w.first AND w.last
   AND {queries_waitlist.OF_DOCTOR}
 ORDER BY w.created_at, w.id LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""
VISIT = """
SELECT doctor_id, date, starts_at, ends_at, status FROM appointment WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
OFFERED = """
UPDATE wish SET status = 'offered', hold_id = %(hold_id)s, offered_doctor_id = %(doctor_id)s,
       offered_location_id = %(location_id)s, offered_date = %(date)s, offered_start = %(start)s,
       offered_end = %(end)s, offered_at = now(), offered_until = %(until)s, times_offered = times_offered + 1,
       skipped_at = NULL, skipped_because = NULL, version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING version
"""
SKIPPED = """
UPDATE wish SET status = 'waiting', hold_id = NULL, skipped_at = now(), skipped_because = %(because)s,
       version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What is free again."""

    doctor_id: uuid.UUID
    date: date
    start: datetime
    end: datetime


@dataclass(slots=True)
class _Day:
    """The freed day under its lock: whose timetable for which visit type, and how many more visits it takes."""

    place: Place
    left: int | None
    tables: dict[Any, tuple[Whose, Any]] = field(default_factory=dict)

    def of(self, service_id: uuid.UUID | None) -> tuple[Whose, Any]:
        if service_id not in self.tables:
            who, _rest = loading.whose(doctor_ids=[self.place.doctor_id], service_id=service_id)
            days = days_of(self.place, who)
            self.tables[service_id] = who, loading.timetables(who, days[0], days[-1])[0]
        return self.tables[service_id]


def offer(*, ids: Sequence[uuid.UUID], by: Actor = SYSTEM) -> int:
    """Ask the waiting list about the places that these events freed; how many offers were made. Twice is harmless."""
    if not _anybody(ids=ids, by=by):
        return 0
    return sum(_offer(id=id, by=by) for id in ids)


@db.action
def _anybody(*, ids: Sequence[uuid.UUID], by: Actor) -> bool:
    """Whether anybody waits; if not, all of it is done."""
    if db.row(ANYBODY):
        return True
    db.send((HEARD, {"ids": list(ids)}))
    return False


@db.action
def _offer(*, id: uuid.UUID, by: Actor) -> int:
    event = db.row(EVENT, id=id)
    if event is None:
        return 0
    db.send((HEARD, {"ids": [id]}))
    place = _place(event)
    if place is None or place.end <= db.row("SELECT now() AS now").now:
        return 0
    asked = {"doctor_id": place.doctor_id, "date": place.date, "most": queries_waitlist.MOST}
    locked = {row.id for row in db.rows(LOCK, **asked)}
    wishes = [wish for wish in queries_waitlist.who_waits(place.doctor_id, place.date) if wish.id in locked]
    if not wishes:
        return 0
    day = _locked_day(place, wishes)
    if day is None:
        return 0
    made = 0
    for wish in wishes:
        because = _fit(wish, day, by)
        if because is None:
            made += 1
        else:
            db.send((SKIPPED, {"id": wish.id, "because": because}))
    return made


def _place(event: Any) -> Place | None:
    """Where and when something is free; None for a number of a day, and for what took nothing away."""
    told = event.previous or {}
    if told.get("start") and told.get("end"):
        return Place(
            uuid.UUID(told["doctor_id"]),
            date.fromisoformat(told["date"]),
            datetime.fromisoformat(told["start"]),
            datetime.fromisoformat(told["end"]),
        )
    if event.object_kind != "appointment" or "start" in told:
        return None
    visit = db.row(VISIT, id=event.object_id)
    if visit is None or visit.starts_at is None or visit.status in states.HOLDING:
        return None
    return Place(visit.doctor_id, visit.date, visit.starts_at, visit.ends_at)


def days_of(place: Place, who: Whose) -> list[date]:
    """The local dates to lock, in whichever zone the doctor receives."""
    if not who.doctors:
        return [place.date]
    return sorted(
        {place.date, *(place.start.astimezone(zone).date() for zone in who.zones_of(who.doctors[0]))}
    )


def _locked_day(place: Place, wishes: Sequence[Any]) -> _Day | None:
    """None for a doctor who is not here any more."""
    who, _rest = loading.whose(doctor_ids=[place.doctor_id])
    if not who.doctors or not who.doctors[0].is_active:
        return None
    days = days_of(place, who)
    kinds = db.rows(ROOMS, services=[wish.service_id for wish in wishes if wish.service_id])
    db.send(
        *locks.statements(
            patients=[],
            days=[(place.doctor_id, day) for day in days],
            room_kinds=[row.room_kind for row in kinds],
        )
    )
    table = loading.timetables(who, days[0], days[-1])[0]
    facts = table.day(place.date)
    if facts.cap is None:
        return _Day(place, None)
    offered = db.row(
        "SELECT count(*) AS n FROM hold WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s"
        " AND kind <> 'hold' AND expires_at > now()",
        doctor_id=place.doctor_id,
        date=place.date,
    )
    return _Day(place, facts.cap - facts.booked - offered.n)


def _fit(wish: Any, day: _Day, by: Actor) -> str | None:
    """Offer it to them, or say why not: a code of the engine, or of ours."""
    place = day.place
    if wish.status == "offered":
        return "not_answered"
    if (wish.offered_doctor_id, wish.offered_date) == (place.doctor_id, place.date):
        # They had their chance of this day; the next is asked.
        return wish.skipped_because or "not_answered"
    if day.left is not None and day.left <= 0:
        return "day_full"
    who, table = day.of(wish.service_id)
    if wish.service_id and (who.service_row is None or not who.service_row.is_active):
        return "outside_hours"
    asked = Wish(who.service)
    asking = asker(by, who.now, asked, audience="staff")
    free = [slot for slot in table.offer(asked, asking, place.date, place.date) if _touches(slot, place)]
    if not free:
        reasons = table.check(place.start, asked, asking).reasons
        return reasons[0].code if reasons else "outside_hours"
    in_time = [slot for slot in free if slot.at >= epoch(who.now + LEAD)]
    if not in_time:
        return "min_notice"
    wanted = [slot for slot in in_time if _is_in(slot, wish.part_of_day)]
    if not wanted:
        return "part_of_day"
    busy = db.send(queries.engagements(wish.patient_id, place.start, who.now))[0]
    at_leisure = [slot for slot in wanted if not any(_meets(slot, each) for each in busy)]
    if not at_leisure:
        return "patient_busy"
    nearest = min(at_leisure, key=lambda slot: (abs(slot.at - epoch(place.start)), slot.at))
    return _hold(wish, day, nearest, by)


def _hold(wish: Any, day: _Day, slot: Slot, by: Actor) -> str | None:
    who, table = day.of(wish.service_id)
    asked = Wish(who.service, location_id=slot.location_id)
    verdict = table.check(slot.start, asked, asker(by, who.now, asked, audience="staff"))
    if not verdict.accepted:
        return str(verdict.code)
    minutes = min(HELD, (slot.start - who.now) / 2).total_seconds() / 60
    held = holds.place(verdict, who, holder=f"waitlist:{wish.id}", minutes=minutes, kind="waitlist")
    if held is None:
        return "held"
    offered = {
        "id": wish.id, "hold_id": held.id, "doctor_id": held.doctor_id, "location_id": held.location_id,
        "date": slot.day, "start": held.starts_at, "end": held.ends_at, "until": held.expires_at,
    }  # fmt: skip
    _audited, (written,) = db.send(
        audit.entry("wish.offer", "wish", wish.id, by=by, patient_id=wish.patient_id), (OFFERED, offered)
    )
    events.announce("waitlist.offered", "waitlist", wish.id, written.version)
    # What is held now is in the way of the next.
    day.tables.clear()
    day.left = None if day.left is None else day.left - 1
    return None


def _touches(slot: Slot, place: Place) -> bool:
    return slot.at < epoch(place.end) and epoch(place.start) < slot.until


def _is_in(slot: Slot, part_of_day: str | None) -> bool:
    if part_of_day is None:
        return True
    begins, ends = slots.parts_of_day()[part_of_day]
    clock = slot.start.time()
    return begins <= clock and (ends is None or clock < ends)


def _meets(slot: Slot, visit: Any) -> bool:
    return bool(visit.starts_at) and slot.at < epoch(visit.ends_at) and epoch(visit.starts_at) < slot.until
