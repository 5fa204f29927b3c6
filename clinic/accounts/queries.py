"""What is read of those who sign in: users, their sessions, API keys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from clinic.core import db
from clinic.core.errors import NotFound
from clinic.core.fields import email_key

USER = (
    "id, email, name, phone, bio, role, language, is_verified, is_active, last_login_at, version,"
    " created_at, updated_at"
)
KEY = (
    "k.id, k.name, k.prefix, k.scopes, k.created_at, k.created_by, k.expires_at, k.revoked_at, k.last_used_at,"
    " (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())) AS is_active,"
    " (SELECT coalesce(sum(d.requests), 0)::bigint FROM api_key_day d WHERE d.tenant_id = %(tenant)s"
    " AND d.key_id = k.id AND d.day > current_date - 30) AS requests_30d"
)


def user(id: uuid.UUID) -> Any:
    """One user, active or not. Raises ``NotFound``."""
    found = db.row(f"SELECT {USER} FROM user_account WHERE tenant_id = %(tenant)s AND id = %(id)s", id=id)
    if found is None:
        raise NotFound
    return found


def user_by_email(email: str) -> Any:
    """The user of an address in any spelling of its case, or None."""
    return db.row(
        f"SELECT {USER} FROM user_account WHERE tenant_id = %(tenant)s AND email_key = %(email)s",
        email=email_key(email),
    )


def credentials(email: str) -> Any:
    """What is needed to let somebody in: ``id, name, role, password_hash, is_active``; None for an unknown address."""
    return db.row(
        "SELECT id, name, role, password_hash, is_active FROM user_account"
        " WHERE tenant_id = %(tenant)s AND email_key = %(email)s",
        email=email_key(email),
    )


def session_owner(token_hash: bytes) -> uuid.UUID | None:
    """Whose session a cookie was, ended or not; None if it never was one here."""
    found = db.row(
        "SELECT user_id FROM user_session WHERE tenant_id = %(tenant)s AND token_hash = %(hash)s",
        hash=token_hash,
    )
    return found.user_id if found else None


def keys(*, limit: int, after: tuple[Any, ...] | None = None, include_inactive: bool = False) -> list[Any]:
    """One row more than *limit* of the clinic's API keys, the newest first; secrets are not among the columns."""
    return db.rows(
        f"SELECT {KEY} FROM api_key k WHERE k.tenant_id = %(tenant)s"
        " AND (%(at)s::timestamptz IS NULL OR (k.created_at, k.id) < (%(at)s, %(id)s::uuid))"
        " AND (%(inactive)s OR (k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))"
        " ORDER BY k.created_at DESC, k.id DESC LIMIT %(limit)s",
        at=after[0] if after else None,
        id=after[1] if after else None,
        inactive=include_inactive,
        limit=limit + 1,
    )


def key(id: uuid.UUID) -> Any:
    """One API key, revoked or not. Raises ``NotFound``."""
    found = db.row(f"SELECT {KEY} FROM api_key k WHERE k.tenant_id = %(tenant)s AND k.id = %(id)s", id=id)
    if found is None:
        raise NotFound
    return found


def users(ids: Sequence[str]) -> set[str]:
    """Which of these are accounts of this clinic, as text."""
    sql = "SELECT id::text AS id FROM user_account WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s::uuid[])"
    return {row.id for row in db.rows(sql, ids=list(ids))}
