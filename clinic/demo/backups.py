"""Everything that every clinic has, in one file, and the way back from it.

A backup is what ``pg_dump`` writes, as the role that reads everything and changes nothing. It is put in its place when
it is whole. A restored database takes the place of the demo's own when it is whole; on a real server it is made beside
the one in use, and the operator changes over (docs/deploy.md).
"""

from __future__ import annotations

import argparse
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from clinic.core import roles
from clinic.core.processes import CannotStart
from clinic.demo import database, tools
from config import BackupSettings, Misconfigured, Settings

COUNTED = ("tenant", "patient", "appointment")


def backup(arguments: list[str]) -> int:
    """Write a backup and say where it is. A file that is there already is never written over."""
    parser = argparse.ArgumentParser(prog="python -m clinic backup", description=backup.__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="default: in DATA_DIR/backups, named by the time")
    given = parser.parse_args(arguments)
    settings = BackupSettings()
    if settings.backup_database_url is None:
        raise Misconfigured(["BACKUP_DATABASE_URL is missing"])
    file = given.file or settings.data_dir / "backups" / f"clinic-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.dump"
    if file.exists():
        raise CannotStart(f"{file} is there already.")
    file.parent.mkdir(parents=True, exist_ok=True)
    growing = file.with_name(f".{file.name}.{os.getpid()}")
    dump = tools.program_for("pg_dump", settings.backup_database_url)
    before = os.umask(0o077)
    try:
        done = subprocess.run(
            [dump, "--format=custom", "--no-password", f"--file={growing}"],
            env=tools.reaching(settings.backup_database_url),
        )
        if done.returncode:
            raise CannotStart("The backup failed; nothing was written.")
        os.link(
            growing, file
        )  # unlike a renaming, this refuses to take the place of a file that has come meanwhile
    except FileExistsError:
        raise CannotStart(f"{file} is there already.") from None
    finally:
        os.umask(before)
        growing.unlink(missing_ok=True)
    print(f"{file} ({file.stat().st_size / 1_000_000:.1f} MB)")
    return 0


def restore(arguments: list[str]) -> int:
    """Bring a backup back: in place of the demo's database, or beside a real one with --into."""
    parser = argparse.ArgumentParser(prog="python -m clinic restore", description=restore.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--into", metavar="NAME", help="a new database on the server of SUPERUSER_DATABASE_URL"
    )
    given = parser.parse_args(arguments)
    if not given.file.is_file():
        raise CannotStart(f"There is no file {given.file}.")
    superuser = os.environ.get("SUPERUSER_DATABASE_URL")
    if given.into:
        if not superuser:
            raise CannotStart(
                "SUPERUSER_DATABASE_URL is not set: only a superuser makes a database and its rights."
            )
        _fill(given.file, superuser, given.into)
        print(f"{given.into} holds {_what(superuser, given.into)}.")
        return 0
    refusal = (
        "Only the demo's own database is replaced. Elsewhere: restore FILE --into NAME, then change over."
    )
    with database.alone(Settings(), refusal) as (server, secrets):
        fresh = f"{database.DATABASE}_restored"
        roles.drop_database(server.superuser_url, fresh)
        database.furnish(server, secrets)  # the roles that the backup names
        _fill(given.file, server.superuser_url, fresh)
        roles.drop_database(server.superuser_url, database.DATABASE)
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            names = map(sql.Identifier, (fresh, database.DATABASE))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
        print(f"The demo holds {_what(server.superuser_url, database.DATABASE)} again.")
    return 0


def _fill(file: Path, superuser: str, name: str) -> None:
    """Make the database *name* from *file*, all of it or none. Raises ``CannotStart``."""
    try:
        roles.create_empty(superuser, name)
    except psycopg.errors.DuplicateDatabase:
        raise CannotStart(f"There is a database {name} already. Choose another name.") from None
    reader = tools.program_for("pg_restore", superuser)
    done = subprocess.run(
        [reader, "--exit-on-error", "--no-password", f"--dbname={name}", str(file)],
        env=tools.reaching(superuser),
    )
    if done.returncode:
        roles.drop_database(superuser, name)
        raise CannotStart("The backup could not be restored; everything is as it was.")
    roles.create_database(superuser, name)  # who may enter it stands in no backup


def _what(superuser: str, name: str) -> str:
    with psycopg.connect(make_conninfo(superuser, dbname=name)) as connection:
        counts: list[Any] = [
            connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            for table in COUNTED
        ]
    clinics, patients, visits = (row[0] for row in counts)
    return f"{clinics} clinics, {patients} patients and {visits} visits"
