"""How fast the slot engine is, by itself: ``python -m bench.engine`` prints milliseconds of CPU, best of several runs.

50 doctors, 30 days from a Monday, Monday to Friday 09:00–17:00 in quarters of an hour, four of ten places taken.
"""

from __future__ import annotations

import random
import time as clock
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule import overview
from clinic.schedule.facts import Asker, Busy, Doctor, Service, Wish
from clinic.schedule.hours import WeeklyRule
from clinic.schedule.premises import Premises
from clinic.schedule.timeoff import Block
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import at, epoch

ZONE = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 10, 5)
LAST = MONDAY + timedelta(days=29)
NOW = datetime(2026, 10, 4, 12, tzinfo=UTC)
DOCTORS, FULL, QUARTER = 50, 0.4, 900
STAFF, PATIENT = Asker("staff", NOW), Asker("patient", NOW, min_notice_minutes=60)
CONSULTATION = Wish(service=Service(UUID(int=1), 30, buffer_after=5))


def busy_of(doctor: int) -> list[Busy]:
    dice = random.Random(doctor)
    found = []
    for ahead in range(30):
        day = MONDAY + timedelta(days=ahead)
        if day.weekday() < 5:
            opens = at(day, time(9), ZONE)
            places = sorted(dice.sample(range(32), int(32 * FULL)))
            found += [
                Busy(opens + place * QUARTER, opens + (place + 1) * QUARTER, UUID(int=place))
                for place in places
            ]
    return found


def timetables(facts: list[list[Busy]]) -> list[Timetable]:
    holiday = Block(UUID(int=9), datetime(2026, 10, 14), datetime(2026, 10, 15), ZONE, all_day=True)  # noqa: DTZ001
    premises = Premises([holiday])
    return [
        Timetable(
            Doctor(UUID(int=number), ZONE, slot_minutes=15),
            MONDAY,
            LAST,
            rules=[WeeklyRule(UUID(int=day), day, time(9), time(17), ZONE) for day in range(5)],
            busy=busy,
            premises=premises,
        )
        for number, busy in enumerate(facts)
    ]


def best(label: str, work: Callable[[], object], runs: int = 7, times: int = 1) -> None:
    found = []
    for _ in range(runs):
        begun = clock.process_time()
        for _ in range(times):
            work()
        found.append((clock.process_time() - begun) / times)
    print(f"{label:<58}{min(found) * 1000:9.3f} ms")


def main() -> None:
    facts = [busy_of(number) for number in range(DOCTORS)]
    whole = Wish()
    slots = sum(len(list(each.offer(whole, STAFF, MONDAY, LAST))) for each in timetables(facts))
    print(f"{DOCTORS} doctors, 30 days, {sum(map(len, facts))} visits, {slots} free slots")
    best(
        "the whole grid, timetables made anew",
        lambda: [list(each.offer(whole, STAFF, MONDAY, LAST)) for each in timetables(facts)],
    )
    best(
        "the same with a visit type of two steps and a buffer",
        lambda: [list(each.offer(CONSULTATION, PATIENT, MONDAY, LAST)) for each in timetables(facts)],
    )
    best(
        "first free of each, timetables made anew",
        lambda: [each.first_free(whole, STAFF, MONDAY, LAST) for each in timetables(facts)],
    )
    first_day = [[busy for busy in each if busy.start < at(MONDAY, time(23), ZONE)] for each in facts]
    best(
        "the same, knowing the first day's visits only",
        lambda: [each.first_free(whole, STAFF, MONDAY, LAST) for each in timetables(first_day)],
    )
    best(
        "one doctor, one day, timetable made anew",
        lambda: [list(each.offer(whole, STAFF, MONDAY, MONDAY)) for each in timetables(first_day[:1])],
        times=100,
    )
    one = timetables(facts[:1])[0]
    ten = datetime.fromtimestamp(epoch(datetime(2026, 10, 7, 8, tzinfo=UTC)), ZONE)
    best("is one start free, and why not", lambda: one.check(ten, CONSULTATION, PATIENT), times=1000)
    best(
        "three alternatives",
        lambda: overview.nearest(timetables(facts[:1])[0], ten, whole, PATIENT),
        times=100,
    )


if __name__ == "__main__":
    main()
