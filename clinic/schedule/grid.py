"""Steps, lengths and places of the grid of starts that is laid in open time."""

from __future__ import annotations

from clinic.schedule.facts import Wish
from clinic.schedule.hours import Opening

DEFAULT_STEP = 30
"""Minutes from start to start where neither rule, doctor nor visit type says."""


def step_of(opening: Opening, wish: Wish) -> int:
    """Seconds from start to start: the rule's, the doctor's, else as long as the visit; a session may be one start."""
    if opening.slot_minutes:
        return opening.slot_minutes * 60
    if wish.service:
        return wish.service.minutes * 60
    return opening.end - opening.start if opening.session_id else DEFAULT_STEP * 60


def length_of(wish: Wish, step: int, seconds: int | None = None) -> int | None:
    """Seconds that the visit lasts; None: not so. Without a visit type it is one step.

    Another length that is asked for (*seconds*, else the wish's minutes) is some whole steps, and no less than that.
    """
    own = wish.service.minutes * 60 if wish.service else step
    asked = wish.minutes * 60 if seconds is None and wish.minutes else seconds
    if asked is None or asked == own:
        return own
    return asked if asked >= own and asked % step == 0 else None


def capacity_of(opening: Opening | None, wish: Wish) -> int:
    """How many visits may share a start: what one session says, else the visit type, else the hours, else 1."""
    said = opening.capacity or 1 if opening else 1
    if opening and opening.session_id and said > 1:
        return said
    return (wish.service and wish.service.capacity) or said
