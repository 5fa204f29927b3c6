"""Commands: demo data."""

from __future__ import annotations

import click
from flask import Flask

from clinic.core import told
from clinic.demo import seed as demo


def register(app: Flask) -> None:
    """Hang the commands on the application."""

    @app.cli.command("seed")
    @click.option("--number", default=7, show_default=True, help="The same number makes the same people.")
    def seed(number: int) -> None:
        """The demo's two clinics, if they are not there."""
        for clinic in demo.seed(told.settings().data_dir.resolve(), number=number):
            click.echo(f"{clinic['slug']}: {len(clinic['users'])} people can sign in")
