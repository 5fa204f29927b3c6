"""Commands of the operator: open a clinic, make a key, make an account. Passwords never stand on the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from flask import Flask

from clinic.accounts import actions, keys, passwords
from clinic.core import entering, fields
from clinic.core.access import PLATFORM, ROLES, SCOPES
from clinic.core.errors import Refusal
from clinic.core.parsing import Wrong

T = TypeVar("T")


def register(app: Flask) -> None:
    """Hang the commands on ``flask``."""
    for command in (create_tenant, create_key, create_user):
        app.cli.add_command(command)


def checked(parse: Callable[[str], str]) -> Callable[[Any, Any, str | None], str | None]:
    """An option that is read as the JSON field of its kind is."""

    def read(_context: Any, _option: Any, value: str | None) -> str | None:
        try:
            return parse(value) if value is not None else None
        except Wrong as wrong:
            raise click.BadParameter(str(wrong)) from None

    return read


def refused(verb: Callable[[], T]) -> T:
    """Do it, or say why not."""
    try:
        return verb()
    except Refusal as refusal:
        raise click.ClickException(f"{refusal.detail} ({refusal.code})") from None


def inside(slug: str, verb: Callable[[], T]) -> T:
    """Do it in the clinic *slug*, or say why not."""

    def run() -> T:
        with entering.acting_in(slug):
            return verb()

    return refused(run)


def with_password(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two ways to hand a password over; without either it is chosen later."""
    command = click.option("--ask-password", "asks", is_flag=True, help="Ask for a password.")(command)
    return click.option("--password-stdin", "reads", is_flag=True, help="Read it from standard input.")(
        command
    )


def password(*, asks: bool, reads: bool) -> str | None:
    """A sound password, typed twice without being shown, or the first line of standard input; None for neither."""
    if not (asks or reads):
        return None
    if reads:
        given = sys.stdin.readline().rstrip("\n")
    else:
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        return passwords.sound(given)
    except Wrong as wrong:
        raise click.ClickException(str(wrong)) from None


@click.command("create-tenant")
@click.argument("slug", callback=checked(fields.slug))
@click.option("--name", required=True)
@click.option("--timezone", required=True, callback=checked(fields.time_zone), help="Such as America/Bogota.")
@click.option("--country", required=True, callback=checked(fields.country), help="Two letters, such as CO.")
@click.option("--locale", callback=checked(fields.language), help="Such as es; English if left out.")
@click.option("--currency", callback=checked(fields.currency), help="The country's if left out.")
@click.option("--owner-name", required=True)
@click.option("--owner-email", required=True, callback=checked(fields.email))
@with_password
def create_tenant(asks: bool, reads: bool, **given: Any) -> None:
    """Open a clinic with its owner and a first key, whose secret is printed this once."""
    chosen = password(asks=asks, reads=reads)
    made = refused(lambda: actions.create_tenant(**given, owner_password=chosen, by=PLATFORM))
    print(f"clinic  {made.tenant.slug} {made.tenant.id}")
    print(f"owner   {made.owner.email}")
    print(f"key     {made.key.secret}")


@click.command("create-key")
@click.argument("slug")
@click.option("--name", required=True)
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="May be repeated; else: to read."
)
@click.option("--all-scopes", is_flag=True)
def create_key(slug: str, name: str, scopes: tuple[str, ...], all_scopes: bool) -> None:
    """Make an API key of the clinic SLUG; its secret is printed this once."""
    chosen = SCOPES if all_scopes else scopes or None
    print(inside(slug, lambda: keys.create_key(name=name, scopes=chosen, by=PLATFORM)).secret)


@click.command("create-user")
@click.argument("slug")
@click.option("--email", required=True, callback=checked(fields.email))
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@with_password
def create_user(slug: str, asks: bool, reads: bool, **given: Any) -> None:
    """Make an account at the clinic SLUG."""
    chosen = password(asks=asks, reads=reads)
    made = inside(slug, lambda: actions.create_user(**given, password=chosen, is_verified=True, by=PLATFORM))
    print(f"{made.role} {made.email} {made.id}")
