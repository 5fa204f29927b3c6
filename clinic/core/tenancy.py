"""Whose clinic this is: the tenant of the request, the job or the command.

The subdomain names it. ``enter`` asks the database, in one function call, whether the clinic exists and who carries
this session or key, and names the clinic to row-level security in the same round trip (RULES §7, *enter once*).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

DEFAULTS: dict[str, Any] = {
    "logo_url": None,
    "color": "#0f766e",
    "languages": ["en", "es", "fr"],
    "min_notice_minutes": 60,
    "max_days_ahead": 90,
    "cancel_notice_minutes": 120,
    "hold_minutes": 5,
    "max_open_bookings_per_patient": 10,
    "max_appointments_per_doctor_per_day": None,
    "late_grace_minutes": 15,
    "walk_in_max_wait_minutes": 60,
    "morning_ends": "12:00",
    "afternoon_ends": "18:00",
    "reminder_minutes_before": [1440, 120],
    "quiet_hours": {"from": "21:00", "to": "07:00"},
    "allowed_origins": [],
    "portal_open": True,
    "retention": {},
    "phone": None,
}
"""Every setting of a clinic (API.md §4) with the value it has until an owner changes it."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A clinic as this request sees it. ``settings`` holds what its owner changed over ``DEFAULTS``."""

    id: uuid.UUID
    slug: str
    name: str
    timezone: str
    country: str
    locale: str
    currency: str
    status: str
    version: int
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def languages(self) -> list[str]:
        return list(self.setting("languages"))

    def setting(self, name: str) -> Any:
        """The value of a setting; ``KeyError`` if there is no such setting."""
        default = DEFAULTS[name]
        return self.settings.get(name, default)


_current: ContextVar[Tenant | None] = ContextVar("tenant", default=None)


def current() -> Tenant | None:
    """The clinic we act in, or None (the platform's own host, start-up)."""
    return _current.get()


def require() -> Tenant:
    """The clinic we act in; a programming error without one."""
    tenant = _current.get()
    if tenant is None:
        raise RuntimeError("no clinic entered")
    return tenant


def leave() -> None:
    """Act in no clinic."""
    _current.set(None)


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
    from clinic.core import db

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
    _current.set(tenant)
    return Entered(tenant, found if found.who_kind else None)


@contextmanager
def acting_in(slug_or_id: str | uuid.UUID) -> Iterator[Tenant]:
    """``with acting_in("north"):`` – for jobs, commands and tests. Ends any transaction that was open before."""
    from clinic.core import db
    from clinic.core.errors import NotFound

    before = _current.get()
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
        _current.set(before)


@contextmanager
def within(tenant: Tenant) -> Iterator[Tenant]:
    """Name a clinic to the transaction that already runs: the operator's verbs begin it without one."""
    from clinic.core import db

    before = _current.get()
    db.send(("SELECT set_tenant(%(clinic)s)", {"clinic": tenant.id}))
    _current.set(tenant)
    try:
        yield tenant
    finally:
        _current.set(before)
