"""Days of numbers: a date gives out 1, 2, 3 … up to its cap, and no times (API.md §6, "with ``date`` alone").

A token doctor with hours gives numbers only on dates on which hours begin; one without gives them on any date. A
block or closure holds when it leaves no time in which a visit fits. A number for today can be had until midnight:
who comes late finds out at the desk, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule import bounds
from clinic.schedule.facts import Asker, Reason, Wish, most_telling_first
from clinic.schedule.grid import DEFAULT_STEP, length_of, step_of
from clinic.schedule.hours import Opening
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import day_range, epoch, local_date


@dataclass(frozen=True, slots=True)
class TokenDay:
    """May a number of this date be given? ``location_id`` and ``zone`` say where; ``left`` None: there is no cap."""

    date: date
    zone: ZoneInfo
    location_id: UUID | None
    left: int | None
    reasons: tuple[Reason, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.reasons


def check(timetable: Timetable, day: date, wish: Wish, asker: Asker, *, by_desk: bool = False) -> TokenDay:
    """All reasons against a number of this date. ``ValueError``: it lies outside of the timetable's window.

    *by_desk*: staff or a key asks, who may give a number of a timed doctor too, if that doctor has no hours at all.
    A doctor without hours receives at ``wish.location_id``, else at home.
    """
    if not timetable.first <= day <= timetable.last:
        raise ValueError("outside of what this timetable knows")
    doctor = timetable.doctor
    openings = _openings(timetable, day, wish)
    zone = openings[0].zone if openings else doctor.zone
    reasons = bounds.barred(doctor, wish, asker)
    if doctor.mode == "timed" and not (by_desk and not _has_hours(timetable)):
        reasons.append(Reason("outside_hours", why="times"))
    if day < local_date(epoch(asker.now), zone):
        reasons.append(Reason("past"))
    reasons += standing(timetable, day, wish)
    reasons += bounds.too_late(day_range(day, zone)[0], wish, asker, zone)
    closes = max((opening.end for opening in openings), default=day_range(day, zone)[1])
    # Notice is kept as long as some of the day's hours lie beyond it.
    if (notice := bounds.notice(wish, asker)) and closes <= bounds.earliest(wish, asker):
        reasons.append(Reason("min_notice", limit=notice))
    facts = timetable.day(day)
    reasons += [reason for reason in timetable.of_the_day(day, zone, asker) if reason.code == "day_full"]
    left = None if facts.cap is None else max(0, facts.cap - facts.booked)
    place = openings[0].location_id if openings else wish.location_id or doctor.location_id
    return TokenDay(day, zone, place, left, most_telling_first(reasons))


def left_on(timetable: Timetable, day: date, wish: Wish, asker: Asker) -> int:
    """How many numbers of this date are left for this asker; where there is no cap, 1 stands for as many as come."""
    if not timetable.first <= day <= timetable.last:
        return 0
    answer = check(timetable, day, wish, asker)
    if not answer.accepted:
        return 0
    return 1 if answer.left is None else answer.left


def standing(timetable: Timetable, day: date, wish: Wish) -> list[Reason]:
    """Why nobody is seen on this date at all: the doctor is away, has no hours, or all of them are off."""
    reasons = [] if timetable.day(day).is_present else [Reason("doctor_absent")]
    zone = timetable.doctor.zone
    spans = [(opening, opening.start, opening.end) for opening in _openings(timetable, day, wish)]
    if not spans:
        if _has_hours(timetable):
            of_any_kind = _openings(timetable, day, Wish(location_id=wish.location_id), of_any_kind=True)
            return [*reasons, Reason("outside_hours", why="service" if of_any_kind else None)]
        return reasons + _off(timetable, [(None, *day_range(day, zone))], wish)
    return reasons + _off(timetable, spans, wish)


def _off(timetable: Timetable, spans: Sequence[tuple[Opening | None, int, int]], wish: Wish) -> list[Reason]:
    """Blocks and closures, if they leave no time in these spans that is long enough for a visit."""
    found: list[Reason] = []
    doctor = timetable.doctor
    for opening, start, end in spans:
        location_id, zone = (
            (opening.location_id, opening.zone)
            if opening
            else (wish.location_id or doctor.location_id, doctor.zone)
        )
        step = step_of(opening, wish) if opening else 60 * (doctor.slot_minutes or DEFAULT_STEP)
        length = length_of(wish, step) or step
        if any(
            until - since >= length for since, until in timetable.open.left(location_id, zone, start, end)
        ):
            return []
        found += timetable.open.offs_in(location_id, zone, start, end)
    return found


def _openings(timetable: Timetable, day: date, wish: Wish, *, of_any_kind: bool = False) -> list[Opening]:
    """The hours and sessions that begin on this date."""
    sessions = [opening for opening in timetable.hours.sessions if opening.day == day]
    found = sorted([*timetable.hours.on(day), *sessions], key=lambda opening: opening.start)
    return [opening for opening in found if (wish.is_at(opening) if of_any_kind else wish.fits(opening))]


def _has_hours(timetable: Timetable) -> bool:
    said = timetable.doctor.has_hours
    return timetable.hours.has_any if said is None else said
