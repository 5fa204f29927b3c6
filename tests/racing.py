"""Races: several callers who start from one barrier. Without it a race passes on broken code more often than not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask


def race(app: Flask, count: int, work: Callable[[int], Any]) -> list[Any]:
    """What *work(0)* … *work(count - 1)* answered or raised, in that order; each in a thread and context of its own."""
    barrier = threading.Barrier(count)
    answers: list[Any] = [None] * count

    def run(number: int) -> None:
        with app.app_context():
            barrier.wait(30)
            try:
                answers[number] = work(number)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
                answers[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers
