"""The states of visits, places in the queue, times and accounts as people see them: a word and a picture, never colour
alone. A page shows the same few of them a hundred times over, so each is drawn once for each language.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup

from clinic.core import i18n
from clinic.core.i18n import lazy_gettext as _

STATES = {
    "pending": (_("Requested"), "wait", "clock-alert"),
    "booked": (_("Booked"), "plain", "calendar"),
    "confirmed": (_("Confirmed"), "info", "check"),
    "checked_in": (_("Arrived"), "wait", "hourglass"),
    "in_progress": (_("With the doctor"), "busy", "stethoscope"),
    "completed": (_("Done"), "good", "check-check"),
    "cancelled": (_("Cancelled"), "bad", "x"),
    "rejected": (_("Declined"), "bad", "ban"),
    "no_show": (_("Did not come"), "bad", "user-x"),
    "waiting": (_("Waiting"), "wait", "hourglass"),
    "called": (_("Called"), "busy", "megaphone"),
    "in_room": (_("In the room"), "busy", "door-open"),
    "served": (_("Done"), "good", "check-check"),
    "skipped": (_("Stepped out"), "plain", "skip-forward"),
    "left": (_("Left"), "bad", "log-out"),
    "free": (_("Free"), "good", "circle-dashed"),
    "held": (_("Held"), "wait", "lock"),
    "taken": (_("Taken"), "plain", "lock"),
    "blocked": (_("Blocked"), "plain", "ban"),
    "closed": (_("Closed"), "plain", "ban"),
    "active": (_("Active"), "good", "circle-check"),
    "inactive": (_("Inactive"), "plain", "circle-x"),
    "invited": (_("Invited"), "info", "mail"),
    "suspended": (_("Suspended"), "bad", "lock"),
    "urgent": (_("Urgent"), "bad", "triangle-alert"),
}
"""Code: the word, the tone, the picture."""

BADGE = Markup('<span class="badge status tone-{}" data-status="{}">{}{}</span>')


def status(code: str, *, icon: Callable[[str], Markup]) -> Markup:
    """The badge of a state (``KeyError`` for one that nobody knows). *icon* draws its picture."""
    return _drawn(code, i18n.language(), icon(STATES[code][2]))


@lru_cache(maxsize=512)
def _drawn(code: str, _language: str, picture: Markup) -> Markup:
    word, tone, _picture = STATES[code]
    return BADGE.format(tone, code, picture, str(word))
