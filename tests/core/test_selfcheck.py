"""The application serves in a role that row-level security binds, on tables where it is forced, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from clinic.core import selfcheck, urls
from clinic.core.selfcheck import Unsafe


@contextmanager
def changed(superuser: str, change: str, back: str) -> Iterator[None]:
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(change)
        try:
            yield
        finally:
            connection.execute(back)


def wrong(url: str) -> list[str]:
    engine = create_engine(urls.for_sqlalchemy(url), poolclass=NullPool)
    with pytest.raises(Unsafe) as refused:
        selfcheck.check(engine)
    assert all(line in str(refused.value) for line in refused.value.wrong)
    return refused.value.wrong


@pytest.fixture
def mine(server: dict[str, str], database: str) -> str:
    return server["app"].format(database)


def test_serves_as_the_applications_own_role(app: Any, mine: str) -> None:
    selfcheck.check(create_engine(urls.for_sqlalchemy(mine), poolclass=NullPool))


def test_refuses_a_superuser(app: Any, superuser: str) -> None:
    assert "is a superuser" in wrong(superuser)[0]


def test_refuses_the_migrator_and_says_all_that_is_wrong(
    app: Any, server: dict[str, str], database: str
) -> None:
    said = "\n".join(wrong(server["migrator"].format(database)))
    assert "clinic_migrator has BYPASSRLS" in said
    assert "is a member of clinic_owner" in said
    assert "owns patient, or belongs to its owner" in said


@pytest.mark.parametrize(
    ("being", "said"),
    [
        ("BYPASSRLS", "has BYPASSRLS"),
        ("CREATEROLE", "may create roles"),
        ("IN ROLE clinic_resolver", "is a member of clinic_resolver"),
    ],
)
def test_refuses_a_role_that_can_do_more(
    app: Any, server: dict[str, str], database: str, superuser: str, being: str, said: str
) -> None:
    # A role of its own: other tests share the server, and with it clinic_app.
    role = f"odd_{database}"
    make = f"CREATE ROLE {role} LOGIN PASSWORD 'odd' {being}; GRANT CONNECT ON DATABASE {database} TO {role}"
    with changed(superuser, make, f"DROP OWNED BY {role}; DROP ROLE {role}"):
        (line,) = wrong(as_role(superuser, role))
    assert said in line


def as_role(superuser: str, role: str) -> str:
    """The same database, signed in to as *role*."""
    parts = urlsplit(superuser)
    return parts._replace(netloc=f"{role}:odd@{parts.netloc.rpartition('@')[2]}").geturl()


@pytest.mark.parametrize(
    ("change", "back", "said"),
    [
        (
            "ALTER TABLE patient NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE patient FORCE ROW LEVEL SECURITY",
            "not forced on patient",
        ),
        (
            "ALTER TABLE patient DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE patient ENABLE ROW LEVEL SECURITY",
            "not enabled on patient",
        ),
        (
            "GRANT TRUNCATE ON patient TO clinic_app",
            "REVOKE TRUNCATE ON patient FROM clinic_app",
            "may TRUNCATE patient",
        ),
        (
            "ALTER TABLE heartbeat OWNER TO clinic_app",
            "ALTER TABLE heartbeat OWNER TO clinic_owner; GRANT SELECT, INSERT, UPDATE ON heartbeat TO clinic_app",
            "owns heartbeat",
        ),
    ],
)
def test_refuses_what_would_open_every_clinic(
    app: Any, superuser: str, mine: str, change: str, back: str, said: str
) -> None:
    with changed(superuser, change, back):
        (line,) = wrong(mine)
    assert said in line


def test_refuses_a_database_without_tables(app: Any, server: dict[str, str]) -> None:
    (line,) = wrong(server["app"].format("postgres"))
    assert "run the migrations" in line
