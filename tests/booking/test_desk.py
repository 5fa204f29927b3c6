"""The desk as Ana sees it."""

from __future__ import annotations

from typing import Any

from tests.booking.times import working_day


def test_opens_the_day_board(page: Any) -> None:
    shown = page("ana").get(f"/desk?date={working_day()}")
    print(shown.text)
    assert shown.find("table.day")
