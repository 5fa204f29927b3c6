"""The worker's process.

Periodic work is kept by procrastinate, so that two workers never do the same tick and a killed one's jobs are taken up
again; a job only names what ``worker`` then does.
"""

from __future__ import annotations

import asyncio
from typing import Any

import click
import procrastinate
from flask import Flask

from clinic.core import health, log, urls
from clinic.outreach import worker as work

STALLED_AFTER = 30
"""Seconds after which a job whose worker gave no sign (it gives one every 10) is taken up again.

Its lock keeps the next tick from running: with the rescue's own 10 seconds this must be well within the silence after
which a worker counts as gone (``health.SILENT_FOR``)."""


def register(app: Flask) -> None:
    """Hang the commands on the application."""

    @app.cli.command("worker")
    @click.option("--once", is_flag=True, help="Do what is due and end.")
    def worker(once: bool) -> None:
        """Do what happens later, until stopped."""
        tick(app)
        if not once:
            log.get("clinic.worker").info("worker started")
            asyncio.run(run(jobs_of(app)))


async def run(jobs: procrastinate.App) -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished first."""
    async with jobs.open_async():
        await jobs.run_worker_async(
            concurrency=2, shutdown_graceful_timeout=4, fetch_job_polling_interval=5, delete_jobs="successful"
        )


def tick(app: Flask) -> None:
    """Say that we are alive, and do what is due."""
    health.beat(app)
    with app.app_context():
        work.do_what_is_due()


def jobs_of(app: Flask) -> procrastinate.App:
    """The job library on this application's database, with its periodic tasks."""
    connector = procrastinate.PsycopgConnector(
        conninfo=urls.for_psycopg(app.config["SQLALCHEMY_DATABASE_URI"]),
        min_size=1,
        max_size=4,
        kwargs={"options": "-c search_path=jobs", "application_name": "clinic-worker"},
    )
    jobs = procrastinate.App(connector=connector)

    # Of six parts the last is the second.
    @jobs.periodic(cron="* * * * * */5")
    @jobs.task(queueing_lock="relay", lock="relay", name="relay")
    def relay(timestamp: int) -> None:
        tick(app)

    @jobs.periodic(cron="* * * * * */30")
    @jobs.task(queueing_lock="seal", lock="seal", name="seal")
    def seal_audit(timestamp: int) -> None:
        with app.app_context():
            work.seal_every_clinic()

    @jobs.periodic(cron="* * * * * */10")
    @jobs.task(queueing_lock="rescue", name="rescue", pass_context=True)
    async def rescue(context: Any, timestamp: int) -> None:
        """A killed worker's job stays "doing" for ever otherwise."""
        for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await jobs.job_manager.retry_job(job)

    @jobs.periodic(cron="17 * * * *")
    @jobs.task(queueing_lock="tidy", name="tidy", pass_context=True)
    async def tidy(context: Any, timestamp: int) -> None:
        await jobs.job_manager.delete_old_jobs(nb_hours=24, include_failed=True)
        with app.app_context():
            work.forget_old_keys()
            work.look_at_zones()

    return jobs
