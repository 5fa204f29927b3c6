"""The doctor's note on a visit, as JSON."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from clinic.booking.notes import Note
from clinic.core import tenancy
from clinic.core.fields import LongText
from clinic.core.schema import Body, ListOf, Reply


class NoteWritten(Body):
    """The whole note."""

    text: LongText


class VisitNote(Reply):
    """One version of a note. Version 0: nothing was written yet."""

    appointment_id: uuid.UUID
    version: int
    text: str
    written_at: datetime | None
    written_by: str | None


VisitNotes = ListOf[VisitNote]


def show(note: Note, appointment_id: uuid.UUID) -> dict[str, Any]:
    """A note as the API answers it; its time on the clinic's clock."""
    return {
        "appointment_id": appointment_id,
        "version": note.number,
        "text": note.text,
        "written_at": note.at.astimezone(tenancy.require().zone) if note.at else None,
        "written_by": note.actor,
    }
