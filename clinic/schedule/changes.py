"""What a change of the schedule takes away: the booked visits that stood before it and no longer stand after it.

For 409 ``appointments_affected`` and the list of what needs rescheduling (API.md §4). The rules are those of booking;
only the grid, notice, other visits and the cap do not matter to who is booked already.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from clinic.schedule import bounds, tokens
from clinic.schedule.facts import Reason, Service, Wish
from clinic.schedule.timetable import Timetable


class Visit(NamedTuple):
    """A booked visit in epoch seconds, on its local ``day``; without ``start`` it has a number, or walked in."""

    id: UUID
    day: date
    start: int | None = None
    end: int | None = None
    location_id: UUID | None = None
    service: Service | None = None


def uncovered(visits: Iterable[Visit], after: Timetable, before: Timetable | None = None) -> list[Visit]:
    """The visits that the change takes time from.

    *after* is the timetable with the change, *before* the one without. A visit that was overbooked outside of hours
    never stood inside them, so a block elsewhere takes nothing from it. Without *before*: all that do not stand.
    """
    return [
        visit
        for visit in visits
        if _sources(against(visit, after)) - (_sources(against(visit, before)) if before else set())
    ]


def against(visit: Visit, timetable: Timetable) -> list[Reason]:
    """Why a booked visit cannot take place as it is booked; nothing: it stands."""
    wish = Wish(service=visit.service, location_id=visit.location_id)
    reasons = bounds.barred(timetable.doctor, wish)
    if visit.start is None or visit.end is None:
        return reasons + tokens.standing(timetable, visit.day, wish)
    if not timetable.day(visit.day).is_present:
        reasons.append(Reason("doctor_absent"))
    return reasons + timetable.open.against(visit.start, visit.end, wish)


def _sources(reasons: Iterable[Reason]) -> set[tuple[str, UUID | None]]:
    return {(reason.code, reason.source) for reason in reasons}
