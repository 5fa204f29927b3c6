"""The ways that the bars on top of the pages offer. A room's face says where its page stands; core knows no room.

``navigation.add("staff", "booking.day", _("Day"), icon="calendar-days", right="day.read", order=10)``
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import has_request_context, request, url_for
from werkzeug.routing import BuildError

from clinic.core.access import RIGHTS, Actor


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of a bar: shown to whom holds ``right`` (None: to everybody), in order of ``order``."""

    place: str
    endpoint: str
    label: Any
    icon: str
    right: str | None
    order: int
    key: str | None

    @property
    def current(self) -> bool:
        """Whether the page being answered belongs here: ``queue.day`` also where ``queue.day_of`` answers."""
        asked = (request.endpoint or "") if has_request_context() else ""
        return asked == self.endpoint or asked.startswith(f"{self.endpoint}_")

    @property
    def url(self) -> str | None:
        try:
            return url_for(self.endpoint)
        except BuildError:  # a page that this host does not serve
            return None


_ways: dict[tuple[str, str], Way] = {}


def add(
    place: str,
    endpoint: str,
    label: Any,
    *,
    icon: str,
    right: str | None = None,
    order: int = 100,
    key: str | None = None,
) -> None:
    """Offer the page *endpoint* in the bar of *place* (``staff``, ``portal``), or in the box of Ctrl+K alone
    (``palette``). ``key``: its shortcut at the desk.
    """
    if right is not None and right not in RIGHTS:
        raise KeyError(right)
    _ways[place, endpoint] = Way(place, endpoint, label, icon, right, order, key)


def destinations(actor: Actor) -> list[Way]:
    """Every page that the box of Ctrl+K finds: those of the bar, and those that are only there (``palette``)."""
    return sorted(ways("staff", actor) + ways("palette", actor), key=lambda way: way.order)


def ways(place: str, actor: Actor) -> list[Way]:
    """What *actor* may go to from *place*, in order."""
    offered = (
        way for way in _ways.values() if way.place == place and (way.right is None or actor.may(way.right))
    )
    return [way for way in sorted(offered, key=lambda way: way.order) if way.url]
