"""The status machine of a visit (API.md §6) as one table: which step leads from where to where.

Who may take a step is a right (``core.access``); under which conditions, the verb says.
"""

from __future__ import annotations

from clinic.core.errors import Conflict
from clinic.core.i18n import lazy_gettext as _

HOLDING = ("pending", "booked", "confirmed", "checked_in", "in_progress", "completed")
"""Statuses that hold a place and count as booked."""

OPEN = ("pending", "booked", "confirmed")
"""Statuses of a visit that is still ahead."""

STEPS: dict[str, tuple[tuple[str, ...], str | None]] = {
    # step:     (from which statuses,                                  to which; None: stays, or as the verb says)
    "approve":  (("pending",),                                         "booked"),
    "reject":   (("pending",),                                         "rejected"),
    "confirm":  (("booked", "confirmed"),                              "confirmed"),
    "check_in": (("booked", "confirmed", "no_show"),                   "checked_in"),
    "start":    (("booked", "confirmed", "checked_in"),                "in_progress"),
    "complete": (("in_progress",),                                     "completed"),
    "cancel":   (("pending", "booked", "confirmed", "checked_in"),     "cancelled"),
    "no_show":  (("booked", "confirmed", "checked_in"),                "no_show"),
    "move":     (("pending", "booked", "confirmed"),                   None),
    "restore":  (("cancelled", "rejected", "no_show"),                 "booked"),
}  # fmt: skip

LABELS = {
    "pending": _("awaiting approval"),
    "booked": _("booked"),
    "confirmed": _("confirmed"),
    "checked_in": _("checked in"),
    "in_progress": _("in the room"),
    "completed": _("done"),
    "cancelled": _("cancelled"),
    "rejected": _("declined"),
    "no_show": _("did not come"),
}


class InvalidTransition(Conflict):
    code = "invalid_transition"
    title = _("The visit is not in a state that allows this.")


def step(name: str, status: str) -> str:
    """The status that *name* leads to from *status*; raises ``InvalidTransition`` (409)."""
    allowed, to = STEPS[name]
    if status not in allowed:
        raise InvalidTransition(extra={"status_now": status, "step": name})
    return to or status


def may(name: str, status: str) -> bool:
    """Whether a visit in *status* can take the step *name*."""
    return status in STEPS[name][0]
