"""What JSON bodies and answers of accounts look like."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from clinic.accounts.passwords import Password
from clinic.core.access import SCOPES
from clinic.core.fields import CountryCode, Currency, Email, Language, Name, Slug, TimeZoneName
from clinic.core.schema import Body, Listing, Reply
from clinic.core.times import Instant
from clinic.tenants.schemas import Tenant

Scope = Literal[
    "patients:read", "patients:write", "patients:lookup", "schedule:read", "schedule:write", "appointments:read",
    "appointments:write", "appointments:override", "queue:read", "queue:write", "webhooks", "admin",
]  # fmt: skip
LONGEST_GRACE = 30 * 24 * 3600


class OwnerNew(Body):
    """Who owns a new clinic; without a password nobody signs in before one is chosen."""

    name: Name
    email: Email
    password: Password | None = None


class TenantNew(Body):
    """A clinic: enough to open it."""

    name: Name
    slug: Slug = Field(description="The first part of its host's name (RFC 1035).")
    timezone: TimeZoneName
    country: CountryCode
    locale: Language | None = None
    currency: Currency | None = Field(None, description="The country's, if left out.")
    owner: OwnerNew


class Owner(Reply):
    id: uuid.UUID
    name: str
    email: str
    role: Literal["owner"]


class NewKey(Reply):
    """A key with its secret, which is shown this once."""

    id: uuid.UUID
    name: str
    prefix: str
    secret: str
    scopes: list[Scope]
    expires_at: datetime | None


class TenantMade(Reply):
    tenant: Tenant
    owner: Owner
    api_key: NewKey


class ApiKeyNew(Body):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))] | None = Field(
        None, description="The read scopes, if left out; never more than the caller's own."
    )
    expires_at: Instant | None = None


class Rotation(Body):
    grace_seconds: Annotated[int, Field(ge=0, le=LONGEST_GRACE)] = Field(
        0, description="How long the old secret still opens."
    )


class ApiKey(Reply):
    """A key without its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: list[Scope]
    is_active: bool
    created_at: datetime
    created_by: uuid.UUID | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="At most a second behind.")
    requests_30d: int


class ApiKeyListing(Listing):
    include_inactive: bool = Field(False, description="Revoked and ended ones too.")
