"""The tools that work on the checkout and on the demo's database: tests, lint, locks, psql."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from clinic.core import venv
from clinic.core.processes import CannotStart
from config import ROOT

LOCKS = ("requirements", "requirements-dev")
TYPED = ("clinic", "config.py", "wsgi.py", "tests", "bench", "migrations")
BY_ROLE = {
    "app": "DATABASE_URL",
    "migrator": "MIGRATION_DATABASE_URL",
    "superuser": "SUPERUSER_DATABASE_URL",
}


def python(*arguments: str) -> int:
    """Run this interpreter on *arguments* in the checkout; its exit code."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT).returncode


def test(arguments: list[str]) -> int:
    """The tests, on two processes, with a browser looked for once for all of them."""
    from tests.browser.find import settle

    settle(fetch=_wants_browser(arguments))
    return python("-m", "pytest", *_on_two_cores(arguments), *arguments)


def cover(arguments: list[str]) -> int:
    """The tests under coverage, and what they did not reach. The tests' exit code."""
    from tests.browser.find import settle

    settle(fetch=_wants_browser(arguments))
    python("-m", "coverage", "erase")
    ran = python("-m", "coverage", "run", "-m", "pytest", *_on_two_cores(arguments), *arguments)
    python("-m", "coverage", "combine", "--quiet")
    shown = python("-m", "coverage", "report")
    return ran or shown


def lint() -> int:
    """All of them run, so that one look shows all that is wrong."""
    codes = [
        python("-m", "ruff", "check", "."),
        python("-m", "ruff", "format", "--check", "."),
        python("-m", "djlint", "--lint", "--quiet", "templates"),
        type_check(),
    ]
    return max(codes)


def tidy() -> int:
    """What can be put right by a machine."""
    return max(python("-m", "ruff", "check", "--fix", "."), python("-m", "ruff", "format", "."))


def type_check() -> int:
    there = [name for name in TYPED if (ROOT / name).is_file() or any((ROOT / name).rglob("*.py"))]
    return python("-m", "mypy", *there)


def lock(arguments: list[str]) -> int:
    """Compile what is wanted (``.in``) to what is installed (``.txt``), with hashes. ``--upgrade`` takes newer ones."""
    tool = venv.uv()
    if tool is None:
        raise CannotStart("Locking needs uv: pip install uv")
    env = {**os.environ, "UV_CUSTOM_COMPILE_COMMAND": "python -m clinic lock"}
    for name in LOCKS:
        command = [
            tool,
            "pip",
            "compile",
            "-q",
            "--universal",
            "--generate-hashes",
            "--python-version",
            "3.11",
        ]
        command += [*arguments, f"{name}.in", "-o", f"{name}.txt"]
        if code := subprocess.run(command, cwd=ROOT, env=env).returncode:
            return code
    return 0


def programs(name: str) -> list[str]:
    """Where one of PostgreSQL's own programs is: the machine's, then the one that came with the embedded server."""
    from clinic.demo.postgres import ServerFailed, embedded_binaries

    found = [shutil.which(name)]
    with suppress(ServerFailed):
        found.append(str(embedded_binaries() / name))
    there = [path for path in found if path]
    if not there:
        raise CannotStart(f"There is no {name} here: install PostgreSQL's client programs.")
    return there


def program_for(name: str, url: str) -> str:
    """The program of the server's own release if it is here, else the newest: an older one refuses to work."""
    with psycopg.connect(url) as connection:
        wanted = connection.info.server_version // 10000

    def release(path: str) -> int:
        said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
        number = re.search(r"\d+", said)
        return int(number[0]) if number else 0

    return max(programs(name), key=lambda path: (release(path) == wanted, release(path)))


def reaching(url: str) -> dict[str, str]:
    """The environment in which such a program reaches *url*: no password stands in the list of processes."""
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
    }
    told = {names[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in names}
    return {**os.environ, **told}


def psql(arguments: list[str]) -> int:
    """psql on the database of the environment."""
    parser = argparse.ArgumentParser(prog="psql", add_help=False)
    parser.add_argument("--role", choices=sorted(BY_ROLE), default="migrator")
    given, rest = parser.parse_known_args(arguments)
    url = os.environ.get(BY_ROLE[given.role])
    if not url:
        raise CannotStart(f"{BY_ROLE[given.role]} is not set.")
    signal.signal(signal.SIGINT, lambda _number, _frame: None)  # Ctrl-C is psql's
    return subprocess.run([programs("psql")[0], *rest], env=reaching(url)).returncode


def _wants_browser(arguments: list[str]) -> bool:
    """Whether the tests asked for may need a browser: all of them, or those in its folder."""
    named = [Path(part.partition("::")[0]) for part in arguments if not part.startswith("-")]
    paths = [path for path in named if (ROOT / path).exists()]
    return not paths or any(path in {Path("."), Path("tests")} or "browser" in path.parts for path in paths)


def _on_two_cores(arguments: list[str]) -> list[str]:
    chosen = any(part.startswith(("-n", "--numprocesses", "--pdb")) for part in arguments)
    return [] if chosen or "xdist" in os.environ.get("PYTEST_ADDOPTS", "") else ["-n", "2"]
