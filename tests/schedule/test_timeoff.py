"""Blocks and closures: what they take from the day, and where the grid begins again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.schedule.facts import Wish
from clinic.schedule.premises import Premises
from clinic.schedule.timeoff import BLOCKED, Block, Off, expand, subtract
from tests.schedule.people import (
    ANNEX,
    BOGOTA,
    EARLY,
    MONDAY,
    NORTH,
    PARIS,
    TUESDAY,
    block,
    bose,
    service,
    session,
    starts,
    weekly,
)

DAY = timedelta(days=1)
ALL = "09:00 09:30 10:00 10:30 11:00 11:30"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("23 10:00", "23 11:00", "09:00 09:30 11:00 11:30"),
        ("23 10:00", "23 10:10", "09:00 09:30 10:10 10:40 11:10"),
        ("23 10:05", "23 10:20", "09:00 09:30 10:20 10:50 11:20"),
        ("23 09:00", "23 09:10", "09:10 09:40 10:10 10:40 11:10"),
        ("23 11:45", "23 12:30", "09:00 09:30 10:00 10:30 11:00"),
        ("23 08:00", "23 09:00", ALL),
        ("23 12:00", "23 13:00", ALL),
        ("23 08:00", "23 13:00", ""),
        ("22 08:00", "24 13:00", ""),
        ("23 09:00", "23 12:00", ""),
        ("23 09:01", "23 11:59", ""),
        ("22 00:00", "23 00:00", ALL),
        ("24 00:00", "25 00:00", ALL),
    ],
)
def test_a_block_takes_its_time_and_the_grid_begins_anew_after_it(
    start: str, end: str, expected: str
) -> None:
    table = bose(weekly("09:00-12:00"), blocks=[block(f"2026-11-{start}", f"2026-11-{end}")])
    assert starts(table) == expected.split()


def test_blocks_may_overlap_and_come_in_any_order() -> None:
    blocks = [
        block("2026-11-23 10:30", "2026-11-23 11:00"),
        block("2026-11-23 09:30", "2026-11-23 10:45", number=401),
        block("2026-11-23 09:40", "2026-11-23 09:50", number=402),
    ]
    assert starts(bose(weekly("09:00-12:00"), blocks=blocks)) == ["09:00", "11:00", "11:30"]


def test_a_block_takes_time_from_sessions_too() -> None:
    table = bose(sessions=[session("15:00-17:00")], blocks=[block("2026-11-23 15:30", "2026-11-23 16:00")])
    assert starts(table) == ["15:00", "16:00", "16:30"]


@pytest.mark.parametrize(
    ("start", "end", "off"),
    [
        ("23 00:00", "24 00:00", [0]),
        ("23 00:00", "23 00:00", [0]),
        ("23 09:00", "23 10:00", [0]),
        ("23 00:00", "24 00:01", [0, 1]),
        ("22 00:00", "25 00:00", [0, 1]),
        ("24 00:00", "27 00:00", [1, 2, 3]),
    ],
)
def test_all_day_takes_every_date_that_it_touches(start: str, end: str, off: list[int]) -> None:
    rules = [weekly("09:00-10:00", number=100 + day, day=day) for day in range(7)]
    table = bose(*rules, blocks=[block(f"2026-11-{start}", f"2026-11-{end}", all_day=True)])
    assert [ahead for ahead in range(7) if not starts(table, day=MONDAY + ahead * DAY)] == off


def test_all_day_takes_the_night_of_its_date_and_leaves_the_morning_after() -> None:
    table = bose(
        weekly("22:00-02:00", ends_next_day=True),
        slot_minutes=60,
        blocks=[block("2026-11-23", "2026-11-24", all_day=True)],
    )
    assert (starts(table), starts(table, day=TUESDAY)) == ([], ["00:00", "01:00"])


def test_a_block_in_the_evening_before_the_window_moves_the_grid_of_its_night() -> None:
    night = weekly("22:00-02:00", ends_next_day=True)
    table = bose(night, first=TUESDAY, blocks=[block("2026-11-23 22:10", "2026-11-23 23:40")])
    assert starts(table, day=TUESDAY) == ["00:10", "00:40", "01:10"]


def test_all_day_is_the_local_date_of_each_location() -> None:
    """A clinic closed on Monday is closed on Monday in Bogotá and on Monday in Paris."""
    table = bose(
        weekly("08:00-09:00"),
        weekly("08:00-09:00", number=101, zone=PARIS, location_id=ANNEX),
        weekly("18:00-19:00", number=102, day=TUESDAY, zone=PARIS, location_id=ANNEX),
        weekly("04:00-05:00", number=103, day=TUESDAY, zone=PARIS, location_id=ANNEX),
        premises=Premises([block("2026-11-23", "2026-11-24", all_day=True)]),
    )
    assert starts(table, last=MONDAY + DAY) == ["04:00", "04:30", "18:00", "18:30"]


def test_a_block_is_an_instant_wherever_it_is_seen() -> None:
    table = bose(weekly("15:00-17:00", zone=PARIS), blocks=[block("2026-11-23 09:00", "2026-11-23 10:00")])
    assert starts(table) == ["16:00", "16:30"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [(None, ""), (NORTH, "14:00 14:30"), (ANNEX, "09:00 09:30")],
)
def test_a_closure_closes_its_location_or_all(location: Any, expected: str) -> None:
    closure = block("2026-11-23 00:00", "2026-11-23 23:00", location_id=location)
    table = bose(
        weekly("09:00-10:00"),
        weekly("14:00-15:00", number=101, location_id=ANNEX),
        premises=Premises([closure]),
    )
    assert starts(table) == expected.split()


def test_one_premises_serves_many_timetables() -> None:
    premises = Premises([block("2026-11-23", "2026-11-24", all_day=True)])
    for number in range(3):
        table = bose(
            weekly("09:00-10:00", number=100 + number), premises=premises, first=MONDAY - number * DAY
        )
        assert starts(table) == []
        assert starts(table, day=MONDAY + 7 * DAY) == ["09:00", "09:30"]


# Repeating


def test_a_daily_lunch_is_taken_from_every_day() -> None:
    rules = [weekly("11:00-14:00", number=100 + day, day=day) for day in range(7)]
    lunch = block("2019-01-01 12:00", "2019-01-01 13:00", rrule="FREQ=DAILY")
    table = bose(*rules, blocks=[lunch])
    for ahead in range(7):
        assert starts(table, day=MONDAY + ahead * DAY) == ["11:00", "11:30", "13:00", "13:30"]


def test_a_repeating_block_keeps_its_wall_clock_through_summer_and_winter() -> None:
    monday_after_change = MONDAY.replace(month=3, day=30)
    lunch = block("2026-01-05 12:00", "2026-01-05 13:00", zone=PARIS, rrule="FREQ=WEEKLY")
    table = bose(weekly("11:00-14:00", zone=PARIS), zone=PARIS, blocks=[lunch], first=monday_after_change)
    expected = ["11:00", "11:30", "13:00", "13:30"]
    assert starts(table, asker=EARLY, day=monday_after_change) == expected


def test_a_repeating_block_that_was_entered_as_an_instant_repeats_the_clock_of_its_zone() -> None:
    wall = block("2026-01-05 12:00", "2026-01-05 13:00", zone=PARIS, rrule="FREQ=WEEKLY")
    as_instants = Block(
        wall.id, wall.start.replace(tzinfo=PARIS), wall.end.replace(tzinfo=PARIS), PARIS, rrule=wall.rrule
    )
    window = (MONDAY.replace(month=6, day=1), MONDAY.replace(month=6, day=30))
    assert [off[:3] for off in expand([wall], BLOCKED, PARIS, *window)] == [
        off[:3] for off in expand([as_instants], BLOCKED, PARIS, *window)
    ]


def test_a_repeating_night_reaches_into_the_first_date() -> None:
    night = block("2026-01-01 22:00", "2026-01-02 09:30", rrule="FREQ=DAILY")
    assert starts(bose(weekly("09:00-11:00"), blocks=[night])) == ["09:30", "10:00", "10:30"]


def test_a_repeating_day_off() -> None:
    rules = [weekly("09:00-10:00", number=100 + day, day=day) for day in range(7)]
    table = bose(
        *rules,
        blocks=[block("2026-11-04", "2026-11-05", all_day=True, rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR")],
    )
    assert [ahead for ahead in range(14) if not starts(table, day=MONDAY + ahead * DAY)] == [9, 11]


def test_repeating_days_off_may_each_be_several() -> None:
    rules = [weekly("09:00-10:00", number=100 + day, day=day) for day in range(7)]
    weekend = block("2026-11-07", "2026-11-09", all_day=True, rrule="FREQ=WEEKLY")
    table = bose(*rules, blocks=[weekend])
    assert [ahead for ahead in range(14) if not starts(table, day=MONDAY + ahead * DAY)] == [5, 6, 12, 13]


def test_a_block_in_a_skipped_hour_takes_nothing() -> None:
    day = MONDAY.replace(month=3, day=29)
    skipped = block("2026-03-01 02:10", "2026-03-01 02:50", zone=PARIS, rrule="FREQ=WEEKLY")
    table = bose(weekly("01:00-04:00", day=day, zone=PARIS), zone=PARIS, blocks=[skipped], first=day)
    assert starts(table, asker=EARLY, day=day) == ["01:00", "01:30", "03:00", "03:30"]


@given(
    st.tuples(st.integers(0, 40), st.integers(1, 20)),
    st.lists(st.tuples(st.integers(-10, 50), st.integers(1, 20)), max_size=6),
)
def test_what_is_left_is_what_is_not_taken(whole: tuple[int, int], taken: list[tuple[int, int]]) -> None:
    start, end = whole[0], sum(whole)
    nothing = block("2026-11-23", "2026-11-24")
    offs = sorted(
        (Off(begin, begin + length, BLOCKED, nothing) for begin, length in taken), key=lambda off: off.start
    )
    left = subtract(start, end, offs)
    covered = {second for off in offs for second in range(off.start, off.end)}
    assert [second for part in left for second in range(*part)] == sorted(set(range(start, end)) - covered)
    assert all(first < last for first, last in left)


def test_time_off_far_from_the_window_is_not_looked_at() -> None:
    far = [block("2025-11-23 10:00", "2025-11-23 11:00"), block("2027-11-23 10:00", "2027-11-23 11:00")]
    assert expand(far, BLOCKED, BOGOTA, MONDAY, MONDAY) == []


def test_a_visit_type_longer_than_what_is_left_is_not_offered() -> None:
    table = bose(weekly("09:00-12:00"), blocks=[block("2026-11-23 10:00", "2026-11-23 10:30")])
    assert starts(table, service(60)) == ["09:00", "10:30", "11:00"]
    assert starts(table, Wish(minutes=90)) == ["10:30"]
