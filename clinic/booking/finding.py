"""The caller's question ("any cardiologist, next week, in the morning?"), answered; and a time that was chosen."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core.access import Actor
from clinic.core.errors import NotFound
from clinic.core.times import instant, iso_date
from clinic.schedule import loading, overview, slots
from clinic.schedule.asking import asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose

DAYS = 7
A_DAY, A_DAY_OF_MANY, MANY = 12, 4, 8
"""How many times of one doctor's day are listed, and where there are many doctors; the day board has the rest."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A time that was chosen: ``start``, or of a doctor who gives numbers only the ``date``."""

    doctor: Any
    date: date
    start: datetime | None
    zone: ZoneInfo
    location: Any | None
    is_past: bool


@dataclass(frozen=True, slots=True)
class Times:
    """What one doctor has free on one day: ``slots`` (``more`` beyond those), or ``numbers``."""

    doctor: Any
    zone: ZoneInfo
    slots: list[Slot] = field(default_factory=list)
    more: int = 0
    numbers: int = 0


@dataclass(slots=True)
class Offer:
    """Free times of the days ``first`` to ``last``, day by day, doctor by doctor."""

    who: Whose
    everybody: list[Any]
    first: date
    last: date
    today: date
    days: list[tuple[date, list[Times]]] = field(default_factory=list)

    @property
    def earlier(self) -> date | None:
        before = max(self.first - timedelta(days=DAYS), self.today)
        return before if before < self.first else None

    @property
    def later(self) -> date:
        return self.last + timedelta(days=1)


def chosen(
    *,
    doctor_id: uuid.UUID | None,
    start: str | None,
    day: str | None,
    location_id: uuid.UUID | None = None,
    by: Actor,
) -> Chosen:
    """The doctor and time that a form was opened for. ``NotFound`` for a doctor who is not here or not *by*'s own,
    ``Wrong`` for a time that is none.
    """
    if doctor_id is None or (by.is_doctor and doctor_id != by.doctor_id):
        raise NotFound
    who = loading.one(doctor_id)
    doctor = who.doctors[0]
    if not doctor.is_active:
        raise NotFound
    at = location_id if location_id in who.locations else who.home_of(doctor)
    zone = who.zone_at(at)
    begins = instant(start) if start else None
    on = begins.astimezone(zone).date() if begins else iso_date(day or "")
    several = sum(location.is_active for location in who.locations.values()) > 1
    past = begins < who.now if begins else on < who.now.astimezone(zone).date()
    return Chosen(doctor, on, begins, zone, who.locations.get(at) if several and at else None, past)


def free(
    *,
    doctor_id: uuid.UUID | None = None,
    specialty_id: uuid.UUID | None = None,
    service_id: uuid.UUID | None = None,
    on: date | None = None,
    days: int = DAYS,
    part_of_day: str | None = None,
    except_for: uuid.UUID | None = None,
    minutes: int | None = None,
    most: int | None = None,
    by: Actor,
) -> Offer:
    """What is free for this wish on *days* days from *on* (or today), for those who may look into all doctors' days.

    *except_for*: a visit that is about to be moved; *minutes*: how long it is. *most*: how many
    times of one doctor's day.
    """
    who, _rest = loading.whose(specialty_id=specialty_id, service_id=service_id)
    everybody = list(who.doctors)
    who.doctors = [
        doctor
        for doctor in who.doctors
        if doctor_id in (None, doctor.id) and (not by.is_doctor or doctor.id == by.doctor_id)
    ]
    today = who.now.astimezone(who.zone_of_all()).date()
    first = max(on or today, today)
    last = first + timedelta(days=days - 1)
    offer = Offer(who, everybody, first, last, today)
    wish = Wish(who.service, minutes)
    asking = asker(by, who.now, wish, except_for=[except_for])
    part = slots.parts_of_day()[part_of_day] if part_of_day else None
    most = most or (A_DAY if len(who.doctors) <= MANY else A_DAY_OF_MANY)
    by_day: dict[date, list[Times]] = {}
    for doctor, table in zip(who.doctors, loading.timetables(who, first, last), strict=True):
        zone = who.zone_of(doctor)
        if doctor.booking_mode == "token":
            for count in overview.free_on(table, wish, asking, first, last):
                if count.available:
                    by_day.setdefault(count.date, []).append(Times(doctor, zone, numbers=count.available))
            continue
        found: dict[date, list[Slot]] = {}
        for slot in table.offer(wish, asking, first, last, part_of_day=part):
            found.setdefault(slot.day, []).append(slot)
        for day, of_day in found.items():
            times = Times(doctor, zone, of_day[:most], max(0, len(of_day) - most))
            by_day.setdefault(day, []).append(times)
    offer.days = sorted(by_day.items())
    return offer


def stamp(slot: Slot) -> str:
    """The start of a slot in an address: ``2026-11-23T14:20Z``."""
    return datetime.fromtimestamp(slot.at, UTC).strftime("%Y-%m-%dT%H:%MZ")


def seal(slot: Slot) -> str:
    """A slot as one text for a form that moves a visit there."""
    return slots.seal(slot)
