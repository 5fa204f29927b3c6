"""Commands: demo data."""

from __future__ import annotations

import click
from flask import Flask

from clinic.core import told
from clinic.demo import bulk
from clinic.demo import seed as demo

MANY = click.IntRange(min=0)


def register(app: Flask) -> None:
    """Hang the commands on the application."""

    @app.cli.command("seed")
    @click.option("--number", default=7, show_default=True, help="The same number makes the same people.")
    @click.option("--tenants", type=MANY, default=0, help="So many further clinics, clinic-0001 and on.")
    @click.option("--patients", type=MANY, default=0, help="Patients in all of them; without any, in north.")
    @click.option("--doctors", type=MANY, default=4, show_default=True, help="Doctors of each clinic.")
    @click.option(
        "--days", type=MANY, default=10, show_default=True, help="Days with visits before and after today."
    )
    @click.option(
        "--fill", type=click.FloatRange(0, 1), default=0.4, show_default=True, help="Share that is taken."
    )
    def seed(number: int, tenants: int, patients: int, doctors: int, days: int, fill: float) -> None:
        """The demo's two clinics, if they are not there; with options, as much more as they say."""
        for clinic in demo.seed(told.settings().data_dir.resolve(), number=number):
            click.echo(f"{clinic['slug']}: {len(clinic['users'])} people can sign in")
        if tenants or patients:
            size = bulk.Size(patients=patients, tenants=tenants, doctors=doctors, days=days, fill=fill)
            click.echo(f"made {bulk.fill(size, number=number, say=click.echo)}")
