"""Whose clinic this is: the tenant of the request, the job or the command, and its settings.

It knows no database: ``core.entering`` is how one comes in.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
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


def act_in(tenant: Tenant | None) -> None:
    """Act in this clinic from here on, or in none. The database is told by ``core.entering``."""
    _current.set(tenant)


def leave() -> None:
    """Act in no clinic."""
    _current.set(None)
