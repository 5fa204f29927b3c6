"""Processes that shall live: started, watched, started again when they die, and never left behind.

The launcher of the demo and ``python -m clinic serve`` keep their children with this. A child has a session of its own,
so that Ctrl-C reaches the parent alone, which then stops the children in good order; and where the system can (Linux)
it dies with its parent, even when that is killed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # linux/prctl.h
BACK_OFF = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the first, second, … start after a death."""
SETTLED = 10.0
"""A process that has lived for so many seconds has got over its deaths."""


class CannotStart(Exception):
    """Something cannot be started; the message is for the person at the terminal and says what to do."""


_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with_parent(parent: int, death_signal: int) -> None:
    """Ask the kernel to send *death_signal* to this process when the process *parent* dies. Runs in the child.

    The kernel watches the thread that forked: start children from a thread that lives as long as the process.
    """
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def die_with_make() -> None:
    """End in good order when the ``make`` that started this process is killed, so that nothing is left behind."""
    parent = os.getppid()
    try:
        name = Path(f"/proc/{parent}/comm").read_text().strip()
    except OSError:
        return
    if name in {"make", "gmake"}:
        die_with_parent(parent, signal.SIGTERM)


class Living(Protocol):
    """What a supervisor keeps alive."""

    name: str

    @property
    def pid(self) -> int | None:
        """The process, or None when there is none."""

    def launch(self) -> None:
        """Start it, without waiting until it is ready."""

    def alive(self) -> bool: ...

    def stop(self) -> None:
        """End it in good order, and wait; after its patience by force."""


class Child:
    """One process from one command."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: Path | None = None,
        pass_fds: Sequence[int] = (),
        patience: float = 3.0,
    ) -> None:
        """*output* is a file that its words are added to (None: ours); *patience* is in seconds, at its stop."""
        self.name, self.command, self.env, self.cwd = name, [str(part) for part in command], env, cwd
        self.output, self.pass_fds, self.patience = output, tuple(pass_fds), patience
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.alive() else None

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def launch(self) -> None:
        parent = os.getpid()
        sink: IO[bytes] | None = open(self.output, "ab") if self.output else None  # noqa: SIM115
        try:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                pass_fds=self.pass_fds,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent, signal.SIGKILL),
            )
        finally:
            if sink is not None:
                sink.close()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Kept:
    """A living thing with the memory of its deaths."""

    def __init__(self, living: Living) -> None:
        self.living = living
        self.deaths = 0
        self.started_at = 0.0
        self.due: float | None = None

    def launch(self) -> None:
        self.due, self.started_at = None, time.monotonic()
        self.living.launch()

    def look(self) -> bool:
        """Start it again if it is dead and its time has come. Answers whether anything changed."""
        now = time.monotonic()
        if self.due is None:
            if self.living.alive():
                return False
            if now - self.started_at > SETTLED:
                self.deaths = 0
            self.due = now + BACK_OFF[min(self.deaths, len(BACK_OFF) - 1)]
            self.deaths += 1
            log.warning("%s has ended and is started again", self.living.name)
        if now < self.due:
            return False
        try:
            self.launch()
        except OSError as error:  # the machine is short of something: it counts as one more death
            log.warning("%s cannot be started: %s", self.living.name, error.strerror)
            return False
        return True


class Supervisor:
    """Keeps what it is given alive until it is told to stop.

    ``on_change`` is called whenever a process has been replaced. Only one supervisor at a time, in the main thread: it
    takes the process's signals.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.on_change = on_change
        self.stopping = False
        self._kept: list[_Kept] = []
        self._wake, wakes = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means it
                signal.signal(number, self._told_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def keep(self, living: Living, *, running: bool = False) -> None:
        """Start *living*, unless it is *running* already, and keep it alive from now on."""
        kept = _Kept(living)
        self._kept.append(kept)
        if running:
            kept.started_at = time.monotonic()
        else:
            kept.launch()

    def deaths(self, name: str) -> int:
        """How often the one called *name* has died lately."""
        return sum(kept.deaths for kept in self._kept if kept.living.name == name)

    def look(self) -> None:
        """Start again whatever is dead and due."""
        if self.stopping:
            return
        changed = [kept.look() for kept in self._kept]
        if any(changed):
            self.on_change()

    def wait(self, seconds: float) -> None:
        """Sleep until a signal arrives (a child's death is one), or for so many *seconds*."""
        ready, _, _ = select.select([self._wake], [], [], seconds)
        if ready:
            os.read(self._wake, 4096)

    def step(self) -> None:
        """Sleep until something happens, then look."""
        due = [kept.due for kept in self._kept if kept.due is not None]
        self.wait(max(0.0, min(due) - time.monotonic()) if due else 1.0)
        self.look()

    def complete(self, child: Child) -> int | None:
        """Run *child* to its end, watching the others meanwhile. Its exit code, or None when told to stop before."""
        child.launch()
        while child.alive():
            if self.stopping:
                child.stop()
                return None
            self.step()
        return child.exit_code

    def stop(self) -> None:
        """Stop all, the last one first; those of one name at once, so that they share their patience."""
        self.stopping = True
        while self._kept:
            name = self._kept[-1].living.name
            group = [kept.living for kept in self._kept if kept.living.name == name]
            self._kept = [kept for kept in self._kept if kept.living.name != name]
            for living in group:
                if isinstance(living, Child):
                    living.ask_to_stop()
            for living in group:
                living.stop()
