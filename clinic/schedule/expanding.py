"""``?expand=``: a doctor, visit type or location beside its id; one query for each kind, however many records."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from clinic.core import db

SHOWN = {
    "doctor": "id, full_name, first_name, last_name, code",
    "service": "id, name, code, duration_minutes, modality",
    "location": "id, name, code, timezone, address, city, phone",
}


def found(kind: str, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, dict[str, Any]]:
    """What ``expand`` shows of these records, by id; those given up too."""
    wanted = [id for id in set(ids) if id is not None]
    if not wanted:
        return {}
    sql = f"SELECT {SHOWN[kind]} FROM {kind} WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)"
    return {row.id: row._asdict() for row in db.rows(sql, ids=wanted)}


def expand(items: list[dict[str, Any]], kinds: Iterable[str]) -> list[dict[str, Any]]:
    """Put each of *kinds* beside its id, or beside the list of its ids (``locations`` beside ``location_ids``)."""
    for kind in sorted(kinds):
        many = f"{kind}_ids"
        ids = [id for item in items for id in item.get(many) or [item.get(f"{kind}_id")]]
        records = found(kind, ids)
        for item in items:
            if many in item:
                item[f"{kind}s"] = [records[id] for id in item[many] or () if id in records]
            else:
                item[kind] = records.get(item[f"{kind}_id"])
    return items
