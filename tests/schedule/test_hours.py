"""Weekly hours, overrides of a date and one-off sessions: which starts a date offers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.schedule.facts import Wish
from clinic.schedule.hours import Hours, week
from tests.schedule.people import (
    ANNEX,
    BOGOTA,
    CHECKUP,
    EARLY,
    MONDAY,
    NORTH,
    PARIS,
    TUESDAY,
    VACCINE,
    bose,
    clock,
    hours,
    override,
    service,
    session,
    slots,
    starts,
    weekly,
)

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "minutes", "expected"),
    [
        ("09:00-10:00", 30, "09:00 09:30"),
        ("09:00-10:00", 20, "09:00 09:20 09:40"),
        ("09:00-10:00", 60, "09:00"),
        ("09:00-10:00", 25, "09:00 09:25"),
        ("09:00-09:59", 30, "09:00"),
        ("09:00-09:29", 30, ""),
        ("09:07-10:00", 15, "09:07 09:22 09:37"),
        ("00:00-01:00", 30, "00:00 00:30"),
        ("23:00-23:59", 15, "23:00 23:15 23:30"),
        ("09:00-09:05", 5, "09:00"),
    ],
)
def test_starts_lie_one_step_apart_and_a_slot_fits_whole(text: str, minutes: int, expected: str) -> None:
    assert starts(bose(weekly(text), slot_minutes=minutes)) == expected.split()


def test_several_intervals_a_day_each_begin_their_own_grid() -> None:
    table = bose(weekly("09:00-10:10"), weekly("14:05-15:05", number=101))
    assert starts(table) == ["09:00", "09:30", "14:05", "14:35"]


@pytest.mark.parametrize(
    ("rule", "doctor", "visit", "expected"),
    [
        (15, 30, 60, "09:00 09:15 09:30 09:45 10:00"),
        (None, 30, 60, "09:00 09:30 10:00"),
        (None, None, 60, "09:00 10:00"),
        (None, None, 25, "09:00 09:25 09:50 10:15"),
        (60, 30, 20, "09:00 10:00"),
        (45, None, 20, "09:00 09:45 10:30"),
        (15, 30, None, "09:00 09:15 09:30 09:45 10:00 10:15 10:30 10:45"),
        (None, 40, None, "09:00 09:40 10:20"),
        (None, None, None, "09:00 09:30 10:00 10:30"),
    ],
)
def test_the_step_is_the_rules_then_the_doctors_then_the_visits(
    rule: int | None, doctor: int | None, visit: int | None, expected: str
) -> None:
    table = bose(weekly("09:00-11:00", slot_minutes=rule), slot_minutes=doctor)
    assert starts(table, service(visit) if visit else Wish()) == expected.split()


def test_a_visit_lasts_as_long_as_its_type_or_one_step() -> None:
    table = bose(weekly("09:00-11:00"))
    assert [f"{slot.end:%H:%M}" for slot in slots(table, service(40))] == ["09:40", "10:10", "10:40"]
    assert [f"{slot.end:%H:%M}" for slot in slots(table)] == ["09:30", "10:00", "10:30", "11:00"]


@pytest.mark.parametrize(
    ("valid", "open_on"),
    [
        ({}, [0, 7, 14, 21, 28]),
        ({"valid_from": MONDAY}, [0, 7, 14, 21, 28]),
        ({"valid_from": MONDAY + DAY}, [7, 14, 21, 28]),
        ({"valid_from": MONDAY + 8 * DAY}, [14, 21, 28]),
        ({"valid_until": MONDAY}, [0]),
        ({"valid_until": MONDAY - DAY}, []),
        ({"valid_until": MONDAY + 14 * DAY}, [0, 7, 14]),
        ({"valid_from": MONDAY + 7 * DAY, "valid_until": MONDAY + 7 * DAY}, [7]),
        ({"valid_from": MONDAY, "every_weeks": 2}, [0, 14, 28]),
        ({"valid_from": MONDAY, "every_weeks": 3}, [0, 21]),
        ({"valid_from": MONDAY - 7 * DAY, "every_weeks": 2}, [7, 21]),
        # The week of valid_from counts, though its Monday came before it.
        ({"valid_from": MONDAY + 2 * DAY, "every_weeks": 2}, [14, 28]),
        ({"valid_from": MONDAY - DAY, "every_weeks": 2}, [7, 21]),
        ({"valid_from": MONDAY - 364 * DAY, "every_weeks": 52}, [0]),
    ],
)
def test_a_rule_holds_on_its_weeks_between_its_ends(valid: dict[str, Any], open_on: list[int]) -> None:
    table = bose(weekly("09:00-10:00", **valid), last=MONDAY + 30 * DAY)
    found = [ahead for ahead in range(31) if starts(table, day=MONDAY + ahead * DAY)]
    assert found == open_on


def test_every_second_week_without_a_first_one_is_still_every_second_week() -> None:
    table = bose(weekly("09:00-10:00", every_weeks=2), last=MONDAY + 30 * DAY)
    found = [ahead for ahead in range(31) if starts(table, day=MONDAY + ahead * DAY)]
    assert found in ([0, 14, 28], [7, 21])


@pytest.mark.parametrize("ahead", range(7))
def test_weekday_0_is_monday(ahead: int) -> None:
    table = bose(weekly("09:00-10:00", day=ahead))
    assert starts(table, day=MONDAY + ahead * DAY) == ["09:00", "09:30"]
    assert not any(starts(table, day=MONDAY + other * DAY) for other in range(7) if other != ahead)


@pytest.mark.parametrize(
    ("day", "number"),
    [(date(1, 1, 1), 0), (date(1, 1, 7), 0), (date(1, 1, 8), 1), (date(2026, 11, 23), 105706)],
)
def test_weeks_run_from_monday_to_sunday(day: date, number: int) -> None:
    assert week(day) == number


# Past midnight


def test_hours_past_midnight_are_listed_under_the_date_of_each_start() -> None:
    table = bose(weekly("22:00-02:00", ends_next_day=True), slot_minutes=60)
    assert starts(table, day=MONDAY) == ["22:00", "23:00"]
    assert starts(table, day=TUESDAY) == ["00:00", "01:00"]
    assert {slot.day for slot in slots(table, day=TUESDAY)} == {TUESDAY}


def test_a_visit_may_reach_over_midnight() -> None:
    table = bose(weekly("22:00-02:00", ends_next_day=True), slot_minutes=45)
    assert starts(table, day=MONDAY) == ["22:00", "22:45", "23:30"]
    assert starts(table, day=TUESDAY) == ["00:15", "01:00"]


def test_the_last_night_of_a_rule_ends_in_the_morning_after() -> None:
    table = bose(weekly("22:00-02:00", ends_next_day=True, valid_until=MONDAY), slot_minutes=60)
    assert starts(table, day=TUESDAY) == ["00:00", "01:00"]


def test_the_night_before_the_window_reaches_into_it() -> None:
    table = bose(weekly("22:00-02:00", ends_next_day=True), slot_minutes=60, first=TUESDAY)
    assert starts(table, day=TUESDAY) == ["00:00", "01:00"]


def test_hours_around_the_clock_are_24_hours() -> None:
    table = bose(weekly("08:00-08:00", ends_next_day=True), slot_minutes=60)
    assert len(starts(table, day=MONDAY, last=TUESDAY)) == 24


def test_hours_that_do_not_end_after_they_start_are_none() -> None:
    assert starts(bose(weekly("09:00-09:00"), weekly("12:00-10:00", number=101))) == []


# Overrides


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], ""),
        (["14:00-15:00"], "14:00 14:30"),
        (["14:00-15:00", "09:10-09:40"], "09:10 14:00 14:30"),
        (["23:00-00:00"], "23:00 23:30"),
    ],
)
def test_an_override_replaces_the_day(intervals: list[str], expected: str) -> None:
    table = bose(weekly("09:00-12:00"), overrides=[override(*intervals)])
    assert starts(table) == expected.split()
    assert starts(table, day=MONDAY + 7 * DAY)[0] == "09:00"


def test_an_override_opens_a_day_without_hours() -> None:
    table = bose(overrides=[override("10:00-11:00", location_id=ANNEX)])
    assert starts(table) == ["10:00", "10:30"]
    assert {slot.location_id for slot in slots(table)} == {ANNEX}


def test_an_override_that_ends_before_it_starts_ends_next_day() -> None:
    table = bose(overrides=[override("23:00-01:00")], slot_minutes=60)
    assert (starts(table), starts(table, day=TUESDAY)) == (["23:00"], ["00:00"])


def test_an_override_leaves_the_night_before_alone() -> None:
    table = bose(
        weekly("22:00-02:00", ends_next_day=True), overrides=[override(day=TUESDAY)], slot_minutes=60
    )
    assert starts(table, day=TUESDAY) == ["00:00", "01:00"]


def test_an_override_leaves_sessions_alone() -> None:
    table = bose(weekly("09:00-12:00"), overrides=[override()], sessions=[session("15:00-16:00")])
    assert starts(table) == ["15:00", "15:30"]


def test_two_overrides_of_a_date_are_both_its_hours() -> None:
    table = bose(
        weekly("09:00-12:00"), overrides=[override("08:00-08:30"), override("18:00-18:30", location_id=ANNEX)]
    )
    assert starts(table) == ["08:00", "18:00"]


def test_an_override_changes_when_not_how() -> None:
    """What it does not say is as in the rule whose time it takes most of."""
    morning = weekly("09:00-12:00", slot_minutes=20, capacity=3)
    evening = weekly("17:00-19:00", number=101, slot_minutes=60, location_id=ANNEX)
    table = bose(morning, evening, overrides=[override("10:00-11:00", "18:00-20:00")])
    assert starts(table) == ["10:00", "10:20", "10:40", "18:00", "19:00"]
    assert [slot.capacity for slot in slots(table)] == [3, 3, 3, 1, 1]
    assert [slot.location_id for slot in slots(table)] == [NORTH, NORTH, NORTH, ANNEX, ANNEX]


def test_an_override_at_another_time_is_like_the_earliest_rule_of_its_day() -> None:
    table = bose(
        weekly("17:00-19:00", number=101, slot_minutes=60),
        weekly("09:00-12:00", slot_minutes=20),
        overrides=[override("13:00-14:00")],
    )
    assert starts(table) == ["13:00", "13:20", "13:40"]


def test_an_override_elsewhere_is_like_no_rule() -> None:
    table = bose(
        weekly("09:00-12:00", slot_minutes=20), overrides=[override("10:00-11:00", location_id=ANNEX)]
    )
    assert starts(table) == ["10:00", "10:30"]


def test_what_an_override_says_itself_holds() -> None:
    table = bose(
        weekly("09:00-12:00", slot_minutes=20, service_ids=frozenset({CHECKUP})),
        overrides=[override("10:00-11:00", slot_minutes=15, capacity=2, service_ids=frozenset({VACCINE}))],
    )
    assert starts(table, service(15, VACCINE)) == ["10:00", "10:15", "10:30", "10:45"]
    assert starts(table, service(15, CHECKUP)) == []
    assert slots(table, service(15, VACCINE))[0].remaining == 2


def test_an_override_without_a_place_is_at_home() -> None:
    day_hours = Hours(30, overrides=[override("10:00-11:00")], home=ANNEX)
    assert [opening.location_id for opening in day_hours.on(MONDAY)] == [ANNEX]


# Sessions


def test_a_session_comes_on_top() -> None:
    table = bose(weekly("09:00-10:00"), sessions=[session("15:00-16:00", slot_minutes=20)])
    assert starts(table) == ["09:00", "09:30", "15:00", "15:20", "15:40"]


def test_where_a_session_and_hours_offer_the_same_start_the_session_gives_it() -> None:
    table = bose(weekly("09:00-11:00"), sessions=[session("09:30-10:30", capacity=8)])
    found = slots(table)
    assert [f"{slot.start:%H:%M} {slot.capacity}" for slot in found] == [
        "09:00 1",
        "09:30 8",
        "10:00 8",
        "10:30 1",
    ]
    assert [slot.session_id is not None for slot in found] == [False, True, True, False]


def test_only_a_sessions_own_starts_when_it_is_asked_for() -> None:
    table = bose(weekly("09:00-11:00"), sessions=[session("09:15-09:45", number=7)])
    assert starts(table, Wish(session_id=session("09:15-09:45", number=7).id)) == ["09:15"]


def test_a_session_of_a_doctor_without_steps_is_one_start() -> None:
    table = bose(sessions=[session("15:00-16:30", capacity=8)], slot_minutes=None)
    assert [(f"{slot.start:%H:%M}", f"{slot.end:%H:%M}") for slot in slots(table)] == [("15:00", "16:30")]


def test_a_session_of_several_days_offers_each_of_them() -> None:
    three_days = session("12:00-23:00")
    long = type(three_days)(three_days.id, three_days.start, three_days.start + 2 * DAY, BOGOTA)
    table = bose(sessions=[long], slot_minutes=360)
    found = [starts(table, day=MONDAY + ahead * DAY) for ahead in range(3)]
    assert found == [["12:00", "18:00"], ["00:00", "06:00", "12:00", "18:00"], ["00:00", "06:00"]]


# Visit types and places


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (service(30, CHECKUP), ["09:00", "10:00"]),
        (service(30, VACCINE), ["09:00", "11:00"]),
        (Wish(), ["09:00"]),
    ],
)
def test_hours_for_certain_visit_types_are_for_no_other_nor_for_none(wish: Wish, expected: list[str]) -> None:
    table = bose(
        weekly("09:00-09:30"),
        weekly("10:00-10:30", number=101, service_ids=frozenset({CHECKUP})),
        weekly("11:00-11:30", number=102, service_ids=frozenset({VACCINE})),
    )
    assert starts(table, wish) == expected


def test_a_doctor_offers_certain_visit_types_only() -> None:
    table = bose(weekly("09:00-09:30"), doctor={"service_ids": frozenset({CHECKUP})})
    assert starts(table, service(30, CHECKUP)) == ["09:00"]
    assert starts(table, service(30, VACCINE)) == []


def test_an_inactive_doctor_offers_nothing() -> None:
    assert starts(bose(weekly("09:00-09:30"), doctor={"is_active": False})) == []


def test_times_at_one_location_alone() -> None:
    table = bose(weekly("09:00-09:30"), weekly("10:00-10:30", number=101, location_id=ANNEX))
    assert starts(table, Wish(location_id=ANNEX)) == ["10:00"]


def test_each_location_keeps_its_own_clock() -> None:
    """09:00 in Bogotá is 15:00 in Paris; the list is in order of time, the dates are the locations'."""
    table = bose(
        weekly("09:00-10:00"),
        weekly("17:00-18:00", number=101, zone=PARIS, location_id=ANNEX),
        slot_minutes=60,
    )
    found = slots(table)
    assert [f"{slot.start:%H:%M%z}" for slot in found] == ["09:00-0500", "17:00+0100"]
    tokyo = ZoneInfo("Asia/Tokyo")
    far = bose(
        weekly("23:00-23:30"),
        weekly("08:00-08:30", number=101, zone=tokyo),
        weekly("23:45-23:59", number=102),
    )
    assert [f"{slot.start:%d %H:%M%z}" for slot in slots(far, day=MONDAY)] == [
        "23 08:00+0900",
        "23 23:00-0500",
    ]


# Days when the clock is changed


@pytest.mark.parametrize(
    ("zone", "day", "text", "length"),
    [
        ("Europe/Paris", "2026-03-29", "01:00-05:00", 3),
        ("Europe/Paris", "2026-10-25", "01:00-05:00", 5),
        ("Europe/Paris", "2026-03-29", "08:00-18:00", 10),
        ("Europe/Paris", "2026-10-25", "08:00-18:00", 10),
        ("Europe/Paris", "2026-03-29", "02:30-05:00", 2),
        ("Europe/Paris", "2026-03-29", "01:00-02:30", 1),
        ("Europe/Paris", "2026-03-29", "02:10-02:50", 0),
        ("Europe/Paris", "2026-10-25", "02:30-05:00", 3.5),
        ("Europe/Paris", "2026-10-25", "01:00-02:30", 1.5),
        ("Australia/Lord_Howe", "2026-04-05", "01:00-05:00", 4.5),
        ("Australia/Lord_Howe", "2026-10-04", "01:00-05:00", 3.5),
        ("America/Sao_Paulo", "2018-11-04", "00:00-05:00", 4),
        ("America/Sao_Paulo", "2018-02-17", "20:00-23:59", 3.983),
        ("Africa/Cairo", "2026-04-24", "00:00-05:00", 4),
        ("Asia/Beirut", "2026-03-29", "00:00-05:00", 4),
        ("America/Havana", "2026-11-01", "00:00-05:00", 6),
        ("Pacific/Apia", "2011-12-30", "08:00-18:00", 0),
        ("Asia/Kolkata", "2026-11-23", "08:00-18:00", 10),
    ],
)
def test_hours_keep_their_wall_clock_on_every_day(zone: str, day: str, text: str, length: float) -> None:
    when = date.fromisoformat(day)
    found = Hours(30, [weekly(text, day=when, zone=ZoneInfo(zone))]).on(when)
    assert sum(opening.end - opening.start for opening in found) / 3600 == pytest.approx(length, abs=0.001)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("America/Sao_Paulo", "2018-02-17", 8 + 1),
        ("America/Sao_Paulo", "2018-11-03", 8 - 1),
        ("Africa/Cairo", "2026-10-29", 8 + 1),
        ("Europe/Paris", "2026-10-24", 8 + 1),
        ("Europe/Paris", "2026-03-28", 8 - 1),
        ("Europe/Paris", "2026-03-27", 8),
    ],
)
def test_a_night_shift_keeps_its_wall_clock_when_the_clock_is_changed(
    zone: str, day: str, length: int
) -> None:
    when = date.fromisoformat(day)
    rule = weekly("22:00-06:00", day=when, zone=ZoneInfo(zone), ends_next_day=True)
    (opening,) = Hours(30, [rule]).on(when)
    assert (opening.end - opening.start) / 3600 == length


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-25", "01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30"),
        ("2026-03-29", "01:00 01:30 03:00 03:30"),
    ],
)
def test_steps_are_elapsed_time_when_the_clock_is_changed(day: str, expected: str) -> None:
    when = date.fromisoformat(day)
    table = bose(weekly("01:00-04:00", day=when, zone=PARIS), zone=PARIS, first=when, last=when)
    assert starts(table, asker=EARLY, day=when) == expected.split()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (("00:00", "12:00"), "11:00 11:30"),
        (("12:00", "18:00"), "12:00 12:30 17:30"),
        (("18:00", None), "18:00"),
        (("11:15", "12:10"), "11:30 12:00"),
    ],
)
def test_a_part_of_the_day_is_where_the_visit_begins(part: tuple[str, str | None], expected: str) -> None:
    table = bose(weekly("11:00-13:00"), weekly("17:30-18:30", number=101))
    after, until = part
    found = starts(table, part_of_day=(clock(after), clock(until) if until else None))
    assert found == expected.split()


def test_a_doctor_without_hours_offers_nothing() -> None:
    assert starts(bose()) == []
    assert Hours().has_any is False
    assert Hours(overrides=[override()]).has_any is False
    assert Hours(overrides=[override("09:00-10:00")]).has_any
    assert Hours(sessions=[session("09:00-10:00")]).has_any
    assert Hours(rules=[weekly("09:00-10:00")]).has_any
    assert hours("09:00-10:00")[0].hour == 9
