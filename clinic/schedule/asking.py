"""Who asks the engine: an actor as the engine knows one, with what binds them (API.md §1, *who is bound*)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from clinic.core import tenancy
from clinic.core.access import Actor
from clinic.schedule.facts import Asker, Wish

DAYS_AHEAD = 62
"""How far ahead may be looked and, without a visit type, booked (API.md §6)."""


def asker(
    by: Actor,
    now: datetime,
    wish: Wish,
    *,
    except_for: Sequence[uuid.UUID | None] = (),
    audience: str | None = None,
) -> Asker:
    """Who asks. Without a visit type: no notice, and 62 days ahead (API.md §6)."""
    tenant = tenancy.require()
    return Asker(
        audience or by.audience,  # type: ignore[arg-type]
        now,
        tenant.setting("min_notice_minutes") if wish.service else 0,
        tenant.setting("max_days_ahead") if wish.service else DAYS_AHEAD,
        frozenset(id for id in except_for if id),
    )
