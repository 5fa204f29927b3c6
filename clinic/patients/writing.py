"""The statements that write a patient, for a verb's pipeline: the row, what it is found by, the audit, the event."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from clinic.core import audit, events
from clinic.core.access import Actor
from clinic.core.db import Statement
from clinic.patients import record, tokens

Row = Mapping[str, Any]

NUMBERS = "patient"
"""The counter of file numbers."""
TAKE_NUMBER = """
UPDATE counter SET last = greatest(last, %(number)s) WHERE tenant_id = %(tenant)s AND kind = %(kind)s
"""
TURN = """
UPDATE patient SET is_active = %(active)s, version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
WRITE = """
INSERT INTO patient_token (tenant_id, patient_id, token, words)
SELECT %(tenant)s, %(id)s, token, %(words)s FROM unnest(%(tokens)s::text[]) AS token
"""
WIPE = "DELETE FROM patient_token WHERE tenant_id = %(tenant)s AND patient_id = %(id)s"
# In order, so that two who write the same words at once wait and do not embrace.
WRITE_SLIPS = """
INSERT INTO name_slip (tenant_id, slip, word)
SELECT %(tenant)s, n.slip, n.word FROM unnest(%(slips)s::text[], %(meant)s::text[]) AS n (slip, word)
 ORDER BY n.slip COLLATE "C", n.word COLLATE "C" ON CONFLICT DO NOTHING
"""
WIPE_SLIPS = """
DELETE FROM name_slip s WHERE s.tenant_id = %(tenant)s AND s.word = %(word)s AND s.slip = ANY(%(slips)s)
   AND NOT EXISTS (SELECT FROM patient_token t WHERE t.tenant_id = %(tenant)s AND t.token = %(word)s)
"""


def insert(id: uuid.UUID, row: Row, given: Iterable[str], *, by: Actor) -> list[Statement]:
    """A new patient. *given*: the names of the fields that were given, for the audit. The numbers must be locked."""
    return [
        take(row["file_number"]),
        new_row(id, row),
        *_index(id, row),
        audit.entry("patient.create", "patient", id, by=by, patient_id=id, details={"fields": list(given)}),
        events.entry("patient.created", "patient", id, 1),
    ]


def update(
    id: uuid.UUID, before: Row, columns: Row, beside: Collection[str], *, by: Actor
) -> list[Statement]:
    """Set *columns* of the row *before*. *beside*: fields in tables of their own that change too."""
    setting = "".join(f"{name} = %({name})s, " for name in columns)
    statements: list[Statement] = [
        (
            f"UPDATE patient SET {setting}version = version + 1, updated_at = now()"
            " WHERE tenant_id = %(tenant)s AND id = %(id)s",
            {"id": id, **_bound(columns)},
        )
    ]
    if not columns.keys().isdisjoint(record.SOUGHT):
        statements += _index_anew(id, before, {**before, **columns})
    if "file_number" in columns:
        statements.append(take(columns["file_number"]))
    changed = sorted({*columns.keys() & set(record.FIELDS), *beside})
    return [
        *statements,
        audit.entry("patient.change", "patient", id, by=by, patient_id=id, details={"fields": changed}),
        events.entry("patient.updated", "patient", id, before["version"] + 1),
    ]


def turn(id: uuid.UUID, version: int, *, active: bool, by: Actor) -> list[Statement]:
    """Take away the patient that stands at *version*, or bring it back."""
    return [
        (TURN, {"id": id, "active": active}),
        audit.entry("patient.restore" if active else "patient.remove", "patient", id, by=by, patient_id=id),
        events.entry("patient.updated", "patient", id, version + 1),
    ]


def new_row(id: uuid.UUID, row: Row) -> Statement:
    """The row itself."""
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    return (
        f"INSERT INTO patient (tenant_id, id, {columns}) VALUES (%(tenant)s, %(id)s, {places})",
        {"id": id, **_bound(row)},
    )


def take(number: int) -> Statement:
    """Give out the file numbers up to *number*."""
    return TAKE_NUMBER, {"kind": NUMBERS, "number": number}


def _bound(columns: Row) -> dict[str, Any]:
    return {
        name: Jsonb(value) if name in record.JSON and value is not None else value
        for name, value in columns.items()
    }


def _index(id: uuid.UUID, row: Row) -> list[Statement]:
    """The tokens, and the words of the name into the clinic's vocabulary."""
    spoken = record.words(row)
    return [
        (WRITE, {"id": id, "tokens": record.tokens_of(row, spoken), "words": tokens.kept(spoken)}),
        write_slips({(slip, word) for word in spoken for slip in tokens.slips(word)}),
    ]


def write_slips(pairs: Iterable[tuple[str, str]]) -> Statement:
    """Words into the clinic's vocabulary: pairs of a form of a word and the word."""
    ordered = sorted(pairs)
    return WRITE_SLIPS, {"slips": [slip for slip, _ in ordered], "meant": [word for _, word in ordered]}


def _index_anew(id: uuid.UUID, before: Row, row: Row) -> list[Statement]:
    """The tokens anew; a word whose last bearer this was leaves the vocabulary."""
    gone = sorted(set(record.words(before)) - set(record.words(row)))
    return [
        (WIPE, {"id": id}),
        *_index(id, row),
        *((WIPE_SLIPS, {"word": word, "slips": sorted(tokens.slips(word))}) for word in gone),
    ]
