"""Tables of those who sign in."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from clinic.core.db import Base, Identified, OfTenant, Versioned, belongs_to


class User(Versioned, Base):
    """Somebody who signs in at this clinic. ``email_key`` is the address as compared."""

    __tablename__ = "user_account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email_key", name="user_account_one_per_email"),
        CheckConstraint(
            "role IN ('patient', 'doctor', 'receptionist', 'manager', 'owner')", name="role_known"
        ),
    )
    email: Mapped[str] = mapped_column(Text)
    email_key: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    bio: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    is_verified: Mapped[bool] = mapped_column(default=False, server_default="false")
    last_login_at: Mapped[datetime | None]


class UserSession(Identified, Base):
    """A signed-in browser. The cookie holds a random text, this row its hash."""

    __tablename__ = "user_session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash", name="user_session_one_per_token"),
        Index("user_session_by_user", "tenant_id", "user_id"),
        belongs_to("user_account", "user_id"),
    )
    user_id: Mapped[uuid.UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)


class ApiKey(Identified, Base):
    """An integration's key. ``old_hash`` still opens until ``old_until`` after a rotation with grace."""

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key_hash", name="api_key_one_per_secret"),
        Index("api_key_by_old_hash", "tenant_id", "old_hash", postgresql_where=text("old_hash IS NOT NULL")),
    )
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    old_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_until: Mapped[datetime | None]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[uuid.UUID | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class ApiKeyDay(OfTenant, Base):
    """How many requests a key made on one day (UTC)."""

    __tablename__ = "api_key_day"
    __table_args__ = (belongs_to("api_key", "key_id"),)
    key_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int]
