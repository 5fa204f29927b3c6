"""The record of what was done and who looked: append-only, in the same transaction as the act (RULES §5).

Details hold field names and ids, never clinical text, names or phone numbers. The application's role may insert and
select here, nothing else; if the row cannot be written, the act fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from psycopg.types.json import Jsonb

from clinic.core import db
from clinic.core.access import Actor
from clinic.core.ids import new_id
from clinic.core.log import request_id

address: ContextVar[str | None] = ContextVar("address", default=None)
"""The client's address of the request we answer, if any."""

refusal_told: ContextVar[bool] = ContextVar("refusal_told", default=False)
"""Whether the refused right of this request is on record already."""

INSERT = """
INSERT INTO audit_event (tenant_id, id, actor_kind, actor_id, session_id, act, object_kind, object_id, patient_id,
                         object_ids, details, reason, request_id, address)
VALUES (%(tenant)s, %(id)s, %(actor_kind)s, %(actor_id)s, %(session_id)s, %(act)s, %(object_kind)s, %(object_id)s,
        %(patient_id)s, %(object_ids)s::uuid[], %(details)s, %(reason)s, %(request_id)s, %(address)s)
"""


def entry(
    act: str,
    object_kind: str,
    object_id: uuid.UUID | None = None,
    *,
    by: Actor,
    patient_id: uuid.UUID | None = None,
    object_ids: Iterable[uuid.UUID] | None = None,
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> db.Statement:
    """The statement that records an act (``appointment.book``), for a verb's pipeline."""
    return INSERT, {
        "id": new_id(),
        "actor_kind": by.kind,
        "actor_id": by.id,
        "session_id": by.session_id,
        "act": act,
        "object_kind": object_kind,
        "object_id": object_id,
        "patient_id": patient_id,
        # Written out: an array of some dozens of ids costs more to adapt than all the rest of the statement.
        "object_ids": "{" + ",".join([id.hex for id in object_ids]) + "}" if object_ids is not None else None,
        "details": Jsonb(dict(details or {})),
        "reason": reason,
        "request_id": request_id.get(),
        "address": address.get(),
    }


def record(act: str, object_kind: str, object_id: uuid.UUID | None = None, *, by: Actor, **more: Any) -> None:
    """Record an act in the running transaction: in a verb at once, else with its COMMIT, before the answer leaves."""
    db.note(entry(act, object_kind, object_id, by=by, **more))


def read(
    kind: str,
    object_id: uuid.UUID,
    *,
    by: Actor,
    patient_id: uuid.UUID | None = None,
    reason: str | None = None,
) -> None:
    """Record that somebody read one record of a patient. Kept before the answer leaves."""
    record(f"{kind}.read", kind, object_id, by=by, patient_id=patient_id, reason=reason)


def listed(kind: str, ids: Iterable[uuid.UUID], *, by: Actor, how: str = "list") -> None:
    """Record a list or search as one row with the ids that it showed."""
    shown = list(ids)
    record(f"{kind}.{how}", kind, by=by, object_ids=shown, details={"count": len(shown)})


def denied(right: str, *, by: Actor) -> None:
    """Record a refused right, in a transaction of its own: the act's is taken back.

    The door does so for every ``Forbidden`` that a verb raises; a verb that knows the right better says it first.
    """
    refusal_told.set(True)
    db.session.rollback()
    db.send(entry("access.denied", "right", by=by, details={"right": right}))
    db.session.commit()
