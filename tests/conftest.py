"""What every test stands on: one embedded server for the run, a database for each worker, the cast, and clients.

The server is started once by the controller. Each worker copies a template with all migrations and the cast in it;
after a test that used the database everything is put back as the cast left it, in a few milliseconds.
"""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import settings as properties

os.environ.update(ENVIRONMENT="test", RATE_LIMITS="on", LOG_LEVEL="WARNING")

# A busy machine fails no property: how long an example takes says nothing about it.
properties.register_profile("clinic", deadline=None)
properties.load_profile("clinic")

TEMPLATE = "clinic_template"
MASTER = "test-master-key-" + "0123456789abcdef" * 2


# -- the server -----------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) starts the server when the first test asks for it."""
    config.stash[SERVER] = None


SERVER = pytest.StashKey[Any]()


def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where the server is."""
    node.workerinput["database"] = _server(node.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    started = config.stash.get(SERVER, None)
    if started is not None:
        started[0].stop()
        shutil.rmtree(started[1], ignore_errors=True)


def _server(config: pytest.Config) -> dict[str, str]:
    """Start the embedded server, with the template database in it; the addresses by role."""
    from clinic.core import migrate, roles
    from clinic.demo.postgres import Server

    folder = Path(tempfile.mkdtemp(prefix="clinic-test-"))
    words = {role: secrets.token_urlsafe(12) for role in roles.SIGN_IN}
    # Where another release is, such as the oldest that we promise (CONTRIBUTING.md).
    others = os.environ.get("CLINIC_POSTGRES")
    server = Server(
        folder / "postgres",
        password=secrets.token_urlsafe(12),
        fast=True,
        binaries=Path(others) if others else None,
    )
    server.start()
    config.stash[SERVER] = (server, folder)
    roles.ensure_roles(server.superuser_url, words)
    roles.create_database(server.superuser_url, TEMPLATE)
    migrate.upgrade(server.url(roles.MIGRATOR, words[roles.MIGRATOR], TEMPLATE))
    return {
        "superuser": server.superuser_url,
        "app": server.url(roles.APP, words[roles.APP], "{}"),
        "migrator": server.url(roles.MIGRATOR, words[roles.MIGRATOR], "{}"),
        "log": str(server.log),
    }


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> dict[str, str]:
    """Addresses of the embedded server: ``superuser``, and ``app`` and ``migrator`` with a place for the database."""
    given = getattr(request.config, "workerinput", {}).get("database")
    return given or _server(request.config)


@pytest.fixture(scope="session")
def database(server: dict[str, str], worker_id: str) -> str:
    """This worker's own database, migrated."""
    from clinic.core import roles

    name = f"clinic_{worker_id}"
    roles.create_database(server["superuser"], name, template=TEMPLATE)
    return name


@pytest.fixture(scope="session")
def superuser(server: dict[str, str], database: str) -> str:
    """This worker's database as superuser: past row-level security, for looking at what really stands there."""
    return server["superuser"].rsplit("/", 1)[0] + "/" + database


# -- the application and the cast --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def built(server: dict[str, str], database: str, superuser: str) -> Flask:
    """The application with the cast in its database, and a snapshot to come back to."""
    from clinic import create_app
    from config import Settings

    settings = Settings(
        environment="test",
        database_url=server["app"].format(database),
        migration_database_url=server["migrator"].format(database),
        secret_key="test-secret-key-" + "fedcba9876543210" * 2,
        master_api_key=MASTER,
        pool_size=40,
        threads=4,
    )
    app = create_app(settings, TESTING=True, CHECK_ANSWERS=True)
    from tests import cast
    from tests.clients import FreshClient

    app.test_client_class = FreshClient
    with app.app_context():
        app.extensions["cast"] = cast.assemble()
    _remember(superuser)
    # What is made once is not looked through for garbage again and again: a tenth of the tests' time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app


def _remember(superuser: str) -> None:
    """Keep a copy of every table in the schema ``kept``, and a function that puts them back."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA kept")
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            )
        ]
        steps = []
        for table in tables:
            connection.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}")
            columns = ", ".join(
                f'"{column}"'
                for (column,) in connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                    " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
                    [table],
                )
            )
            (count,) = connection.execute(f"SELECT count(*) FROM kept.{table}").fetchone() or (0,)
            steps.append(f"DELETE FROM public.{table};")
            if count:
                steps.append(f"INSERT INTO public.{table} ({columns}) SELECT {columns} FROM kept.{table};")
        connection.execute(
            "CREATE FUNCTION kept.put_back() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
            "SET LOCAL session_replication_role = replica; " + " ".join(steps) + " END $$"
        )


@pytest.fixture(scope="session")
def _restorer(built: Flask, superuser: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(superuser, autocommit=True) as connection:
        yield connection


@pytest.fixture
def app(built: Flask, _restorer: psycopg.Connection[Any]) -> Iterator[Flask]:
    """The application, with an application context; the database is put back afterwards."""
    from clinic.core import db, tenancy

    with built.app_context():
        tenancy.leave()
        db.forget()
        yield built
        tenancy.leave()
        db.session.rollback()
    _restorer.execute("SELECT kept.put_back()")


@pytest.fixture
def north(app: Flask) -> Any:
    """North: Ana, Dr Bose and Carla are here; Olga owns it."""
    return app.extensions["cast"]["north"]


@pytest.fixture
def south(app: Flask) -> Any:
    """South: Sven works here."""
    return app.extensions["cast"]["south"]


@pytest.fixture
def in_north(north: Any) -> Iterator[Any]:
    """Act in North, for verbs and queries called without a face."""
    from clinic.core import entering

    with entering.acting_in("north"):
        yield north


# -- clients --------------------------------------------------------------------------------------------------------


@pytest.fixture
def api(app: Flask, north: Any) -> Any:
    """North's JSON API with a key of every scope."""
    from tests.clients import Api

    return Api(app, "north.localhost", north.api_key)


@pytest.fixture
def api_of(app: Flask) -> Callable[..., Any]:
    """``api_of("south")``, ``api_of("north", scopes=["patients:read"])``: the API with another key."""
    from tests.clients import Api, key_of

    def make(slug: str, scopes: list[str] | None = None) -> Any:
        key = app.extensions["cast"][slug].api_key if scopes is None else key_of(slug, scopes)
        return Api(app, f"{slug}.localhost", key)

    return make


@pytest.fixture
def platform(app: Flask) -> Any:
    """The platform's API with the master key."""
    from tests.clients import Api

    return Api(app, "localhost", MASTER, prefix="/api/v1/admin")


@pytest.fixture
def page(app: Flask) -> Callable[..., Any]:
    """``page()`` a visitor's browser at North; ``page("ana")`` Ana's, signed in; ``page("sven", "south")``."""
    from tests.clients import browser

    def open(name: str | None = None, slug: str = "north") -> Any:
        return browser(app, slug, name)

    return open


# -- tools ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """``with statements() as seen:`` – every statement sent meanwhile, by either way in."""
    from tests.watching import watch

    return watch


@pytest.fixture
def at_once(app: Flask) -> Callable[..., list[Any]]:
    """``at_once(n, work)``: *work(number)* in n threads that start from one barrier; answers or exceptions in order."""
    from tests.racing import race

    return lambda count, work: race(app, count, work)
