"""``make fuzz``: as many schedules as are asked for, and a seed with which all of it happens again."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from clinic.demo import fuzzing
from tests.schedule import schedules


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """What was started: the command, and how many schedules it is told to look at."""
    found: list[tuple[list[str], str]] = []

    def run(command: list[str], *, cwd: Any, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        found.append((command, env["CLINIC_FUZZ"]))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    return found


def test_says_the_seed_with_which_it_happens_again(started: Any, capsys: Any) -> None:
    assert fuzzing.run([]) == 3, "the exit code is the tests' own"
    said = capsys.readouterr().out
    (seed,) = re.findall(r"--seed (\d+)", said)
    assert "12000 schedules" in said
    fuzzing.run(["--seed", seed])
    first, second = (next(word for word in command if "seed" in word) for command, _many in started)
    assert first == second == f"--hypothesis-seed={seed}"


def test_another_run_has_another_seed(started: Any) -> None:
    fuzzing.run([])
    fuzzing.run([])
    assert started[0][0] != started[1][0]


def test_looks_at_as_many_as_are_asked_for(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fuzzing.run(["--schedules", "30000"])
    assert started[0][1] == "30000"
    monkeypatch.setattr(schedules, "FUZZ", 30_000)
    assert schedules.examples(2000, 12_000).max_examples == 30_000
    assert schedules.examples(200, 2_000).max_examples == 5_000
    monkeypatch.setattr(schedules, "FUZZ", 0)
    assert schedules.examples(2000, 12_000).max_examples == 2000


@pytest.mark.parametrize("words", [["--schedules", "0"], ["--schedules", "many"], ["--fast"]])
def test_what_is_not_understood_is_refused(started: Any, words: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit):
        fuzzing.run(words)
    assert started == []
    assert words[0] in capsys.readouterr().err
