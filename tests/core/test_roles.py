"""The five roles can do what they must and nothing else, on every PostgreSQL that this machine has."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clinic.core import roles
from clinic.demo.postgres import Server, embedded_binaries, temporary

WORDS = {role: secrets.token_urlsafe(12) for role in roles.SIGN_IN}
OTHERS = [
    each for each in Path("/usr/lib/postgresql").glob("*/bin") if (each / "initdb").exists()
]  # Debian's


@pytest.fixture(
    scope="module", params=[None, *OTHERS], ids=lambda path: path.parent.name if path else "embedded"
)
def place(request: pytest.FixtureRequest) -> Iterator[Server]:
    with temporary(binaries=request.param) as server:
        for _ in ("made", "made again"):
            roles.ensure_roles(server.superuser_url, WORDS)
            roles.create_database(server.superuser_url, "clinic")
        with psycopg.connect(server.url(roles.MIGRATOR, WORDS[roles.MIGRATOR], "clinic")) as connection:
            connection.execute("SET ROLE clinic_owner")
            connection.execute("CREATE TABLE note (tenant_id int, text text)")
            connection.execute("ALTER TABLE note ENABLE ROW LEVEL SECURITY")
            connection.execute("ALTER TABLE note FORCE ROW LEVEL SECURITY")
            connection.execute("GRANT SELECT, INSERT ON note TO clinic_app")
            connection.execute("RESET ROLE")
            connection.execute("INSERT INTO note VALUES (1, 'one')")
        yield server


def as_role(place: Server, role: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(place.url(role, WORDS[role], "clinic"), autocommit=True)


def test_each_role_has_its_attributes_and_no_more(place: Server) -> None:
    with psycopg.connect(place.superuser_url) as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolbypassrls, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication"
            " FROM pg_roles WHERE rolname LIKE 'clinic%%' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("clinic_app", True, False, False),
        ("clinic_backup", True, True, False),
        ("clinic_migrator", True, True, False),
        ("clinic_owner", False, False, False),
        ("clinic_resolver", False, False, False),
    ]


def test_the_app_is_member_of_nothing_and_owns_nothing(place: Server) -> None:
    with psycopg.connect(place.superuser_url) as connection:
        members = connection.execute(
            "SELECT r.rolname, m.rolname FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid"
            " JOIN pg_roles m ON m.oid = member WHERE m.rolname LIKE 'clinic%%' ORDER BY 1"
        ).fetchall()
    assert members == [
        ("clinic_owner", "clinic_migrator"),
        ("clinic_resolver", "clinic_migrator"),
        ("pg_read_all_data", "clinic_backup"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TABLE jobs.mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "TRUNCATE note",
        "DELETE FROM note",
        "SET ROLE clinic_owner",
        "SET ROLE clinic_resolver",
    ],
)
def test_the_app_may_not(statement: str, place: Server) -> None:
    with as_role(place, roles.APP) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_the_app_is_held_by_row_level_security_and_the_migrator_is_not(place: Server) -> None:
    with as_role(place, roles.APP) as app, as_role(place, roles.MIGRATOR) as migrator:
        assert app.execute("SELECT count(*) FROM note").fetchall() == [(0,)]
        assert migrator.execute("UPDATE note SET text = 'uno'").rowcount == 1
        migrator.execute("SET ROLE clinic_owner")
        assert migrator.execute("UPDATE note SET text = 'un'").rowcount == 0, (
            "that is why data steps reset the role"
        )


def test_the_migrator_inherits_nothing(place: Server) -> None:
    with as_role(place, roles.MIGRATOR) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER TABLE note ADD COLUMN more int")


def test_the_migrator_makes_functions_in_the_resolvers_name(place: Server) -> None:
    with as_role(place, roles.MIGRATOR) as connection:
        for statement in (
            "SET ROLE clinic_owner",
            "GRANT CREATE ON SCHEMA public TO clinic_resolver",
            "RESET ROLE",
            "SET ROLE clinic_resolver",
            "CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN 1; END'",
            "RESET ROLE",
            "SET ROLE clinic_owner",
            "REVOKE CREATE ON SCHEMA public FROM clinic_resolver",
        ):
            connection.execute(statement)
        owner = connection.execute(
            "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'one'"
        ).fetchall()
    assert owner == [("clinic_resolver",)]


def test_the_backup_reads_everything_and_writes_nothing(place: Server) -> None:
    with as_role(place, roles.BACKUP) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO note VALUES (2, 'two')")
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO note VALUES (2, 'two')")


def test_a_copy_of_a_database_has_the_same_rights(place: Server) -> None:
    roles.create_database(place.superuser_url, "copy", template="clinic")
    with psycopg.connect(place.url(roles.APP, WORDS[roles.APP], "copy")) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchall() == [(0,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TEMP TABLE mine (id int)")


def test_a_role_without_a_password_is_refused(place: Server) -> None:
    with pytest.raises(ValueError, match="no password for clinic_backup"):
        roles.ensure_roles(place.superuser_url, {**WORDS, roles.BACKUP: ""})


def test_the_printed_sql_does_the_same_and_holds_no_password(tmp_path: Path) -> None:
    script = tmp_path / "roles.sql"
    script.write_text(roles.script("hospital"), "utf-8")
    with temporary() as fresh:
        command = [str(embedded_binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
        command += [part for role, word in WORDS.items() for part in ("-v", f"{role}={word}")]
        quiet = {**os.environ, "PGOPTIONS": "-c client_min_messages=error"}
        for _ in ("made", "made again"):
            subprocess.run([*command, fresh.superuser_url], check=True, env=quiet)
        with psycopg.connect(fresh.url(roles.MIGRATOR, WORDS[roles.MIGRATOR], "hospital")) as connection:
            connection.execute("SET ROLE clinic_owner")
            connection.execute("CREATE TABLE note (name text, CHECK (name <> unaccent('é')))")
        app = psycopg.connect(fresh.url(roles.APP, WORDS[roles.APP], "hospital"))
        with app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT FROM note")
