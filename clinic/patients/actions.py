"""What is done to the register. Who is new, who is known: API.md §5.

The clinic's row of file numbers is what they queue for who might make the same patient twice: look, lock, look again,
insert. Locks in this order: file numbers, patient.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clinic.accounts import queries as accounts
from clinic.core import clock, custom, db, external, tenancy
from clinic.core.access import LEADS, Actor
from clinic.core.errors import FieldError, Forbidden, Invalid, Stale
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.records import unknown_id
from clinic.patients import guardians, matching, names, opening, queries, record, writing
from clinic.patients.record import Fields
from clinic.patients.refusals import DuplicatePatient, FileNumberTaken, HasAppointments
from clinic.tenants import queries as tenants

MAKE_NUMBERS = """
INSERT INTO counter (tenant_id, kind, last) VALUES (%(tenant)s, %(kind)s, 0) ON CONFLICT DO NOTHING
"""
LOCK_NUMBERS = "SELECT last FROM counter WHERE tenant_id = %(tenant)s AND kind = %(kind)s FOR UPDATE"
WHOSE_NUMBER = "SELECT id FROM patient WHERE tenant_id = %(tenant)s AND file_number = %(number)s"
OWN_FIELDS = frozenset(
    "phone phone_alt email address city emergency_contact preferred_language preferred_channel needs consents".split()
)
"""What patients change themselves; their names, birth date and documents the desk changes, paper in hand."""


@dataclass(frozen=True, slots=True)
class Found:
    """Who it is: *made* just now or known before, and who else may be the same person."""

    id: uuid.UUID
    made: bool
    possible_duplicates: list[uuid.UUID] = field(default_factory=list)


@db.action
def create(*, fields: Fields, by: Actor) -> Found:
    """A patient, made or known: by the same phone and name, unless birth dates or documents differ.

    Raises ``DuplicatePatient`` for a known document, ``Invalid`` where something is missing or unknown,
    ``FileNumberTaken``, ``ExternalIdTaken``.
    """
    row = _row(fields)
    record.must_suffice(row, guarded=bool(fields.get("guardians")))
    found, last_number = _find(row)
    if found.known is None:
        return _insert(row, fields, found.alike, last_number, by=by)
    if found.how == "document":
        raise DuplicatePatient(extra={"existing_id": found.known.id})
    return Found(found.known.id, made=False, possible_duplicates=found.alike)


@db.action
def find_or_create(fields: Fields, *, at: str = "", by: Actor) -> Found:
    """As ``create``, for whoever books for a person they describe: a known document finds, also alone.

    *at*: the JSON pointer of *fields* in the body, for errors. Raises ``DuplicatePatient`` when a document is known
    under quite another name: one of the two is a slip, and nobody shall be booked for a stranger.
    """
    try:
        row = _row(fields)
        found, last_number = _find(row)
        if found.known is None:
            record.must_suffice(row, guarded=bool(fields.get("guardians")))
            return _insert(row, fields, found.alike, last_number, by=by)
    except Invalid as wrong:
        raise _pointing(wrong, at) from None
    if (
        found.how == "document"
        and row.get("name_key")
        and not names.alike(row["name_key"], found.known.name_key)
    ):
        raise DuplicatePatient(extra={"existing_id": found.known.id})
    return Found(found.known.id, made=False, possible_duplicates=found.alike)


def find_by_document(document_type: str, number: str) -> uuid.UUID | None:
    """Who has this document, or None: for verbs of other rooms."""
    return queries.by_document(document_type, number)


@db.action
def update(
    patient_id: uuid.UUID,
    *,
    changes: Fields,
    version: int | None = None,
    reason: str | None = None,
    by: Actor,
) -> None:
    """Change these fields; ``None`` clears one. Nothing happens if they say what is there already.

    Raises ``NotFound``, ``Stale`` if *version* is no longer the record's, ``Confidential`` without a *reason*, and what
    ``create`` raises.
    """
    known_by = not set(changes).isdisjoint(record.KNOWN_BY)
    before = _locked(patient_id, numbers=known_by, version=version, reason=reason, by=by)
    _may_change(before, changes, by)
    row = before._asdict()
    columns = {name: value for name, value in _row(changes, before).items() if row[name] != value}
    beside = _beside(patient_id, changes)
    if not columns and not beside:
        return
    merged = row | columns
    guarded = changes["guardians"] if "guardians" in changes else queries.is_guarded(patient_id)
    record.must_suffice(merged, guarded=bool(guarded))
    if before.is_active and not columns.keys().isdisjoint(("document_type", "document_key")):
        _must_be_nobody_else(patient_id, merged, by_phone=False)
    if "file_number" in columns:
        _must_be_free(columns["file_number"])
    answerable = guardians.put(patient_id, changes["guardians"] or []) if "guardians" in beside else []
    db.send(*writing.update(patient_id, row, columns, beside, by=by), *answerable)
    if "external_ids" in beside:
        external.put("patient", patient_id, changes["external_ids"])


@db.action
def remove(
    patient_id: uuid.UUID, *, version: int | None = None, reason: str | None = None, by: Actor
) -> None:
    """Take a patient out of lists and searches; the record stays. Twice is harmless.

    Raises ``HasAppointments`` with visits to come: who cancels them (booking) does so first, in the same transaction.
    """
    before = _locked(patient_id, numbers=False, version=version, reason=reason, by=by)
    if not before.is_active:
        return
    visits = queries.visits_to_come(patient_id)
    if visits:
        raise HasAppointments(extra={"appointment_ids": visits})
    db.send(*writing.turn(patient_id, before.version, active=False, by=by))


@db.action
def restore(
    patient_id: uuid.UUID, *, version: int | None = None, reason: str | None = None, by: Actor
) -> None:
    """Bring a removed patient back. Twice is harmless. Raises ``DuplicatePatient`` if there is one like that by now."""
    before = _locked(patient_id, numbers=True, version=version, reason=reason, by=by)
    if before.is_active:
        return
    _must_be_nobody_else(patient_id, before._asdict(), by_phone=True)
    db.send(*writing.turn(patient_id, before.version, active=True, by=by))


# -- who it is ----------------------------------------------------------------------------------------------------


def _row(fields: Fields, before: Any = None) -> dict[str, Any]:
    given = _coded(fields)
    if given.get("custom_fields") is not None:
        custom.check("patient", given["custom_fields"])
    _must_be_users(given.get("confidential"))
    return record.columns(given, before=before, now=clock.now(), country=tenancy.require().country)


def _must_be_users(confidential: Mapping[str, Any] | None) -> None:
    """``unknown_id`` for each who shall open the record and is nobody's account here."""
    given = [str(id) for id in (confidential or {}).get("user_ids") or ()]
    known = accounts.users(given) if given else set()
    unknown = [f"/confidential/user_ids/{place}" for place, id in enumerate(given) if id not in known]
    if unknown:
        raise unknown_id(*unknown)


def _coded(fields: Fields) -> dict[str, Any]:
    """*fields* with the codes of the clinic's lists. Insurers are a list only where a clinic keeps one."""
    given = dict(fields)
    for name, kind in (("gender", "genders"), ("document_type", "document_types")):
        if given.get(name) is not None:
            given[name] = tenants.code_of(kind, given[name], at=f"/{name}")
    if given.get("insurer"):
        given["insurer"] = tenants.lookup_code("insurers", given["insurer"]) or given["insurer"]
    return given


def _find(row: Mapping[str, Any]) -> tuple[matching.Match, int]:
    """Who it is, and, if nobody, the last file number, locked.

    Look; if nobody is there, lock and look again: whoever made them meanwhile is finished now.
    """
    (others,) = db.send(matching.near(row))
    found = matching.match(row, others)
    if found.known is not None:
        return found, 0
    _made, numbers, others = db.send(*lock_numbers(), matching.near(row))
    return matching.match(row, others), numbers[0].last


def lock_numbers() -> list[db.Statement]:
    """The statements that lock the file numbers; the second answers the ``last``."""
    return [(MAKE_NUMBERS, {"kind": writing.NUMBERS}), (LOCK_NUMBERS, {"kind": writing.NUMBERS})]


def _must_be_nobody_else(patient_id: uuid.UUID, row: Mapping[str, Any], *, by_phone: bool) -> None:
    (others,) = db.send(matching.near(row))
    found = matching.match(row, others, but=patient_id)
    if found.known is not None and (by_phone or found.how == "document"):
        raise DuplicatePatient(extra={"existing_id": found.known.id})


def _must_be_free(file_number: int) -> None:
    holder = db.row(WHOSE_NUMBER, number=file_number)
    if holder is not None:
        raise FileNumberTaken(extra={"existing_id": holder.id})


def _pointing(wrong: Invalid, at: str) -> Invalid:
    errors = [FieldError(at + each.pointer, each.code, each.message) for each in wrong.errors]
    return Invalid(errors, wrong.detail, code=wrong.code)


# -- what is written ----------------------------------------------------------------------------------------------


def _insert(
    row: dict[str, Any], fields: Fields, alike: list[uuid.UUID], last_number: int, *, by: Actor
) -> Found:
    id = new_id()
    if row.get("file_number") is None:
        row["file_number"] = last_number + 1
    else:
        _must_be_free(row["file_number"])
    answerable = guardians.put(id, fields["guardians"]) if fields.get("guardians") else []
    db.send(*writing.insert(id, row, sorted(fields), by=by), *answerable)
    if fields.get("external_ids"):
        external.put("patient", id, fields["external_ids"])
    return Found(id, made=True, possible_duplicates=alike)


# -- what may be written ------------------------------------------------------------------------------------------


def _locked(
    patient_id: uuid.UUID, *, numbers: bool, version: int | None, reason: str | None, by: Actor
) -> Any:
    """The patient's row, locked; before it the file *numbers*, where it may become somebody else's equal.

    Raises ``NotFound``, ``Confidential``, ``Stale``.
    """
    if numbers:
        db.send(*lock_numbers())
    before = queries.patient(patient_id, locked=True, by=by)
    opening.must_be_open(before, reason=reason, by=by)
    if version is not None and version != before.version:
        raise Stale
    return before


def _may_change(before: Any, changes: Fields, by: Actor) -> None:
    if by.is_patient:
        refused = sorted(set(changes) - OWN_FIELDS)
        if refused:
            message = str(_("Ask the clinic to change this."))
            raise Forbidden(errors=[FieldError(f"/{name}", "forbidden", message) for name in refused])
    if (
        "confidential" in changes
        and by.kind == "user"
        and by.role not in LEADS
        and opening.is_closed(before, by)
    ):
        raise Forbidden


def _beside(patient_id: uuid.UUID, changes: Fields) -> set[str]:
    """Which of the fields in tables of their own do change."""
    changed = set()
    if "guardians" in changes and guardians.differ(patient_id, changes["guardians"] or []):
        changed.add("guardians")
    if "external_ids" in changes:
        known = external.of("patient", [patient_id]).get(patient_id, {})
        given = changes["external_ids"]
        wanted = dict.fromkeys(known) if given is None else given
        if any(known.get(system) != value for system, value in wanted.items()):
            changed.add("external_ids")
    return changed
