"""Up and down the migrations, over Alembic's own commands and without the application.

Every function takes the migrator's address (``MIGRATION_DATABASE_URL``); ``migrations/env.py`` finds it in the
configuration's ``sqlalchemy.url``.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

ROOT = Path(__file__).resolve().parents[2]


def configuration(url: str | None = None) -> Config:
    """What Alembic needs to know; *url* may be left out where no database is asked."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    if url is not None:
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema to *revision*; nothing happens if it is there already."""
    command.upgrade(configuration(url), revision)


def downgrade(url: str, revision: str = "-1") -> None:
    """Take the last migration back, or all down to *revision* (``base``: every one)."""
    command.downgrade(configuration(url), revision)


def current(url: str) -> None:
    """Print where the database stands."""
    command.current(configuration(url), verbose=True)


def history() -> None:
    """Print every migration, newest first."""
    command.history(configuration())


def heads() -> None:
    """Print the newest migration; more than one is a fork to be joined."""
    command.heads(configuration())


def head() -> str | None:
    """The newest migration's number."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def new(thought: str) -> Path:
    """Make the next migration's file; *thought* is what it does, in a few words. Raises ``ValueError`` without one."""
    if not thought.strip():
        raise ValueError("say in a few words what the migration does")
    made = command.revision(configuration(), thought.strip(), rev_id=f"{int(head() or 0) + 1:04}")
    if not isinstance(made, Script):
        raise TypeError("alembic answers one script")
    return Path(made.path)
