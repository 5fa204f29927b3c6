"""What JSON bodies and answers of coded values look like."""

from __future__ import annotations

import uuid
from datetime import datetime

from clinic.core.fields import Code, Name
from clinic.core.schema import Body, Listing, Partial, Reply


class LookupNew(Body):
    """A value of the clinic's own."""

    code: Code
    label: Name


class LookupChange(LookupNew, Partial):
    """Code or label."""


class Lookup(Reply):
    """A coded value; the system's have no times, and version 1 for good."""

    id: uuid.UUID
    kind: str
    code: str
    label: str
    is_system: bool
    is_active: bool
    version: int
    created_at: datetime | None
    updated_at: datetime | None


class LookupKind(Reply):
    """A list of coded values."""

    kind: str
    read_only: bool
    values: list[Lookup]


class LookupListing(Listing):
    include_inactive: bool = False
