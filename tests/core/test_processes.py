"""Whatever dies is started again: at once the first time, ever more slowly when it keeps dying."""

from __future__ import annotations

import time

import pytest

from clinic.core import processes


class Frail:
    """Dies as soon as it is started, until it is told to be well."""

    name = "frail"
    pid = None

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.well = False

    def launch(self) -> None:
        self.starts.append(time.monotonic())

    def alive(self) -> bool:
        return self.well

    def stop(self) -> None: ...


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    return clock


def pass_time(clock: Clock, kept: processes._Kept, seconds: float) -> None:
    until = clock.now + seconds
    while clock.now < until:
        kept.look()
        clock.now = round(clock.now + 0.1, 1)


def test_starts_the_dead_again_ever_more_slowly(clock: Clock) -> None:
    frail = Frail()
    kept = processes._Kept(frail)
    kept.launch()
    pass_time(clock, kept, 20)
    pauses = [round(after - before, 1) for before, after in zip(frail.starts, frail.starts[1:], strict=False)]
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert max(pauses) <= processes.BACK_OFF[-1] + 0.2
    assert len(frail.starts) < 12


def test_forgets_old_deaths_once_it_has_lived_for_a_while(clock: Clock) -> None:
    frail = Frail()
    kept = processes._Kept(frail)
    kept.launch()
    pass_time(clock, kept, 20)
    frail.well = True
    pass_time(clock, kept, processes.BACK_OFF[-1] + processes.SETTLED + 1)
    frail.well = False
    began = len(frail.starts)
    pass_time(clock, kept, 0.3)
    assert len(frail.starts) >= began + 1, "the first start after a quiet time is at once"


def test_a_start_that_the_machine_refuses_counts_as_a_death(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    frail = Frail()
    kept = processes._Kept(frail)
    kept.launch()
    monkeypatch.setattr(frail, "launch", lambda: (_ for _ in ()).throw(OSError(11, "no more processes")))
    pass_time(clock, kept, 1)
    assert kept.deaths >= 2
