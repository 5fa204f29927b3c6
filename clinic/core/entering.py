"""Coming into a clinic: the database is told whose rows may be seen, and says who carries this session or key.

The subdomain names the clinic. ``enter`` asks in one function call whether it exists and who carries the credential,
and names it to row-level security in the same round trip (RULES §7, *enter once*).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clinic.core import db
from clinic.core.errors import NotFound
from clinic.core.tenancy import Tenant, act_in, current, leave


@lru_cache(maxsize=4096)
def _tenant(
    id: uuid.UUID,
    slug: str,
    name: str,
    timezone: str,
    country: str,
    locale: str,
    currency: str,
    status: str,
    version: int,
    settings: str,
) -> Tenant:
    return Tenant(id, slug, name, timezone, country, locale, currency, status, version, json.loads(settings))


@dataclass(frozen=True, slots=True)
class Entered:
    """What ``enter`` found: the clinic (or None), and who carries the credential (None: nobody valid)."""

    tenant: Tenant | None
    who: Any | None


ENTER = """SELECT * FROM enter(%(slug)s, %(session)s, %(key)s)"""


def enter(slug: str, *, session_hash: bytes | None = None, key_hash: bytes | None = None) -> Entered:
    """Open the transaction in the clinic *slug*; check the session or key in the same round trip.

    An unknown clinic enters nothing. A suspended one is answered with its status: the door refuses it.
    """
    leave()
    asked = {"slug": slug, "session": session_hash, "key": key_hash}
    try:
        found = db.row(ENTER, **asked)
    except Exception as error:
        # A pooled connection to a server that was restarted: entering is the first statement, so it may be said again.
        if not db.is_disconnect(error):
            raise
        db.hang_up()
        found = db.row(ENTER, **asked)
    if found is None or found.tenant_id is None:
        return Entered(None, None)
    tenant = _tenant(
        found.tenant_id, found.slug, found.name, found.timezone, found.country, found.locale, found.currency,
        found.status, found.version, found.settings,
    )  # fmt: skip
    act_in(tenant)
    return Entered(tenant, found if found.who_kind else None)


@contextmanager
def acting_in(slug_or_id: str | uuid.UUID) -> Iterator[Tenant]:
    """``with acting_in("north"):`` – for jobs, commands and tests. Ends any transaction that was open before."""
    before = current()
    db.take_back()
    leave()
    slug = slug_or_id
    if isinstance(slug_or_id, uuid.UUID):
        found = db.row("SELECT slug FROM tenant WHERE id = %(id)s", id=slug_or_id)
        if found is None:
            raise NotFound
        slug = found.slug
    tenant = enter(str(slug)).tenant
    if tenant is None:
        raise NotFound
    try:
        yield tenant
    finally:
        db.take_back()
        act_in(before)


@contextmanager
def within(tenant: Tenant) -> Iterator[Tenant]:
    """Name a clinic to the transaction that already runs: the operator's verbs begin it without one."""
    before = current()
    db.send(("SELECT set_tenant(%(clinic)s)", {"clinic": tenant.id}))
    act_in(tenant)
    try:
        yield tenant
    finally:
        act_in(before)
