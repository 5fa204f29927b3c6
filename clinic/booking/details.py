"""What is written on a visit besides its time: notes, reason, modality, type, the link, other systems' ids."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from clinic.booking import queries
from clinic.booking.queries import Visit
from clinic.core import audit, custom, db, external
from clinic.core.access import Actor
from clinic.core.errors import NotFound, Stale
from clinic.tenants import queries as lists

COLUMNS = ("notes", "reason", "modality", "appointment_type", "meeting_url", "custom_fields")
LOCK = f"""
SELECT {queries.COLUMNS} FROM appointment WHERE tenant_id = %(tenant)s AND id = %(id)s FOR NO KEY UPDATE
"""


@db.action
def change(*, id: uuid.UUID, changes: Mapping[str, Any], version: int | None = None, by: Actor) -> Visit:
    """Change these details of a visit; None clears one. No step of its life: nothing to undo, nobody to tell.

    Takes ``notes``, ``reason``, ``modality``, ``appointment_type``, ``meeting_url``, ``custom_fields`` and
    ``external_ids``. Raises ``NotFound``, ``Stale`` (412), ``Invalid`` (``unknown_code``, custom fields),
    ``ExternalIdTaken`` (409). Nothing happens if they say what is there already.
    """
    given = dict(changes)
    if given.get("appointment_type") is not None:
        given["appointment_type"] = type_code(given["appointment_type"])
    if "custom_fields" in given:
        custom.check("appointment", given["custom_fields"])
    visit = _locked(queries.visit(id, by=by), version)
    columns = {name: given[name] for name in COLUMNS if name in given and given[name] != getattr(visit, name)}
    known = visit.external_ids or {}
    wanted = given.get("external_ids", {})
    outside = {
        system: value
        for system, value in (dict.fromkeys(known) if wanted is None else wanted).items()
        if known.get(system) != value
    }
    if not columns and not outside:
        return visit
    fields = sorted([*columns, *(["external_ids"] if outside else [])])
    if outside:
        external.put("appointment", id, outside)
    _recorded, written = db.send(
        audit.entry(
            "appointment.change",
            "appointment",
            id,
            by=by,
            patient_id=visit.patient_id,
            details={"fields": fields},
        ),
        _update(id, columns),
    )
    return written[0]


def type_code(given: str) -> str:
    """The code of a type of appointment given as code or id; 422 ``unknown_code`` otherwise."""
    return lists.code_of("appointment_types", given, at="/appointment_type")


def reason_code(given: str | None) -> str | None:
    """Why a visit is called off: the code of the clinic's list that *given* means (as code or id), else its words."""
    return (lists.lookup_code("cancel_reasons", given) or given) if given else None


def _locked(visit: Visit, version: int | None) -> Visit:
    now = db.row(LOCK, id=visit.id)
    if now is None:
        raise NotFound
    if version is not None and now.version != version:
        raise Stale
    return now


def _update(id: uuid.UUID, columns: Mapping[str, Any]) -> db.Statement:
    values = {
        name: Jsonb(dict(value)) if name == "custom_fields" else value for name, value in columns.items()
    }
    assignments = "".join(f"{name} = %({name})s, " for name in values)
    return (
        f"UPDATE appointment SET {assignments}version = version + 1, updated_at = now()"
        f" WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING {queries.COLUMNS}",
        {**values, "id": id},
    )
