"""How a record of the organisation is changed: only from the version that was seen, field by field, on the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Stale


def expect(version: int, wanted: int | None) -> None:
    """``Stale`` if the caller has seen another version."""
    if wanted is not None and wanted != version:
        raise Stale


def apply(record: Any, changes: Mapping[str, Any]) -> list[str]:
    """Set what differs; answers the names of the fields that changed."""
    changed = [name for name, value in changes.items() if getattr(record, name) != value]
    for name in changed:
        setattr(record, name, changes[name])
    return changed


def changed_by(record: Any, act: str, by: Actor, fields: list[str] | None = None) -> None:
    """A changed record gets its next version and its line in the audit."""
    record.version += 1
    db.session.flush()
    audit.record(act, act.split(".")[0], record.id, by=by, details={"fields": fields} if fields else None)
