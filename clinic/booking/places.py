"""A visit's place in a doctor's day: counted, and taken again by one who had given it up. The day is locked."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from clinic.booking import queries
from clinic.booking.queries import Visit
from clinic.booking.refusals import SlotTaken
from clinic.core import db
from clinic.core.access import Actor
from clinic.schedule import loading
from clinic.schedule.asking import asker
from clinic.schedule.caps import cap_of
from clinic.schedule.facts import Wish

TAKE = """
UPDATE doctor_day SET booked = booked + 1, cap = %(cap)s, excess = greatest(booked + %(beyond)s - %(cap)s, 0),
       version = version + 1
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s
"""


def day_counter(doctor_id: uuid.UUID, day: date) -> Any:
    return db.row(
        "SELECT doctor_id, date, max_appointments, booked FROM doctor_day"
        " WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s",
        doctor_id=doctor_id,
        date=day,
    )


def take_day(doctor: Any, counter: Any, *, beyond: bool) -> db.Statement:
    """The statement that counts one more visit on a doctor's day; *beyond*: above the cap, in the excess."""
    cap = cap_of(doctor, counter.max_appointments)
    return TAKE, {
        "doctor_id": counter.doctor_id,
        "date": counter.date,
        "cap": cap,
        "beyond": 1 if beyond else 0,
    }


def retake(
    visit: Visit, place: Visit, by: Actor, changes: dict[str, Any], *, beyond: bool = False
) -> db.Statement:
    """Ask the rules for the place that *place* describes; the statement that counts it. The day is locked.

    With *beyond* a place that somebody has meanwhile is kept above the capacity instead of refused.
    """
    who, _rest = loading.whose(doctor_ids=[place.doctor_id], service_id=place.service_id)
    doctor = who.doctors[0]
    counter = day_counter(place.doctor_id, place.date)
    if place.starts_at is None:
        cap = cap_of(doctor, counter.max_appointments)
        full = cap is not None and counter.booked >= cap
        if full and not beyond:
            raise SlotTaken
        return take_day(doctor, counter, beyond=full)
    table = loading.timetables(who, place.date, place.date)[0]
    minutes = (place.ends_at - place.starts_at).total_seconds() // 60
    wish = Wish(who.service, int(minutes), room_id=place.room_id)
    verdict = table.check(
        place.starts_at, wish, asker(by, who.now, wish, audience="staff", except_for=[visit.id])
    )
    in_the_way = {reason.code for reason in verdict.reasons} & {
        "booked",
        "held",
        "buffer",
        "day_full",
        "room_busy",
    }
    if in_the_way and not beyond:
        raise SlotTaken
    if in_the_way:
        changes["overbooked"], changes["place"] = True, queries.next_place(place.doctor_id, place.starts_at)
        if "room_busy" in in_the_way:
            changes["room_id"] = None
    elif verdict.accepted:
        changes["place"] = verdict.place
    else:
        changes["place"] = queries.next_place(place.doctor_id, place.starts_at)
    return take_day(doctor, counter, beyond="day_full" in in_the_way or place.overbooked)
