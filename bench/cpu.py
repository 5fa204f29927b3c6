"""Whose processor time it was: of the web processes, of the database, of the caller. Says more than the clock does on a
machine where others work too. Read from ``/proc``; elsewhere everything is nought.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICK = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor time since each began."""

    web: float
    postgres: float
    caller: float

    def since(self, before: Spent, times: int) -> Spent:
        """Milliseconds for each of so many *times*."""
        share = 1000 / max(times, 1)
        return Spent(
            (self.web - before.web) * share,
            (self.postgres - before.postgres) * share,
            (self.caller - before.caller) * share,
        )


def spent(pids: Mapping[str, Any]) -> Spent:
    """What the processes of a ``demo.json`` have used so far; the database's with all its backends."""
    every = {pid: found for pid in _all() if (found := _read(pid))}
    backends = [seconds for parent, seconds, _gone in every.values() if parent == pids["postgres"]]
    server = every.get(pids["postgres"], (0, 0.0, 0.0))
    web = sum(every[pid][1] for pid in pids["web"] if pid in every)
    return Spent(web, sum(backends) + server[1] + server[2], time.process_time())


def _all() -> list[int]:
    return [int(path.name) for path in PROC.glob("[0-9]*")] if PROC.exists() else []


def _read(pid: int) -> tuple[int, float, float] | None:
    """Parent, own seconds, seconds of children that have ended; None when it is gone."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    own, children = (sum(map(int, fields[first : first + 2])) / TICK for first in (11, 13))
    return int(fields[1]), own, children
