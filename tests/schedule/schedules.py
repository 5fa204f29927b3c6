"""Random schedules of one doctor around one date, for the properties of the slot engine.

Everything lies on five-minute marks. Dates are such that clocks are changed on them more often than not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from clinic.demo.fuzzing import SCHEDULES
from clinic.schedule.facts import Asker, Busy, Day, Doctor, Room, RoomUse, Service, Wish
from clinic.schedule.hours import Override, Session, WeeklyRule
from clinic.schedule.premises import Premises
from clinic.schedule.timeoff import Block
from clinic.schedule.timetable import Timetable

FUZZ = int(os.environ.get("CLINIC_FUZZ", "0"))
"""``make fuzz`` looks at so many schedules, new ones each time; without it, the same ones every time."""

MARK = timedelta(minutes=5)
ONE_DAY = timedelta(days=1)
T = TypeVar("T")

# Zone, and a date on which something happens to its clock (or nothing).
PLACES = [
    ("America/Bogota", "2026-11-23"),
    ("Europe/Paris", "2026-03-29"),
    ("Europe/Paris", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),  # a day of 24.5 hours
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Sao_Paulo", "2018-11-04"),  # begins at 01:00
    ("America/Sao_Paulo", "2018-02-17"),  # its last hour comes twice
    ("Asia/Beirut", "2026-03-29"),
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-29"),
    ("America/Havana", "2026-11-01"),  # its first hour comes twice
    ("America/Nuuk", "2026-03-28"),  # ends an hour early
    ("Antarctica/Troll", "2026-03-29"),  # two hours at once
    ("Asia/Kolkata", "2026-11-23"),
    ("Asia/Kathmandu", "2026-11-23"),
    ("America/St_Johns", "2026-03-08"),
    ("Pacific/Chatham", "2026-04-05"),
    ("Pacific/Apia", "2011-12-30"),  # a date that never was
]
LOCATIONS = [UUID(int=1), UUID(int=2)]
SERVICES = [UUID(int=11), UUID(int=12)]
ROOM_KIND = "scanner"


@dataclass
class Schedule:
    """One doctor's facts as the engine takes them, and whom we let ask for what."""

    day: date
    doctor: Doctor
    rules: list[WeeklyRule]
    overrides: list[Override]
    sessions: list[Session]
    blocks: list[Block]
    closures: list[Block]
    busy: list[Busy]
    days: list[Day]
    rooms: list[Room]
    uses: list[RoomUse]
    wish: Wish
    asker: Asker
    chance: Random = field(repr=False)

    @property
    def zone(self) -> ZoneInfo:
        return self.doctor.zone

    def timetable(self) -> Timetable:
        return Timetable(
            self.doctor,
            self.day - ONE_DAY,
            self.day + ONE_DAY,
            rules=self.rules,
            overrides=self.overrides,
            sessions=self.sessions,
            blocks=self.blocks,
            busy=self.busy,
            days=self.days,
            premises=Premises(self.closures, self.rooms, self.uses),
        )


class Maker:
    """Makes up a schedule from one source of chance; ids are counted."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._ids = 1000
        name, day = chance.choice(PLACES)
        self.zone = ZoneInfo(name)
        self.day = date.fromisoformat(day) + chance.choice([0, 0, 0, 1, -1]) * ONE_DAY
        # Another location, an hour or half the world away.
        self.other = (
            ZoneInfo(chance.choice(["Europe/London", "Asia/Tokyo", name])) if self.maybe(0.15) else self.zone
        )

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def optional(self, share: float, make: Callable[[], T]) -> T | None:
        return make() if self.maybe(share) else None

    def some(self, most: int, make: Callable[[], T]) -> list[T]:
        return [make() for _ in range(self.chance.randint(0, most))]

    def id(self) -> UUID:
        self._ids += 1
        return UUID(int=self._ids)

    def clock(self, mark: int) -> time:
        return time(*divmod(mark % 288 * 5, 60))

    def place(self) -> dict[str, Any]:
        location = self.chance.choice([0, 0, 1])
        return {"location_id": LOCATIONS[location], "zone": [self.zone, self.other][location]}

    def how(self) -> dict[str, Any]:
        return {
            "slot_minutes": self.optional(0.5, lambda: self.chance.choice([5, 10, 15, 20, 25, 30, 45, 60])),
            "capacity": self.optional(0.3, lambda: self.chance.randint(1, 3)),
            "service_ids": self.optional(
                0.1, lambda: frozenset(self.chance.sample(SERVICES, self.chance.randint(1, 2)))
            ),
        }

    def moment(self, early: int = -6, late: int = 30) -> datetime:
        """An instant on a mark, from six hours before the date to six hours after it."""
        begin = datetime.combine(self.day, time(), self.zone).astimezone(UTC)
        return begin + self.chance.randint(early * 12, late * 12) * MARK

    def rule(self) -> WeeklyRule:
        start, length = self.chance.randint(0, 287), self.chance.randint(1, 12 * 10)
        day = self.day - self.chance.choice([0, 0, 0, 1]) * ONE_DAY
        longer = self.maybe(0.03)
        return WeeklyRule(
            id=self.id(),
            weekday=day.weekday(),
            start=self.clock(start),
            end=self.clock(start + length),
            ends_next_day=start + length >= 288 or longer,
            valid_from=self.optional(0.2, lambda: self.day + self.chance.randint(-20, 1) * ONE_DAY),
            valid_until=self.optional(0.1, lambda: self.day + self.chance.randint(-2, 20) * ONE_DAY),
            every_weeks=self.chance.choice([1, 1, 1, 1, 1, 2, 3]),
            **self.place(),
            **self.how(),
        )

    def override(self) -> Override:
        intervals = self.some(2, lambda: (self.chance.randint(0, 287), self.chance.randint(1, 100)))
        where = self.place()
        return Override(
            id=self.id(),
            date=self.day - self.chance.choice([0, 0, 1]) * ONE_DAY,
            intervals=tuple((self.clock(start), self.clock(start + length)) for start, length in intervals),
            zone=where["zone"],
            location_id=where["location_id"] if self.maybe(0.5) else None,
            **(self.how() if self.maybe(0.5) else {}),
        )

    def session(self) -> Session:
        start = self.moment()
        end = start + self.chance.randint(1, 36) * MARK
        return Session(id=self.id(), start=start, end=end, **self.place(), **self.how())

    def block(self, location_id: UUID | None = None) -> Block:
        start = self.moment()
        end = start + self.chance.randint(1, 48) * MARK
        rrule = self.optional(0.3, lambda: self.chance.choice(["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2"]))
        if rrule:
            start, end = start - 28 * ONE_DAY, end - 28 * ONE_DAY
        return Block(
            self.id(), start, end, self.zone, all_day=self.maybe(0.1), rrule=rrule, location_id=location_id
        )

    def closure(self) -> Block:
        return self.block(self.chance.choice([None, *LOCATIONS]))

    def busy(self, taken: list[Busy]) -> Busy:
        if taken and self.maybe(0.3):
            start = taken[-1].start
        else:
            start = int(self.moment().timestamp())
        return Busy(
            start,
            start + 300 * self.chance.randint(1, 18),
            self.id(),
            place=self.chance.randint(0, 3),
            buffer_before=self.chance.choice([0, 0, 5, 10]),
            buffer_after=self.chance.choice([0, 0, 5, 15]),
            held=self.maybe(0.3),
        )

    def service(self) -> Service:
        return Service(
            id=self.chance.choice(SERVICES),
            minutes=5 * self.chance.randint(1, 12),
            buffer_before=self.chance.choice([0, 0, 5, 10]),
            buffer_after=self.chance.choice([0, 0, 5, 15]),
            capacity=self.optional(0.3, lambda: self.chance.randint(1, 3)),
            online_bookable=self.maybe(0.95),
            min_notice_minutes=self.optional(0.3, lambda: 5 * self.chance.randint(0, 300)),
            max_days_ahead=self.optional(0.2, lambda: self.chance.randint(0, 3)),
            room_kind=self.optional(0.15, lambda: ROOM_KIND),
        )

    def wish(self) -> Wish:
        service = self.optional(0.7, self.service)
        return Wish(
            service=service,
            minutes=self.optional(0.05, lambda: 5 * self.chance.randint(1, 24)),
            location_id=self.optional(0.1, lambda: self.chance.choice(LOCATIONS)),
        )

    def schedule(self) -> Schedule:
        chance = self.chance
        doctor = Doctor(
            id=UUID(int=100),
            zone=self.zone,
            slot_minutes=self.optional(0.6, lambda: chance.choice([10, 15, 20, 30])),
            is_active=self.maybe(0.98),
            service_ids=self.optional(0.1, lambda: frozenset(chance.sample(SERVICES, 1))),
            max_per_day=self.optional(0.1, lambda: chance.randint(0, 4)),
        )
        busy: list[Busy] = []
        for _ in range(chance.randint(0, 5)):
            busy.append(self.busy(busy))
        rooms = self.some(
            2, lambda: Room(self.id(), chance.choice(LOCATIONS), chance.choice([ROOM_KIND, "bed"]))
        )
        uses = []
        for room in rooms:
            for _ in range(chance.randint(0, 3)):
                start = int(self.moment().timestamp())
                uses.append(
                    RoomUse(start, start + 300 * chance.randint(1, 48), room.id, UUID(int=101), self.id())
                )
        uses += [
            RoomUse(each.start, each.end, chance.choice(rooms).id, doctor.id, each.id)
            for each in busy
            if rooms and self.maybe(0.5)
        ]
        now = self.moment(-60, 18 if self.maybe(0.2) else -6)
        return Schedule(
            day=self.day,
            doctor=doctor,
            rules=[self.rule() for _ in range(chance.choice([0, 1, 1, 2, 2, 3]))],
            overrides=self.some(1, self.override) if self.maybe(0.4) else [],
            sessions=self.some(2, self.session) if self.maybe(0.5) else [],
            blocks=self.some(2, self.block) if self.maybe(0.6) else [],
            closures=self.some(1, self.closure) if self.maybe(0.5) else [],
            busy=busy,
            days=[
                Day(
                    self.day,
                    self.maybe(0.9),
                    self.optional(0.2, lambda: chance.randint(0, 5)),
                    chance.randint(0, 3),
                )
            ]
            if self.maybe(0.5)
            else [],
            rooms=rooms,
            uses=uses,
            wish=self.wish(),
            asker=Asker(
                chance.choice(["patient", "staff"]),
                now + timedelta(microseconds=chance.choice([0, 1])),
                min_notice_minutes=chance.choice([0, 0, 60]),
                max_days_ahead=chance.choice([1, 62, 62]),
                except_for=frozenset(each.id for each in busy if self.maybe(0.2)),
            ),
            chance=chance,
        )


def schedules() -> st.SearchStrategy[Schedule]:
    """Schedules by seed: making them up from hypothesis' own small choices takes longer than all the rest."""
    return st.integers(0, 2**40).map(lambda seed: Maker(Random(seed)).schedule())


def examples(in_ci: int, in_fuzz: int) -> settings:
    """How many are looked at: *in_ci*; in ``make fuzz`` of ``SCHEDULES`` *in_fuzz*, else in proportion."""
    return settings(
        max_examples=max(1, in_fuzz * FUZZ // SCHEDULES) if FUZZ else in_ci,
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
