"""Commands about visits: those whose clock time changed with the zone database."""

from __future__ import annotations

import click
from flask import Flask

from clinic.booking import zone_changes
from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.core.errors import Refusal


def register(app: Flask) -> None:
    """Hang the commands on ``flask``."""
    app.cli.add_command(show)


@click.command("zone-changes")
@click.argument("slug")
@click.option("--zone", help="The zone to settle, such as America/Bogota.")
@click.option("--keep", type=click.Choice(["wall_clock", "instant"]), help="What its visits to come keep.")
def show(slug: str, zone: str | None, keep: str | None) -> None:
    """The visits to come at the clinic SLUG whose time on the clock is another since the zone database changed."""
    if (zone is None) != (keep is None):
        raise click.UsageError("--zone and --keep go together.")
    try:
        with entering.acting_in(slug):
            zone_changes.look(by=SYSTEM)
            if zone and keep:
                number = zone_changes.settle(zone=zone, keep=keep, by=SYSTEM)
                click.echo(f"{number} visits keep their {keep.replace('_', ' ')}")
            for change in zone_changes.changes():
                for each in change.visits:
                    click.echo(
                        f"{change.zone}  {each.visit.id}  {each.was:%Y-%m-%d %H:%M} -> {each.now:%H:%M}"
                    )
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.detail} ({refusal.code})") from None
