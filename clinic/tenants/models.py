"""Tables of the organisation."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from clinic.core.db import Base, OfTenant, Versioned
from clinic.core.ids import new_id


class TenantRow(Base):
    """A clinic. Global: read before anybody knows whose request it is, rarely written."""

    __tablename__ = "tenant"
    __table_args__ = (
        UniqueConstraint("slug", name="tenant_one_per_slug"),
        CheckConstraint("status IN ('active', 'suspended')", name="status_known"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, server_default="en")
    currency: Mapped[str] = mapped_column(Text, server_default="USD")
    status: Mapped[str] = mapped_column(Text, server_default="active")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Setting(OfTenant, Base):
    """What a clinic's owner changed over ``tenancy.DEFAULTS``: one row a clinic."""

    __tablename__ = "setting"
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class LookupValue(Base):
    """A coded value that every clinic knows (global)."""

    __tablename__ = "lookup_value"
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(default=new_id)
    label: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(server_default="0")


class Lookup(Versioned, Base):
    """A coded value of one clinic's own."""

    __tablename__ = "lookup"
    __table_args__ = (
        Index(
            "lookup_one_per_code",
            "tenant_id",
            "kind",
            text("lower(code)"),
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)


class Location(Versioned, Base):
    """A place where the clinic receives. Its time zone decides what a day is there.

    ``city_key`` and ``search_key`` are the folded forms that filters compare: no accents, no case.
    """

    __tablename__ = "location"
    __table_args__ = (
        Index(
            "location_one_per_code",
            "tenant_id",
            text("lower(code)"),
            unique=True,
            postgresql_where=text("is_active AND code IS NOT NULL"),
        ),
    )
    name: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    postal_code: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    city_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    search_key: Mapped[str] = mapped_column(Text, default="", server_default="")


class CustomFieldSchema(OfTenant, Base):
    """The JSON Schema that a clinic set for the custom fields of one kind of record."""

    __tablename__ = "custom_field_schema"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('patient', 'doctor', 'appointment', 'availability', 'block')", name="kind_known"
        ),
    )
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    schema: Mapped[dict[str, Any]] = mapped_column(JSON)  # not jsonb, which would sort the fields of a form
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
