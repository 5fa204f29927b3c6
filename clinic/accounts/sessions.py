"""Coming and going: signing in, staying, signing out. A session is a row; the browser holds a random text."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from clinic.accounts import passwords, queries
from clinic.core import audit, db
from clinic.core.access import ANONYMOUS, Actor
from clinic.core.errors import Unauthorized
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.secret import hashed

IDLE = {"patient": timedelta(days=14)}
IDLE_STAFF = timedelta(hours=12)
"""How long a session lives without a page being opened: a working day at the desk, longer on one's own phone."""
LONGEST = timedelta(days=60)
"""How long a session lives however much it is used."""


class WrongCredentials(Unauthorized):
    code, title = "wrong_credentials", _("The e-mail address or the password is wrong.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just begun: ``token`` is for the cookie and is nowhere else."""

    token: str
    session_id: uuid.UUID
    user_id: uuid.UUID
    role: str
    name: str


BEGIN = """
INSERT INTO user_session (tenant_id, id, user_id, token_hash, expires_at, address, user_agent)
VALUES (%(tenant)s, %(id)s, %(user)s, %(hash)s, now() + %(idle)s, %(address)s, %(agent)s)
"""
SEEN = """
UPDATE user_account SET last_login_at = now(), password_hash = coalesce(%(rehashed)s, password_hash)
 WHERE tenant_id = %(tenant)s AND id = %(user)s
"""
END = """
UPDATE user_session SET revoked_at = now()
 WHERE tenant_id = %(tenant)s AND (id = %(id)s OR token_hash = %(hash)s) AND revoked_at IS NULL
"""
STAY = """
UPDATE user_session SET last_seen_at = now(), expires_at = least(now() + %(idle)s, created_at + %(longest)s)
 WHERE tenant_id = %(tenant)s AND id = %(id)s AND revoked_at IS NULL
   AND last_seen_at < now() - interval '1 minute'
"""


def sign_in(
    *, email: str, password: str, user_agent: str | None = None, previous: str | None = None
) -> SignedIn:
    """Let somebody in. *previous* is the cookie that their browser still carries: that session ends.

    Raises ``WrongCredentials``, alike in words and time for an unknown address, a wrong password, an account that is
    shut and one that never chose a password. The failure is on record although nothing else happened.
    """
    signed_in = _try(email=email, password=password, user_agent=user_agent, previous=previous)
    if signed_in is None:
        raise WrongCredentials
    return signed_in


@db.action
def _try(*, email: str, password: str, user_agent: str | None, previous: str | None) -> SignedIn | None:
    user = queries.credentials(email)
    usable = user if user is not None and user.is_active else None
    if not passwords.matches(usable.password_hash if usable else None, password) or usable is None:
        db.send(audit.entry("session.refuse", "user", user.id if user else None, by=ANONYMOUS))
        return None
    token, session_id = secrets.token_urlsafe(32), new_id()
    actor = Actor("user", usable.id, usable.role, session_id=session_id)
    rehashed = passwords.hash(password) if passwords.outdated(usable.password_hash) else None
    statements: list[db.Statement] = [
        (
            BEGIN,
            {
                "id": session_id,
                "user": usable.id,
                "hash": hashed(token),
                "idle": IDLE.get(usable.role, IDLE_STAFF),
                "address": audit.address.get(),
                "agent": (user_agent or "")[:300] or None,
            },
        ),
        (SEEN, {"user": usable.id, "rehashed": rehashed}),
        audit.entry("session.begin", "user", usable.id, by=actor),
    ]
    if previous:
        statements.insert(0, (END, {"id": None, "hash": hashed(previous)}))
    db.send(*statements)
    return SignedIn(token, session_id, usable.id, usable.role, usable.name)


@db.action
def sign_out(*, by: Actor) -> None:
    """End the session that *by* acts in, on the server."""
    if by.session_id is not None:
        db.send(
            (END, {"id": by.session_id, "hash": None}),
            audit.entry("session.end", "user", by.id, by=by),
        )


@db.action
def stay(*, by: Actor) -> None:
    """Somebody opened a page: their session lives on. At most one write a minute."""
    if by.session_id is not None:
        idle = IDLE.get(by.role or "", IDLE_STAFF)
        db.send((STAY, {"id": by.session_id, "idle": idle, "longest": LONGEST}))
