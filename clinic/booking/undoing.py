"""Taking back the last step of a visit."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from clinic.booking import queries, states
from clinic.booking.places import retake
from clinic.booking.queries import Visit
from clinic.booking.refusals import NothingToUndo
from clinic.booking.stepping import lock, write
from clinic.core import db
from clinic.core.access import Actor

UNDO_WITHIN = timedelta(minutes=10)
FOR_GOOD = frozenset({"book", "transfer", "zone"})
"""Steps that are not taken back: a booking is cancelled, whoever was handed over is handed back by the queue, and the
zone of a location is changed back for all."""

LAST = """
SELECT id, step, from_status, to_status, before, at > now() - %(within)s AS is_fresh FROM appointment_history
 WHERE tenant_id = %(tenant)s AND appointment_id = %(id)s AND undone_at IS NULL AND step <> 'undo'
 ORDER BY at DESC, id DESC LIMIT 1
"""
READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("starts_at", "ends_at", "confirmed_at", "cancelled_at"), datetime.fromisoformat),
    **dict.fromkeys(("doctor_id", "location_id", "room_id", "session_id"), uuid.UUID),
    "date": date.fromisoformat,
}
UNDONE = "UPDATE appointment_history SET undone_at = now() WHERE tenant_id = %(tenant)s AND id = %(step)s"


@db.action
def undo(*, id: uuid.UUID, by: Actor) -> Visit:
    """Take back the last step after the booking itself, within ten minutes.

    Raises ``NothingToUndo`` (409), ``SlotTaken`` (409) when the old place is gone.
    """
    found = queries.visit(id, by=by)
    last = _last(id)
    before = _read(last.before)
    visit = lock(found, days=[(before.get("doctor_id", found.doctor_id), before.get("date", found.date))])
    if _last(id).id != last.id or visit.status != last.to_status:
        raise NothingToUndo  # somebody was quicker
    old = visit._replace(**{name: value for name, value in before.items() if name in visit._fields})
    also: list[db.Statement] = [(UNDONE, {"step": last.id})]
    was_there = visit.status in states.HOLDING and (visit.doctor_id, visit.date) == (old.doctor_id, old.date)
    if old.status in states.HOLDING and not (was_there and visit.starts_at == old.starts_at):
        counted = retake(visit, old, by, before)
        also += [] if was_there else [counted]
    return write(
        visit,
        "undo",
        before,
        by=by,
        event="appointment.undone",
        also=also,
        reason=last.step,
        previous={"step": last.step},
    )


def _last(id: uuid.UUID) -> Any:
    found = db.row(LAST, id=id, within=UNDO_WITHIN)
    if found is None or found.step in FOR_GOOD or not found.is_fresh:
        raise NothingToUndo
    return found


def _read(kept: dict[str, Any]) -> dict[str, Any]:
    """What a history row kept, as values again."""
    return {name: READ[name](value) if value and name in READ else value for name, value in kept.items()}
