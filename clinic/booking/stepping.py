"""How a visit takes a step: locked in the order of RULES §2, looked at again, written with its history and its event.

Two who step at once get one winner and one good answer. What a step overwrote stands in its history row, so that
``undo`` can put it back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from clinic.booking import locks, queries, states
from clinic.booking.freeing import ended
from clinic.booking.history import history, kept
from clinic.booking.queries import Visit
from clinic.core import audit, db, events
from clinic.core.access import Actor
from clinic.core.errors import NotFound, Stale, Unavailable

LOCK = f"""
SELECT {queries.COLUMNS}, now() AS now FROM appointment
 WHERE tenant_id = %(tenant)s AND id = %(id)s FOR NO KEY UPDATE
"""
GIVE_BACK = """
UPDATE doctor_day SET booked = booked - 1, excess = greatest(booked - 1 - cap, 0), version = version + 1
 WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor_id)s AND date = %(date)s
"""
RELEASE_PROPOSALS = ended("appointment_id = %(id)s AND kind = 'proposal'")
"""What was proposed for a visit that is elsewhere now, or called off, is nobody's any more."""

FOLLOWED = 4
HERE: db.Statement = ("SAVEPOINT locking", {})
BACK: db.Statement = ("ROLLBACK TO SAVEPOINT locking", {})
SETTABLE = frozenset(
    "status doctor_id location_id room_id session_id date starts_at ends_at timezone place token overbooked "
    "needs_rescheduling confirmed_at cancelled_at cancel_reason cancelled_by".split()
)


def lock(visit: Visit, *, version: int | None = None, days: Iterable[tuple[uuid.UUID, date]] = ()) -> Visit:
    """The visit under its locks, as it stands now; ``Stale`` (412) if it has moved on from *version*.

    *days*: other doctor-days that the step touches, locked in the same order. A visit that was moved to another day
    while we waited for this one is followed there: what was locked is let go of, and all of it locked anew.
    """
    others, patients = list(days), [visit.patient_id]
    for _time in range(FOLLOWED):
        wanted = {(visit.doctor_id, visit.date), *others}
        statements = locks.statements(patients=patients, days=wanted)
        *_locked, found = db.send(HERE, *statements, (LOCK, {"id": visit.id}))
        if not found:
            raise NotFound
        visit = found[0]
        if version is not None and visit.version != version:
            raise Stale
        if (visit.doctor_id, visit.date) in wanted:
            return visit
        db.send(BACK)
    raise Unavailable


def write(
    visit: Visit,
    step: str,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    event: str,
    reason: str | None = None,
    also: Iterable[db.Statement] = (),
    previous: Mapping[str, Any] | None = None,
) -> Visit:
    """Write one step: the row, its history, the audit row, the event; *also* goes in the same pipeline.

    *previous*: what else the event tells of before; where the visit was, it tells by itself.

    Counters of the day follow the status: a step that gives up or takes a place says so by its statuses.
    """
    if not changes.keys() <= SETTABLE:
        raise ValueError(changes.keys() - SETTABLE)
    status = changes.get("status", visit.status)
    moves = (changes.get("doctor_id", visit.doctor_id), changes.get("date", visit.date)) != (
        visit.doctor_id,
        visit.date,
    )
    held, holds = visit.status in states.HOLDING, status in states.HOLDING
    counters: list[db.Statement] = []
    if held and (not holds or moves):
        counters.append((GIVE_BACK, {"doctor_id": visit.doctor_id, "date": visit.date}))
    assignments = ", ".join(f"{name} = %({name})s" for name in sorted(changes))
    update = (
        f"UPDATE appointment SET {assignments}{', ' if assignments else ''}version = version + 1, updated_at = now()"
        f" WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING {queries.COLUMNS}"
    )
    released: list[db.Statement] = []
    if not holds or "starts_at" in changes:
        released.append((RELEASE_PROPOSALS, {"id": visit.id}))
    told = {**(_place(visit) if "starts_at" in changes else {}), **(previous or {})}
    *_counted, updated, _history, _audit, _event = db.send(
        *counters,
        *also,
        *released,
        (update, {**changes, "id": visit.id}),
        history(visit.id, step, visit.status, status, by=by, before=kept(visit, changes), reason=reason),
        audit.entry(f"appointment.{step}", "appointment", visit.id, by=by, patient_id=visit.patient_id),
        events.entry(event, "appointment", visit.id, visit.version + 1, previous=told),
    )
    return updated[0]


def _place(visit: Visit) -> dict[str, Any]:
    """Where a visit is, for whoever hears that it is there no more."""
    start, end = ((moment.isoformat() if moment else None) for moment in (visit.starts_at, visit.ends_at))
    return {"start": start, "end": end, "date": visit.date.isoformat(), "doctor_id": str(visit.doctor_id)}
