"""Wall clocks and instants: in every zone there is, on the days when its clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.schedule.walltime import NonexistentTime, at, day_range, edge, epoch, instant, local_date, moment
from tests.schedule.people import clock, wall

MINUTE = timedelta(minutes=1)
# Without those that are no places, or that are names of others with no clock of their own.
ZONES = sorted(
    name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
)


@cache
def changes(name: str) -> list[datetime]:
    """The moments from 1990 to 2037 at which the clock of a zone is changed, found by looking every fortnight."""
    zone, found = ZoneInfo(name), []
    low = datetime(1990, 1, 1, tzinfo=UTC)
    offset = low.astimezone(zone).utcoffset()
    while low.year < 2038:
        high = low + timedelta(days=14)
        if (later := high.astimezone(zone).utcoffset()) != offset:
            found.append(_between(low, high, zone))
        low, offset = high, later
    return found


def _between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
        low, high = (middle, high) if same else (low, middle)
    return high


def shown(name: str, wanted: datetime) -> list[datetime]:
    """Every moment at which the clock shows *wanted*: found by watching it for three days, minute by minute."""
    zone = ZoneInfo(name)
    begin = wanted.replace(tzinfo=UTC) - timedelta(hours=36)
    moments = (begin + minute * MINUTE for minute in range(72 * 60))
    return [each for each in moments if each.astimezone(zone).replace(tzinfo=None) == wanted]


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        ("America/Bogota", "2026-11-23 09:00", "2026-11-23 14:00"),
        ("Asia/Kolkata", "2026-11-23 09:00", "2026-11-23 03:30"),
        ("Asia/Kathmandu", "2026-11-23 09:00", "2026-11-23 03:15"),
        ("America/St_Johns", "2026-07-01 09:00", "2026-07-01 11:30"),
        ("Pacific/Chatham", "2026-07-01 09:00", "2026-06-30 20:15"),
        ("Pacific/Kiritimati", "2026-01-01 00:00", "2025-12-31 10:00"),
        ("Europe/Paris", "2026-03-29 01:59", "2026-03-29 00:59"),
        ("Europe/Paris", "2026-03-29 03:00", "2026-03-29 01:00"),
        # What the clock shows twice is meant the first time.
        ("Europe/Paris", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("Europe/Paris", "2026-10-25 03:00", "2026-10-25 02:00"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18 01:30"),
        ("America/Havana", "2026-11-01 00:30", "2026-11-01 04:30"),
    ],
)
def test_a_wall_time_is_one_moment(zone: str, text: str, utc: str) -> None:
    assert instant(wall(text), ZoneInfo(zone)) == wall(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text", "next_text"),
    [
        ("Europe/Paris", "2026-03-29 02:00", "2026-03-29 03:00"),
        ("Europe/Paris", "2026-03-29 02:30", "2026-03-29 03:00"),
        ("Europe/Paris", "2026-03-29 02:59", "2026-03-29 03:00"),
        ("America/New_York", "2026-03-08 02:15", "2026-03-08 03:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04 02:30"),
        ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 01:00"),
        ("Asia/Beirut", "2026-03-29 00:30", "2026-03-29 01:00"),
        ("Africa/Cairo", "2026-04-24 00:00", "2026-04-24 01:00"),
        ("America/Nuuk", "2024-03-30 23:30", "2024-03-31 00:00"),
        ("Atlantic/Azores", "2026-03-29 00:10", "2026-03-29 01:00"),
        ("America/St_Johns", "2011-03-13 00:30", "2011-03-13 01:01"),
        ("Antarctica/Troll", "2026-03-29 02:00", "2026-03-29 03:00"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-31 00:00"),
    ],
)
def test_a_skipped_wall_time_does_not_exist(zone: str, text: str, next_text: str) -> None:
    with pytest.raises(NonexistentTime) as refused:
        instant(wall(text), ZoneInfo(zone))
    assert refused.value.code == "nonexistent_time"
    assert shown(zone, wall(text)) == []
    assert edge(wall(text), ZoneInfo(zone)) == edge(wall(next_text), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Bogota", "2026-11-23", 24),
        ("Europe/Paris", "2026-03-29", 23),
        ("Europe/Paris", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("America/Sao_Paulo", "2018-02-18", 24),
        ("Asia/Beirut", "2026-03-29", 23),
        ("Africa/Cairo", "2026-04-24", 23),
        ("Africa/Cairo", "2026-10-29", 25),
        ("America/Havana", "2026-03-08", 23),
        ("America/Havana", "2026-11-01", 25),
        ("Antarctica/Troll", "2026-03-29", 22),
        ("Antarctica/Troll", "2026-10-25", 26),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-30", 0),
        ("America/Caracas", "2016-05-01", 23.5),
        ("Asia/Pyongyang", "2018-05-04", 23.5),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_shows(zone: str, day: str, hours: float) -> None:
    start, end = day_range(date.fromisoformat(day), ZoneInfo(zone))
    assert (end - start) / 3600 == hours


@given(name=st.sampled_from(ZONES), pick=st.integers(0), minutes=st.integers(-26 * 60, 26 * 60))
def test_near_a_change_of_clock_a_wall_time_is_the_first_moment_that_shows_it(
    name: str, pick: int, minutes: int
) -> None:
    moments = changes(name) or [datetime(2026, 11, 23, tzinfo=UTC)]
    change = moments[pick % len(moments)].astimezone(ZoneInfo(name))
    wanted = change.replace(tzinfo=None) + minutes * MINUTE
    seen = shown(name, wanted)
    if seen:
        assert instant(wanted, ZoneInfo(name)) == seen[0]
    else:
        with pytest.raises(NonexistentTime):
            instant(wanted, ZoneInfo(name))


@given(name=st.sampled_from(ZONES), pick=st.integers(0), days=st.integers(-2, 2))
def test_days_follow_each_other_without_gap_or_overlap(name: str, pick: int, days: int) -> None:
    zone, moments = ZoneInfo(name), changes(name) or [datetime(2026, 11, 23, tzinfo=UTC)]
    day = moments[pick % len(moments)].astimezone(zone).date() + timedelta(days=days)
    start, end = day_range(day, zone)
    assert end == day_range(day + timedelta(days=1), zone)[0]
    if start < end:
        assert {local_date(second, zone) for second in (start, (start + end) // 2, end - 1)} == {day}
    assert local_date(start - 1, zone) < day


def test_a_day_of_24_hours_has_no_change_of_clock_anywhere() -> None:
    """What ``at`` counts on: wherever a clock is changed, that day is longer or shorter."""
    clocks = [time(0, 31), time(3), time(12), time(23, 31)]
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in {
            change.astimezone(zone).date() + timedelta(days=ahead)
            for change in changes(name)
            for ahead in (-1, 0)
        }:
            for each in clocks:
                assert at(day, each, zone) == edge(datetime.combine(day, each), zone), (name, day, each)


def test_midnight_begins_when_the_clock_jumps_over_it() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    assert f"{moment(day_range(date(2018, 11, 4), zone)[0], zone):%d %H:%M}" == "04 01:00"


def test_minutes_after_a_day_that_began_twice_belong_to_it() -> None:
    """In St John's 7 November 2010 began, and a minute later the clock went back to 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    again = datetime(2010, 11, 7, 3, 0, tzinfo=UTC)
    assert again.astimezone(zone).date() == date(2010, 11, 6)
    assert local_date(epoch(again), zone) == date(2010, 11, 7)


def test_a_wall_time_is_no_instant() -> None:
    with pytest.raises(ValueError, match="zone"):
        epoch(wall("2026-11-23 09:00"))


def test_a_time_of_day_that_is_skipped_is_when_the_clock_jumps() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert at(date(2026, 3, 29), clock("02:30"), paris) == at(date(2026, 3, 29), clock("03:00"), paris)
