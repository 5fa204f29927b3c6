"""What others shall hear: the outbox (RULES §6).

A verb writes an event row in its own transaction; the worker relays it later. The row holds ids and times only: who
receives it fetches the rest with rights of its own (API.md §8, the envelope).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from clinic.core import db
from clinic.core.ids import new_id

TYPES = frozenset(
    [f"appointment.{word}" for word in (
        "booked", "undone", "requested", "approved", "rejected", "confirmed", "moved", "cancelled", "no_show",
        "restored", "checked_in", "started", "completed",
    )]
    + [f"queue.{word}" for word in ("called", "skipped", "left", "requeued", "transferred")]
    + [f"patient.{word}" for word in ("created", "updated", "merged", "erased")]
    + ["waitlist.offered", "place.freed"]
)  # fmt: skip
INTERNAL = frozenset(["place.freed"])
"""What is told to our own worker alone: no subscription hears it."""

INSERT = """
INSERT INTO outbox_event (tenant_id, id, type, object_kind, object_id, object_version, previous)
VALUES (%(tenant)s, %(id)s, %(type)s, %(object_kind)s, %(object_id)s, %(object_version)s, %(previous)s)
"""


def entry(
    type: str,
    object_kind: str,
    object_id: uuid.UUID,
    version: int,
    *,
    previous: Mapping[str, Any] | None = None,
) -> db.Statement:
    """The statement that announces *type* of one object, for a verb's pipeline."""
    if type not in TYPES:
        raise ValueError(type)
    return INSERT, {
        "id": new_id(),
        "type": type,
        "object_kind": object_kind,
        "object_id": object_id,
        "object_version": version,
        "previous": Jsonb(dict(previous)) if previous else None,
    }


def announce(type: str, object_kind: str, object_id: uuid.UUID, version: int, **more: Any) -> None:
    """Announce in the running transaction, at once."""
    db.send(entry(type, object_kind, object_id, version, **more))
