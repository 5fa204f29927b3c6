"""Commands about the schedule: public holidays, looked at and accepted."""

from __future__ import annotations

import click
from flask import Flask

from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.core.errors import Refusal
from clinic.schedule import public_holidays


def register(app: Flask) -> None:
    """Hang the commands on ``flask``."""
    app.cli.add_command(show)


@click.command("public-holidays")
@click.argument("slug")
@click.option("--year", type=click.IntRange(1970, 2100), help="Without it: the twelve months from today.")
@click.option("--subdivision", help="Part of the country by code or name, such as BY or Bayern.")
@click.option("--close", "closes", is_flag=True, help="Close the clinic on all of them.")
@click.option("--force", is_flag=True, help="Also where visits are booked: they then need rescheduling.")
def show(slug: str, year: int | None, subdivision: str | None, closes: bool, force: bool) -> None:
    """The public holidays to come at the clinic SLUG, with an x where it is closed already."""

    try:
        with entering.acting_in(slug):
            found = public_holidays.proposed(year=year, subdivision=subdivision)
            open_still = [each.date for each in found.holidays if not each.is_closed]
            if closes and open_still:
                public_holidays.accept(dates=open_still, subdivision=subdivision, force=force, by=SYSTEM)
                found = public_holidays.proposed(year=year, subdivision=subdivision)
    except Refusal as refusal:
        said = " ".join(str(error.message) for error in refusal.errors) or str(refusal.detail)
        raise click.ClickException(f"{said} ({refusal.code})") from None
    for holiday in found.holidays:
        click.echo(f"{'x' if holiday.is_closed else ' '} {holiday.date:%Y-%m-%d}  {holiday.name}")
