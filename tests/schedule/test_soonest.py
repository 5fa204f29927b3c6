"""Who is free first: near days are looked at first, and nobody who has something later is missed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from tests.booking.times import today
from tests.contract.asking import every_day, made, ok

AWAY = (0, 1, 2, 5, 6, 9, 21, 22, 40)
"""For so many days from today each of the doctors is on leave: within every reach, at its borders and beyond."""


@pytest.fixture
def doctors(api: Any) -> dict[str, int]:
    """Doctors on leave, with the days that it lasts."""
    found = {}
    for days in AWAY:
        doctor = made(api, "/doctors", {"full_name": f"Back After {days}", "slot_minutes": 60})["id"]
        every_day(api, doctor, "08:00", "18:00")
        if days:
            starts = datetime.combine(today(), time(), UTC) - timedelta(days=1)
            ends = starts + timedelta(days=days + 1)
            made(
                api,
                f"/doctors/{doctor}/blocked-times",
                {"start": starts.isoformat(), "end": ends.isoformat(), "reason": "leave"},
            )
        found[doctor] = days
    return found


def test_nobody_who_is_free_later_is_missed(api: Any, doctors: dict[str, int]) -> None:
    by_hand = {
        doctor: ok(
            api.get(
                "/slots",
                **{"doctor_id": doctor, "from": f"{today()}", "to": f"{today() + timedelta(days=60)}"},
            )
        )["items"][0]["start"]
        for doctor in doctors
    }
    said = ok(api.get("/slots/next", limit=100))["items"]
    assert {slot["doctor_id"]: slot["start"] for slot in said if slot["doctor_id"] in doctors} == by_hand
    assert [slot["start"] for slot in said] == sorted(slot["start"] for slot in said)


def test_it_ends_where_it_was_told_to(api: Any, doctors: dict[str, int]) -> None:
    last = today() + timedelta(days=10)
    said = ok(api.get("/slots/next", **{"from": f"{today()}", "to": f"{last}", "limit": 100}))["items"]
    assert {slot["doctor_id"] for slot in said} >= {id for id, days in doctors.items() if days <= 9}
    assert not {slot["doctor_id"] for slot in said} & {id for id, days in doctors.items() if days > 11}


def test_it_takes_as_many_statements_for_many_as_for_one(api: Any, north: Any, statements: Any) -> None:
    counts = []
    for more in (0, 1, 12):
        for number in range(more):
            doctor = made(api, "/doctors", {"full_name": f"Early {more} {number}", "slot_minutes": 60})["id"]
            every_day(api, doctor, "00:00", "23:00")
        with statements() as seen:
            ok(api.get("/slots/next", limit=50))
        counts.append(len(seen.queries))
    assert counts[1] == counts[2] <= 15, counts
