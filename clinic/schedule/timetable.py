"""The slot engine: what a doctor offers, what is accepted and why not, by one arithmetic (RULES §4).

The grid. Hours are expanded to openings, blocks and closures are taken away, and in each stretch that is left starts
lie one step apart, counted from where the stretch begins: after a block until 10:10 the next start is 10:10. What is
booked or held does not move the grid: it takes the starts that it overlaps, and no others. (If the grid began anew
after each visit, a visit of 20 minutes among starts at every quarter would shift the rest of the day, and somebody
looking at 10:00 would find it had never been a time at all.) The step is the rule's, else the doctor's, else as long
as the visit. Steps are elapsed time: on a day when the clock changes, hours keep their wall-clock ends and starts
keep their distance.

A slot must fit whole into one stretch. Visits of one doctor that start at different times never overlap; up to
*capacity* may share a start: a session's own, else the visit type's, else the rule's, else 1. Between two visits the
larger of the first's buffer after and the second's buffer before is kept free; buffers bind nothing but visits.
A start before now is past, for staff too: who is there already is a walk-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule import bounds
from clinic.schedule.facts import Asker, Busy, Day, Doctor, Reason, Slot, Verdict, Wish, most_telling_first
from clinic.schedule.grid import DEFAULT_STEP, capacity_of, length_of, step_of
from clinic.schedule.hours import Hours, Opening, Override, Session, WeeklyRule
from clinic.schedule.opentime import OpenTime, Stretch
from clinic.schedule.premises import Premises
from clinic.schedule.timeoff import Block
from clinic.schedule.visits import Visits
from clinic.schedule.walltime import ONE_DAY, at, ceil_epoch, day_range, epoch, local_date

PartOfDay = tuple[time, time | None]
"""Wall-clock bounds of a start: from … until (None: midnight), as in ``(time(12), time(18))``."""


class Timetable:
    """The time of one doctor on the local dates *first* to *last*, for as many questions as there are.

    *busy* and what *premises* knows of rooms reach a day beyond either end of the window, *days* too. Nothing is
    worked out before it is asked for.
    """

    def __init__(
        self,
        doctor: Doctor,
        first: date,
        last: date,
        *,
        rules: Iterable[WeeklyRule] = (),
        overrides: Iterable[Override] = (),
        sessions: Iterable[Session] = (),
        blocks: Sequence[Block] = (),
        busy: Iterable[Busy] = (),
        days: Iterable[Day] = (),
        premises: Premises | None = None,
    ) -> None:
        self.doctor = doctor
        self.first, self.last = first, last
        self.hours = Hours(doctor.slot_minutes, rules, overrides, sessions, home=doctor.location_id)
        self.premises = premises or Premises()
        self.open = OpenTime(self.hours, blocks, self.premises, doctor.zone, first, last)
        self._visits = Visits(busy)
        self._days = {day.date: day for day in days}

    # What is offered

    def offer(
        self,
        wish: Wish,
        asker: Asker,
        first: date | datetime,
        last: date | datetime,
        *,
        part_of_day: PartOfDay | None = None,
        include_taken: bool = False,
    ) -> Iterator[Slot]:
        """The free slots in time order, worked out as they are taken from the iterator.

        Dates are whole local days, *last* included; instants are half-open, and bound starts. The window clips both.
        With *include_taken* also those that others have taken or the day's cap has closed, with ``remaining`` 0.
        """
        if self.doctor.mode == "token" or bounds.barred(self.doctor, wish, asker):
            return
        wanted = {zone: self._bounds(first, last, wish, asker, zone) for zone in self.hours.zones}
        low, high = self._dates(first, last)
        for cluster in self.open.in_order(wish, low, high):
            found = (
                slot
                for stretch in cluster
                for day, after, until in self._parts(stretch, *wanted[stretch.opening.zone], part_of_day)
                for slot in self._lay(stretch, day, after, until, wish, asker, include_taken=include_taken)
            )
            yield from found if len(cluster) == 1 else _one_per_start(found)

    def first_free(
        self,
        wish: Wish,
        asker: Asker,
        first: date | datetime,
        last: date | datetime,
        *,
        part_of_day: PartOfDay | None = None,
    ) -> Slot | None:
        """The first free slot, without looking further."""
        return next(self.offer(wish, asker, first, last, part_of_day=part_of_day), None)

    # What is accepted, and why not

    def check(self, start: datetime, wish: Wish, asker: Asker, end: datetime | None = None) -> Verdict:
        """Whether a visit may begin at *start*: all reasons against it, or the slot, place and room that it takes.

        *end* may span several free steps of the grid. ``ValueError``: *start* lies outside of the window, where this
        timetable knows nothing.
        """
        begins = epoch(start)
        if not self.first - ONE_DAY <= local_date(begins, self.doctor.zone) <= self.last + ONE_DAY:
            raise ValueError("outside of what this timetable knows")
        seconds = None if end is None else epoch(end) - begins
        if end is not None and (epoch(end) <= begins or end.microsecond != start.microsecond):
            return Verdict((Reason("invalid_duration"),))
        standing = bounds.barred(self.doctor, wish, asker) + bounds.too_soon(begins, wish, asker)
        if self.doctor.mode == "token":
            standing.append(Reason("outside_hours", why="tokens"))
        whole = not start.microsecond
        tried: list[Verdict] = []
        for stretch in self.open.holding(begins, wish):
            step = step_of(stretch.opening, wish)
            length = length_of(wish, step, seconds)
            on_grid = whole and (begins - stretch.start) % step == 0
            if on_grid and length is not None and begins + length <= stretch.end:
                verdict = self._sit(stretch.opening, begins, begins + length, wish, asker)
                if verdict.accepted and not standing:
                    return verdict
                tried.append(verdict)
        if tried:
            against = list(min(tried, key=lambda verdict: len(verdict.reasons)).reasons)
        else:
            against = self._misfit(begins, seconds, wish, asker, whole=whole)
        return Verdict(most_telling_first(standing + against))

    def reasons(
        self, start: datetime, wish: Wish, asker: Asker, end: datetime | None = None
    ) -> tuple[Reason, ...]:
        """All that is against it, most telling first; nothing: it is accepted, and it is offered."""
        return self.check(start, wish, asker, end).reasons

    def of_the_day(self, day: date, zone: ZoneInfo, asker: Asker) -> list[Reason]:
        """What the doctor's day says: absent, or full. A visit that is being moved has left its day's count."""
        facts = self.day(day)
        reasons = [] if facts.is_present else [Reason("doctor_absent")]
        if (
            facts.cap is not None
            and facts.booked - self._visits.moved(*day_range(day, zone), asker) >= facts.cap
        ):
            reasons.append(Reason("day_full", limit=facts.cap))
        return reasons

    def day(self, day: date) -> Day:
        """The doctor's day; one that nobody has written down is an ordinary one. ``cap`` is the one in force."""
        facts = self._days.get(day) or Day(day)
        return (
            facts
            if facts.cap is not None
            else Day(day, facts.is_present, self.doctor.max_per_day, facts.booked)
        )

    # How

    def _bounds(
        self, first: date | datetime, last: date | datetime, wish: Wish, asker: Asker, zone: ZoneInfo
    ) -> tuple[int, float]:
        """Starts of slots lie in [begin, end): what is asked for, the window, notice and horizon."""
        begins = ceil_epoch(first) if isinstance(first, datetime) else day_range(first, zone)[0]
        ends = ceil_epoch(last) if isinstance(last, datetime) else day_range(last, zone)[1]
        return (
            max(begins, day_range(self.first, zone)[0], bounds.earliest(wish, asker)),
            min(ends, day_range(self.last, zone)[1], bounds.latest(wish, asker, zone)),
        )

    def _dates(self, first: date | datetime, last: date | datetime) -> tuple[date, date]:
        """The dates on which any of the zones may see such a start, within the window."""
        zones = self.hours.zones or {self.doctor.zone}
        low = min(local_date(epoch(first), zone) for zone in zones) if isinstance(first, datetime) else first
        high = max(local_date(epoch(last), zone) for zone in zones) if isinstance(last, datetime) else last
        return max(low, self.first), min(high, self.last)

    def _parts(
        self, stretch: Stretch, low: float, high: float, part_of_day: PartOfDay | None
    ) -> Iterator[tuple[date, int, int]]:
        """The local dates of a stretch, and between which seconds starts are wanted on each."""
        low, high = max(low, stretch.start), min(high, stretch.end)
        zone, day = stretch.opening.zone, stretch.opening.day
        begins, ends = day_range(day, zone)
        while begins < high:
            after, until = begins, ends
            if part_of_day is not None:
                after = at(day, part_of_day[0], zone)
                until = ends if part_of_day[1] is None else at(day, part_of_day[1], zone)
            if max(low, after) < min(high, until):
                yield day, int(max(low, after)), int(min(high, until))
            day += ONE_DAY
            begins, ends = day_range(day, zone)

    def _lay(
        self,
        stretch: Stretch,
        day: date,
        low: int,
        high: int,
        wish: Wish,
        asker: Asker,
        *,
        include_taken: bool,
    ) -> Iterator[Slot]:
        """The slots of a stretch whose start lies in [low, high), on one date."""
        start, end, opening = stretch
        against = self.of_the_day(day, opening.zone, asker)
        if against and not (include_taken and all(reason.code == "day_full" for reason in against)):
            return
        step = step_of(opening, wish)
        length = length_of(wish, step)
        base = start - (start - low) // step * step
        if length is None or (count := (min(high - 1, end - length) - base) // step + 1) <= 0:
            return
        dark, sitting = self._visits.on_grid(base, step, count, length, wish, asker)
        doctor, service = self.doctor.id, wish.service.id if wish.service else None
        capacity, roomy = capacity_of(opening, wish), not wish.needs_room
        for index, begins in enumerate(range(base, base + count * step, step)):
            left = 0 if dark[index] or against else max(0, capacity - sitting.get(index, 0))
            if left and not roomy and self._room(opening, begins, begins + length, wish, asker) is None:
                left = 0
            if left or include_taken:
                yield Slot(begins, begins + length, day, doctor, service, capacity, left, opening)

    def _sit(self, opening: Opening, start: int, end: int, wish: Wish, asker: Asker) -> Verdict:
        """A visit that fits the hours, against horizon, day, other visits and rooms."""
        day = local_date(start, opening.zone)
        capacity = capacity_of(opening, wish)
        taken, sitting = self._visits.against(start, end, capacity, wish, asker)
        reasons = (
            bounds.too_late(start, wish, asker, opening.zone)
            + self.of_the_day(day, opening.zone, asker)
            + taken
        )
        room = self._room(opening, start, end, wish, asker) if wish.needs_room else None
        if wish.needs_room and room is None:
            reasons.append(Reason("room_busy"))
        if reasons:
            return Verdict(tuple(reasons))
        service = wish.service.id if wish.service else None
        slot = Slot(start, end, day, self.doctor.id, service, capacity, capacity - len(sitting), opening)
        places = {busy.place for busy in sitting}
        return Verdict((), slot, min(set(range(len(places) + 1)) - places), room)

    def _misfit(
        self, start: int, seconds: int | None, wish: Wish, asker: Asker, *, whole: bool
    ) -> list[Reason]:
        """Why no stretch takes a visit that begins here; there is always at least one reason."""
        holding = self.open.holding(start, wish)
        steps = [step_of(stretch.opening, wish) for stretch in holding]
        fitting = [
            step
            for stretch, step in zip(holding, steps, strict=True)
            if whole and (start - stretch.start) % step == 0
        ]
        step = steps[0] if steps else 60 * (self.doctor.slot_minutes or DEFAULT_STEP)
        end = start + (length_of(wish, step, seconds) or seconds or 60 * (wish.minutes or 0) or step)
        reasons = self.open.against(start, end, wish)
        if fitting and not any(length_of(wish, step, seconds) for step in fitting):
            reasons.append(Reason("invalid_duration"))
        elif (holding and not fitting) or not reasons:
            reasons.append(Reason("off_grid"))
        opening = holding[0].opening if holding else None
        zone = opening.zone if opening else self.doctor.zone
        reasons += bounds.too_late(start, wish, asker, zone)
        reasons += self.of_the_day(local_date(start, zone), zone, asker)
        reasons += self._visits.against(start, end, capacity_of(opening, wish), wish, asker)[0]
        if opening and wish.needs_room and self._room(opening, start, end, wish, asker) is None:
            reasons.append(Reason("room_busy"))
        return reasons

    def _room(self, opening: Opening, start: int, end: int, wish: Wish, asker: Asker) -> UUID | None:
        return self.premises.room_for(wish, asker, self.doctor.id, opening.location_id, start, end)


def _one_per_start(slots: Iterable[Slot]) -> list[Slot]:
    """Of overlapping hours that offer the same start, the slot that booking would take."""
    best: dict[int, Slot] = {}
    for slot in sorted(slots, key=lambda slot: (slot.at, not slot.remaining, slot.opening.precedence)):
        best.setdefault(slot.at, slot)
    return list(best.values())
