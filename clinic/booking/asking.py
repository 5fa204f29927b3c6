"""What somebody asks for when they book: plain values that every face fills and the verbs read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clinic.core.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A visit that is asked for. ``start`` may be naive: the wall clock of the location. Without it: a token day.

    One of ``patient_id``, ``patient`` (fields of a new or known person) and ``patient_document`` says for whom.
    ``offer``: the hold of a place that the clinic itself offered: it is used up, and what binds patients does not bind.
    ``minutes`` or ``end``: another length than the visit type's. ``wishes``: whatever else is kept as it is given.
    """

    doctor_id: uuid.UUID | None = None
    doctor_document: tuple[str, str] | None = None
    patient_id: uuid.UUID | None = None
    patient: Mapping[str, Any] | None = None
    patient_document: tuple[str, str] | None = None
    start: datetime | None = None
    date: date | None = None
    end: datetime | None = None
    minutes: int | None = None
    hold_id: uuid.UUID | None = None
    offer: Any = None
    session_id: uuid.UUID | None = None
    series_id: uuid.UUID | None = None
    service_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    room_id: uuid.UUID | None = None
    source: str | None = None
    walk_in: bool = False
    overbook: bool = False
    overbook_reason: str | None = None
    allow_overlap: bool = False
    modality: str | None = None
    appointment_type: str | None = None
    reason: str | None = None
    notes: str | None = None
    meeting_url: str | None = None
    intake_answers: Mapping[str, Any] | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)
    custom_fields: Mapping[str, Any] | None = None
    idempotency_key: str | None = None
    idempotency_hash: bytes | None = None

    def binds(self, by: Actor) -> bool:
        """Whether what binds patients (notice, limits, what they must answer) binds who asks for this."""
        return by.audience == "patient" and self.offer is None
