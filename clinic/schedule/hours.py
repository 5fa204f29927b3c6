"""When a doctor receives: weekly hours, overrides of a date and one-off sessions become openings (RULES §4).

This is where the slot engine begins. It is pure arithmetic, in these files: ``walltime`` (clocks), ``recurrence``
(RRULE), ``timeoff`` (blocks and closures), ``hours`` (this one), ``overlaps`` (of weekly rules), ``facts`` (what is
asked and answered), ``grid``, ``bounds`` and ``visits`` (steps and places; notice and horizon; what is booked),
``premises`` (what doctors share), ``opentime`` (hours minus time off), ``timetable`` (offers, accepts, explains),
``tokens`` (days of numbers), ``overview`` (alternatives, counts), ``changes`` (what a change takes away). Only
``reasons`` knows a language.

An opening is one stretch of hours of one kind, before time off is taken from it. It belongs to the date on which it
begins: an override of Tuesday replaces what begins on Tuesday, and leaves Monday's night shift alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.walltime import ONE_DAY, at, epoch, local_date


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """Hours of every week, as the clock of ``zone`` (its location's) shows them.

    ``weekday`` 0 = Monday. ``valid_from`` and ``valid_until`` are inclusive and speak of the date on which the hours
    begin. ``every_weeks`` counts Monday-to-Sunday weeks, that of ``valid_from`` first (without it: that of
    1 January of the year 1). ``slot_minutes``, ``capacity``, ``service_ids``: None means the doctor's, 1, all.
    """

    id: UUID
    weekday: int
    start: time
    end: time
    zone: ZoneInfo
    location_id: UUID | None = None
    ends_next_day: bool = False
    slot_minutes: int | None = None
    capacity: int | None = None
    service_ids: frozenset[UUID] | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1

    def is_on(self, day: date) -> bool:
        """Whether these hours begin on *day*."""
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
            and (self.every_weeks == 1 or (week(day) - self.first_week) % self.every_weeks == 0)
        )

    @property
    def first_week(self) -> int:
        return week(self.valid_from) if self.valid_from else 0


@dataclass(frozen=True, slots=True)
class Override:
    """The hours of one date in place of all the doctor's weekly ones; no intervals: none that day.

    An interval that does not end after it starts ends on the next day. It changes when, not how: what it does not
    say itself (a ``location_id`` with its ``zone``, ``slot_minutes``, ``capacity``, ``service_ids``) is that of the
    weekly rule it stands for: of those that it replaces, the one with which it shares most time, else the earliest.
    """

    id: UUID
    date: date
    zone: ZoneInfo
    intervals: tuple[tuple[time, time], ...] = ()
    location_id: UUID | None = None
    slot_minutes: int | None = None
    capacity: int | None = None
    service_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Hours that come once, on top of whatever else there is. ``start`` and ``end`` are instants.

    Where a session and other hours offer the same start, the session's place is taken first. A ``capacity`` above 1
    holds before the visit type's: it was said of this one session.
    """

    id: UUID
    start: datetime
    end: datetime
    zone: ZoneInfo
    location_id: UUID | None = None
    slot_minutes: int | None = None
    capacity: int | None = None
    service_ids: frozenset[UUID] | None = None


class Opening(NamedTuple):
    """One stretch of hours in epoch seconds; ``day`` is the local date on which it begins.

    ``slot_minutes`` is the rule's or else the doctor's; None: as long as the visit. One of the last three is set.
    """

    start: int
    end: int
    day: date
    zone: ZoneInfo
    location_id: UUID | None
    slot_minutes: int | None
    capacity: int | None
    service_ids: frozenset[UUID] | None
    rule_id: UUID | None = None
    override_id: UUID | None = None
    session_id: UUID | None = None

    @property
    def precedence(self) -> tuple[bool, int, int, str]:
        """Sorts the openings that offer the same start: sessions first, then what began earlier."""
        return (
            self.session_id is None,
            self.start,
            self.end,
            str(self.rule_id or self.override_id or self.session_id),
        )


class Hours:
    """A doctor's hours, expanded date by date and only when asked.

    *slot_minutes* is the doctor's own step, *home* where an override is that has no place of its own or of a rule.
    """

    def __init__(
        self,
        slot_minutes: int | None = None,
        rules: Iterable[WeeklyRule] = (),
        overrides: Iterable[Override] = (),
        sessions: Iterable[Session] = (),
        home: UUID | None = None,
    ) -> None:
        self._slot_minutes = slot_minutes
        self._home = home
        self._rules: list[list[WeeklyRule]] = [[] for _ in range(7)]
        self._overrides: dict[date, list[Override]] = {}
        self._sessions = list(sessions)
        self.zones: set[ZoneInfo] = {session.zone for session in self._sessions}
        for rule in rules:
            self._rules[rule.weekday].append(rule)
            self.zones.add(rule.zone)
        for override in overrides:
            self._overrides.setdefault(override.date, []).append(override)
            self.zones.add(override.zone)

    @property
    def has_any(self) -> bool:
        """Whether this doctor has hours at all, on whatever date."""
        return bool(
            any(self._rules)
            or self._sessions
            or any(each.intervals for listed in self._overrides.values() for each in listed)
        )

    def on(self, day: date) -> list[Opening]:
        """The weekly hours that begin on the local date *day*, or what replaces them. Sessions are not among them."""
        rules = [rule for rule in self._rules[day.weekday()] if rule.is_on(day)]
        overrides = self._overrides.get(day)
        if overrides is None:
            openings = [self._of_rule(rule, day) for rule in rules]
        else:
            openings = [
                self._of_override(override, interval, rules)
                for override in overrides
                for interval in override.intervals
            ]
        return [opening for opening in openings if opening.start < opening.end]

    @cached_property
    def sessions(self) -> list[Opening]:
        return [self._of_session(session) for session in self._sessions if session.start < session.end]

    def _of_rule(self, rule: WeeklyRule, day: date) -> Opening:
        last = day + ONE_DAY if rule.ends_next_day else day
        return Opening(
            start=at(day, rule.start, rule.zone),
            end=at(last, rule.end, rule.zone),
            day=day,
            zone=rule.zone,
            location_id=rule.location_id,
            slot_minutes=rule.slot_minutes or self._slot_minutes,
            capacity=rule.capacity,
            service_ids=rule.service_ids,
            rule_id=rule.id,
        )

    def _of_override(
        self, override: Override, interval: tuple[time, time], rules: list[WeeklyRule]
    ) -> Opening:
        start, end = interval
        day = override.date
        kin = _stands_for(override, interval, rules)
        here = kin if kin and override.location_id is None else override
        how = kin or override
        return Opening(
            start=at(day, start, here.zone),
            end=at(day if start < end else day + ONE_DAY, end, here.zone),
            day=day,
            zone=here.zone,
            location_id=here.location_id or self._home,
            slot_minutes=override.slot_minutes or how.slot_minutes or self._slot_minutes,
            capacity=override.capacity or how.capacity,
            service_ids=how.service_ids if override.service_ids is None else override.service_ids,
            override_id=override.id,
        )

    def _of_session(self, session: Session) -> Opening:
        start = epoch(session.start)
        return Opening(
            start=start,
            end=epoch(session.end),
            day=local_date(start, session.zone),
            zone=session.zone,
            location_id=session.location_id,
            slot_minutes=session.slot_minutes or self._slot_minutes,
            capacity=session.capacity,
            service_ids=session.service_ids,
            session_id=session.id,
        )


def week(day: date) -> int:
    """Number of the Monday-to-Sunday week that holds *day*; 1 January of the year 1 was a Monday."""
    return (day.toordinal() - 1) // 7


def _stands_for(
    override: Override, interval: tuple[time, time], rules: list[WeeklyRule]
) -> WeeklyRule | None:
    """The weekly rule whose time this interval takes; at another location than all of them, none."""
    if override.location_id is not None:
        rules = [rule for rule in rules if rule.location_id in (None, override.location_id)]
    start, end = clock_minutes(*interval, past_midnight=interval[0] >= interval[1])

    def shared(rule: WeeklyRule) -> tuple[float, float]:
        begins, ends = clock_minutes(rule.start, rule.end, past_midnight=rule.ends_next_day)
        return max(0, min(end, ends) - max(start, begins)), -begins

    return max(rules, key=shared, default=None)


def clock_minutes(start: time, end: time, *, past_midnight: bool) -> tuple[float, float]:
    """Wall times as minutes from the midnight before *start*."""
    begins, ends = (clock.hour * 60 + clock.minute + clock.second / 60 for clock in (start, end))
    return begins, ends + (24 * 60 if past_midnight else 0)
