"""What a database server leaves behind when it, or the launcher that started it, is killed.

Its other processes may still compute, and would keep a new server out; its note of itself (``postmaster.pid``) may name
a process that is by now somebody else's. A new server on the same data starts once both are gone.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil

NOTE = "postmaster.pid"


def clear(data: Path, patience: float = 10.0) -> None:
    """End every server process that works on *data*, by force after *patience* seconds, and forget the note."""
    until = time.monotonic() + patience
    asked: set[int] = set()
    while left := processes_in(data):
        pids = {process.pid for process in left}
        for process in left:
            if time.monotonic() > until:
                send(process, signal.SIGKILL)
            # To the main process it says: end everybody in good order. To one that has lost its main process: stop what
            # you are doing, and notice.
            elif process.pid not in asked and parent_of(process) not in pids:
                asked.add(process.pid)
                send(process, signal.SIGINT)
        time.sleep(0.02)
    (data / NOTE).unlink(missing_ok=True)


def processes_in(data: Path) -> list[psutil.Process]:
    """Every live server process on this data folder: PostgreSQL's processes all work in it."""
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if str(process.info["name"]).startswith("postgres") and Path(process.cwd()) == data:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def parent_of(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return None


def send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
