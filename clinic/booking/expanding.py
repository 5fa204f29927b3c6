"""``?expand=``: records beside their ids, one query for each kind however many visits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clinic.core import audit, db
from clinic.core.access import Actor

SHOWN = {
    "patient": "id, full_name, first_name, last_name, birth_date, phone, email, document_type, document_number,"
    " file_number",
    "doctor": "id, full_name, first_name, last_name, code",
    "service": "id, name, code, duration_minutes, modality",
    "location": "id, name, code, timezone, address, city, phone",
}
RIGHT = {
    "patient": "patients.read",
    "doctor": "schedule.read",
    "service": "schedule.read",
    "location": "schedule.read",
}


def expand(items: list[dict[str, Any]], kinds: Iterable[str], *, by: Actor) -> None:
    """Put ``patient``, ``doctor``, ``service`` and ``location`` beside their ids, as far as *by* may read them."""
    for kind in sorted(kinds):
        ids = {item[f"{kind}_id"] for item in items if item[f"{kind}_id"] is not None}
        if not by.may(RIGHT[kind]):
            ids = set()
        records = {
            found.id: found._asdict()
            for found in db.rows(
                f"SELECT {SHOWN[kind]} FROM {kind} WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)",
                ids=list(ids),
            )
        }
        if kind == "patient" and records:
            audit.listed("patient", records, by=by, how="expand")
        for item in items:
            item[kind] = records.get(item[f"{kind}_id"])
