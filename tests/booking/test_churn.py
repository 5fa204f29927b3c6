"""A short churn: everybody does something at random, and what must be true of a clinic stays true (``bench.churn``)."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from bench import churn
from clinic.outreach import worker
from tests.booking.times import at, iso, today
from tests.clients import Api, key_of

SECONDS, CALLERS = 8.0, 6


@pytest.fixture
def look(superuser: str) -> Iterator[Any]:
    """Rows as they really stand there, past row-level security."""
    with psycopg.connect(superuser, autocommit=True, row_factory=namedtuple_row) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@pytest.fixture
def ask(app: Any, north: Any) -> Any:
    """``ask("POST", "/holds", {…})`` of North's API with a key of its own, for each caller one."""
    from clinic.core.access import SCOPES

    def caller() -> churn.Ask:
        api = Api(app, "north.localhost", key_of("north", list(SCOPES)))

        def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
            answer = api.open(method, path, body)
            return answer.status_code, answer.json if answer.data else None

        return call

    return caller


@pytest.mark.race
@pytest.mark.slow
def test_everybody_at_once_breaks_no_promise(app: Any, ask: Any, look: Any, server: Any) -> None:
    app.config["CHECK_ANSWERS"] = True
    log = Path(server["log"])
    before = log.read_text("utf-8", "replace").count("deadlock detected")
    asks = [ask() for _ in range(CALLERS)]
    offset = at("09:00").isoformat()[-6:]
    world = churn.furnish(asks[0], today() + timedelta(days=2), offset)
    over = threading.Event()

    def work() -> None:
        with app.app_context():
            while not over.wait(0.5):
                worker.do_what_is_due()

    worker_thread = threading.Thread(target=work)
    worker_thread.start()
    seed = random.SystemRandom().randrange(10**6)
    try:
        tally = churn.churn(asks, world, look, seconds=SECONDS, seed=seed)
    finally:
        over.set()
        worker_thread.join()
    assert tally.wrong == [], f"seed {seed}"
    assert log.read_text("utf-8", "replace").count("deadlock detected") == before
    for act in ("book", "number", "move", "cancel", "hold"):
        assert tally.done(act) > 0, f"{act} never succeeded, seed {seed}: {tally.answers}"
    assert tally.looks > 2


# -- the watchers bite ------------------------------------------------------------------------------------------------


@pytest.fixture
def visit(api: Any, north: Any) -> str:
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    booked: str = api.post("/appointments", body).json["id"]
    api.post(f"/appointments/{booked}/reschedule", {"start": iso("10:30")})
    return booked


def test_a_sound_clinic_breaks_nothing(api: Any, look: Any, visit: str) -> None:
    api.post(f"/appointments/{visit}/cancel")
    api.post(f"/appointments/{visit}/undo")
    assert churn.broken(look) == []
    assert churn.anomalies(look) == []


@pytest.mark.parametrize(
    ("breach", "said"),
    [
        ("UPDATE doctor_day SET booked = booked + 1", "what a day has counted"),
        (
            "INSERT INTO hold (tenant_id, id, kind, doctor_id, date, starts_at, ends_at, holder, expires_at)"
            " SELECT tenant_id, id, 'hold', doctor_id, date, starts_at, ends_at, 'x', now() + interval '1 hour'"
            " FROM appointment",
            "no slot is held",
        ),
        (
            "INSERT INTO hold (tenant_id, id, kind, doctor_id, date, starts_at, ends_at, holder, expires_at)"
            " SELECT tenant_id, id, 'waitlist', doctor_id, date, ends_at, ends_at + interval '1 hour', 'x', now()"
            " FROM appointment",
            "a proposal is held",
        ),
    ],
)
def test_a_broken_promise_is_seen(look: Any, visit: str, breach: str, said: str) -> None:
    look(f"{breach} RETURNING 1")
    (found,) = churn.broken(look)
    assert found.startswith(said)


@pytest.mark.parametrize(
    ("breach", "said"),
    [
        ("UPDATE appointment SET status = 'confirmed'", "its history ends with booked"),
        (
            "UPDATE appointment_history SET from_status = 'cancelled' WHERE step = 'move'",
            "came from cancelled",
        ),
        ("DELETE FROM appointment_history WHERE step = 'book'", "has no beginning"),
    ],
)
def test_a_history_that_makes_no_sense_is_seen(look: Any, visit: str, breach: str, said: str) -> None:
    look(f"{breach} RETURNING 1")
    assert any(said in each for each in churn.anomalies(look))


def test_two_in_one_place_at_some_moment_are_seen(api: Any, north: Any, look: Any, visit: str) -> None:
    """Dora took 10:30 before Carla moved there: as if the move had not seen her."""
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("11:00")}
    other = api.post("/appointments", body).json["id"]
    api.post(f"/appointments/{visit}/cancel")
    api.post(f"/appointments/{other}/reschedule", {"start": iso("10:30")})
    assert churn.anomalies(look) == []
    look(
        "UPDATE appointment_history SET at = at - interval '1 hour' WHERE step = 'move'"
        f" AND appointment_id = '{other}' RETURNING 1"
    )
    look(
        "UPDATE appointment_history SET at = at - interval '2 hours' WHERE step = 'book'"
        f" AND appointment_id = '{other}' RETURNING 1"
    )
    assert any("took the place of" in each for each in churn.anomalies(look))
