"""The last step of somebody in the queue, taken back: the wrong button was pressed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from clinic.booking import steps
from clinic.booking.refusals import NothingToUndo
from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Forbidden
from clinic.queue import queries
from clinic.queue.transitions import LOCK, transition

WITHIN = timedelta(minutes=10)
LAST = """
SELECT id, from_status, to_status, reason, at > now() - %(within)s AS is_fresh FROM queue_transition
 WHERE tenant_id = %(tenant)s AND entry_id = %(id)s ORDER BY at DESC, id DESC LIMIT 1
"""
PUT_BACK = """
UPDATE queue_entry
   SET status = %(to)s, version = version + 1,
       called_at = CASE WHEN %(to)s IN ('waiting', 'skipped') THEN NULL ELSE called_at END,
       started_at = CASE WHEN %(to)s = 'in_room' THEN started_at END, served_at = NULL
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
OF_THE_VISIT = frozenset({"in_room", "served", "left"})
"""States that the visit took a step for, too."""


@db.action
def undo(*, id: uuid.UUID, by: Actor) -> Any:
    """Take back the last step: a call, a start, "done", "stepped out", "left", or the check-in itself.

    Raises ``NothingToUndo`` (409) when it is longer ago than ten minutes, taken back already, or a transfer; and what
    undoing a visit's step raises.
    """
    entry = queries.entry(id, by=by)
    if by.is_doctor and entry.doctor_id != by.doctor_id:
        raise Forbidden
    last = db.row(LAST, id=id, within=WITHIN)
    if last is None or not last.is_fresh or last.reason in ("undo", "transfer"):
        raise NothingToUndo
    if entry.status != last.to_status:  # the visit's own step was taken back, or another taken
        raise NothingToUndo
    came_in = last.from_status in (None, last.to_status)
    if came_in or last.to_status in OF_THE_VISIT:
        steps.undo(id=entry.appointment_id, by=by)
    if db.row(LOCK, id=id).status != last.to_status:
        raise NothingToUndo
    to = "waiting" if came_in else last.from_status
    db.send(
        (PUT_BACK, {"id": id, "to": to}),
        transition(id, last.to_status, to, by, reason="undo"),
        audit.entry("queue.undo", "queue_entry", id, by=by, patient_id=entry.patient_id),
    )
    return queries.entry(id, by=by)
