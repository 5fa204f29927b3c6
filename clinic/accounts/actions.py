"""What is done to accounts: a clinic gets its owner, people get and lose their roles."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_territory_currencies

from clinic.accounts import keys, passwords, queries
from clinic.accounts.models import User
from clinic.core import audit, db, entering, tenancy
from clinic.core.access import ROLES, SCOPES, Actor
from clinic.core.errors import Conflict, Forbidden, NotFound, Stale, means
from clinic.core.fields import email_key
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.tenants import actions as tenants
from clinic.tenants import queries as organisation


@means("user_account_one_per_email")
class EmailTaken(Conflict):
    code, title = "email_taken", _("Somebody here already uses this e-mail address.")


class LastOwner(Conflict):
    code, title = "last_owner", _("This is the clinic's only owner. Make somebody else an owner first.")


class OwnersOnly(Forbidden):
    code, title = "owners_only", _("Only an owner can add, change or remove an owner.")


@dataclass(frozen=True, slots=True)
class Founded:
    """A new clinic with its owner and its first key, whose secret is shown this once."""

    tenant: Any
    owner: Any
    key: keys.NewKey


@db.action
def create_tenant(
    *,
    name: str,
    slug: str,
    timezone: str,
    country: str,
    owner_name: str,
    owner_email: str,
    owner_password: str | None = None,
    locale: str | None = None,
    currency: str | None = None,
    by: Actor,
) -> Founded:
    """Open a clinic: itself, its settings, one location, its owner, and a first key with every scope.

    Without a password the owner cannot sign in before choosing one. The currency left out is the country's.
    Raises ``SlugTaken``, ``Invalid`` (``reserved_slug``).
    """
    tenant = tenants.open_clinic(
        name=name,
        slug=slug,
        timezone=timezone,
        country=country,
        locale=locale or "en",
        currency=currency or next(iter(get_territory_currencies(country)), "USD"),
        by=by,
    )
    with entering.within(tenant):
        owner = create_user(
            email=owner_email, name=owner_name, role="owner", password=owner_password, is_verified=True, by=by
        )
        key = keys.create_key(name=name, scopes=SCOPES, by=by)
    return Founded(organisation.clinic(tenant.id), owner, key)


@db.action
def create_user(
    *,
    email: str,
    name: str,
    role: str,
    password: str | None = None,
    phone: str | None = None,
    language: str | None = None,
    is_verified: bool = False,
    by: Actor,
) -> Any:
    """An account at this clinic; without a password nobody signs in to it yet.

    *email* is a sound address (``fields.email``). Raises ``EmailTaken``, ``OwnersOnly``.
    """
    if role not in ROLES:
        raise ValueError(role)
    _owners_are_made_by_owners(role, by=by)
    user = User(
        id=new_id(),
        email=email,
        email_key=email_key(email),
        password_hash=passwords.hash(password) if password is not None else None,
        name=name,
        role=role,
        phone=phone,
        language=language,
        is_verified=is_verified,
    )
    db.session.add(user)
    db.session.flush()
    audit.record("user.create", "user", user.id, by=by, details={"role": role})
    return queries.user(user.id)


@db.action
def set_role(id: uuid.UUID, *, role: str, version: int | None = None, by: Actor) -> Any:
    """Give a user another role; their sessions end at once.

    Raises ``NotFound``, ``Stale``, ``OwnersOnly``, ``LastOwner``.
    """
    if role not in ROLES:
        raise ValueError(role)
    owners = _owners()
    user = _user(id, version)
    if user.role != role:
        _owners_are_made_by_owners(user.role, role, by=by)
        if owners == [id]:
            raise LastOwner
        before, user.role = user.role, role
        _changed(user, "user.set_role", by, {"from": before, "to": role})
        end_sessions(id, by=by)
    return queries.user(id)


@db.action
def deactivate(id: uuid.UUID, *, version: int | None = None, by: Actor) -> None:
    """Shut an account: its sessions end at once, its deeds stay on record. Twice is harmless.

    Raises ``NotFound``, ``Stale``, ``OwnersOnly``, ``LastOwner``.
    """
    owners = _owners()
    user = _user(id, version)
    if user.is_active:
        _owners_are_made_by_owners(user.role, by=by)
        if owners == [id]:
            raise LastOwner
        user.is_active = False
        _changed(user, "user.deactivate", by)
        end_sessions(id, by=by)


@db.action
def set_password(id: uuid.UUID, *, password: str, by: Actor) -> None:
    """Choose a password; every session of the user ends, this one too. Raises ``NotFound``."""
    user = _user(id, None)
    user.password_hash = passwords.hash(password)
    _changed(user, "user.set_password", by)
    end_sessions(id, by=by)


@db.action
def end_sessions(user_id: uuid.UUID, *, by: Actor) -> int:
    """End every session of a user, on the server; answers how many there were."""
    ended = db.rows(
        "UPDATE user_session SET revoked_at = now() WHERE tenant_id = %(tenant)s AND user_id = %(user)s"
        " AND revoked_at IS NULL AND expires_at > now() RETURNING id",
        user=user_id,
    )
    if ended:
        audit.record("session.end", "user", user_id, by=by, object_ids=[row.id for row in ended])
    return len(ended)


def _user(id: uuid.UUID, version: int | None) -> User:
    user = db.session.get(User, (tenancy.require().id, id), with_for_update=True)
    if user is None:
        raise NotFound
    if version is not None and version != user.version:
        raise Stale
    return user


def _owners_are_made_by_owners(*roles: str, by: Actor) -> None:
    if "owner" in roles and not (
        by.kind in ("platform", "system") or (by.kind == "user" and by.role == "owner")
    ):
        raise OwnersOnly


def _owners() -> list[uuid.UUID]:
    """The clinic's owners, locked in order before anybody else is: two who step down at once wait for each other."""
    rows = db.rows(
        "SELECT id FROM user_account WHERE tenant_id = %(tenant)s AND role = 'owner' AND is_active"
        " ORDER BY id FOR UPDATE"
    )
    return [row.id for row in rows]


def _changed(user: User, act: str, by: Actor, details: dict[str, Any] | None = None) -> None:
    user.version += 1
    db.session.flush()
    audit.record(act, "user", user.id, by=by, details=details)
