"""Two weekly rules of a doctor must not meet on any date that there will ever be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.schedule.hours import Hours, WeeklyRule
from clinic.schedule.overlaps import overlap
from tests.schedule.people import ANNEX, MONDAY, PARIS, clock, weekly
from tests.schedule.schedules import examples

DAY = timedelta(days=1)
LONDON, TOKYO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")


def meet(one: WeeklyRule, other: WeeklyRule) -> date | None:
    found = overlap(one, [other])
    return found.on if found else None


EVEN, ODD = ({"every_weeks": 2, "valid_from": MONDAY + days * DAY} for days in (0, 7))
SEVENTH, FROM_TUESDAY = {**ODD, "every_weeks": 7}, {"valid_from": MONDAY + DAY}
NIGHT = {"ends_next_day": True}
SUNDAY_NIGHT = {"day": 6, "ends_next_day": True}


@pytest.mark.parametrize(
    ("one", "other", "on"),
    [
        (("09:00-12:00", {}), ("11:00-13:00", {}), True),
        (("09:00-12:00", {}), ("12:00-13:00", {}), False),
        (("09:00-12:00", {}), ("08:00-09:00", {}), False),
        (("09:00-12:00", {}), ("10:00-11:00", {}), True),
        (("09:00-12:00", {}), ("09:00-12:00", {"location_id": ANNEX}), True),
        (("09:00-12:00", {}), ("09:00-12:00", {"day": 1}), False),
        # Past midnight.
        (("22:00-02:00", NIGHT), ("01:00-03:00", {"day": 1}), True),
        (("22:00-02:00", NIGHT), ("02:00-03:00", {"day": 1}), False),
        (("22:00-00:10", NIGHT), ("00:05-03:00", {"day": 1}), True),
        (("22:00-00:10", NIGHT), ("00:10-03:00", {"day": 1}), False),
        (("22:00-02:00", SUNDAY_NIGHT), ("00:00-01:00", {"day": 0}), True),
        (("08:00-08:00", NIGHT), ("08:00-09:00", {"day": 1}), False),
        (("08:00-20:00", NIGHT), ("19:00-21:00", {"day": 1}), True),
        (("08:00-20:00", NIGHT), ("07:00-21:00", {"day": 2}), False),
        # Weeks that take turns.
        (("09:00-12:00", EVEN), ("09:00-12:00", ODD), False),
        (("09:00-12:00", EVEN), ("09:00-12:00", {**EVEN, "valid_from": MONDAY + 14 * DAY}), True),
        (("09:00-12:00", EVEN), ("09:00-12:00", {**ODD, "every_weeks": 3}), True),
        (("09:00-12:00", {**EVEN, "every_weeks": 4}), ("09:00-12:00", {**ODD, "every_weeks": 6}), False),
        (("22:00-02:00", {**SUNDAY_NIGHT, **EVEN}), ("01:00-02:00", EVEN), False),
        (("22:00-02:00", {**SUNDAY_NIGHT, **EVEN}), ("01:00-02:00", ODD), True),
        # Validity.
        (("09:00-12:00", {"valid_until": MONDAY}), ("09:00-12:00", {"valid_from": MONDAY + DAY}), False),
        (("09:00-12:00", {"valid_until": MONDAY}), ("09:00-12:00", {"valid_from": MONDAY}), True),
        (("09:00-12:00", {"valid_until": MONDAY + 6 * DAY}), ("09:00-12:00", {"valid_from": MONDAY + DAY}), False),
        (("09:00-12:00", {**EVEN, "valid_until": MONDAY + 40 * DAY}), ("09:00-12:00", SEVENTH), False),
        (("09:00-12:00", {**EVEN, "valid_until": MONDAY + 60 * DAY}), ("09:00-12:00", SEVENTH), True),
        (("22:00-02:00", {**NIGHT, "valid_until": MONDAY}), ("01:00-02:00", {"day": 1, **FROM_TUESDAY}), True),
        (("09:00-10:00", {"valid_from": MONDAY + DAY, "valid_until": MONDAY + 3 * DAY}), ("09:00-10:00", {}), False),
    ],
)  # fmt: skip
def test_rules_meet_or_do_not(one: tuple[str, Any], other: tuple[str, Any], on: bool) -> None:
    first, second = weekly(one[0], **one[1]), weekly(other[0], number=101, **other[1])
    assert (meet(first, second) is not None) is on
    assert (meet(second, first) is not None) is on


def test_a_clash_in_thirty_years_is_found_today() -> None:
    one = weekly("09:00-12:00", every_weeks=52, valid_from=MONDAY)
    other = weekly("09:00-12:00", number=101, every_weeks=51, valid_from=MONDAY + 30 * 7 * DAY)
    on = meet(one, other)
    assert on is not None
    assert on > MONDAY + 29 * 365 * DAY
    assert one.is_on(on)
    assert other.is_on(on)


def test_the_first_date_is_told() -> None:
    one = weekly("09:00-12:00", every_weeks=2, valid_from=MONDAY)
    assert (
        meet(one, weekly("09:00-12:00", number=101, every_weeks=3, valid_from=MONDAY + 7 * DAY))
        == MONDAY + 28 * DAY
    )


def test_dates_that_are_over_do_not_matter() -> None:
    old = weekly("09:00-12:00", number=101, valid_until=MONDAY)
    assert overlap(weekly("09:00-12:00"), [old], since=MONDAY) == (old, MONDAY)
    assert overlap(weekly("09:00-12:00"), [old], since=MONDAY + DAY) is None
    found = overlap(weekly("09:00-12:00"), [weekly("11:00-13:00", number=101)], since=MONDAY + DAY)
    assert found is not None
    assert found.on == MONDAY + 7 * DAY


def test_of_many_the_first_in_the_way_is_named() -> None:
    others = [
        weekly("13:00-14:00", number=2),
        weekly("11:30-12:30", number=3),
        weekly("09:00-10:00", number=4),
    ]
    found = overlap(weekly("09:00-12:00", number=1), others)
    assert found is not None
    assert found.rule is others[1]


def test_a_rule_that_is_changed_does_not_stand_in_its_own_way() -> None:
    assert overlap(weekly("09:00-12:00", number=1), [weekly("10:00-13:00", number=1)]) is None


def test_in_two_zones_what_counts_is_the_moment() -> None:
    assert meet(weekly("09:00-10:00", zone=PARIS), weekly("08:00-09:00", number=101, zone=LONDON))
    assert meet(weekly("09:00-10:00", zone=PARIS), weekly("09:00-10:00", number=101, zone=LONDON)) is None
    assert meet(weekly("00:30-01:00", zone=TOKYO), weekly("16:30-17:00", day=6, number=101, zone=PARIS))


def test_in_two_zones_one_date_is_enough() -> None:
    once = weekly("09:00-10:00", zone=PARIS, valid_from=MONDAY, valid_until=MONDAY)
    assert meet(once, weekly("08:00-09:00", number=101, zone=LONDON)) == MONDAY


def test_two_zones_that_change_on_different_days_meet_only_between() -> None:
    """New York is five hours behind Paris for some weeks of the year, and six otherwise."""
    new_york = ZoneInfo("America/New_York")
    on = meet(weekly("09:00-10:00", zone=new_york), weekly("14:00-15:00", number=101, zone=PARIS))
    assert on is not None
    assert (on.month, on.weekday()) in {(3, 0), (4, 0), (10, 0), (11, 0)}


rules = st.builds(
    weekly,
    st.tuples(st.integers(0, 23), st.integers(0, 23)).map(
        lambda ends: f"{min(ends):02}:00-{max(ends):02}:30"
    ),
    number=st.integers(1, 10**9),
    day=st.integers(0, 6),
    every_weeks=st.integers(1, 4),
    valid_from=st.integers(0, 40).map(lambda ahead: MONDAY + ahead * DAY),
    valid_until=st.integers(20, 120).map(lambda ahead: MONDAY + ahead * DAY),
    ends_next_day=st.booleans(),
    zone=st.sampled_from([PARIS, PARIS, PARIS, LONDON, TOKYO]),
)


@examples(400, 5_000)
@given(rules, rules)
def test_what_is_found_is_what_looking_at_every_date_finds(one: WeeklyRule, other: WeeklyRule) -> None:
    dates = [MONDAY + ahead * DAY for ahead in range(-3, 125)]
    mine, its = (
        [opening for day in dates for opening in Hours(rules=[rule]).on(day)] for rule in (one, other)
    )
    meeting = [
        opening.day
        for opening in mine
        for another in its
        if opening.start < another.end and another.start < opening.end
    ]
    if one.id != other.id:
        assert meet(one, other) == min(meeting, default=None)


def test_a_night_without_end_time_is_a_whole_day() -> None:
    assert meet(weekly("00:00-00:00", ends_next_day=True), weekly("23:00-23:30", number=101))
    assert clock("00:00").hour == 0
