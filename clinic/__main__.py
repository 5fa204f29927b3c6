"""``python -m clinic <command>``: everything that can be asked of a checkout, with nothing installed before.

Only the standard library is imported at the top, here and in what is imported from here. Commands that the rooms hang
on the application (``create-tenant``, ``create-key`` …) are found by name when none of these is meant.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator, NoReturn  # noqa: UP035

from clinic.core import venv

ROOT = venv.ROOT


@dataclass(frozen=True)
class Command:
    """What a command does, and whether it needs the packages for tests and lint."""

    run: Callable[[list[str]], int]
    help: str
    dev: bool = False


COMMANDS: dict[str, Command] = {}


def command(help: str, *, name: str = "", dev: bool = False) -> Callable[..., Callable[[list[str]], int]]:
    """Put a function on the list under its own name."""

    def add(function: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
        COMMANDS[name or function.__name__.strip("_").replace("_", "-")] = Command(function, help, dev)
        return function

    return add


def main(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if name in {"help", "-h", "--help"}:
        return show_help()
    os.chdir(ROOT)
    wanted = COMMANDS.get(name)
    venv.ensure(dev=wanted is not None and wanted.dev)

    from clinic.core.processes import CannotStart
    from config import Misconfigured

    try:
        return wanted.run(rest) if wanted is not None else of_a_room(name, rest)
    except (CannotStart, Misconfigured, PermissionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def show_help() -> int:
    print("Usage: make <command>, or python -m clinic <command>\n")
    for name, each in sorted(COMMANDS.items()):
        if each.help:
            print(f"  {name:<14}{each.help}")
    print("\nThe rooms bring commands of their own: python -m clinic rooms")
    return 0


# --- running it -------------------------------------------------------------------------------------------------------


@command("the whole clinic with a database of its own, two demo clinics and the worker; Ctrl-C stops it")
def demo(_: list[str]) -> int:
    from clinic.core.processes import CannotStart, die_with_make
    from clinic.demo.launcher import Launcher
    from config import Settings

    die_with_make()
    settings = Settings()
    if settings.environment == "production":
        raise CannotStart("The demo is no production. Start serve and worker instead, after migrate.")
    return Launcher(settings).run()


@command("the web processes alone, in the foreground")
def serve(_: list[str]) -> int:
    from clinic.core import log
    from clinic.core.server import serve as run
    from config import Settings

    with demo_database():
        settings = Settings()
        log.configure(settings.log_level)
        return run(settings)


@command("the worker alone: what happens later, and what must be tidied up")
def worker(arguments: list[str]) -> int:
    return of_a_room("worker", arguments)


# --- the database -----------------------------------------------------------------------------------------------------


@command("bring the schema up to date, over MIGRATION_DATABASE_URL")
def migrate(arguments: list[str]) -> int:
    from clinic.core.migrate import upgrade

    with migrator() as url:
        upgrade(url, *arguments[:1])
    return 0


@command("take the last migration back (or all down to the one named)")
def rollback(arguments: list[str]) -> int:
    from clinic.core.migrate import downgrade

    with migrator() as url:
        downgrade(url, *arguments[:1])
    return 0


@command("a new migration: its thought in a few words")
def migration(arguments: list[str]) -> int:
    from clinic.core.migrate import new
    from clinic.core.processes import CannotStart

    try:
        new(" ".join(arguments))
    except ValueError as error:
        raise CannotStart(f"Please {error}.") from None
    return 0


@command("the migrations there are, newest first")
def history(_: list[str]) -> int:
    from clinic.core.migrate import history as show

    show()
    return 0


@command("the newest migration; two of them are a fork to be joined")
def heads(_: list[str]) -> int:
    from clinic.core.migrate import heads as show

    show()
    return 0


@command("demo data of any size: seed --help")
def seed(arguments: list[str]) -> int:
    return of_a_room("seed", arguments)


@command("throw the demo's data away and make it anew", name="reset-db")
def reset_db(_: list[str]) -> int:
    from clinic.demo.database import emptied
    from config import Settings

    with emptied(Settings()) as variables:
        os.environ.update(variables)
        return prepare([])


@command("psql as the migrator; --role app|migrator|superuser for another")
def psql(arguments: list[str]) -> int:
    from clinic.demo.tools import psql as run

    with demo_database():
        return run(arguments)


@command("everything in one file: backup [FILE]")
def backup(arguments: list[str]) -> int:
    from clinic.demo.backups import backup as run

    with demo_database():
        return run(arguments)


@command("bring a backup back: restore FILE (the demo's), restore FILE --into NAME (a server's)")
def restore(arguments: list[str]) -> int:
    from clinic.demo.backups import restore as run

    return run(arguments)


@command("print the SQL that makes the database roles, for a server of your own")
def roles(arguments: list[str]) -> int:
    from clinic.core.roles import script

    sys.stdout.write(script(*arguments[:1]))
    return 0


@command("")
def prepare(_: list[str]) -> int:
    """Schema and demo clinics, in one process: the launcher's first child."""
    with migrator() as url:
        from clinic.core.migrate import upgrade

        upgrade(url)
    return of_a_room("seed", [])


# --- working on it ----------------------------------------------------------------------------------------------------


@command("every test, or those named: test tests/booking -k taken", dev=True)
def test(arguments: list[str]) -> int:
    from clinic.demo.tools import test as run

    return run(arguments)


@command("what the tests do not reach", dev=True)
def cover(arguments: list[str]) -> int:
    from clinic.demo.tools import cover as run

    return run(arguments)


@command("what CI asks first: ruff, djlint, mypy", dev=True)
def lint(_: list[str]) -> int:
    from clinic.demo.tools import lint as run

    return run()


@command("put the code into its form", dev=True, name="format")
def format_(_: list[str]) -> int:
    from clinic.demo.tools import tidy

    return tidy()


@command("mypy alone", dev=True, name="type-check")
def type_check(_: list[str]) -> int:
    from clinic.demo.tools import type_check as run

    return run()


@command("how fast it is, in ratios", dev=True)
def bench(arguments: list[str]) -> int:
    from clinic.demo.tools import python

    return python("-m", "bench", *arguments)


@command("the slot engine against 12,000 new schedules: --schedules, --seed", dev=True)
def fuzz(arguments: list[str]) -> int:
    from clinic.demo.fuzzing import run

    return run(arguments)


@command("every page as a picture in DATA_DIR/screenshots; --readme renews those of the README", dev=True)
def screenshots(arguments: list[str]) -> int:
    from clinic.demo.screenshots import run

    return run(arguments)


@command("compile requirements.txt and requirements-dev.txt anew", dev=True)
def lock(arguments: list[str]) -> int:
    from clinic.demo.tools import lock as run

    return run(arguments)


@command("collect the strings for people into the catalogues", dev=True)
def translations(_: list[str]) -> int:
    from clinic.core.translations import extract

    for language, missing in extract().items():
        print(f"{language}: {len(missing)} to translate" + "".join(f"\n  {text}" for text in missing))
    return 0


@command("the commands that the rooms bring")
def rooms(_: list[str]) -> int:
    return of_a_room("--help", [])


# --- helpers ----------------------------------------------------------------------------------------------------------


def of_a_room(name: str, arguments: list[str]) -> NoReturn:
    """A command that a room has hung on the application (Flask's command line). Exits with its code."""
    from flask.cli import FlaskGroup

    from clinic import create_app

    with demo_database():
        group = FlaskGroup(create_app=create_app, add_version_option=False, load_dotenv=False)
        group.main([name, *arguments], prog_name="python -m clinic")


@contextmanager
def demo_database() -> Iterator[None]:
    """The environment with the demo's own database in it, unless it names one already."""
    from config import Settings

    settings = Settings()
    if settings.environment != "demo" or settings.database_url:
        yield
        return
    from clinic.demo.database import borrowed

    with borrowed(settings) as variables:
        os.environ.update(variables)
        yield


@contextmanager
def migrator() -> Iterator[str]:
    """The migrator's address."""
    from config import MigrationSettings, Misconfigured

    if url := MigrationSettings().migration_database_url:
        yield url
        return
    with demo_database():
        if url := MigrationSettings().migration_database_url:
            yield url
            return
    raise Misconfigured(["MIGRATION_DATABASE_URL is missing"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
