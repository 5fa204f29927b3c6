"""Identifiers: UUID version 7 (RFC 9562), made by the application.

Never a serial: a row's id says nothing about how many rows other clinics have. Nothing reads meaning from id order.
"""

from __future__ import annotations

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A fresh UUIDv7 as the standard library's class."""
    return uuid_utils.compat.uuid7()


def parse_id(text: str) -> uuid.UUID | None:
    """The UUID in *text* in its canonical 36-character spelling, or None."""
    if len(text) != 36:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
