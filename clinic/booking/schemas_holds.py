"""What a JSON body about a hold looks like, and what is answered."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.core.errors import invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.schema import Body, Reply
from clinic.core.times import WallOrInstant
from clinic.schedule import slots


class HoldAsked(Body):
    """A free slot to keep."""

    doctor_id: uuid.UUID | None = None
    start: WallOrInstant | None = None
    slot: Annotated[str, Field(max_length=500)] | None = None
    service_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None

    def asked(self) -> dict[str, Any]:
        """The verb's words; 422 if it does not say whose time or when."""
        if self.slot is not None:
            return slots.unseal(self.slot)
        for name in ("doctor_id", "start"):
            if getattr(self, name) is None:
                raise invalid(f"/{name}", "required", _("This is required."))
        return {name: getattr(self, name) for name in ("doctor_id", "start", "service_id", "location_id")}


class Hold(Reply):
    """A slot that is kept for the caller."""

    id: uuid.UUID
    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    service_id: uuid.UUID | None
    start: datetime
    end: datetime
    expires_at: datetime
    extended: bool


def show_hold(hold: Any, zone: ZoneInfo) -> dict[str, Any]:
    """A hold as the API answers it."""
    return {
        "id": hold.id,
        "doctor_id": hold.doctor_id,
        "location_id": hold.location_id,
        "service_id": hold.service_id,
        "start": hold.starts_at.astimezone(zone),
        "end": hold.ends_at.astimezone(zone),
        "expires_at": hold.expires_at.astimezone(zone),
        "extended": hold.extended,
    }
