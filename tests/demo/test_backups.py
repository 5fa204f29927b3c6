"""A backup holds everything, and comes back whole or not at all."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clinic.core import roles
from tests.demo.running import Demo
from tests.demo.test_commands import command


def says(url: str, name: str, sql: str) -> str:
    with psycopg.connect(url.rsplit("/", 1)[0] + f"/{name}") as connection:
        (found,) = connection.execute(sql).fetchone() or (None,)
        return str(found)


@pytest.fixture
def real(app: Any, server: dict[str, str], superuser: str) -> Iterator[dict[str, str]]:
    """The variables of somebody who runs a server of their own; what is restored there is gone afterwards."""
    yield {
        "DATABASE_URL": app.config["SETTINGS"].database_url,
        "BACKUP_DATABASE_URL": superuser,
        "SUPERUSER_DATABASE_URL": superuser,
    }
    roles.drop_database(server["superuser"], "beside")


def test_a_backup_fills_a_new_database_that_the_app_may_enter(real: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "clinic.dump"
    made = command(tmp_path / "data", "backup", str(file), **real)
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    restoring = ("restore", str(file), "--into", "beside")
    back = command(tmp_path / "data", *restoring, **real)
    assert back.returncode == 0, back.stderr
    count, url = "SELECT count(*) FROM patient", real["SUPERUSER_DATABASE_URL"]
    assert says(url, "beside", count) == says(url, url.rpartition("/")[2], count) != "0"
    # No clinic is named: row-level security has come back with the rest.
    assert says(real["DATABASE_URL"], "beside", count) == "0"
    again = command(tmp_path / "data", *restoring, **real)
    assert (again.returncode, "already" in again.stderr) == (1, True)


def test_a_file_that_is_there_is_not_written_over(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "clinic.dump"
    file.write_text("the only backup")
    made = command(demo.folder, "backup", str(file))
    assert (made.returncode, file.read_text()) == (1, "the only backup")


def test_what_cannot_be_restored_leaves_nothing_behind(real: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "clinic.dump"
    file.write_text("no backup at all")
    back = command(tmp_path / "data", "restore", str(file), "--into", "beside", **real)
    assert back.returncode == 1
    assert "Traceback" not in back.stderr
    there = "SELECT count(*) FROM pg_database WHERE datname = 'beside'"
    assert says(real["SUPERUSER_DATABASE_URL"], "postgres", there) == "0"


@pytest.mark.parametrize(
    ("variables", "said"),
    [({}, "already runs"), ({"DATABASE_URL": "postgresql://db.example/clinic"}, "--into")],
)
def test_neither_a_running_demo_nor_a_real_database_is_replaced(
    variables: dict[str, str], said: str, demo: Demo, tmp_path: Path
) -> None:
    (tmp_path / "clinic.dump").write_text("a backup")
    back = command(demo.folder, "restore", str(tmp_path / "clinic.dump"), **variables)
    assert (back.returncode, said in back.stderr) == (1, True), back.stderr


def test_the_demos_own_database_becomes_what_it_was(tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "clinic.dump"
    name = "SELECT coalesce(max(name), 'nobody') FROM tenant"
    found = "INSERT INTO tenant (id, slug, name, timezone, country, locale, currency) VALUES "
    clinic = "(gen_random_uuid(), 'north', 'North', 'UTC', 'CO', 'es', 'COP')"
    superuser = ("psql", "-X", "-A", "-t", "-q", "--role", "superuser", "-c")
    for words in (
        ("migrate",),
        (*superuser, found + clinic),
        ("backup", str(file)),
        (*superuser, "UPDATE tenant SET name = 'Spoilt'"),
        ("restore", str(file)),
    ):
        done = command(folder, *words)
        assert done.returncode == 0, done.stderr
    assert command(folder, *superuser, name).stdout.strip() == "North"
