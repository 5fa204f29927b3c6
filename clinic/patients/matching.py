"""Who of the register a person may be (API.md §5).

The same document is one patient; the same phone with the same name is one, unless birth dates or documents are known of
both and differ. Others are alike, and somebody should look.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinic.core import db
from clinic.patients import tokens
from clinic.patients.names import alike

MOST_ALIKE = 10

# Each line is an equality that an index answers. A phone that hundreds share does not hide the one with the same name.
NEAR = """
WITH near AS (
    (SELECT id FROM patient WHERE tenant_id = %(tenant)s AND document_type = %(document_type)s
        AND document_key = %(document_key)s AND is_active AND document_key IS NOT NULL)
    UNION (SELECT id FROM patient WHERE tenant_id = %(tenant)s
        AND phone = %(phone)s AND name_key = %(name_key)s AND is_active LIMIT 20)
    UNION (SELECT id FROM patient WHERE tenant_id = %(tenant)s AND name_key = %(name_key)s AND is_active LIMIT 20)
    UNION (SELECT id FROM patient WHERE tenant_id = %(tenant)s AND email_key = %(email_key)s AND is_active LIMIT 20)
    UNION (SELECT t.patient_id FROM unnest(%(numbers)s::text[]) AS number CROSS JOIN LATERAL (
        SELECT patient_id FROM patient_token WHERE tenant_id = %(tenant)s AND token = number LIMIT 50) t)
)
SELECT p.id, p.name_key, p.phone, p.phone_alt, p.email_key, p.birth_date, p.birth_date_is_estimated,
       p.document_type, p.document_key
  FROM near JOIN patient p ON p.id = near.id
 WHERE p.tenant_id = %(tenant)s AND p.is_active ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class Match:
    """Who it is (a row of ``near``), if anybody, how that is known (``document``, ``phone``), and who else is alike."""

    known: Any | None
    how: str | None
    alike: list[uuid.UUID]


def near(row: Mapping[str, Any]) -> db.Statement:
    """The statement that finds everybody with whom a new row shares something."""
    numbers = [tokens.backwards(row[name]) for name in ("phone", "phone_alt") if row.get(name)]
    if row.get("document_key"):
        numbers.append(tokens.document(row["document_key"]))
    if row.get("birth_date") and not row.get("birth_date_is_estimated"):
        numbers.append(tokens.born(row["birth_date"]))
    named = ("document_type", "document_key", "phone", "name_key", "email_key")
    return NEAR, {**{name: row.get(name) for name in named}, "numbers": numbers}


def match(row: Mapping[str, Any], others: Sequence[Any], *, but: uuid.UUID | None = None) -> Match:
    """Which of *others* (rows of ``near``) the *row* is; *but* leaves one out, the row's own patient."""
    others = [other for other in others if other.id != but]
    same = [other for other in others if _same_document(row, other)]
    how = "document" if same else "phone"
    # A father and his son may both fit a name without a birth date: who says more in common goes first.
    same = same or sorted(
        (other for other in others if _same_person(row, other)),
        key=lambda other: _born(other) is None or _born(other) != _born(row),
    )
    known = same[0] if same else None
    others_alike = [other.id for other in others if other is not known and _alike(row, other)]
    return Match(known, how if same else None, others_alike[:MOST_ALIKE])


def _same_document(row: Mapping[str, Any], other: Any) -> bool:
    return row.get("document_key") is not None and _document(row) == _document(other)


def _same_person(row: Mapping[str, Any], other: Any) -> bool:
    return (
        row.get("phone") is not None
        and row["phone"] == other.phone
        and row["name_key"] == other.name_key
        and not _differ(_born(row), _born(other))
        and not _differ(_document(row), _document(other))
    )


def _alike(row: Mapping[str, Any], other: Any) -> bool:
    if row.get("document_key") and row["document_key"] == other.document_key:
        return True
    if not alike(row["name_key"], other.name_key):
        return False
    shared = (
        {row.get("phone"), row.get("phone_alt")} & {other.phone, other.phone_alt} - {None}
        or (row.get("email_key") and row["email_key"] == other.email_key)
        or (_born(row) and _born(row) == _born(other))
    )
    same_name = row["name_key"] == other.name_key and not _differ(_born(row), _born(other))
    return bool(shared or same_name)


def _differ(one: Any, other: Any) -> bool:
    return one is not None and other is not None and one != other


def _born(row: Any) -> Any:
    get = row.get if isinstance(row, Mapping) else lambda name: getattr(row, name)
    return None if get("birth_date_is_estimated") else get("birth_date")


def _document(row: Any) -> tuple[Any, Any] | None:
    get = row.get if isinstance(row, Mapping) else lambda name: getattr(row, name)
    return (get("document_type"), get("document_key")) if get("document_key") else None
