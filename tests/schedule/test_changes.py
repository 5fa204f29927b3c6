"""What a change of the schedule takes away from visits that are booked."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from clinic.schedule.changes import Visit, against, uncovered
from clinic.schedule.facts import Day, Service
from clinic.schedule.premises import Premises
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import epoch
from tests.schedule.people import (
    ANNEX,
    CHECKUP,
    MONDAY,
    NORTH,
    TUESDAY,
    VACCINE,
    block,
    bose,
    codes,
    on,
    override,
    session,
    weekly,
)

NINE_TO_TWELVE = weekly("09:00-12:00")


def booked(text: str, number: int = 1, day: date = MONDAY, **more: Any) -> Visit:
    start, _, end = text.partition("-")
    more.setdefault("location_id", NORTH)
    return Visit(UUID(int=number), day, epoch(on(start, day)), epoch(on(end, day)), **more)


def numbers(visits: list[Visit]) -> list[int]:
    return [visit.id.int for visit in visits]


NINE, TEN, ELEVEN = booked("09:00-09:30"), booked("10:00-10:30", 2), booked("11:30-12:00", 3)


@pytest.mark.parametrize(
    ("after", "taken"),
    [
        (bose(NINE_TO_TWELVE), []),
        (bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 10:00", "2026-11-23 11:00")]), [2]),
        (bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 10:29", "2026-11-23 11:31")]), [2, 3]),
        (bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 10:30", "2026-11-23 11:30")]), []),
        (
            bose(NINE_TO_TWELVE, premises=Premises([block("2026-11-23", "2026-11-24", all_day=True)])),
            [1, 2, 3],
        ),
        (bose(weekly("09:00-11:00")), [3]),
        (bose(weekly("09:15-12:00")), [1]),
        (bose(), [1, 2, 3]),
        (bose(NINE_TO_TWELVE, overrides=[override()]), [1, 2, 3]),
        (bose(NINE_TO_TWELVE, overrides=[override("10:00-12:00")]), [1]),
        (bose(NINE_TO_TWELVE, days=[Day(MONDAY, is_present=False)]), [1, 2, 3]),
        (bose(NINE_TO_TWELVE, days=[Day(TUESDAY, is_present=False)]), []),
        (bose(NINE_TO_TWELVE, doctor={"is_active": False}), [1, 2, 3]),
        (bose(weekly("09:00-12:00", location_id=ANNEX)), [1, 2, 3]),
        (bose(weekly("09:00-12:00", service_ids=frozenset({VACCINE}))), [1, 2, 3]),
        (bose(weekly("09:00-11:00"), sessions=[session("11:00-12:00")]), []),
        # Neither the grid nor the cap takes a place from who has it.
        (bose(weekly("09:00-12:00", slot_minutes=7)), []),
        (bose(weekly("08:50-12:00")), []),
        (bose(weekly("09:00-10:15"), weekly("10:15-12:00", number=101)), []),
        (bose(NINE_TO_TWELVE, days=[Day(MONDAY, cap=1, booked=3)]), []),
        (bose(NINE_TO_TWELVE, doctor={"mode": "token"}), []),
    ],
)
def test_a_change_takes_the_visits_that_no_longer_stand(after: Timetable, taken: list[int]) -> None:
    visits = [NINE, TEN, ELEVEN]
    assert numbers(uncovered(visits, after)) == taken
    assert numbers(uncovered(visits, after, bose(NINE_TO_TWELVE))) == taken


def test_what_never_stood_inside_hours_is_not_taken_from_them() -> None:
    evening = booked("19:00-19:30", 4)
    before = bose(NINE_TO_TWELVE)
    after = bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 09:00", "2026-11-23 09:30")])
    assert numbers(uncovered([NINE, evening], after, before)) == [1]
    assert numbers(uncovered([NINE, evening], after)) == [1, 4]


def test_a_block_over_a_visit_outside_of_hours_takes_it() -> None:
    evening = booked("19:00-19:30", 4)
    after = bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 18:00", "2026-11-23 20:00")])
    assert numbers(uncovered([evening], after, bose(NINE_TO_TWELVE))) == [4]


def test_a_second_block_over_a_visit_takes_it_again() -> None:
    first = block("2026-11-23 09:00", "2026-11-23 10:00")
    second = block("2026-11-23 09:00", "2026-11-23 12:00", number=401)
    before, after = (bose(NINE_TO_TWELVE, blocks=blocks) for blocks in ([first], [first, second]))
    assert numbers(uncovered([NINE, TEN], after, before)) == [1, 2]
    assert numbers(uncovered([NINE, TEN], before, after)) == []


def test_a_visit_type_that_the_doctor_gives_up() -> None:
    checkup = booked("09:00-09:30", service=Service(CHECKUP, 30))
    assert codes(against(checkup, bose(NINE_TO_TWELVE, doctor={"service_ids": frozenset({VACCINE})}))) == [
        "outside_hours"
    ]
    assert against(checkup, bose(NINE_TO_TWELVE)) == []


@pytest.mark.parametrize(
    ("after", "taken"),
    [
        (bose(NINE_TO_TWELVE, doctor={"mode": "token"}), []),
        (bose(doctor={"mode": "token"}), []),
        (bose(weekly("09:00-12:00", day=TUESDAY), doctor={"mode": "token"}), [9]),
        (bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 09:00", "2026-11-23 12:00")]), [9]),
        (bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 09:00", "2026-11-23 11:00")]), []),
        (bose(NINE_TO_TWELVE, days=[Day(MONDAY, is_present=False)]), [9]),
    ],
)
def test_a_number_is_taken_with_its_day(after: Timetable, taken: list[int]) -> None:
    assert numbers(uncovered([Visit(UUID(int=9), MONDAY)], after)) == taken
