"""What may be changed on a visit besides its time."""

from __future__ import annotations

from pydantic import Field

from clinic.core.external import ChangedIds
from clinic.core.fields import Code, FreeObject, Modality, Note
from clinic.core.schema import Partial
from clinic.tenants.schemas import WebAddress


class AppointmentChange(Partial):
    """Any of a visit's details; null clears one."""

    notes: Note | None = Field(description="The desk's.")
    reason: Note | None
    modality: Modality
    appointment_type: Code | None = Field(description="A code or id of the list `appointment_types`.")
    meeting_url: WebAddress | None
    external_ids: ChangedIds
    custom_fields: FreeObject = Field(default_factory=dict)
