"""What booking asks the engine: whether this time, this number, this patient; and what else there is.

Pure of locks and writes: whoever calls holds the locks and knows what stood under them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import queries
from clinic.booking.asking import Asked
from clinic.booking.refusals import NotThisTime, PatientBusy, PatientLimit, of
from clinic.core import tenancy
from clinic.core.access import Actor
from clinic.core.errors import invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.records import must_exist
from clinic.schedule import loading, overview, slots, tokens, walltime
from clinic.schedule.asking import DAYS_AHEAD, asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.models import OneOffSession, Room
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import NonexistentTime, epoch, moment

BEYOND = frozenset({"booked", "held", "buffer", "day_full", "off_grid", "room_busy"})
"""What overbooking goes beyond. It never opens a closed door: hours, blocks and absence hold."""

WALK_INS_HEED = frozenset({"doctor_absent", "closed", "blocked", "day_full", "past"})
ALTERNATIVES = 3
LOOK_AHEAD = timedelta(days=DAYS_AHEAD)


@dataclass(slots=True)
class Place:
    """Where and when the visit will be, once the rules have agreed."""

    date: date
    starts_at: datetime | None
    ends_at: datetime | None
    zone: ZoneInfo
    location_id: uuid.UUID | None
    session_id: uuid.UUID | None = None
    room_id: uuid.UUID | None = None
    place: int = 0
    token: int | None = None
    overbooked: bool = False


def instant(wall: datetime, pointer: str, who: Whose, asked: Asked) -> datetime:
    """An aware time as it is; a naive one on the clock of the location asked for, else of the doctor's."""
    if wall.tzinfo is not None:
        return wall
    zone = who.zone_at(asked.location_id) if asked.location_id else who.zone_of(who.doctors[0])
    try:
        return walltime.instant(wall, zone)
    except NonexistentTime:
        raise invalid(pointer, "nonexistent_time", _("The clock skips this time on that day.")) from None


def days(asked: Asked, who: Whose, wanted: datetime | None) -> list[date]:
    """The local dates that the visit may be counted on or reach into, in whichever zone this doctor receives."""
    if wanted is None:
        if asked.date is None:
            raise invalid("/start", "required", _("Say when: a start, a slot or a date."))
        return [asked.date]
    ends = instant(asked.end, "/end", who, asked) if asked.end else wanted
    if not timedelta(0) <= ends - wanted <= loading.LONGEST:
        raise NotThisTime(_("A visit cannot last that long here."), code="invalid_duration")
    try:
        return sorted(
            {end.astimezone(zone).date() for zone in who.zones_of(who.doctors[0]) for end in (wanted, ends)}
        )[:4]
    except OverflowError:
        raise invalid("/start", "invalid_time", _("This time is too far away.")) from None


def wish_of(asked: Asked, who: Whose) -> Wish:
    return Wish(who.service, asked.minutes, asked.location_id, asked.session_id, asked.room_id)


def timed(asked: Asked, who: Whose, timetable: Timetable, wanted: datetime, by: Actor) -> Place:
    wish = wish_of(asked, who)
    ends = instant(asked.end, "/end", who, asked) if asked.end else None
    own = [asked.hold_id, asked.offer.id if asked.offer else None]
    asking = asker(by, who.now, wish, except_for=own, audience="staff" if asked.offer else None)
    verdict = timetable.check(wanted, wish, asking, ends)
    if verdict.slot is not None:
        slot = verdict.slot
        return Place(
            slot.day,
            slot.start,
            slot.end,
            slot.opening.zone,
            slot.location_id,
            slot.session_id,
            verdict.room_id,
            verdict.place,
        )
    _refuse_unknown(asked)
    if asked.overbook and all(reason.code in BEYOND for reason in verdict.reasons):
        return beyond(asked, who, timetable, wanted, ends, wish)
    raise of(verdict.reasons, by, wanted.astimezone(timetable.doctor.zone).date())


def beyond(
    asked: Asked, who: Whose, timetable: Timetable, wanted: datetime, ends: datetime | None, wish: Wish
) -> Place:
    """A place beyond the capacity, in the hours that hold this time."""
    begins = epoch(wanted)
    opening = timetable.open.holding(begins, wish)[0].opening
    step = opening.slot_minutes or (who.service.minutes if who.service else 30)
    minutes = asked.minutes or (who.service.minutes if who.service else step)
    until = ends or moment(begins + 60 * minutes, opening.zone)
    place = queries.next_place(who.doctors[0].id, wanted)
    start = moment(begins, opening.zone)
    return Place(
        start.date(), start, until.astimezone(opening.zone), opening.zone, opening.location_id, opening.session_id,
        asked.room_id, place, overbooked=True,
    )  # fmt: skip


def token(asked: Asked, who: Whose, timetable: Timetable, day: date, counter: Any, by: Actor) -> Place:
    """The next number of a day, or a walk-in: somebody who is here and needs no time."""
    _refuse_unknown(asked)
    doctor, wish = who.doctors[0], wish_of(asked, who)
    asking = asker(by, who.now, wish)
    answer = tokens.check(timetable, day, wish, asking, by_desk=by.audience == "staff" or by.kind == "key")
    if doctor.booking_mode != "token" and doctor.has_hours and not asked.walk_in:
        raise invalid(
            "/start", "required", _("This doctor sees patients by appointment: say when the visit starts.")
        )
    against = answer.reasons
    if asked.walk_in:
        # Hours bind who books ahead, not who stands at the desk; absence, closures and the cap hold.
        against = tuple(reason for reason in against if reason.code in WALK_INS_HEED)
    if against and not (asked.overbook and all(reason.code in BEYOND for reason in against)):
        raise of(against, by, day)
    location = asked.location_id or answer.location_id or who.home_of(doctor)
    numbered = doctor.booking_mode == "token" or not doctor.has_hours
    return Place(
        day,
        None,
        None,
        answer.zone,
        location,
        token=counter.last_token + 1 if numbered else None,
        overbooked=bool(against),
    )


def _refuse_unknown(asked: Asked) -> None:
    """A room or session that is not here makes every time busy or closed: better to say which id is nothing's."""
    must_exist(Room, {"/room_id": asked.room_id})
    must_exist(OneOffSession, {"/session_id": asked.session_id})


def refuse_busy_patient(asked: Asked, place: Place, engagements: list[Any], who: Whose, by: Actor) -> None:
    if place.starts_at is not None and place.ends_at is not None and not asked.allow_overlap:
        start, end = place.starts_at, place.ends_at
        if any(each.starts_at and each.starts_at < end and start < each.ends_at for each in engagements):
            raise PatientBusy
    most = tenancy.require().setting("max_open_bookings_per_patient")
    # Who has no account would learn from this that the clinic knows the person they named.
    if asked.binds(by) and by.kind != "anonymous" and most is not None:
        ahead = sum(
            each.status in ("pending", "booked", "confirmed") and each.is_ahead for each in engagements
        )
        if ahead >= most:
            raise PatientLimit


def alternatives(who: Whose, wanted: datetime, asked: Asked, by: Actor) -> list[dict[str, Any]]:
    """The three free slots of the same doctor nearest to *wanted*, as far as 62 days around it; near days first."""
    wish = wish_of(asked, who)
    asking = asker(by, who.now, wish)
    zone = who.zone_of(who.doctors[0])
    day = max(wanted, who.now).astimezone(zone).date()
    found: list[Slot] = []
    for span in (timedelta(days=3), LOOK_AHEAD):
        first = max(day - span, who.now.astimezone(zone).date())
        found = overview.nearest(
            loading.timetables(who, first, day + span)[0], wanted, wish, asking, ALTERNATIVES
        )
        if len(found) >= ALTERNATIVES:
            break
    return slots.shown(found, who)
