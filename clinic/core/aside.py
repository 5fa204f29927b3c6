"""A short connection beside the request's: for what must be kept although the request is taken back.

Throttles count a try that failed, a key's last use is noted without holding up its request, readiness asks whether the
database is there. Each statement is a transaction of its own; the pool is small, because nobody stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import Flask
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, create_engine

PATIENCE = 3
"""Seconds to wait for a connection or for a lock."""


def engine(app: Flask) -> Engine:
    """The small pool of *app*, made when it is first needed: a process that was forked has its own."""
    found: Engine | None = app.extensions.get("aside")
    if found is None:
        found = app.extensions.setdefault("aside", _engine(app))
    return found


def _engine(app: Flask) -> Engine:
    options: dict[str, Any] = app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {})
    return create_engine(
        app.config["SQLALCHEMY_DATABASE_URI"],
        isolation_level="AUTOCOMMIT",
        pool_size=1,
        max_overflow=1,
        pool_timeout=PATIENCE,
        pool_pre_ping=True,
        connect_args={
            **options.get("connect_args", {}),
            "prepare_threshold": app.config["PREPARE_THRESHOLD"],
            "connect_timeout": PATIENCE,
            "application_name": "clinic-aside",
        },
    )


@contextmanager
def connection(pool: Engine) -> Iterator[psycopg.Connection[Any]]:
    """A connection that commits each statement by itself; ``with conn.transaction():`` for several."""
    with pool.connect() as borrowed:
        yield borrowed.connection.driver_connection  # type: ignore[misc]


def row(pool: Engine, sql: str, **params: Any) -> Any:
    """The first row of one statement as a named tuple, or None."""
    with connection(pool) as conn, conn.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone() if cursor.description else None
