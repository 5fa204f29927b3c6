"""A demo of our own to drive: started on a free port in a folder that is gone afterwards, stopped by SIGTERM."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import namedtuple_row

from bench.load import Address
from config import ROOT

READY_SECONDS = 180.0
STOP_SECONDS = 30.0


@dataclass
class Demo:
    """A running demo, as its ``demo.json`` describes it."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def summary(self) -> dict[str, Any]:
        """What stands in ``demo.json`` now: it is written anew when a process was replaced."""
        read: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return read

    def address(self, slug: str = "") -> Address:
        """The address of a clinic, or of the platform."""
        base = urlsplit(self.summary["base_url"])
        assert base.port
        name = f"{slug}.{base.netloc}" if slug else base.netloc
        return Address("127.0.0.1", base.port, name)

    def look(self, sql: str, *params: Any) -> list[Any]:
        """Rows as the superuser sees them, past row-level security: what really stands there."""
        with psycopg.connect(self.summary["database"]["superuser"], row_factory=namedtuple_row) as connection:
            return connection.execute(sql, params).fetchall()

    def do(self, sql: str) -> None:
        """One statement as the superuser, by itself."""
        with psycopg.connect(self.summary["database"]["superuser"], autocommit=True) as connection:
            connection.execute(sql)

    def log(self, name: str) -> str:
        """What a process of the demo has said so far (``web``, ``worker``, ``postgres``)."""
        path = self.folder / "log" / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def command(self, *arguments: str) -> str:
        """Run a command of the checkout on this demo; what it printed. Raises ``CalledProcessError``."""
        return subprocess.run(
            [sys.executable, "-m", "clinic", *arguments],
            cwd=ROOT,
            env=_environment(self.folder),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def stop(self) -> None:
        """Ask it to stop, and see that it does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def _environment(folder: Path) -> dict[str, str]:
    """The surroundings' variables less those that would lead to another database, port or demo."""
    ours = {
        "ENVIRONMENT": "demo",
        "DATA_DIR": str(folder),
        "PORT": "0",
        "WORKERS": "2",
        "RATE_LIMITS": "off",
        "DATABASE_URL": "",
        "MIGRATION_DATABASE_URL": "",
    }
    return {**os.environ, **ours}


@contextmanager
def running() -> Iterator[Demo]:
    """A demo with two web processes and no rate limits, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-bench-"))
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "clinic", "demo"],
            cwd=ROOT,
            env=_environment(folder),
            stdout=out,
            stderr=out,
        )
    demo = Demo(folder, process)
    try:
        _await(demo, said)
        yield demo
    finally:
        demo.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _await(demo: Demo, said: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while not (demo.folder / "demo.json").exists():
        if demo.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the demo did not start:\n{said.read_text('utf-8', 'replace')[-3000:]}")
        time.sleep(0.1)
