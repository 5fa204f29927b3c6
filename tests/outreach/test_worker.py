"""The worker: it finds what is due in every clinic, and one clinic's fault stops nobody else's work."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
import pytest

from clinic.core import health
from clinic.outreach import cli, worker
from tests.booking.times import iso


@pytest.fixture
def expired(api, api_of, north, south, superuser):
    """A hold that ran out at North."""
    api.post("/holds", {"doctor_id": str(north.bose), "start": iso("09:30")})
    api.post("/holds", {"doctor_id": str(north.bose), "start": iso("10:30")})
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
        yield lambda: (connection.execute("SELECT count(*) FROM hold").fetchone() or (None,))[0]


def test_does_what_is_due_and_twice_is_harmless(app, expired):
    assert worker.do_what_is_due() == 2
    assert expired() == 0
    assert worker.do_what_is_due() == 0


def test_a_fault_is_noted_and_the_work_stays_due(app, expired, monkeypatch):
    def fail(_ids):
        raise RuntimeError

    monkeypatch.setitem(worker.WORK, "expired_hold", fail)
    assert worker.do_what_is_due() == 0
    assert expired() == 2


def test_a_tick_says_that_we_are_alive(app, expired, superuser):
    cli.tick(app)
    assert health.ready(app)["worker"] == "ok"


def test_the_job_library_runs_on_our_schema(app):
    """Its tables are in a schema of their own, and the application's role may use them."""

    async def once():
        jobs = cli.jobs_of(app)
        async with jobs.open_async():
            await jobs.tasks["relay"].defer_async(timestamp=0)
            await jobs.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
            return [job async for job in _done(jobs)]

    async def _done(jobs):
        for job in await jobs.job_manager.list_jobs_async(task="relay"):
            yield job.status

    # In a thread: a browser test of the same process may keep this one's event loop running.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, once()).result(60) == ["succeeded"]


def test_old_answers_are_forgotten_and_bookings_keep_their_key(api, north, app, superuser):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    first = api.post("/appointments", body, headers={"Idempotency-Key": "old"}).json
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE idempotency_key SET created_at = now() - interval '27 hours'")
        worker.forget_old_keys()
        assert connection.execute("SELECT count(*) FROM idempotency_key").fetchone() == (0,)
    assert api.post("/appointments", body, headers={"Idempotency-Key": "old"}).json["id"] == first["id"]


@pytest.mark.parametrize(("name", "seconds"), [("relay", 5), ("rescue", 10), ("seal", 30)])
def test_never_rests_for_longer_than_it_may_be_silent(name, seconds, app):
    """At whatever moment of an hour one begins to look."""
    tasks = cli.jobs_of(app).periodic_registry.periodic_tasks.values()
    (beats,) = [each.croniter for each in tasks if each.task.name == name]
    beats.set_current(1795163758.0)
    moments = [beats.get_next(float) for _ in range(200)]
    assert {later - earlier for earlier, later in pairwise(moments)} == {seconds}
    assert seconds < health.SILENT_FOR
