"""Who is seen when, and why: computed, never stored (RULES §3). Pure: rows in, places out.

First who is urgent. Then, by ``arrival``, the number on the wall; by ``appointment``, those present by their start, who
came too late by their check-in, walk-ins after them by check-in, until they have waited so long that they go first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core.i18n import gettext

DEFAULT_MINUTES = 15
LONG_AGO = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """The doctor's published rule. ``minutes``: how long a visit usually takes here; ``delay``: how late it runs."""

    order: str
    late_grace: int
    walk_in_max_wait: int
    minutes: int = DEFAULT_MINUTES
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: how many are seen before, about how long that takes, and why."""

    entry: Any
    ahead: int
    estimated_wait_minutes: int
    why: str


def rule_of(doctor: Any, settings: Any) -> Rule:
    """The rule of a doctor's row (``queue_order``, ``booking_mode``, ``slot_minutes``, ``delay_minutes``)."""
    order = doctor.queue_order or ("arrival" if doctor.booking_mode == "token" else "appointment")
    return Rule(
        order,
        settings.setting("late_grace_minutes"),
        settings.setting("walk_in_max_wait_minutes"),
        doctor.slot_minutes or DEFAULT_MINUTES,
        doctor.delay_minutes or 0,
    )


def in_order(waiting: Iterable[Any], rule: Rule, now: datetime) -> list[Any]:
    """The waiting entries in the order in which they will be seen."""
    return sorted(waiting, key=lambda entry: _key(entry, rule, now))


def _key(entry: Any, rule: Rule, now: datetime) -> tuple[int, float, int]:
    if entry.priority == "urgent":
        return 0, LONG_AGO, entry.position
    if rule.order == "arrival":
        return 2, LONG_AGO, entry.position
    if entry.starts_at is None:
        patience = timedelta(minutes=rule.walk_in_max_wait)
        group = 1 if now - entry.checked_in_at > patience else 3
        return group, entry.checked_in_at.timestamp(), entry.position
    return 2, _turn(entry, rule).timestamp(), entry.position


def _is_late(entry: Any, rule: Rule) -> bool:
    return bool(entry.checked_in_at > entry.starts_at + timedelta(minutes=rule.late_grace))


def _turn(entry: Any, rule: Rule) -> datetime:
    turn: datetime = entry.checked_in_at if _is_late(entry, rule) else entry.starts_at
    return turn


def places(entries: Sequence[Any], rule: Rule, now: datetime) -> list[Place]:
    """All of a day's live entries: those called or in the room first, then who waits, each with its place."""
    busy = [entry for entry in entries if entry.status in ("called", "in_room")]
    waiting = in_order((entry for entry in entries if entry.status == "waiting"), rule, now)
    aside = [entry for entry in entries if entry.status == "skipped"]
    found = [
        Place(entry, 0, 0, _said(entry))
        for entry in sorted(busy, key=lambda entry: (entry.status, entry.position))
    ]
    for ahead, entry in enumerate(waiting):
        before = ahead + (1 if busy else 0)
        found.append(Place(entry, ahead, before * rule.minutes + rule.delay, _why(entry, rule, now, ahead)))
    found += [
        Place(entry, len(waiting), 0, gettext("skipped: call again or back to waiting")) for entry in aside
    ]
    return found


def _said(entry: Any) -> str:
    return gettext("in the room") if entry.status == "in_room" else gettext("called")


def _why(entry: Any, rule: Rule, now: datetime, ahead: int) -> str:
    """One sentence: which place, and what decided it."""
    number = ahead + 1
    if entry.priority == "urgent":
        return gettext("number %(number)d: urgent", number=number)
    if rule.order == "arrival":
        return gettext("number %(number)d: in the order of arrival", number=number)
    if entry.starts_at is None:
        if not entry.walk_in:
            return gettext("number %(number)d: a number of the day, by check-in", number=number)
        if now - entry.checked_in_at > timedelta(minutes=rule.walk_in_max_wait):
            return gettext("number %(number)d: has waited longest without an appointment", number=number)
        return gettext("number %(number)d: no appointment, after those who have one", number=number)
    clock = entry.starts_at.astimezone(ZoneInfo(entry.timezone)).strftime("%H:%M")
    if _is_late(entry, rule):
        return gettext("number %(number)d: came late for %(time)s, so by check-in", number=number, time=clock)
    return gettext("number %(number)d: appointment at %(time)s", number=number, time=clock)
