"""The history of a visit: each step with what it overwrote."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from clinic.core.access import Actor
from clinic.core.db import Statement
from clinic.core.ids import new_id

APPEND = """
INSERT INTO appointment_history (tenant_id, id, appointment_id, at, step, from_status, to_status, before, reason, actor)
SELECT a.tenant_id, %(id)s, a.id, clock_timestamp(), %(step)s, %(from_status)s, %(to_status)s, %(before)s, %(reason)s,
       %(actor)s
  FROM appointment a WHERE a.tenant_id = %(tenant)s AND a.id = %(appointment_id)s
"""
FIRST = """
INSERT INTO appointment_history (tenant_id, id, appointment_id, at, step, to_status, reason, actor)
VALUES (%(tenant)s, %(id)s, %(appointment_id)s, clock_timestamp(), 'book', %(to_status)s, %(reason)s, %(actor)s)
"""
OF_A_VISIT = "appointment_history_of_appointment"
"""The foreign key of a step: there is none without its visit."""


def history(
    appointment_id: uuid.UUID,
    step: str,
    from_status: str | None,
    to_status: str,
    *,
    by: Actor,
    before: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> Statement:
    """The statement that appends one step; *before* is what an undo puts back."""
    return APPEND, {
        "id": new_id(),
        "appointment_id": appointment_id,
        "step": step,
        "from_status": from_status,
        "to_status": to_status,
        "before": Jsonb(dict(before or {})),
        "reason": reason,
        "actor": by.caller,
    }


def first(appointment_id: uuid.UUID, status: str, *, by: Actor, reason: str | None = None) -> Statement:
    """The statement that writes the first step, right behind the INSERT of its visit.

    If a conflict kept the visit out, this one fails (``OF_A_VISIT``), and with it all that follows in the pipeline.
    """
    return FIRST, {
        "id": new_id(),
        "appointment_id": appointment_id,
        "to_status": status,
        "reason": reason,
        "actor": by.caller,
    }


def kept(visit: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What these changes overwrite, as JSON."""
    return {name: _plain(getattr(visit, name)) for name in changes}


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
