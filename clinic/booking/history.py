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
"""Selects from the visit: behind an INSERT that a conflict kept out, it writes nothing and does not fail."""


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


def kept(visit: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What these changes overwrite, as JSON."""
    return {name: _plain(getattr(visit, name)) for name in changes}


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
