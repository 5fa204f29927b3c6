"""What binds who asks, whatever the hours: doctor and visit type, notice, horizon (API.md §1, "who is bound")."""

from __future__ import annotations

import math
from datetime import timedelta
from zoneinfo import ZoneInfo

from clinic.schedule.facts import Asker, Doctor, Reason, Wish
from clinic.schedule.walltime import ceil_epoch, day_range, epoch, local_date


def earliest(wish: Wish, asker: Asker) -> int:
    """The first second at which this asker may begin a visit. What begins before now is past for everybody."""
    return ceil_epoch(asker.now) + 60 * notice(wish, asker)


def latest(wish: Wish, asker: Asker, zone: ZoneInfo) -> float:
    """The second before which this asker's visits must begin: the local end of the last day ahead."""
    if asker.audience == "staff":
        return math.inf
    last = local_date(epoch(asker.now), zone) + timedelta(days=days_ahead(wish, asker))
    return day_range(last, zone)[1]


def too_soon(start: int, wish: Wish, asker: Asker) -> list[Reason]:
    """``past``, or else ``min_notice``, or nothing."""
    if start < ceil_epoch(asker.now):
        return [Reason("past")]
    return [Reason("min_notice", limit=notice(wish, asker))] if start < earliest(wish, asker) else []


def too_late(start: int, wish: Wish, asker: Asker, zone: ZoneInfo) -> list[Reason]:
    """``too_far_ahead`` or nothing."""
    too_far = start >= latest(wish, asker, zone)
    return [Reason("too_far_ahead", limit=days_ahead(wish, asker))] if too_far else []


def barred(doctor: Doctor, wish: Wish, asker: Asker | None = None) -> list[Reason]:
    """What is against this wish at whatever time. Without an asker: against the visit itself, whoever booked it."""
    reasons = []
    if not doctor.is_active:
        reasons.append(Reason("doctor_absent", why="inactive"))
    if wish.service and doctor.service_ids is not None and wish.service.id not in doctor.service_ids:
        reasons.append(Reason("outside_hours", why="not_offered"))
    if asker and asker.audience == "patient" and wish.service and not wish.service.online_bookable:
        reasons.append(Reason("not_bookable_online"))
    return reasons


def notice(wish: Wish, asker: Asker) -> int:
    """Minutes: the visit type's own, else the clinic's; 0 for staff."""
    if asker.audience == "staff":
        return 0
    own = wish.service.min_notice_minutes if wish.service else None
    return asker.min_notice_minutes if own is None else own


def days_ahead(wish: Wish, asker: Asker) -> int:
    """Days after today on which visits may begin: the visit type's own, else the clinic's."""
    own = wish.service.max_days_ahead if wish.service else None
    return asker.max_days_ahead if own is None else own
