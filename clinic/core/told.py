"""What the running application was told from outside (``config.Settings``), for code that knows no request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request

if TYPE_CHECKING:
    from config import Settings


def settings() -> Settings:
    """The configuration that this application was made with."""
    told: Settings = current_app.config["SETTINGS"]
    return told


def is_secure() -> bool:
    """Whether people reach us by https: in production they do, also behind a proxy that forgets to say so."""
    known: Settings | None = current_app.config.get("SETTINGS")
    return request.is_secure or bool(known and known.secure)
