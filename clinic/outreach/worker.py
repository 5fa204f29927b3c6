"""The worker: asks every few seconds what is due and does it, one clinic at a time.

Periodic work is kept by procrastinate, so that two workers never do the same tick and a killed one's jobs are taken up
again. What there is to do stands in our own tables; a job only names it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

import procrastinate
from flask import Flask, current_app

from clinic.booking import holds
from clinic.core import db, health, log, tenancy, urls
from clinic.core.sealing import seal

AT_ONCE = 500
STALLED_AFTER = 60
"""Seconds after which a job whose worker gave no sign is taken up again."""

WORK = {"expired_hold": lambda ids: holds.expire(ids=ids)}
"""What ``due_work`` may answer, and the verb that does it. Each verb may come twice."""


def make(app: Flask) -> procrastinate.App:
    """The job library on this application's database, with its periodic tasks."""
    connector = procrastinate.PsycopgConnector(
        conninfo=urls.for_psycopg(app.config["SQLALCHEMY_DATABASE_URI"]),
        min_size=1,
        max_size=4,
        kwargs={"options": "-c search_path=jobs", "application_name": "clinic-worker"},
    )
    jobs = procrastinate.App(connector=connector)

    @jobs.periodic(cron="*/5 * * * * *")
    @jobs.task(queueing_lock="relay", lock="relay", name="relay")
    def relay(timestamp: int) -> None:
        with app.app_context():
            do_what_is_due()

    @jobs.periodic(cron="*/30 * * * * *")
    @jobs.task(queueing_lock="seal", lock="seal", name="seal")
    def seal_audit(timestamp: int) -> None:
        with app.app_context():
            seal_every_clinic()

    @jobs.periodic(cron="*/1 * * * *")
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
            forget_old_keys()

    return jobs


def do_what_is_due() -> int:
    """Do everything that is due now; how many things that was. A fault in one clinic's work stops nobody else's."""
    health.beat(current_app._get_current_object())  # type: ignore[attr-defined]
    tenancy.leave()
    db.session.rollback()
    work: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for due in db.rows("SELECT work, tenant_id, id FROM due_work(%(most)s)", most=AT_ONCE):
        work[due.tenant_id, due.work].append(due.id)
    done = 0
    for (tenant_id, kind), ids in work.items():
        try:
            with tenancy.acting_in(tenant_id):
                WORK[kind](ids)
            done += len(ids)
        except Exception as error:
            log.get("clinic.worker").error("work failed", exc_info=error, task=kind)
    return done


def seal_every_clinic() -> None:
    """Chain the audit rows of each clinic's finished transactions (RULES §5)."""
    for tenant_id in _clinics():
        with tenancy.acting_in(tenant_id):
            seal()


def forget_old_keys() -> None:
    """Idempotency answers are kept a day and a little (API.md §1); a booking's key stays with its visit."""
    for tenant_id in _clinics():
        with tenancy.acting_in(tenant_id):
            db.send(
                (
                    "DELETE FROM idempotency_key WHERE tenant_id = %(tenant)s"
                    " AND created_at < now() - interval '26 hours'",
                    {},
                )
            )
            db.session.commit()


def _clinics() -> list[UUID]:
    tenancy.leave()
    db.session.rollback()
    return [found.id for found in db.rows("SELECT id FROM tenant ORDER BY id")]
