"""The doctor's note on a visit as JSON (API.md §6, ``visit-note``)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g

from clinic.booking import notes
from clinic.booking.schemas_notes import NoteWritten, VisitNote, VisitNotes, show
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version
from clinic.core.errors import Stale

api = ApiBlueprint("visit_notes", __name__, about="What the doctor writes about a visit: theirs alone.")


@api.get("/appointments/<uuid:id>/visit-note", answers=VisitNote)
@allow("appointments.note")
def note(id: uuid.UUID) -> Response:
    """The note as it stands."""
    found = notes.read(id, by=g.actor)
    return answer(show(found, id), version=found.number)


@api.get("/appointments/<uuid:id>/visit-note/versions", answers=VisitNotes)
@allow("appointments.note")
def versions(id: uuid.UUID) -> dict[str, Any]:
    """Every version of it, the last first."""
    return {"items": [show(each, id) for each in notes.versions(id, by=g.actor)], "next_cursor": None}


@api.put("/appointments/<uuid:id>/visit-note", answers=VisitNote, refuses=[Stale])
@allow("appointments.note")
def write(id: uuid.UUID, body: NoteWritten) -> Response:
    """Write it anew; what stood there is kept."""
    written = notes.write(id=id, text=body.text, version=expected_version(), by=g.actor)
    return answer(show(written, id), version=written.number)
