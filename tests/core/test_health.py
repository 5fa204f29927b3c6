"""Health: answered on every host and by address; readiness knows the database, its migrations and the worker."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from clinic.core import health


def ask(app: Any, path: str, host: str = "127.0.0.1") -> Any:
    return app.test_client().get(path, base_url=f"http://{host}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost", "north.localhost", "nowhere.example.org", "[::1]:8000"]
)
def test_answers_on_any_host(app: Any, host: str) -> None:
    answer = ask(app, "/health", host)
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_up_asks_nobody(app: Any, statements: Any) -> None:
    with statements() as sent:
        ask(app, "/health")
    assert list(sent) == []


def test_ready_when_all_parts_are(app: Any) -> None:
    health.beat(app)
    answer = ask(app, "/health/ready")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ok", "database": "ok", "migrations": "ok", "worker": "ok"},
    )


def test_not_ready_while_the_worker_is_silent(app: Any, superuser: str) -> None:
    answer = ask(app, "/health/ready")
    assert (answer.status_code, answer.json["worker"]) == (503, "never seen")
    assert answer.headers["Retry-After"]
    health.beat(app)
    with psycopg.connect(superuser) as connection:
        connection.execute("UPDATE heartbeat SET at = now() - interval '61 seconds'")
    assert ask(app, "/health/ready").json["worker"] == "silent"
    health.beat(app)
    assert ask(app, "/health/ready").status_code == 200


def test_not_ready_before_the_newest_migration(app: Any, superuser: str) -> None:
    health.beat(app)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        try:
            answer = ask(app, "/health/ready")
        finally:
            connection.execute("UPDATE alembic_version SET version_num = %s", [health.head()])
    assert (answer.status_code, answer.json["migrations"]) == (503, "not at head")


def test_not_ready_without_the_database(app: Any) -> None:
    from clinic import create_app

    lost = create_app(app.config["SETTINGS"], SQLALCHEMY_DATABASE_URI="postgresql+psycopg://x@127.0.0.1:1/x")
    answer = ask(lost, "/health/ready")
    assert (answer.status_code, answer.json["database"]) == (503, "away")
    assert ask(lost, "/health").status_code == 200
