"""What other systems call our records: ``external_ids: {system: value}`` (API.md §1, *outside ids*).

An object has one value in each system, and no two objects of a kind share one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from clinic.core import db
from clinic.core.errors import Conflict, means
from clinic.core.fields import Code
from clinic.core.i18n import lazy_gettext as _
from clinic.core.text import Text

MOST = 20
ExternalIds = Annotated[
    dict[Code, Annotated[str, Text(255, least=1)] | None],
    Field(max_length=MOST, description="What other systems call this record; null takes one away."),
]
ChangedIds = ExternalIds | None
"""``external_ids`` of a change; null takes all away."""
ExternalId = Annotated[str, Text(320), Field(pattern="^[^:]+:.+$", examples=["his:4711"])]
"""``?external_id=system:value`` of a list."""

OF = """
SELECT object_id, system, value FROM external_id
 WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND object_id = ANY(%(ids)s) ORDER BY system
"""
FIND = """
SELECT object_id FROM external_id
 WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND system = %(system)s AND value = %(value)s
"""
CLEAR = """
DELETE FROM external_id
 WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND object_id = %(id)s AND system = ANY(%(systems)s)
"""
ASSIGN = """
INSERT INTO external_id (tenant_id, kind, system, value, object_id)
VALUES (%(tenant)s, %(kind)s, %(system)s, %(value)s, %(id)s)
ON CONFLICT DO NOTHING RETURNING true AS assigned
"""


@means("external_id_pkey")
class ExternalIdTaken(Conflict):
    """``extra["existing_id"]``: whose it is."""

    code = "external_id_taken"
    title = _("Another record has this id of the other system.")


def of(kind: str, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, str]]:
    """The outside ids of objects of a kind; an object without any is not among them."""
    found: dict[uuid.UUID, dict[str, str]] = {}
    for row in db.rows(OF, kind=kind, ids=list(ids)):
        found.setdefault(row.object_id, {})[row.system] = row.value
    return found


def split(text: str) -> tuple[str, str]:
    """``system:value`` as its two parts; a value may hold colons."""
    system, _colon, value = text.partition(":")
    return system, value


def find(kind: str, text: str) -> uuid.UUID | None:
    """Which object of a kind ``system:value`` means, or None."""
    system, value = split(text)
    found = db.row(FIND, kind=kind, system=system, value=value)
    return found.object_id if found else None


def put(kind: str, id: uuid.UUID, given: Mapping[str, str | None] | None) -> None:
    """Give an object these outside ids (None takes one away); those in other systems stay. Part of a verb.

    None in place of them takes all away. Raises ``ExternalIdTaken``.
    """
    if given is None:
        given = dict.fromkeys(of(kind, [id]).get(id, {}))
    wanted: list[dict[str, Any]] = [
        {"kind": kind, "id": id, "system": system, "value": value}
        for system, value in sorted(given.items())
        if value is not None
    ]
    clear = {"kind": kind, "id": id, "systems": list(given)}
    _cleared, *answers = db.send((CLEAR, clear), *((ASSIGN, each) for each in wanted))
    for each, assigned in zip(wanted, answers, strict=True):
        if not assigned:
            holder = db.row(FIND, **each)
            raise ExternalIdTaken(extra={"existing_id": holder.object_id} if holder else None)
