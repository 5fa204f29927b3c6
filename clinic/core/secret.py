"""How a random secret (a session's cookie, an API key) is kept: its SHA-256 is enough for 256 random bits."""

from __future__ import annotations

import hashlib


def hashed(secret: str) -> bytes:
    """The 32 bytes that the database keeps of *secret*."""
    return hashlib.sha256(secret.encode()).digest()
