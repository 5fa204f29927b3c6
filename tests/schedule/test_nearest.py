"""Alternatives to a time that is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.schedule.facts import Asker, Wish
from clinic.schedule.overview import nearest
from tests.schedule.people import BOGOTA, MONDAY, STAFF, bose, on, visit, weekly

DAILY = [weekly("09:00-11:00", number=100 + day, day=day) for day in range(7)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("10:00", "23 09:00 · 23 09:30 · 23 10:30"),
        ("09:00", "23 09:30 · 23 10:00 · 23 10:30"),
        ("10:30", "23 09:00 · 23 09:30 · 23 10:00"),
        ("12:00", "23 09:30 · 23 10:00 · 23 10:30"),
        ("07:00", "23 09:00 · 23 09:30 · 23 10:00"),
        ("23:00", "24 09:00 · 24 09:30 · 24 10:00"),
        ("22:00", "23 10:30 · 24 09:00 · 24 09:30"),
    ],
)
def test_the_three_nearest_in_time_order(wanted: str, expected: str) -> None:
    found = nearest(bose(*DAILY), on(wanted), Wish(), STAFF)
    assert " · ".join(f"{slot.start:%d %H:%M}" for slot in found) == expected


def test_of_two_equally_near_the_earlier() -> None:
    found = nearest(bose(*DAILY), on("10:00"), Wish(), STAFF, count=1)
    assert [f"{slot.start:%H:%M}" for slot in found] == ["09:30"]


def test_when_the_day_is_taken_the_days_beside_it_are_looked_at() -> None:
    wednesday = MONDAY + timedelta(days=2)
    busy = [visit("09:00-11:00", wednesday)]
    found = nearest(bose(*DAILY, busy=busy), on("10:00", wednesday), Wish(), STAFF)
    assert [f"{slot.start:%d %H:%M}" for slot in found] == ["24 10:30", "26 09:00", "26 09:30"]


def test_what_has_passed_is_no_alternative() -> None:
    asker = Asker("staff", on("09:45"))
    found = nearest(bose(*DAILY), on("10:00"), Wish(), asker)
    assert [f"{slot.start:%d %H:%M}" for slot in found] == ["23 10:30", "24 09:00", "24 09:30"]


def test_where_there_is_little_there_is_less() -> None:
    once = weekly("09:00-10:00", valid_until=MONDAY)
    assert len(nearest(bose(once), on("09:00"), Wish(), STAFF)) == 1
    assert nearest(bose(), on("09:00"), Wish(), STAFF) == []


def test_no_further_is_looked_than_it_takes() -> None:
    table = bose(*DAILY, last=MONDAY + timedelta(days=60))
    nearest(table, on("10:00", MONDAY + timedelta(days=30)), Wish(), STAFF)
    expanded = sorted((day - MONDAY).days for day in table.open._on)
    assert min(expanded) >= 27
    assert max(expanded) <= 32
    assert table.doctor.zone is BOGOTA
