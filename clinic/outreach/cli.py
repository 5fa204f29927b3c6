"""Commands: the worker."""

from __future__ import annotations

import asyncio
import signal

import click
from flask import Flask

from clinic.core import log
from clinic.outreach import worker as work


def register(app: Flask) -> None:
    """Hang the commands on the application."""

    @app.cli.command("worker")
    @click.option("--once", is_flag=True, help="Do what is due and end.")
    def worker(once: bool) -> None:
        """Do what happens later, until stopped."""
        if once:
            work.do_what_is_due()
            return
        work.do_what_is_due()
        log.get("clinic.worker").info("worker started")
        jobs = work.make(app)

        async def run() -> None:
            async with jobs.open_async():
                await jobs.run_worker_async(
                    concurrency=2,
                    shutdown_graceful_timeout=4,
                    fetch_job_polling_interval=5,
                    delete_jobs="successful",
                )

        asyncio.run(run())
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
