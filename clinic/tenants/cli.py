"""Commands of the operator that make no clinic."""

from __future__ import annotations

import click
from flask import Flask

from clinic.core.access import PLATFORM
from clinic.tenants import actions


def register(app: Flask) -> None:
    """Hang the commands on ``flask``."""
    app.cli.add_command(bootstrap)


@click.command("bootstrap")
def bootstrap() -> None:
    """Bring the system's coded values into being; again does nothing."""
    made = actions.bootstrap(by=PLATFORM)
    print(f"{sum(map(len, made.values()))} coded values made")
