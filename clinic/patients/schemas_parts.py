"""What stands inside a JSON body about a patient: whom to call, consents, guardians, needs, who may open it."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field

from clinic.core.access import ROLES
from clinic.core.fields import Line, Name, Phone
from clinic.core.schema import Body
from clinic.core.text import Text
from clinic.core.times import Instant


class EmergencyContact(Body):
    """Whom to call."""

    name: Name | None = None
    phone: Phone | None = None
    relation: Line | None = None


class Consent(Body):
    """What the patient agreed to, and since when."""

    purpose: Annotated[str, Text(100, least=1)]
    text_version: Line | None = None
    at: Instant | None = Field(None, description="Now, if left out.")
    source: Line | None = None
    withdrawn_at: Instant | None = None


class GuardianGiven(Body):
    """Who answers for the patient: a patient of this clinic too."""

    patient_id: uuid.UUID
    relation: Line | None = None
    may_book: bool = True
    may_see: bool = True


class Needs(Body):
    """What the patient needs when they come."""

    interpreter: bool | Line | None = None
    access: bool | Line | None = None
    transport: bool | Line | None = None


class Confidentiality(Body):
    """Who opens the record without giving a reason."""

    roles: list[Literal[*ROLES]] = Field(default_factory=list, max_length=len(ROLES))  # type: ignore[valid-type]
    user_ids: list[uuid.UUID] = Field(default_factory=list, max_length=50)
