"""Whether we are well: the process, the database, its migrations, the worker.

Answers name parts and states, never addresses, versions or errors: anybody may ask.
"""

from __future__ import annotations

from functools import lru_cache

import psycopg
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from clinic.core import aside, migrate

WORKER = "worker"
SILENT_FOR = 60
"""Seconds without a heartbeat after which a process counts as gone."""

LOOK = """
SELECT (SELECT array_agg(version_num::text) FROM alembic_version) AS revisions,
       (SELECT at > now() - make_interval(secs => %(silent)s) FROM heartbeat WHERE name = %(worker)s) AS working
"""
BEAT = """
INSERT INTO heartbeat (name, at) VALUES (%(name)s, now()) ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


@lru_cache(maxsize=1)
def head() -> str | None:
    """The newest migration that this code knows."""
    return migrate.head()


def beat(app: Flask, name: str = WORKER) -> None:
    """Say that the process *name* is alive; to be said a few times a minute."""
    aside.row(aside.engine(app), BEAT, name=name)


def ready(app: Flask) -> dict[str, str]:
    """The state of each part: ``ok``, or a word that says what is the matter."""
    try:
        found = aside.row(aside.engine(app), LOOK, silent=SILENT_FOR, worker=WORKER)
    except psycopg.errors.UndefinedTable:
        return {"database": "ok", "migrations": "missing", "worker": "unknown"}
    except (psycopg.Error, SQLAlchemyError):
        return {"database": "away", "migrations": "unknown", "worker": "unknown"}
    return {
        "database": "ok",
        "migrations": "ok" if found.revisions == [head()] else "not at head",
        "worker": "ok" if found.working else "silent" if found.working is False else "never seen",
    }
