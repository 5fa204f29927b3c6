"""Signed links: a purpose-bound token for one thing, so that a message can open it without a password.

A token made for one purpose is worth nothing for another, on another clinic's host, or after its time.
"""

from __future__ import annotations

import uuid

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from clinic.core import tenancy

SIXTY_DAYS = 60 * 24 * 3600


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.config["SECRET_KEY"], salt=f"clinic/{purpose}/{tenancy.require().id}"
    )


def sign(purpose: str, id: uuid.UUID) -> str:
    """A URL-safe token that opens *id* for *purpose* on this clinic's host."""
    return str(_signer(purpose).dumps(id.hex))


def open(purpose: str, token: str, *, max_age: int = SIXTY_DAYS) -> uuid.UUID | None:
    """The id that *token* opens for *purpose*, or None (forged, foreign, for another purpose, expired)."""
    try:
        return uuid.UUID(hex=_signer(purpose).loads(token, max_age=max_age))
    except (BadSignature, ValueError, AttributeError, TypeError):
        return None
