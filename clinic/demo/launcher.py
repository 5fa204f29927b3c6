"""``make demo``: a whole clinic from one command, kept alive until it is stopped (API.md §0).

The launcher brings the embedded database (unless ``DATABASE_URL`` names another), the roles, the schema and the demo's
people, then keeps the web processes, the worker and the database running. ``DATA_DIR/demo.json`` says where everything
is, and is rewritten whenever a process has been replaced. It is there only while the demo is ready to be used.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinic.core import server, static
from clinic.core.processes import CannotStart, Child, Living, Supervisor
from clinic.demo import database, kept
from clinic.demo.postgres import Server
from config import ROOT, Settings

LOG_LIMIT = 20_000_000
"""A log longer than so many bytes is put aside at the next start (one older is kept)."""
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Commands:
    """What the launcher starts: the WSGI application, the worker, and what prepares schema and people."""

    app: str = "wsgi:app"
    worker: tuple[str, ...] = (sys.executable, "-m", "clinic", "worker")
    prepare: tuple[str, ...] = (sys.executable, "-m", "clinic", "prepare")


@dataclass
class Launcher:
    """One demo. ``run`` returns when it has been stopped."""

    settings: Settings
    commands: Commands = field(default_factory=Commands)
    fast: bool = False
    """For tests: a database that does not wait for the disk."""

    def __post_init__(self) -> None:
        self.folder = self.settings.data_dir.resolve()
        self.logs = self.folder / "log"
        self.summary = self.folder / "demo.json"
        self.server: Server | None = None
        self.web: list[Child] = []
        self.worker: Child | None = None
        self.ready = False

    def run(self) -> int:
        """Serve until SIGTERM, SIGINT or SIGHUP; the exit code. Raises ``CannotStart`` and what its parts raise."""
        os.umask(0o077)  # what the demo writes is its owner's alone
        kept.open_folder(self.folder)
        with kept.locked(self.folder):
            self.summary.unlink(missing_ok=True)
            self._open_logs()
            listener = server.reserve(self.settings.host, self.settings.port)
            self.port = listener.getsockname()[1]
            self.secrets = kept.secrets_of(self.folder)
            supervisor = Supervisor(on_change=self.summarise)
            try:
                self._open_database(supervisor)
                if not self._prepare(supervisor):
                    return 0
                with suppress(OSError):  # a checkout that we may not write to: files go out as they are
                    static.compress(ROOT / "static")
                server.listen(listener)
                self._start(supervisor, listener)
                self._await_ready(supervisor)
                while not supervisor.stopping:
                    supervisor.step()
            finally:
                self.summary.unlink(missing_ok=True)
                listener.close()
                supervisor.stop()
        return 0

    def _open_database(self, supervisor: Supervisor) -> None:
        if self.settings.database_url:
            self.addresses = database.given(self.settings)
            return
        self.server = database.embedded(self.folder, self.secrets, fast=self.fast)
        self.server.start()
        supervisor.keep(self.server, running=True)
        self.addresses = database.furnish(self.server, self.secrets)

    def _open_logs(self) -> None:
        self.logs.mkdir(exist_ok=True)
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > LOG_LIMIT:
                path.replace(path.with_suffix(".log.1"))

    def _prepare(self, supervisor: Supervisor) -> bool:
        """Schema and people. False when told to stop meanwhile."""
        if supervisor.stopping:
            return False
        if database.is_current(self.addresses, self.folder):
            return True
        say("Making the demo's clinics …")
        output = self._log("setup")
        env = self._environment() | {"MIGRATION_DATABASE_URL": self.addresses.migrator}
        code = supervisor.complete(Child("setup", self.commands.prepare, env=env, cwd=ROOT, output=output))
        if code:
            raise CannotStart(f"The demo's clinics could not be made. From {output}:\n{tail(output)}")
        return code is not None

    def _start(self, supervisor: Supervisor, listener: Any) -> None:
        env = self._environment()
        for _ in range(self.settings.workers):
            child = server.web(listener, app=self.commands.app, env=env, output=self._log("web"))
            self.web.append(child)
            supervisor.keep(child)
        self.worker = Child(
            "worker", self.commands.worker, env=env, cwd=ROOT, output=self._log("worker"), patience=5.0
        )
        supervisor.keep(self.worker)

    def _await_ready(self, supervisor: Supervisor) -> None:
        until = time.monotonic() + READY_SECONDS
        while not supervisor.stopping:
            if self._answers():
                self.ready = True
                self.summarise()
                announce(self.describe(), self.folder, self.settings)
                return
            if supervisor.deaths("web") >= server.HOPELESS or time.monotonic() > until:
                output = self._log("web")
                raise CannotStart(f"The web processes do not answer. From {output}:\n{tail(output)}")
            supervisor.wait(0.05)
            supervisor.look()

    def _answers(self) -> bool:
        host = self.settings.host
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        connection = http.client.HTTPConnection(host, self.port, timeout=2)
        try:
            connection.request(
                "GET", "/health/ready", headers={"Host": f"{self.settings.base_domain}:{self.port}"}
            )
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        """What every process of the demo is told. The migrator's address is not for the web processes."""
        ours = {
            "ENVIRONMENT": self.settings.environment,
            "DATA_DIR": str(self.folder),
            "HOST": self.settings.host,
            "PORT": str(self.port),
            "DATABASE_URL": self.addresses.app,
            "MIGRATION_DATABASE_URL": "",
            "SECRET_KEY": self.settings.secret_key or self.secrets["secret_key"],
            "MASTER_API_KEY": self._master_key(),
        }
        return {**os.environ, **ours}

    def _master_key(self) -> str:
        return self.settings.master_api_key or self.secrets["master_api_key"]

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def describe(self) -> dict[str, Any]:
        """What stands in ``demo.json``."""
        base = f"{self.settings.base_domain}:{self.port}"
        credentials = kept.read(self.folder / "credentials.json") or {"tenants": []}
        return {
            "base_url": f"http://{base}",
            "base_domain": self.settings.base_domain,
            "master_api_key": self._master_key(),
            "database": vars(self.addresses),
            "mail_dir": str(self.folder / "mail"),
            "pids": {
                "launcher": os.getpid(),
                "web": [child.pid for child in self.web if child.pid is not None],
                "worker": pid_of(self.worker),
                "postgres": pid_of(self.server),
            },
            "tenants": [
                {**tenant, "url": f"http://{tenant['slug']}.{base}"} for tenant in credentials["tenants"]
            ],
        }

    def summarise(self) -> None:
        """Write ``demo.json`` anew, once the demo has been ready."""
        if self.ready:
            kept.write(self.summary, self.describe())


def announce(summary: Mapping[str, Any], folder: Path, settings: Settings) -> None:
    """Tell the person at the terminal where to go."""
    lines = ["", "The clinic is open."]
    for tenant in summary["tenants"]:
        lines += ["", f"  {tenant['url']}"]
        lines += [f"    {user['role']:<14}{user['email']:<34}{user['password']}" for user in tenant["users"]]
    lines += [
        "",
        f"  {summary['base_url']}  (the platform; everything else about this demo: {folder / 'demo.json'})",
    ]
    if not settings.rate_limits:
        lines += ["  Rate limits are off."]
    lines += ["", f"Logs are in {folder / 'log'}. Ctrl-C stops the demo.", ""]
    say("\n".join(lines))


def say(text: str) -> None:
    with suppress(OSError):  # nobody may be reading any more
        print(text, flush=True)


def pid_of(living: Living | None) -> int | None:
    return living.pid if living is not None else None


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log."""
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:]) if path.exists() else ""
