"""Do two weekly rules of a doctor ever meet? Answered for every date there will be, not for the next few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from math import gcd
from typing import NamedTuple

from clinic.schedule.hours import WeeklyRule, clock_minutes, week
from clinic.schedule.walltime import ONE_DAY, at

# What two zones' clocks show on one weekday repeats after 28 years.
CYCLE = 28 * 366
FIRST, LAST = date(2024, 1, 1).toordinal(), date(2900, 1, 1).toordinal()


class Overlap(NamedTuple):
    """The rule that is in the way, and the first date on which it is (that of the new rule's hours)."""

    rule: WeeklyRule
    on: date


def overlap(rule: WeeklyRule, others: Iterable[WeeklyRule], *, since: date | None = None) -> Overlap | None:
    """The first of *others* that shares time with *rule* on any actual date; a rule of the same id is itself.

    Validity, ``every_weeks`` and hours past midnight are counted; dates before *since* do not matter. Nor does it
    that places differ: a doctor is in one. Hours that touch (until 12:00, from 12:00) do not overlap.
    """
    for other in others:
        if other.id != rule.id and (day := _first_clash(rule, other, since or date.min)) is not None:
            return Overlap(other, day)
    return None


def _first_clash(rule: WeeklyRule, other: WeeklyRule, since: date) -> date | None:
    days = [day for apart in range(-2, 3) for day in _clashes(rule, other, apart, since)]
    return min(days, default=None)


def _clashes(rule: WeeklyRule, other: WeeklyRule, apart: int, since: date) -> Iterator[date]:
    """The first date of *rule* on which it meets the hours of *other* that begin *apart* days later, if there is one.

    Dates of a rule are an arithmetic progression, so the dates that both are on are one too: every lcm of weeks.
    """
    first, step, last = _common_dates(rule, other, apart)
    first += max(0, -((first - since.toordinal()) // step)) * step
    if rule.zone == other.zone:
        if first <= last and _meet(rule, other, apart):
            yield date.fromordinal(first)
        return
    # In two zones it depends on the offsets of the date, so here the dates are looked at, for a whole cycle of them.
    for ordinal in range(first, min(last, first + CYCLE * step // 7) + 1, step):
        day = date.fromordinal(ordinal)
        (start, end), (begins, ends) = _span(rule, day), _span(other, day + apart * ONE_DAY)
        if start < ends and begins < end:
            yield day
            return


def _common_dates(rule: WeeklyRule, other: WeeklyRule, apart: int) -> tuple[int, int, int]:
    """First, step and last (ordinals) of the days on which *rule* is on and *other* is on *apart* days later."""
    (low, every, high), (its_low, its_every, its_high) = _dates(rule), _dates(other)
    its_low, its_high = its_low - apart, its_high - apart
    shared = gcd(every, its_every)
    last = min(high, its_high)
    if (its_low - low) % shared:
        return 1, 1, 0
    # low + every·k ≡ its_low (mod its_every), so k = (its_low − low)/shared · (every/shared)⁻¹ (mod its_every/shared).
    cycle = its_every // shared
    times = (its_low - low) // shared * pow(every // shared, -1, cycle) % cycle
    first, step = low + every * times, every * cycle
    return first + max(0, -(-(its_low - first) // step)) * step, step, last


def _dates(rule: WeeklyRule) -> tuple[int, int, int]:
    """First date, step in days and last date (ordinals) of a rule."""
    start = rule.valid_from.toordinal() if rule.valid_from else FIRST
    monday = week(date.fromordinal(start)) * 7 + 1
    first = monday + (rule.first_week - week(date.fromordinal(start))) % rule.every_weeks * 7 + rule.weekday
    if first < start:
        first += 7 * rule.every_weeks
    return first, 7 * rule.every_weeks, rule.valid_until.toordinal() if rule.valid_until else LAST


def _meet(rule: WeeklyRule, other: WeeklyRule, apart: int) -> bool:
    start, end = clock_minutes(rule.start, rule.end, past_midnight=rule.ends_next_day)
    begins, ends = clock_minutes(other.start, other.end, past_midnight=other.ends_next_day)
    return start < ends + apart * 24 * 60 and begins + apart * 24 * 60 < end


def _span(rule: WeeklyRule, day: date) -> tuple[int, int]:
    return at(day, rule.start, rule.zone), at(
        day + ONE_DAY if rule.ends_next_day else day, rule.end, rule.zone
    )
