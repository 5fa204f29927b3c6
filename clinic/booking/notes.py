"""What the doctor writes about a visit: theirs alone, every version kept (API.md §6, ``visit-note``).

Nobody else reads it, not the desk, not another doctor, not a key; no list and no page of the desk shows it.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Conflict, Forbidden, NotFound, Stale, means
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id

VISIT = "SELECT id, doctor_id, patient_id FROM appointment WHERE tenant_id = %(tenant)s AND id = %(id)s"
LOCK = VISIT + " FOR NO KEY UPDATE"
VERSIONS = """
SELECT number, text, at, actor FROM visit_note
 WHERE tenant_id = %(tenant)s AND appointment_id = %(id)s ORDER BY number DESC
"""
LAST = VERSIONS + " LIMIT 1"
WRITE = """
INSERT INTO visit_note (tenant_id, id, appointment_id, number, text, actor)
VALUES (%(tenant)s, %(id)s, %(appointment_id)s, %(number)s, %(text)s, %(actor)s) RETURNING number, text, at, actor
"""


@means("visit_note_one_per_number")
class NoteTaken(Conflict):
    """Two versions at once; the visit's lock keeps it from happening."""

    code, title = "note_taken", _("Somebody wrote this note at the same moment. Load it again.")


class Note(NamedTuple):
    """One version of the note; number 0: nothing was written yet."""

    number: int = 0
    text: str = ""
    at: datetime | None = None
    actor: str | None = None


def read(id: uuid.UUID, *, by: Actor) -> Note:
    """The note of a visit as it stands; it is recorded who read it. Raises ``NotFound``, ``Forbidden``."""
    visit = _own(id, VISIT, by)
    audit.read("visit_note", id, by=by, patient_id=visit.patient_id)
    return _note(db.row(LAST, id=id))


def versions(id: uuid.UUID, *, by: Actor) -> list[Note]:
    """Every version, the last first; it is recorded who read them. Raises ``NotFound``, ``Forbidden``."""
    visit = _own(id, VISIT, by)
    audit.read("visit_note", id, by=by, patient_id=visit.patient_id)
    return [_note(row) for row in db.rows(VERSIONS, id=id)]


@db.action
def write(*, id: uuid.UUID, text: str, version: int | None = None, by: Actor) -> Note:
    """Write the note anew; what stood there is kept. The same words again are no new version.

    Raises ``NotFound``, ``Forbidden``, ``Stale`` if *version* is not the number of the last one.
    """
    visit = _own(id, LOCK, by)
    last = _note(db.row(LAST, id=id))
    if version is not None and version != last.number:
        raise Stale
    if last.number and last.text == text:
        return last
    _recorded, written = db.send(
        audit.entry("visit_note.write", "visit_note", id, by=by, patient_id=visit.patient_id),
        (
            WRITE,
            {
                "id": new_id(),
                "appointment_id": id,
                "number": last.number + 1,
                "text": text,
                "actor": by.caller,
            },
        ),
    )
    return _note(written[0])


def _own(id: uuid.UUID, statement: str, by: Actor) -> Any:
    visit = db.row(statement, id=id)
    if visit is None:
        raise NotFound
    if not by.is_doctor or visit.doctor_id != by.doctor_id:
        audit.denied("appointments.note", by=by)
        raise Forbidden
    return visit


def _note(row: Any) -> Note:
    return Note(*row) if row else Note()
