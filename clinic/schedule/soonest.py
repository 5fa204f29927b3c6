"""The first free slot of each doctor. Near days are loaded first: nearly everybody has something there."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta

from clinic.schedule import loading
from clinic.schedule.facts import Asker, Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.timetable import PartOfDay

REACH = (timedelta(days=1), timedelta(days=5), timedelta(days=21))
"""How far is looked at first, and then for those who have nothing there (a weekend, a leave); after that to the end."""


def of_each(
    who: Whose,
    wish: Wish,
    asker: Asker,
    first: date | datetime,
    last: date | datetime,
    *,
    part_of_day: PartOfDay | None = None,
) -> list[Slot]:
    """The first free slot of each doctor of *who* between *first* and *last*, soonest first; who has none is left out.

    Four round trips at most, however many doctors there are, and one where all have something soon.
    """
    found: dict[uuid.UUID, Slot] = {}
    begin, end = first, _date(last)
    for reach in (*REACH, end - _date(first)):
        until = min(_date(first) + reach, end)
        left = replace(who, doctors=[doctor for doctor in who.doctors if doctor.id not in found])
        if not left.doctors or until < _date(begin):
            continue
        bound = last if until == end else until
        for table in loading.timetables(left, _date(begin), until):
            slot = table.first_free(wish, asker, begin, bound, part_of_day=part_of_day)
            if slot is not None:
                found[table.doctor.id] = slot
        begin = until + timedelta(days=1)
    return sorted(found.values(), key=lambda slot: (slot.at, str(slot.doctor_id)))


def _date(bound: date | datetime) -> date:
    return bound.date() if isinstance(bound, datetime) else bound
