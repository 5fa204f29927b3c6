"""What is done to API keys: made, rotated, revoked. A secret is shown once and kept as its hash."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from clinic.accounts.models import ApiKey
from clinic.core import audit, clock, db, tenancy
from clinic.core.access import READ_SCOPES, SCOPES, Actor
from clinic.core.errors import Conflict, Forbidden, NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.secret import hashed

SHOWN = 6
"""Characters of the random part that stay readable, so that people can tell keys apart."""


class ScopesExceeded(Forbidden):
    code, title = "scopes_exceeded", _("A key cannot have more scopes than whoever makes it.")


class KeyRevoked(Conflict):
    code, title = "key_revoked", _("This key has been revoked. Make a new one.")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its secret, which is nowhere else."""

    id: uuid.UUID
    name: str
    prefix: str
    secret: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@db.action
def create_key(
    *, name: str, scopes: Collection[str] | None = None, expires_at: datetime | None = None, by: Actor
) -> NewKey:
    """A key of this clinic for an integration; the read scopes unless *scopes* are given.

    Raises ``ScopesExceeded``, ``Invalid`` (``past``: it would have ended already).
    """
    wanted = _scopes(scopes, by)
    if expires_at is not None and expires_at <= clock.now():
        raise invalid("/expires_at", "past", _("This time has passed."))
    prefix, secret = _secret()
    key = ApiKey(
        id=new_id(),
        name=name,
        prefix=prefix,
        key_hash=hashed(secret),
        scopes=list(wanted),
        created_by=by.id,
        expires_at=expires_at,
    )
    db.session.add(key)
    db.session.flush()
    audit.record("key.create", "key", key.id, by=by, details={"scopes": list(wanted)})
    return NewKey(key.id, name, prefix, secret, wanted, expires_at)


@db.action
def rotate_key(id: uuid.UUID, *, grace_seconds: int = 0, by: Actor) -> NewKey:
    """A new secret for a key, which stays the same caller; the old secret dies at once, or after *grace_seconds*.

    Raises ``NotFound``, ``KeyRevoked``, ``ScopesExceeded`` (it can do more than whoever asks).
    """
    key = _key(id)
    if key.revoked_at is not None:
        raise KeyRevoked
    _scopes(key.scopes, by)
    prefix, secret = _secret()
    if grace_seconds:
        key.old_hash = key.key_hash
        key.old_until = db.row("SELECT now() + make_interval(secs => %(s)s) AS at", s=grace_seconds).at
    else:
        key.old_hash = key.old_until = None
    key.key_hash, key.prefix = hashed(secret), prefix
    db.session.flush()
    audit.record("key.rotate", "key", id, by=by, details={"grace_seconds": grace_seconds})
    return NewKey(id, key.name, prefix, secret, tuple(key.scopes), key.expires_at)


@db.action
def revoke_key(id: uuid.UUID, *, by: Actor) -> None:
    """Refuse a key, and a secret in its grace, from the next request on. Twice is harmless. Raises ``NotFound``."""
    key = _key(id)
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        db.session.flush()
        audit.record("key.revoke", "key", id, by=by)


def _key(id: uuid.UUID) -> ApiKey:
    key = db.session.get(ApiKey, (tenancy.require().id, id), with_for_update=True)
    if key is None:
        raise NotFound
    return key


def _scopes(wanted: Collection[str] | None, by: Actor) -> tuple[str, ...]:
    """The scopes that a key gets, in the order of the list; never more than the caller's own."""
    own = by.scopes if by.kind == "key" else frozenset(SCOPES)
    # Who names none gets what they can give of the read scopes; who names some gets those or a no.
    chosen = set(READ_SCOPES) & own if wanted is None else set(wanted)
    if unknown := chosen - set(SCOPES):
        raise ValueError(*unknown)
    if not chosen or not chosen <= own:
        raise ScopesExceeded
    return tuple(scope for scope in SCOPES if scope in chosen)


def _secret() -> tuple[str, str]:
    """The readable beginning and the whole of a new secret; it carries its clinic in its text (RULES §1.8)."""
    begin, random = f"ck_{tenancy.require().slug}_", secrets.token_urlsafe(32)
    return begin + random[:SHOWN], begin + random
