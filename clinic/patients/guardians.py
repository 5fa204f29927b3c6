"""Who answers for a patient: what is given as ``guardians`` (API.md §5), and the rows it becomes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from clinic.core import db
from clinic.core.errors import FieldError, Invalid
from clinic.core.i18n import lazy_gettext as _

Given = Sequence[Mapping[str, Any]]

KNOWN = "SELECT id FROM patient WHERE tenant_id = %(tenant)s AND is_active AND id = ANY(%(ids)s)"
OF = """
SELECT guardian_id, relation, may_book, may_see FROM guardian
 WHERE tenant_id = %(tenant)s AND patient_id = %(id)s ORDER BY guardian_id
"""
CLEAR = "DELETE FROM guardian WHERE tenant_id = %(tenant)s AND patient_id = %(id)s"
PUT = """
INSERT INTO guardian (tenant_id, patient_id, guardian_id, relation, may_book, may_see)
VALUES (%(tenant)s, %(id)s, %(guardian_id)s, %(relation)s, %(may_book)s, %(may_see)s)
"""


def put(patient_id: uuid.UUID, given: Given) -> list[db.Statement]:
    """The statements that set a patient's guardians, in place of those there were.

    Raises ``Invalid`` with ``unknown_id``, ``repeated`` or ``own_guardian`` at each that cannot be one.
    """
    _must_be_possible(patient_id, given)
    return [
        (CLEAR, {"id": patient_id}),
        *((PUT, {"id": patient_id, **row}) for row in map(_row, given)),
    ]


def differ(patient_id: uuid.UUID, given: Given) -> bool:
    """Whether *given* says anything new."""
    there = [each._asdict() for each in db.rows(OF, id=patient_id)]
    return sorted(map(_row, given), key=lambda row: str(row["guardian_id"])) != there


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "guardian_id": given["patient_id"],
        "relation": given.get("relation"),
        "may_book": given.get("may_book", True),
        "may_see": given.get("may_see", True),
    }


def _must_be_possible(patient_id: uuid.UUID, given: Given) -> None:
    ids = [each["patient_id"] for each in given]
    known = {row.id for row in db.rows(KNOWN, ids=ids)} if ids else set()
    wrong = []
    for place, id in enumerate(ids):
        if id == patient_id:
            wrong.append((place, "own_guardian", _("Nobody is their own guardian.")))
        elif id not in known:
            wrong.append((place, "unknown_id", _("Nothing here has this id.")))
        elif id in ids[:place]:
            wrong.append((place, "repeated", _("Give this once.")))
    if wrong:
        raise Invalid(
            [FieldError(f"/guardians/{place}/patient_id", code, str(text)) for place, code, text in wrong]
        )
