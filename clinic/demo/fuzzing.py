"""The slot engine against schedules that nobody thought of: more of them than every test run looks at, and new ones."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from random import SystemRandom

from config import ROOT

SCHEDULES = 12_000
"""Of the first property; the slower ones look at their share of it (``tests.schedule.schedules.examples``)."""
WHERE = ("tests/schedule/test_engine_properties.py", "tests/schedule/test_overlaps.py")


def run(arguments: list[str]) -> int:
    """Look at so many new schedules; says the seed first, with which all of it happens again. Pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m clinic fuzz", description=__doc__)
    parser.add_argument("--schedules", type=_many, default=SCHEDULES, help=f"{SCHEDULES} if left out")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run, to see the same again")
    asked = parser.parse_args(arguments)
    seed = SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(
        f"{asked.schedules} schedules, seed {seed}. To see the same again: "
        f"python -m clinic fuzz --schedules {asked.schedules} --seed {seed}",
        flush=True,
    )
    environment = {**os.environ, "CLINIC_FUZZ": str(asked.schedules)}
    command = [sys.executable, "-m", "pytest", *WHERE, f"--hypothesis-seed={seed}", "-q", "-n", "2"]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def _many(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
