"""The register of patients as JSON (API.md §5)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, request

from clinic.core.access import allow
from clinic.core.api import PREFIX, ApiBlueprint, answer, expected_version, stands
from clinic.core.cursor import decode, encode, page
from clinic.core.external import ExternalIdTaken
from clinic.core.schema import Nothing
from clinic.patients import actions, opening, queries, search
from clinic.patients.refusals import Confidential, DuplicatePatient, FileNumberTaken
from clinic.patients.schemas import (
    FILTERS,
    NewPatient,
    PatientChange,
    PatientList,
    PatientMadeShown,
    Patients,
    PatientShown,
    show,
)

api = ApiBlueprint("patients", __name__, about="The register of patients.")
stands("/patients/<uuid:id>", lambda id: queries.patient(id, by=g.actor))
TAKEN = (DuplicatePatient, FileNumberTaken, ExternalIdTaken)


@api.post("/patients", answers={201: PatientMadeShown, 200: PatientMadeShown}, refuses=TAKEN)
@allow("patients.create")
def create(body: NewPatient) -> Response:
    """Make a patient, or find the one with the same phone and name (200)."""
    found = actions.create(fields=body.given(), by=g.actor)
    record = opening.open_made(found.id, made=found.made, by=g.actor)
    return answer(
        {
            **show(record, by=g.actor, in_list=not found.made),
            "possible_duplicates": found.possible_duplicates,
        },
        version=record.row.version,
        status=201 if found.made else 200,
        location=f"{PREFIX}/patients/{found.id}" if found.made else None,
    )


@api.get("/patients", answers=Patients)
@allow("patients.find")
def listed(query: PatientList) -> dict[str, Any]:
    """Find patients: `q` is one box for everything."""
    filters = {name: getattr(query, name) for name in FILTERS}
    since = filters["updated_since"]
    asked: dict[str, Any] = {"filters": filters, "include_inactive": query.include_inactive, "by": g.actor}
    if query.q:
        after = decode(query.cursor, search.PLACE)
        rows, more = opening.find(query.q, limit=query.limit, after=after, **asked)
        return {"items": _items(rows), "next_cursor": encode(more) if more else None}
    key = ("updated_at", "id") if since else ("id",)
    after = decode(query.cursor, queries.page_key(by_change=since is not None))
    rows = opening.listed(limit=query.limit, after=after, **asked)
    found = page(rows, query.limit, lambda row: [getattr(row, name) for name in key])
    return {**found, "items": _items(found["items"])}


def _items(rows: list[Any]) -> list[dict[str, Any]]:
    return [show(record, by=g.actor, in_list=True) for record in queries.with_all(rows, last=True)]


@api.get("/patients/<uuid:id>", answers=PatientShown, refuses=[Confidential])
@allow("patients.read")
def read(id: uuid.UUID) -> Response:
    """Read a patient's record. It is recorded who read it."""
    record = opening.open_record(id, reason=_reason(), by=g.actor)
    return answer(show(record, by=g.actor), version=record.row.version)


@api.get(
    "/patients/by-document/<document_type>/<path:document_number>",
    answers=PatientShown,
    refuses=[Confidential],
)
@allow("patients.read")
def by_document(document_type: str, document_number: str) -> Response:
    """Read the record of who has a document."""
    # A number may hold slashes, but one at the end is the path's own (API.md §1, host).
    number = document_number.rstrip("/")
    record = opening.open_by_document(document_type, number, reason=_reason(), by=g.actor)
    return answer(show(record, by=g.actor), version=record.row.version)


@api.patch("/patients/<uuid:id>", answers=PatientShown, refuses=[*TAKEN, Confidential])
@allow("patients.write")
def change(id: uuid.UUID, body: PatientChange) -> Response:
    """Change a patient's record."""
    actions.update(id, changes=body.given(), version=expected_version(), reason=_reason(), by=g.actor)
    # Whoever changes a record has it open: also the one who has just made it confidential.
    record = opening.open_made(id, made=False, by=g.actor)
    return answer(show(record, by=g.actor), version=record.row.version)


# Taking a patient out may call visits off: that route is booking's (``booking/api_leaving.py``), over the verb here.


@api.post("/patients/<uuid:id>/restore", answers=PatientShown, refuses=[DuplicatePatient, Confidential])
@allow("patients.remove")
def restore(id: uuid.UUID, body: Nothing) -> Response:
    """Bring a patient back."""
    actions.restore(id, version=expected_version(), reason=_reason(), by=g.actor)
    return read(id)


def _reason() -> str | None:
    return request.headers.get("X-Access-Reason", "")[:500].strip() or None
