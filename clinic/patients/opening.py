"""Opening records: every look at a patient's record is on record, lists and searches as one row (RULES §5).

Faces ask here, not in ``queries``, so that none can forget.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from clinic.core import audit, db
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import NotFound
from clinic.patients import matching, queries, search
from clinic.patients.queries import BRIEF, COLUMNS, Brief, Record
from clinic.patients.refusals import Confidential

IN_THE_RECORD = {"patient_phone", "birth_date", "file_number", "intake_answers", "custom_fields"}


def open_record(patient_id: uuid.UUID, *, reason: str | None = None, by: Actor) -> Record:
    """One patient's record, and that *by* read it.

    Raises ``NotFound`` for nobody, another clinic's patient and one whom *by* may not see alike; ``Confidential``
    without a *reason*.
    """
    row = queries.patient(patient_id, by=by)
    must_be_open(row, reason=reason, by=by)
    audit.read("patient", row.id, by=by, patient_id=row.id, reason=reason)
    return queries.with_all([row])[0]


def open_by_document(document_type: str, number: str, *, reason: str | None = None, by: Actor) -> Record:
    """As ``open_record``, found by a document."""
    found = queries.by_document(document_type, number)
    if found is None:
        raise NotFound
    return open_record(found, reason=reason, by=by)


def open_made(patient_id: uuid.UUID, *, made: bool, by: Actor) -> Record:
    """The record that ``actions.create`` answers. Of one who was *made*, *by* has written it; else they read it."""
    row = queries.patient(patient_id, by=SYSTEM)
    if not made:
        audit.read("patient", row.id, by=by, patient_id=row.id)
    return queries.with_all([row])[0]


def find(
    typed: str,
    *,
    limit: int,
    after: search.Place | None = None,
    filters: Mapping[str, Any] | None = None,
    include_inactive: bool = False,
    columns: str = COLUMNS,
    by: Actor,
) -> tuple[list[Any], search.Place | None]:
    """``queries.find``, on record."""
    rows, more = queries.find(
        typed,
        limit=limit,
        after=after,
        filters=filters,
        include_inactive=include_inactive,
        columns=columns,
        by=by,
    )
    audit.listed("patient", (row.id for row in rows), by=by, how="search")
    return rows, more


def look_up(typed: str, *, limit: int, by: Actor) -> tuple[list[Brief], bool]:
    """Who is found, briefly, for a page; and whether there are more. On record."""
    rows, more = find(typed, limit=limit, columns=BRIEF, by=by)
    return queries.briefly(rows, closed=lambda row: is_closed(row, by)), more is not None


def chosen(patient_id: uuid.UUID, *, by: Actor) -> Brief | None:
    """A patient who was chosen on the page before, briefly; None for nobody whom *by* may see. On record."""
    found = alike([patient_id], by=by)
    return found[0] if found else None


def alike(ids: Sequence[uuid.UUID | None], *, by: Actor) -> list[Brief]:
    """Possible duplicates, briefly; ids that are nobody's are left out. On record."""
    wanted = [id for id in ids if id is not None][: matching.MOST_ALIKE]
    if not wanted:
        return []
    rows = queries.some(wanted, by=by)
    audit.listed("patient", (row.id for row in rows), by=by)
    return queries.briefly(rows, closed=lambda row: is_closed(row, by))


def listed(
    *,
    limit: int,
    after: Sequence[Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    include_inactive: bool = False,
    by: Actor,
) -> list[Any]:
    """``queries.page``, on record (the row too many is not shown)."""
    rows = queries.page(limit=limit, after=after, filters=filters, include_inactive=include_inactive, by=by)
    audit.listed("patient", (row.id for row in rows[:limit]), by=by)
    return rows


def must_be_open(row: Any, *, reason: str | None = None, by: Actor) -> None:
    """Raises ``Confidential`` where *by* has to say why and does not. The try is on record."""
    if is_closed(row, by) and not (reason and reason.strip()):
        db.session.rollback()
        db.send(audit.entry("patient.refuse", "patient", row.id, by=by, patient_id=row.id))
        db.session.commit()
        raise Confidential


def veiled(row: Any, *, by: Actor) -> Any:
    """A row of a visit or of the queue with its patient's ``confidential``: of a closed record the name and no more.

    Who the patient is has to be known at the desk; what tells them from others of the name stands in the record.
    """
    if row.confidential is None or not is_closed(row, by):
        return row
    return row._replace(**dict.fromkeys(IN_THE_RECORD & set(row._fields)))


def is_closed(row: Any, by: Actor) -> bool:
    """Whether a record is confidential and *by* is not among those who open it without a reason."""
    closed = row.confidential
    if not closed or by.kind == "system":
        return False
    if by.is_patient:  # whom the queries let through: the patient, and who answers for them
        return False
    return not (
        by.kind == "user"
        and (by.role in (closed.get("roles") or ()) or str(by.id) in map(str, closed.get("user_ids") or ()))
    )
