"""What follows from the offer: the alternatives to a time that is gone, and how much is free on each date."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from clinic.schedule import tokens
from clinic.schedule.facts import Asker, DayCount, Slot, Wish
from clinic.schedule.timetable import PartOfDay, Timetable
from clinic.schedule.walltime import ONE_DAY, day_range, epoch, local_date


def free_on(
    timetable: Timetable,
    wish: Wish,
    asker: Asker,
    first: date,
    last: date,
    *,
    part_of_day: PartOfDay | None = None,
) -> list[DayCount]:
    """How many slots are free on each date; of a doctor who gives numbers, how many of those."""
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    if timetable.doctor.mode == "token":
        return [DayCount(day, tokens.left_on(timetable, day, wish, asker)) for day in days]
    counts = dict.fromkeys(days, 0)
    for slot in timetable.offer(wish, asker, first, last, part_of_day=part_of_day):
        counts[slot.day] += 1
    return [DayCount(day, free) for day, free in counts.items()]


def nearest(timetable: Timetable, wanted: datetime, wish: Wish, asker: Asker, count: int = 3) -> list[Slot]:
    """The free slots nearest to *wanted* (but it), in time order; of two equally near the earlier one.

    Looks from the wanted date outwards, and no further than it takes.
    """
    middle = epoch(wanted)
    before = after = local_date(middle, timetable.doctor.zone)
    near = list(timetable.offer(wish, asker, before, after))
    while (before > timetable.first or after < timetable.last) and not _enough(
        near, count, middle, timetable, before, after
    ):
        before, after = before - ONE_DAY, after + ONE_DAY
        near += timetable.offer(wish, asker, before, before)
        near += timetable.offer(wish, asker, after, after)
    return sorted(_nearest_first(near, middle)[:count], key=lambda slot: slot.at)


def _nearest_first(slots: list[Slot], middle: int) -> list[Slot]:
    others = [slot for slot in slots if slot.at != middle]
    return sorted(others, key=lambda slot: (abs(slot.at - middle), slot.at))


def _enough(
    slots: list[Slot], count: int, middle: int, timetable: Timetable, before: date, after: date
) -> bool:
    """Whether nothing beyond the dates *before* to *after*, in any of the zones, is as near as these slots are."""
    found = _nearest_first(slots, middle)
    if len(found) < count:
        return False
    gaps = [
        gap
        for zone in timetable.hours.zones
        for gap in (middle - day_range(before, zone)[0], day_range(after, zone)[1] - middle)
    ]
    return abs(found[count - 1].at - middle) < min(gaps, default=0)
