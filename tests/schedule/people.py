"""Dr Bose at North and what is needed to ask for a time: short spellings for the tests of the schedule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.facts import Asker, Busy, Doctor, Reason, Service, Slot, Wish
from clinic.schedule.hours import Override, Session, WeeklyRule
from clinic.schedule.timeoff import Block
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import edge

BOGOTA = ZoneInfo("America/Bogota")
PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)
BOSE = UUID(int=1)
NORTH, ANNEX = UUID(int=10), UUID(int=11)
CHECKUP, VACCINE = UUID(int=20), UUID(int=21)


def clock(text: str) -> time:
    return time.fromisoformat(text)


def wall(text: str) -> datetime:
    """``2026-11-23 09:00`` as a wall time."""
    return datetime.fromisoformat(text)


def on(text: str, day: date = MONDAY, zone: ZoneInfo = BOGOTA) -> datetime:
    """The moment at which the clock shows this time, with the zone's offset."""
    return datetime.fromtimestamp(edge(datetime.combine(day, clock(text)), zone), zone)


def hours(text: str) -> tuple[time, time]:
    start, _, end = text.partition("-")
    return clock(start), clock(end)


def weekly(
    text: str, number: int = 100, day: date | int = MONDAY, zone: ZoneInfo = BOGOTA, **more: Any
) -> WeeklyRule:
    """``09:00-12:00`` every week on the weekday of *day*."""
    start, end = hours(text)
    weekday = day if isinstance(day, int) else day.weekday()
    more.setdefault("location_id", NORTH)
    return WeeklyRule(UUID(int=number), weekday, start, end, zone, **more)


def override(*texts: str, day: date = MONDAY, zone: ZoneInfo = BOGOTA, **more: Any) -> Override:
    return Override(UUID(int=200), day, zone, tuple(hours(text) for text in texts), **more)


def session(
    text: str, day: date = MONDAY, zone: ZoneInfo = BOGOTA, number: int = 300, **more: Any
) -> Session:
    start, _, end = text.partition("-")
    more.setdefault("location_id", NORTH)
    return Session(UUID(int=number), on(start, day, zone), on(end, day, zone), zone, **more)


def block(start: str, end: str, zone: ZoneInfo = BOGOTA, number: int = 400, **more: Any) -> Block:
    """A block or closure between two wall times such as ``2026-11-23 09:00``."""
    return Block(UUID(int=number), wall(start), wall(end), zone, **more)


def visit(text: str, day: date = MONDAY, zone: ZoneInfo = BOGOTA, number: int = 500, **more: Any) -> Busy:
    """``09:00-09:20`` is booked; ``held=True``: is held."""
    start, _, end = text.partition("-")
    return Busy(
        int(on(start, day, zone).timestamp()), int(on(end, day, zone).timestamp()), UUID(int=number), **more
    )


def service(minutes: int = 20, id: UUID = CHECKUP, **more: Any) -> Wish:
    return Wish(service=Service(id, minutes, **more))


STAFF = Asker("staff", on("00:00", MONDAY - timedelta(days=7)))
PATIENT = Asker("patient", on("00:00", MONDAY - timedelta(days=7)))
EARLY = Asker("staff", on("00:00", date(2000, 1, 1)))
ANY = Wish()


def bose(
    *rules: WeeklyRule,
    overrides: Iterable[Override] = (),
    sessions: Iterable[Session] = (),
    zone: ZoneInfo = BOGOTA,
    slot_minutes: int | None = 30,
    first: date = MONDAY,
    last: date = MONDAY + timedelta(days=13),
    doctor: dict[str, Any] | None = None,
    **more: Any,
) -> Timetable:
    """Dr Bose's timetable for two weeks."""
    who = Doctor(BOSE, zone, slot_minutes=slot_minutes, **(doctor or {}))
    return Timetable(who, first, last, rules=rules, overrides=overrides, sessions=sessions, **more)


def starts(
    table: Timetable,
    wish: Wish = ANY,
    asker: Asker = STAFF,
    day: date = MONDAY,
    last: date | None = None,
    **more: Any,
) -> list[str]:
    """The free starts of a date as the wall clock shows them."""
    return [f"{slot.start:%H:%M}" for slot in table.offer(wish, asker, day, last or day, **more)]


def slots(
    table: Timetable, wish: Wish = ANY, asker: Asker = STAFF, day: date = MONDAY, **more: Any
) -> list[Slot]:
    return list(table.offer(wish, asker, day, day, **more))


def codes(reasons: Iterable[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def why(
    table: Timetable, text: str, wish: Wish = ANY, asker: Asker = STAFF, day: date = MONDAY, **more: Any
) -> list[str]:
    """Codes of everything that is against a visit at this wall time; nothing: it is accepted."""
    return codes(table.reasons(on(text, day, table.doctor.zone), wish, asker, **more))
