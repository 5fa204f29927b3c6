"""The demo's database as its roles reach it: its own embedded one, or the one that the environment names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from clinic.core import roles
from clinic.core.processes import CannotStart
from clinic.demo import kept
from clinic.demo.postgres import SUPERUSER, Server
from config import ROOT, Misconfigured, Settings

DATABASE = "clinic"


@dataclass(frozen=True)
class Addresses:
    """The database as each role reaches it; the superuser's only where the server is our own."""

    app: str
    migrator: str
    superuser: str | None = None


def embedded(folder: Path, secrets: Mapping[str, str], *, fast: bool = False) -> Server:
    """The demo's own server, which keeps its port from one start to the next if it can."""
    log = folder / "log" / "postgres.log"
    log.parent.mkdir(exist_ok=True)
    recent = kept.read(folder / "port.json")
    return Server(folder / "postgres", password=secrets["superuser"], port=recent, fast=fast, log=log)


def furnish(server: Server, secrets: Mapping[str, str]) -> Addresses:
    """Roles and an empty database on a running server, if they are not there."""
    kept.write(server.data.with_name("port.json"), server.port)
    roles.ensure_roles(server.superuser_url, {role: secrets[role] for role in roles.SIGN_IN})
    roles.create_database(server.superuser_url, DATABASE)
    return Addresses(
        app=server.url(roles.APP, secrets[roles.APP], DATABASE),
        migrator=server.url(roles.MIGRATOR, secrets[roles.MIGRATOR], DATABASE),
        superuser=server.url(SUPERUSER, secrets["superuser"], DATABASE),
    )


def given(settings: Settings) -> Addresses:
    """The addresses from the environment. Raises ``Misconfigured`` when one is missing."""
    if not settings.database_url or not settings.migration_database_url:
        raise Misconfigured(
            ["DATABASE_URL and MIGRATION_DATABASE_URL come together, for two roles of one server"]
        )
    return Addresses(settings.database_url, settings.migration_database_url)


def is_current(addresses: Addresses, folder: Path) -> bool:
    """Whether an earlier start has made schema and people, and nothing has changed the schema since.

    Asked without Alembic, whose loading would be half of a second start.
    """
    if not (folder / "credentials.json").exists():
        return False
    files = [path.read_text("utf-8") for path in (ROOT / "migrations" / "versions").glob("*.py")]
    made, replaced = (
        {
            found[1]
            for text in files
            if (found := re.search(rf"^{word}\b[^=\n]*=\s*[\"']([^\"']+)", text, re.MULTILINE))
        }
        for word in ("revision", "down_revision")
    )
    try:
        with psycopg.connect(addresses.migrator) as connection:
            connection.execute(f"SET ROLE {roles.OWNER}")
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except psycopg.Error:
        return False
    return {str(row[0]) for row in rows} == made - replaced


@contextmanager
def borrowed(settings: Settings) -> Iterator[dict[str, str]]:
    """The variables with which a single command reaches the demo's database.

    While the demo runs they are the running one's; else the server runs for as long as the block does.
    """
    folder = settings.data_dir.resolve()
    kept.open_folder(folder)
    try:
        with kept.locked(folder):
            secrets = kept.secrets_of(folder)
            with embedded(folder, secrets) as server:
                yield variables(furnish(server, secrets), secrets | own_secrets(settings))
            return
    except kept.AlreadyRuns as running:
        summary = kept.read(folder / "demo.json")
        if summary is None:
            raise CannotStart("The demo is just starting or stopping. Try again in a moment.") from running
    secrets = kept.secrets_of(folder) | own_secrets(settings) | {"master_api_key": summary["master_api_key"]}
    port = urlsplit(summary["base_url"]).port
    yield variables(Addresses(**summary["database"]), secrets) | {"PORT": str(port)}


def own_secrets(settings: Settings) -> dict[str, str]:
    """The secrets that the environment gave instead of the kept ones."""
    given = {"secret_key": settings.secret_key, "master_api_key": settings.master_api_key}
    return {name: value for name, value in given.items() if value}


def variables(addresses: Addresses, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "DATABASE_URL": addresses.app,
        "MIGRATION_DATABASE_URL": addresses.migrator,
        "SUPERUSER_DATABASE_URL": addresses.superuser or "",
        "BACKUP_DATABASE_URL": _as_backup(addresses.app, secrets),
        "SECRET_KEY": secrets["secret_key"],
        "MASTER_API_KEY": secrets["master_api_key"],
    }


def _as_backup(address: str, secrets: Mapping[str, str]) -> str:
    """The same database for the role that reads everything and changes nothing. Only our own server has one."""
    if roles.BACKUP not in secrets:
        return ""
    parts = urlsplit(address)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{roles.BACKUP}:{secrets[roles.BACKUP]}@{place}").geturl()


@contextmanager
def alone(settings: Settings, refusal: str) -> Iterator[tuple[Server, dict[str, str]]]:
    """The demo's own server with nobody on it, and its secrets.

    Raises ``CannotStart``: with *refusal* outside the demo, and while the demo runs.
    """
    if settings.environment != "demo" or settings.database_url:
        raise CannotStart(refusal)
    folder = settings.data_dir.resolve()
    kept.open_folder(folder)
    with kept.locked(folder):
        secrets = kept.secrets_of(folder)
        with embedded(folder, secrets) as server:
            yield server, secrets


@contextmanager
def emptied(settings: Settings) -> Iterator[dict[str, str]]:
    """Throw the demo's database and sign-ins away; then as ``borrowed``, with an empty one. Raises as ``alone``."""
    refusal = "reset-db throws every clinic away: only the demo's own database may be reset."
    with alone(settings, refusal) as (server, secrets):
        roles.drop_database(server.superuser_url, DATABASE)
        (settings.data_dir.resolve() / "credentials.json").unlink(missing_ok=True)
        yield variables(furnish(server, secrets), secrets | own_secrets(settings))
