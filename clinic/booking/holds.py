"""Keeping a slot for somebody for a few minutes (API.md §6, ``/holds``)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from clinic.booking import locks, queries
from clinic.booking.freeing import ended
from clinic.booking.refusals import AlreadyExtended, HoldExpired, SlotTaken, of
from clinic.core import audit, db, tenancy
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.schedule import loading
from clinic.schedule.asking import asker
from clinic.schedule.facts import Wish
from clinic.schedule.slots import unknown_id
from clinic.schedule.walltime import NonexistentTime, instant

INSERT = """
INSERT INTO hold (tenant_id, id, kind, doctor_id, location_id, service_id, room_id, appointment_id, date, starts_at,
                  ends_at, place, buffer_before_minutes, buffer_after_minutes, holder, expires_at)
VALUES (%(tenant)s, %(id)s, %(kind)s, %(doctor_id)s, %(location_id)s, %(service_id)s, %(room_id)s, %(appointment_id)s,
        %(date)s, %(starts_at)s, %(ends_at)s, %(place)s, %(before)s, %(after)s, %(holder)s,
        now() + %(minutes)s * interval '1 minute')
ON CONFLICT DO NOTHING
RETURNING id, doctor_id, location_id, service_id, starts_at, ends_at, expires_at, extended
"""
EXTEND = """
UPDATE hold SET expires_at = greatest(expires_at, now()) + %(minutes)s * interval '1 minute', extended = true
 WHERE tenant_id = %(tenant)s AND id = %(id)s AND NOT extended
RETURNING id, doctor_id, location_id, service_id, starts_at, ends_at, expires_at, extended
"""
LET_GO = ended("holder = %(holder)s AND kind = 'hold'")
RELEASE = ended("id = %(id)s")
RELEASE_ALL = ended("id = ANY(%(ids)s)")
OVER = """id IN (
    SELECT id FROM hold WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND expires_at <= now()
     ORDER BY id FOR UPDATE SKIP LOCKED)"""
EXPIRE = ended(OVER)


@db.action
def hold(
    *,
    doctor_id: uuid.UUID,
    start: datetime,
    service_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    instead: bool = False,
    by: Actor,
) -> Any:
    """Keep a free slot for the caller for the setting's minutes; same locks and rules as booking it.

    *instead* of whatever else the caller holds, which is let go of in the same transaction. Raises ``SlotTaken`` (409),
    the engine's reasons (422), ``unknown_id`` (422).
    """
    who, _rest = loading.whose(doctor_ids=[doctor_id], service_id=service_id)
    if not who.doctors or not who.doctors[0].is_active:
        raise unknown_id("/doctor_id")
    if service_id and (who.service_row is None or not who.service_row.is_active):
        raise unknown_id("/service_id")
    zone = who.zone_at(location_id) if location_id else who.zone_of(who.doctors[0])
    try:
        wanted = start if start.tzinfo else instant(start, zone)
    except NonexistentTime:
        raise invalid("/start", "nonexistent_time", _("The clock skips this time on that day.")) from None
    days = sorted({wanted.astimezone(each).date() for each in who.zones_of(who.doctors[0])})
    kind = who.service.room_kind if who.service else None
    locking = locks.statements(patients=[], days=[(doctor_id, day) for day in days], room_kinds=[kind])
    if instead:
        locking.append((LET_GO, {"holder": by.caller}))
    answers = db.send(*locking, *loading.standing(who, days[0], days[-1]))
    if answers[1][0].version != who.doctors[0].version:
        # Somebody changed the doctor between our first look and the lock: look again, now that nobody can.
        who = loading.one(doctor_id, service_id=service_id)
        if not who.doctors[0].is_active:
            raise unknown_id("/doctor_id")
    timetable = loading.timetables(who, days[0], days[-1], answers[len(locking) :])[0]
    wish = Wish(who.service, location_id=location_id)
    verdict = timetable.check(wanted, wish, asker(by, who.now, wish))
    if verdict.slot is None:
        raise of(verdict.reasons, by, wanted.astimezone(who.zone_of(who.doctors[0])).date())
    made = place(verdict, who, holder=by.caller, minutes=tenancy.require().setting("hold_minutes"))
    if made is None:
        raise SlotTaken
    audit.record("hold.make", "hold", made.id, by=by)
    return made


def place(
    verdict: Any,
    who: loading.Whose,
    *,
    holder: str,
    minutes: float,
    kind: str = "hold",
    appointment_id: uuid.UUID | None = None,
) -> Any | None:
    """Write the hold of an accepted slot; None if somebody was there first. The doctor's day is locked already."""
    slot, service = verdict.slot, who.service_row
    return db.row(
        INSERT,
        id=new_id(),
        kind=kind,
        doctor_id=slot.doctor_id,
        location_id=slot.location_id,
        service_id=slot.service_id,
        room_id=verdict.room_id,
        appointment_id=appointment_id,
        date=slot.day,
        starts_at=slot.start,
        ends_at=slot.end,
        place=verdict.place,
        before=service.buffer_before_minutes if service else 0,
        after=service.buffer_after_minutes if service else 0,
        holder=holder,
        minutes=minutes,
    )


def live(id: uuid.UUID, *, by: Actor) -> Any:
    """The caller's hold, still running; ``HoldExpired`` (410) if it is over or was never theirs."""
    try:
        found = queries.hold(id, by=by)
    except NotFound:
        raise HoldExpired from None
    if not found.is_live:
        raise HoldExpired
    return found


@db.action
def extend(*, id: uuid.UUID, by: Actor) -> Any:
    """Keep it once more as long; a second time ``AlreadyExtended`` (409), too late ``HoldExpired`` (410)."""
    found = queries.hold(id, by=by)
    if not found.is_live:
        raise HoldExpired
    if found.extended:
        raise AlreadyExtended
    longer = db.row(EXTEND, id=id, minutes=tenancy.require().setting("hold_minutes"))
    if longer is None:  # two pressed at once
        raise AlreadyExtended
    return longer


@db.action
def release(*, id: uuid.UUID, by: Actor) -> None:
    """Let go of the slot at once."""
    queries.hold(id, by=by)
    db.send((RELEASE, {"id": id}))


@db.action
def expire(*, ids: list[uuid.UUID], by: Actor = SYSTEM) -> int:
    """Delete what is over; the worker's work. Answers how many there were. Twice is harmless."""
    return len(db.rows(EXPIRE, ids=ids))
