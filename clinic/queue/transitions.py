"""Every change of somebody in the queue, kept with its time: waits can be measured and steps taken back."""

from __future__ import annotations

import uuid

from clinic.core import db
from clinic.core.access import Actor
from clinic.core.ids import new_id

LOCK = "SELECT status FROM queue_entry WHERE tenant_id = %(tenant)s AND id = %(id)s FOR UPDATE"
TRANSITION = """
INSERT INTO queue_transition (tenant_id, id, entry_id, from_status, to_status, actor, reason)
VALUES (%(tenant)s, %(id)s, %(entry_id)s, %(from_status)s, %(to_status)s, %(actor)s, %(reason)s)
"""


def transition(
    entry_id: uuid.UUID, status: str | None, to: str, by: Actor, *, reason: str | None = None
) -> db.Statement:
    """The row that says who moved an entry from one state (None: they have just come) to another, and why."""
    return TRANSITION, {
        "id": new_id(),
        "entry_id": entry_id,
        "from_status": status,
        "to_status": to,
        "actor": by.caller,
        "reason": reason,
    }
