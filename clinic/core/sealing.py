"""The seal over the audit: a chain of hashes that shows whether somebody changed or took away a row (RULES §5).

Rows are sealed once no transaction can still add before them: ``xid < pg_snapshot_xmin(pg_current_snapshot())``. The
chain is a table of its own, so audit rows are never updated; chaining inside the request was 6.5 times slower.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from clinic.core import db

LAST = """
SELECT number, before_xid::text::bigint AS before_xid, hash FROM audit_seal
 WHERE tenant_id = %(tenant)s ORDER BY number DESC LIMIT 1
"""
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon"
ROWS = """
SELECT id, at, xid::text::bigint AS xid, actor_kind, actor_id, session_id, act, object_kind, object_id, patient_id,
       object_ids, details::text AS details, reason, request_id, address::text AS address
  FROM audit_event
 WHERE tenant_id = %(tenant)s AND xid >= %(low)s::text::xid8 AND xid < %(high)s::text::xid8
 ORDER BY xid, id
"""
INSERT = """
INSERT INTO audit_seal (tenant_id, number, before_xid, count, hash)
VALUES (%(tenant)s, %(number)s, %(before)s::text::xid8, %(count)s, %(hash)s) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link that does not hold."""

    number: int


@db.action
def seal() -> int:
    """Add a link for what has been finished since the last one; how many rows it holds."""
    last = db.row(LAST)
    low, previous, number = (last.before_xid, bytes(last.hash), last.number + 1) if last else (0, b"", 1)
    high = db.row(HORIZON).horizon
    rows = db.rows(ROWS, low=low, high=high)
    if not rows:
        return 0
    db.send((INSERT, {"number": number, "before": high, "count": len(rows), "hash": _hash(previous, rows)}))
    return len(rows)


def verify() -> Broken | None:
    """Walk the chain of this clinic from its beginning; the first link that does not hold, or None."""
    low, previous = 0, b""
    for link in db.rows(
        "SELECT number, before_xid::text::bigint AS before_xid, count, hash FROM audit_seal"
        " WHERE tenant_id = %(tenant)s ORDER BY number"
    ):
        rows = db.rows(ROWS, low=low, high=link.before_xid)
        if len(rows) != link.count or _hash(previous, rows) != bytes(link.hash):
            return Broken(link.number)
        low, previous = link.before_xid, bytes(link.hash)
    return None


def _hash(previous: bytes, rows: list[Any]) -> bytes:
    chain = hashlib.sha256(previous)
    for row in rows:
        chain.update(repr(tuple(str(value) for value in row)).encode())
    return chain.digest()
