"""The queue as Ana and Dr Bose see it."""

from __future__ import annotations

from typing import Any


def test_opens(page: Any) -> None:
    print(page("ana").get("/queue").text)
    print(page("bose").get("/my-day").text)
    print(page("ana").get("/board").text)
    print(page("ana").get("/queue/walk-in").text)
    print(page("ana").fragment("/queue/walk-in-form").text)
    print(page("ana").get("/appointments/new").text)
