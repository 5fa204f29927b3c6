"""Several visits in one body."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clinic.booking import group
from clinic.booking.asking import Asked
from clinic.booking.schemas import Appointment, VisitAsked
from clinic.core.schema import Body, Reply

MOST = 50


class GroupAsked(Body):
    """Visits that are booked all or not at all, each as ``POST /appointments`` takes it."""

    items: Annotated[list[VisitAsked], Field(min_length=1, max_length=MOST)]

    def asked(self) -> list[Asked]:
        """The same as a verb takes it. Raises ``Invalid`` at the item that contradicts itself."""
        found = []
        for place, item in enumerate(self.items):
            with group.told_at(place):
                found.append(item.asked())
        return found


class Group(Reply):
    """The visits, in the order in which they were asked for."""

    items: list[Appointment]
