"""A running demo to look at from outside: the launcher as a process, with the stub of a clinic behind it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

ROOT = Path(__file__).parents[2]


class Demo:
    """One launcher with the stub of a clinic, on a folder of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        plain = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.demo.stub"],
            cwd=ROOT,
            env={
                **plain,
                "DATA_DIR": str(folder),
                "PORT": "0",
                "WORKERS": "1",
                "BASE_DOMAIN": "clinic.test",
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def summary(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return read

    @property
    def pids(self) -> dict[str, Any]:
        return dict(self.summary()["pids"])

    def opened(self) -> Demo:
        until(lambda: (self.folder / "demo.json").exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        return self

    def get(self, path: str) -> str:
        port = int(self.summary()["base_url"].rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        return connection.getresponse().read().decode()

    def starts(self) -> int:
        """How often the people of the demo were made ready: a row each."""
        with psycopg.connect(self.summary()["database"]["superuser"]) as connection:
            return int(connection.execute("SELECT count(*) FROM starts").fetchall()[0][0])

    def said(self) -> str:
        return self.process.communicate(timeout=15)[0]

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)

    def leftovers(self) -> list[psutil.Process]:
        """Every process that lives on this demo's folder, or was told of it."""
        return [process for process in psutil.process_iter() if belongs(process, self.folder)]


def belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        told = process.environ().get("DATA_DIR") == str(folder)
        return process.status() != psutil.STATUS_ZOMBIE and (
            told or Path(process.cwd()).is_relative_to(folder)
        )
    except (psutil.Error, OSError):
        return False


def until(what: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
