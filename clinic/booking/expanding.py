"""``?expand=``: records beside their ids, one query for each kind however many visits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clinic.core import audit, db, tenancy
from clinic.core.access import Actor
from clinic.patients import opening
from clinic.patients.record import age

SHOWN = {
    "patient": "id, full_name, first_name, last_name, birth_date, phone, email, document_type, document_number,"
    " file_number, confidential, now() AS now",
    "doctor": "id, full_name, first_name, last_name, code",
    "service": "id, name, code, duration_minutes, modality",
    "location": "id, name, code, timezone, address, city, phone",
}
WHO_IT_IS = {"id", "full_name", "first_name", "last_name", "file_number"}
"""What is told of a confidential record to who did not say why they look."""
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
            row.id: _patient(row, by) if kind == "patient" else row._asdict()
            for row in db.rows(
                # Joined id by id: for ``id = ANY(…)`` the planner may read all that a large clinic has.
                f"SELECT {SHOWN[kind]} FROM unnest(%(ids)s::uuid[]) AS wanted (id) JOIN {kind} USING (id)"
                " WHERE tenant_id = %(tenant)s",
                ids=list(ids),
            )
        }
        if kind == "patient" and records:
            audit.listed("patient", records, by=by, how="expand")
        for item in items:
            item[kind] = records.get(item[f"{kind}_id"])


def _patient(row: Any, by: Actor) -> dict[str, Any]:
    """A patient beside a visit: no more than the register itself would tell *by* in a list (API.md §3 and §5)."""
    if by.kind == "key" and "patients:read" not in by.scopes:
        today = row.now.astimezone(tenancy.require().zone).date()
        years = age(row.birth_date, today) if row.birth_date else None
        return {"id": row.id, "first_name": row.first_name, "age": years}
    shown: dict[str, Any] = row._asdict()
    del shown["confidential"], shown["now"]
    if opening.is_closed(row, by):
        shown |= dict.fromkeys(shown.keys() - WHO_IT_IS)
    return shown
