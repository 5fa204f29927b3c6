"""Health: on every host and by address, without a credential (API.md §8)."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from clinic.core import health
from clinic.core.access import public
from clinic.core.conditional import answer

bp = Blueprint("health", __name__)


@bp.get("/health", strict_slashes=False)
@public
def up() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@bp.get("/health/ready", strict_slashes=False)
@public
def ready() -> Response:
    """The database is there, its migrations are the newest, the worker works: 200, or else 503."""
    parts = health.ready(current_app._get_current_object())  # type: ignore[attr-defined]
    well = set(parts.values()) == {"ok"}
    return answer(
        {"status": "ok" if well else "not ready", **parts},
        status=200 if well else 503,
        headers=None if well else {"Retry-After": "5"},
    )
