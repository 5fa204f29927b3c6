"""What a patient reader of the rules would do with a calendar and a pencil: every five minutes, looked at one by one.

It shares no arithmetic with the engine: wall times come from looking at the clock, open time is a set of marks, visits
are compared in pairs. Slow and plain on purpose.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.facts import Busy
from clinic.schedule.hours import Override, Session, WeeklyRule
from clinic.schedule.timeoff import Block
from tests.schedule.schedules import MARK, ONE_DAY, Schedule

STEP = 300
AROUND = 6
"""Days on either side of the date that the calendar shows."""


@lru_cache(maxsize=512)
def calendar(zone: ZoneInfo, day: date) -> list[tuple[int, datetime]]:
    """Every mark around a date: its epoch second, and the latest wall time that the clock has shown by then."""
    begin = datetime.combine(day - AROUND * ONE_DAY, time(), UTC)
    marks, latest = [], datetime.combine(date.min, time())
    for number in range(2 * AROUND * 288 + 288):
        moment = begin + number * MARK
        latest = max(latest, moment.astimezone(zone).replace(tzinfo=None))
        marks.append((int(moment.timestamp()), latest))
    return marks


@lru_cache(maxsize=8192)
def when(zone: ZoneInfo, day: date, wall: datetime) -> int:
    """The first mark at which the clock has come to this wall time."""
    return next(second for second, shown in calendar(zone, day) if shown >= wall)


class Place(NamedTuple):
    """Hours of one kind: the marks that are hours, those of them that are open, and what may be booked there."""

    hours: frozenset[int]
    open: frozenset[int]
    begins: int
    zone: ZoneInfo
    location_id: UUID | None
    slot_minutes: int | None
    capacity: int | None
    service_ids: frozenset[UUID] | None
    session: UUID | None


class Oracle:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.day = schedule.day
        self.places = [
            place for each in (-2, -1, 0, 1, 2) for place in self._of_day(self.day + each * ONE_DAY)
        ]
        self.places += [
            self._place(each, *self._session(each), session=each.id) for each in schedule.sessions
        ]

    def accepts(self, start: int) -> bool:
        """May the schedule's asker have what they wish for at this second?"""
        return any(self._accepted_at(place, start) for place in self.places)

    # Hours

    def _of_day(self, day: date) -> list[Place]:
        rules = [rule for rule in self.schedule.rules if self._is_on(rule, day)]
        overrides = [override for override in self.schedule.overrides if override.date == day]
        if not overrides:
            return [self._place(rule, *self._bounds(rule, day)) for rule in rules]
        return [
            self._override(override, interval, rules)
            for override in overrides
            for interval in override.intervals
        ]

    def _is_on(self, rule: WeeklyRule, day: date) -> bool:
        if day.weekday() != rule.weekday:
            return False
        if rule.valid_until and day > rule.valid_until:
            return False
        if rule.valid_from is None:
            return (day - day.weekday() * ONE_DAY - date(1, 1, 1)).days // 7 % rule.every_weeks == 0
        first_monday = rule.valid_from - rule.valid_from.weekday() * ONE_DAY
        weeks = (day - day.weekday() * ONE_DAY - first_monday).days // 7
        return day >= rule.valid_from and weeks % rule.every_weeks == 0

    def _bounds(self, rule: WeeklyRule, day: date) -> tuple[int, int]:
        last = day + ONE_DAY if rule.ends_next_day else day
        return (
            when(rule.zone, self.day, datetime.combine(day, rule.start)),
            when(rule.zone, self.day, datetime.combine(last, rule.end)),
        )

    def _override(self, override: Override, interval: tuple[time, time], rules: list[WeeklyRule]) -> Place:
        start, end = (datetime.combine(override.date, each) for each in interval)
        end = end if start < end else end + ONE_DAY
        kin: WeeklyRule | None = None
        most = timedelta(-1)
        for rule in sorted(rules, key=lambda rule: rule.start):
            if override.location_id not in (None, rule.location_id):
                continue
            its_start = datetime.combine(override.date, rule.start)
            its_end = datetime.combine(override.date + rule.ends_next_day * ONE_DAY, rule.end)
            shared = max(timedelta(0), min(end, its_end) - max(start, its_start))
            if shared > most:
                kin, most = rule, shared
        zone = kin.zone if kin and override.location_id is None else override.zone
        location = kin.location_id if kin and override.location_id is None else override.location_id
        said = Override(
            override.id,
            override.date,
            zone,
            (),
            location,
            override.slot_minutes or (kin.slot_minutes if kin else None),
            override.capacity or (kin.capacity if kin else None),
            override.service_ids if override.service_ids is not None else (kin.service_ids if kin else None),
        )
        return self._place(said, when(zone, self.day, start), when(zone, self.day, end))

    def _session(self, session: Session) -> tuple[int, int]:
        return int(session.start.timestamp()), int(session.end.timestamp())

    def _place(
        self, said: WeeklyRule | Override | Session, start: int, end: int, session: UUID | None = None
    ) -> Place:
        hours = set(range(start, end, STEP))
        off: set[int] = set()
        for block in self.schedule.blocks:
            off |= self.off(block, said.zone)
        for closure in self.schedule.closures:
            if closure.location_id in (None, said.location_id):
                off |= self.off(closure, said.zone)
        return Place(
            frozenset(hours),
            frozenset(hours - off),
            start,
            said.zone,
            said.location_id,
            said.slot_minutes or self.schedule.doctor.slot_minutes,
            said.capacity,
            said.service_ids,
            session,
        )

    def off(self, block: Block, zone: ZoneInfo) -> set[int]:
        """The marks that a block takes, as seen at a location in *zone*."""
        start = block.start.astimezone(block.zone).replace(tzinfo=None)
        end = block.end.astimezone(block.zone).replace(tzinfo=None)
        every = {None: 0, "FREQ=DAILY": 1, "FREQ=WEEKLY;INTERVAL=2": 14}[block.rrule]
        found: set[int] = set()
        for times in range(60):
            if times and not every:
                break
            later = times * every * ONE_DAY
            if every and not -3 <= (start.date() + later - self.day).days <= 3:
                continue
            if block.all_day:
                days = [start.date() + later]
                while datetime.combine(days[-1] + ONE_DAY, time()) < end + later:
                    days.append(days[-1] + ONE_DAY)
                for day in days:
                    midnight = datetime.combine(day, time())
                    found.update(
                        range(when(zone, self.day, midnight), when(zone, self.day, midnight + ONE_DAY), STEP)
                    )
            elif every:
                found.update(
                    range(
                        when(block.zone, self.day, start + later),
                        when(block.zone, self.day, end + later),
                        STEP,
                    )
                )
            else:
                found.update(range(int(block.start.timestamp()), int(block.end.timestamp()), STEP))
        return found

    # One start

    def _accepted_at(self, place: Place, start: int) -> bool:
        length = self.length(place)
        return (
            length is not None
            and self.may_ask(place, start)
            and self.is_for(place)
            and self.fits(place, start, length)
            and self.day_allows(place, start)
            and self.nobody_in_the_way(start, length)
            and self.sitting(start) < self.capacity(place)
            and self.room_free(place, start, length)
        )

    def is_for(self, place: Place) -> bool:
        wish, doctor = self.schedule.wish, self.schedule.doctor
        service = wish.service.id if wish.service else None
        if wish.location_id is not None and wish.location_id != place.location_id:
            return False
        if place.service_ids is not None and service not in place.service_ids:
            return False
        return doctor.is_active and (
            service is None or doctor.service_ids is None or service in doctor.service_ids
        )

    def step(self, place: Place) -> int:
        if place.slot_minutes:
            return place.slot_minutes * 60
        if self.schedule.wish.service:
            return self.schedule.wish.service.minutes * 60
        return len(place.hours) * STEP if place.session else 30 * 60

    def length(self, place: Place) -> int | None:
        wish, step = self.schedule.wish, self.step(place)
        own = wish.service.minutes * 60 if wish.service else step
        asked = wish.minutes * 60 if wish.minutes else own
        if asked == own or (asked > own and asked % step == 0):
            return asked
        return None

    def fits(self, place: Place, start: int, length: int) -> bool:
        """Whole in open time, and whole steps from where that open time begins."""
        if not all(mark in place.open for mark in range(start, start + length, STEP)):
            return False
        begin = start
        while begin - STEP in place.open:
            begin -= STEP
        return (start - begin) % self.step(place) == 0

    def may_ask(self, place: Place, start: int) -> bool:
        asker, service = self.schedule.asker, self.schedule.wish.service
        moment = datetime.fromtimestamp(start, UTC)
        if moment < asker.now:
            return False
        if asker.audience == "staff":
            return True
        notice, ahead = asker.min_notice_minutes, asker.max_days_ahead
        if service:
            notice = notice if service.min_notice_minutes is None else service.min_notice_minutes
            ahead = ahead if service.max_days_ahead is None else service.max_days_ahead
            if not service.online_bookable:
                return False
        if moment < asker.now + timedelta(minutes=notice):
            return False
        today = asker.now.astimezone(place.zone).date()
        return moment.astimezone(place.zone).date() <= today + ahead * ONE_DAY

    def day_allows(self, place: Place, start: int) -> bool:
        day = self.date_of(place.zone, start)
        facts = next((each for each in self.schedule.days if each.date == day), None)
        if facts and not facts.is_present:
            return False
        cap = facts.cap if facts and facts.cap is not None else self.schedule.doctor.max_per_day
        moved = [
            busy
            for busy in self.schedule.busy
            if busy.id in self.schedule.asker.except_for
            and not busy.held
            and self.date_of(place.zone, busy.start) == day
        ]
        return cap is None or (facts.booked if facts else 0) - len(moved) < cap

    def date_of(self, zone: ZoneInfo, second: int) -> date:
        return datetime.fromtimestamp(second, UTC).astimezone(zone).date()

    def others(self) -> list[Busy]:
        return [busy for busy in self.schedule.busy if busy.id not in self.schedule.asker.except_for]

    def nobody_in_the_way(self, start: int, length: int) -> bool:
        return not any(self.in_the_way(busy, start, start + length) for busy in self.others())

    def in_the_way(self, busy: Busy, start: int, end: int) -> bool:
        before, after = self.schedule.wish.buffers
        if busy.start == start:
            return False
        if busy.end <= start:
            return start - busy.end < max(busy.buffer_after * 60, before)
        if busy.start >= end:
            return busy.start - end < max(after, busy.buffer_before * 60)
        return True

    def sitting(self, start: int) -> int:
        return sum(busy.start == start for busy in self.others())

    def capacity(self, place: Place) -> int:
        service = self.schedule.wish.service
        if place.session and place.capacity and place.capacity > 1:
            return place.capacity
        if service and service.capacity:
            return service.capacity
        return place.capacity or 1

    def room_free(self, place: Place, start: int, length: int) -> bool:
        service = self.schedule.wish.service
        if service is None or service.room_kind is None:
            return True
        return any(
            room.kind == service.room_kind
            and place.location_id in (None, room.location_id)
            and all(
                use.room_id != room.id
                or use.id in self.schedule.asker.except_for
                or use.end <= start
                or use.start >= start + length
                or (use.doctor_id == self.schedule.doctor.id and use.start == start)
                for use in self.schedule.uses
            )
            for room in self.schedule.rooms
        )
