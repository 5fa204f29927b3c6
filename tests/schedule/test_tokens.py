"""Days of numbers: whether a number of a date may be given, and how many are left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from clinic.schedule import overview, tokens
from clinic.schedule.facts import Asker, Day, Wish
from clinic.schedule.premises import Premises
from clinic.schedule.timetable import Timetable
from tests.schedule.people import (
    ANNEX,
    ANY,
    CHECKUP,
    MONDAY,
    NORTH,
    PATIENT,
    STAFF,
    TUESDAY,
    VACCINE,
    block,
    bose,
    codes,
    on,
    override,
    service,
    session,
    weekly,
)

DAY = timedelta(days=1)
WEEKLY = weekly("09:00-12:00")


def token(*rules: Any, doctor: dict[str, Any] | None = None, **more: Any) -> Timetable:
    return bose(*rules, doctor={"mode": "token", "max_per_day": 10, **(doctor or {})}, **more)


def why(
    table: Timetable, day: date = MONDAY, wish: Wish = ANY, asker: Asker = STAFF, **more: Any
) -> list[str]:
    return codes(tokens.check(table, day, wish, asker, **more).reasons)


def test_numbers_are_given_on_days_with_hours_only() -> None:
    table = token(WEEKLY)
    assert [ahead for ahead in range(14) if not why(table, MONDAY + ahead * DAY)] == [0, 7]
    assert why(table, TUESDAY) == ["outside_hours"]


def test_without_hours_numbers_are_given_on_any_day() -> None:
    assert [ahead for ahead in range(14) if why(token(), MONDAY + ahead * DAY)] == []


def test_hours_that_are_not_in_this_window_are_hours_too() -> None:
    assert why(token(doctor={"has_hours": True})) == ["outside_hours"]
    assert why(token(doctor={"has_hours": False})) == []


def test_an_override_opens_and_closes_days() -> None:
    table = token(WEEKLY, overrides=[override(), override("10:00-11:00", day=TUESDAY)])
    assert (why(table), why(table, TUESDAY)) == (["outside_hours"], [])


def test_a_session_opens_its_day() -> None:
    assert why(token(WEEKLY, sessions=[session("15:00-16:00", TUESDAY)]), TUESDAY) == []


def test_hours_past_midnight_are_of_the_day_on_which_they_begin() -> None:
    table = token(weekly("22:00-02:00", ends_next_day=True))
    assert (why(table), why(table, TUESDAY)) == ([], ["outside_hours"])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("23 09:00", "23 12:00", ["blocked"]),
        ("23 00:00", "24 00:00", ["blocked"]),
        ("23 09:00", "23 11:30", []),
        ("23 09:00", "23 11:40", ["blocked"]),
        ("23 10:00", "23 11:00", []),
        ("24 00:00", "25 00:00", []),
    ],
)
def test_a_block_holds_if_it_leaves_no_time_for_a_visit(start: str, end: str, expected: list[str]) -> None:
    table = token(WEEKLY, blocks=[block(f"2026-11-{start}", f"2026-11-{end}")])
    assert why(table) == expected


def test_without_hours_a_block_holds_if_it_takes_the_whole_day() -> None:
    for end, expected in (("2026-11-23 23:59", ["blocked"]), ("2026-11-23 18:00", [])):
        assert why(token(blocks=[block("2026-11-23 00:00", end)])) == expected
    assert why(token(blocks=[block("2026-11-23", "2026-11-24", all_day=True)])) == ["blocked"]


@pytest.mark.parametrize(
    ("place", "home", "wanted", "expected"),
    [
        (None, None, None, ["closed"]),
        (NORTH, NORTH, None, ["closed"]),
        (NORTH, ANNEX, None, []),
        (NORTH, ANNEX, NORTH, ["closed"]),
        (NORTH, None, None, []),
    ],
)
def test_a_closure_holds_where_the_doctor_is(place: Any, home: Any, wanted: Any, expected: list[str]) -> None:
    closure = block("2026-11-23", "2026-11-24", all_day=True, location_id=place)
    table = token(doctor={"location_id": home}, premises=Premises([closure]))
    assert why(table, wish=Wish(location_id=wanted)) == expected


def test_a_closed_location_leaves_the_other_open() -> None:
    closure = block("2026-11-23", "2026-11-24", all_day=True, location_id=NORTH)
    afternoon = weekly("14:00-16:00", number=101, location_id=ANNEX)
    table = token(WEEKLY, afternoon, premises=Premises([closure]))
    assert why(table) == []
    assert why(table, wish=Wish(location_id=NORTH)) == ["closed"]
    assert why(table, wish=Wish(location_id=ANNEX)) == []


@pytest.mark.parametrize(
    ("day", "left", "expected"),
    [
        (Day(MONDAY, booked=9), 1, []),
        (Day(MONDAY, booked=10), 0, ["day_full"]),
        (Day(MONDAY, cap=3, booked=3), 0, ["day_full"]),
        (Day(MONDAY, cap=3, booked=5), 0, ["day_full"]),
        (Day(MONDAY, is_present=False), 10, ["doctor_absent"]),
        (Day(TUESDAY, is_present=False), 10, []),
    ],
)
def test_the_cap_and_the_presence_of_the_day_hold(day: Day, left: int, expected: list[str]) -> None:
    answer = tokens.check(token(WEEKLY, days=[day]), MONDAY, Wish(), STAFF)
    assert (answer.left, codes(answer.reasons)) == (left, expected)
    assert answer.accepted is not bool(expected)


def test_a_day_of_numbers_may_have_no_cap() -> None:
    table = token(WEEKLY, doctor={"max_per_day": None})
    assert tokens.check(table, MONDAY, Wish(), STAFF).left is None
    assert tokens.left_on(table, MONDAY, Wish(), STAFF) == 1


@pytest.mark.parametrize(
    ("rules", "by_desk", "expected"),
    [([], True, []), ([], False, ["outside_hours"]), ([WEEKLY], True, ["outside_hours"])],
)
def test_the_desk_gives_numbers_of_a_timed_doctor_without_hours(
    rules: list[Any], by_desk: bool, expected: list[str]
) -> None:
    assert why(bose(*rules), by_desk=by_desk) == expected


def test_a_timed_doctor_gives_times_and_says_so() -> None:
    (reason,) = tokens.check(bose(WEEKLY), MONDAY, Wish(), STAFF, by_desk=True).reasons
    assert reason.why == "times"


@pytest.mark.parametrize(
    ("now", "ahead", "expected"),
    [
        (on("08:00"), 0, []),
        (on("23:59"), 0, []),
        (on("00:00", TUESDAY), 0, ["past"]),
        (on("08:00", TUESDAY), 7, []),
    ],
)
def test_a_number_for_today_can_be_had_until_midnight(now: Any, ahead: int, expected: list[str]) -> None:
    assert why(token(WEEKLY), MONDAY + ahead * DAY, asker=Asker("patient", now)) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [("10:00", []), ("10:59", []), ("11:00", ["min_notice"]), ("13:00", ["min_notice"])],
)
def test_notice_is_kept_while_some_of_the_hours_lie_beyond_it(now: str, expected: list[str]) -> None:
    asker = Asker("patient", on(now), min_notice_minutes=60)
    assert why(token(WEEKLY), asker=asker) == expected
    assert why(token(WEEKLY), asker=replace(asker, audience="staff")) == []


def test_the_horizon_binds_patients() -> None:
    asker = Asker("patient", on("12:00", MONDAY - 8 * DAY), max_days_ahead=7)
    assert why(token(WEEKLY), asker=asker) == ["too_far_ahead"]
    assert why(token(WEEKLY), asker=replace(asker, max_days_ahead=8)) == []
    assert why(token(WEEKLY), asker=replace(asker, audience="staff")) == []


def test_visit_types_bind_as_they_do_times() -> None:
    table = token(weekly("09:00-12:00", service_ids=frozenset({VACCINE})))
    assert why(table, wish=service(10, VACCINE)) == []
    (reason,) = tokens.check(table, MONDAY, service(10, CHECKUP), STAFF).reasons
    assert (reason.code, reason.why) == ("outside_hours", "service")
    assert why(token(WEEKLY), wish=service(10, online_bookable=False), asker=PATIENT) == [
        "not_bookable_online"
    ]
    assert why(token(WEEKLY, doctor={"is_active": False})) == ["doctor_absent"]
    assert why(token(WEEKLY, doctor={"service_ids": frozenset({VACCINE})}), wish=service(10)) == [
        "outside_hours"
    ]


def test_an_answer_says_where() -> None:
    table = token(weekly("14:00-16:00", number=101, location_id=ANNEX), WEEKLY, doctor={"location_id": ANNEX})
    assert tokens.check(table, MONDAY, Wish(), STAFF).location_id == NORTH
    assert tokens.check(token(doctor={"location_id": ANNEX}), MONDAY, Wish(), STAFF).location_id == ANNEX


def test_days_are_counted_in_numbers() -> None:
    table = token(WEEKLY, days=[Day(MONDAY, booked=4)], last=MONDAY + 6 * DAY)
    found = overview.free_on(table, Wish(), PATIENT, MONDAY, MONDAY + 8 * DAY)
    assert [day.available for day in found] == [6, 0, 0, 0, 0, 0, 0, 0, 0]


def test_outside_of_its_window_a_timetable_knows_nothing() -> None:
    with pytest.raises(ValueError, match="knows"):
        tokens.check(token(WEEKLY), MONDAY - DAY, Wish(), STAFF)
