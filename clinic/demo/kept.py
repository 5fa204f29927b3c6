"""What the demo made once and keeps in ``DATA_DIR``: its secrets, and the lock that says a launcher runs here.

Every file is written whole or not at all, and readable by its owner alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clinic.core.processes import CannotStart

SECRETS = ("secret_key", "master_api_key", "superuser", "clinic_migrator", "clinic_app", "clinic_backup")


class AlreadyRuns(CannotStart):
    """Another launcher holds this ``DATA_DIR``."""


def open_folder(folder: Path) -> None:
    """Make ``DATA_DIR`` if it is not there. Others may pass through it (the server's user must), not look into it."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; the system lets go of it however we end. Raises ``AlreadyRuns``."""
    with open(folder / "demo.lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRuns(
                f"A demo already runs on {folder} (process {file.read().strip() or 'unknown'}). "
                "Stop it, or choose another DATA_DIR."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def secrets_of(folder: Path) -> dict[str, str]:
    """The demo's secrets, made if they are not there. Hold the lock."""
    path = folder / "secrets.json"
    kept: dict[str, str] = read(path) or {}
    missing = {name: secrets.token_urlsafe(32) for name in SECRETS if not kept.get(name)}
    if missing:
        kept |= missing
        write(path, kept)
    return kept


def read(path: Path) -> Any:
    """The JSON in *path*, or None if there is no such file."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None


def write(path: Path, content: Any) -> None:
    """Put *content* into *path* as JSON, whole or not at all, mode 0600."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
