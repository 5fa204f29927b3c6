"""Repetition by RFC 5545 RRULE, in wall-clock times.

A lunch from 12:00 is at 12:00 in winter and in summer, so rules repeat naive wall times; whoever asks turns each
into an instant. We take the parts that a person can want of hours, blocks and series of visits: FREQ (daily to
yearly), INTERVAL, COUNT, UNTIL, BYDAY, BYMONTH, BYMONTHDAY, BYSETPOS, WKST. The others are refused, and so is a rule
that never happens: the library would look for its first day until the year 9999.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from clinic.schedule.walltime import wall

STRIDES = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
FREQUENCIES = {*STRIDES, "MONTHLY", "YEARLY"}
PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}
MOST_TIMES, LONGEST_INTERVAL = 1000, 1000
UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)


class InvalidRecurrence(ValueError):
    """The text is no rule that we take. ``str()`` says what is the matter, for developers."""

    code = "invalid_rrule"


def check(text: str, first: datetime, zone: ZoneInfo) -> None:
    """``InvalidRecurrence`` unless *text*, counted from the naive wall time *first*, is a rule that ever happens."""
    if next(iter(_rule(text, first, zone)), None) is None:
        raise InvalidRecurrence("it never happens")


def occurrences(
    text: str, first: datetime, zone: ZoneInfo, since: datetime, before: datetime
) -> list[datetime]:
    """The naive wall times in [since, before) at which the rule that begins at *first* happens, in order.

    *first* itself is one of them only if the rule says so (RFC 5545 leaves a first that does not fit undefined).
    """
    return _rule(text, _nearer(text, first, since), zone).between(
        since, before - timedelta(microseconds=1), inc=True
    )


def ends(text: str, first: datetime, zone: ZoneInfo) -> datetime | None:
    """A wall time after which the rule begins nothing more; None: it goes on for ever."""
    parts = _parts(text)
    if "UNTIL" in parts:
        return _until(parts["UNTIL"], zone)
    if "COUNT" in parts:
        return max(_rule(text, first, zone), default=first)
    return None


def _nearer(text: str, first: datetime, since: datetime) -> datetime:
    """A later beginning with the same occurrences from *since* on: a daily rule of 2019 is not walked day by day."""
    parts = _parts(text)
    if "COUNT" in parts:
        return first
    interval = int(parts.get("INTERVAL", "1"))
    if parts["FREQ"] not in STRIDES:
        return _years_nearer(first, since, 4 * interval)
    stride = STRIDES[parts["FREQ"]] * interval
    # One stride early: the week that a weekly rule begins in counts only from that day on.
    return first + stride * max(0, (since - first) // stride - 1)


def _years_nearer(first: datetime, since: datetime, stride: int) -> datetime:
    """Whole intervals of months and years later; of four years, after which a 29 February comes again."""
    try:
        return first.replace(year=first.year + stride * max(0, (since.year - first.year) // stride - 1))
    except ValueError:  # save in a year such as 2100
        return first


def _rule(text: str, first: datetime, zone: ZoneInfo) -> rrule:
    parts = dict(_parts(text))
    if "UNTIL" in parts:
        parts["UNTIL"] = f"{_until(parts['UNTIL'], zone):%Y%m%dT%H%M%S}"
    try:
        made = rrulestr(
            ";".join(f"{name}={value}" for name, value in parts.items()), dtstart=first, cache=False
        )
    except (ValueError, TypeError, KeyError, IndexError) as broken:
        raise InvalidRecurrence(str(broken)) from broken
    if not isinstance(made, rrule):
        raise InvalidRecurrence("one rule is wanted")
    return made


def _until(text: str, zone: ZoneInfo) -> datetime:
    """UNTIL as a wall time: a date is meant whole, a time in UTC is what the clock of *zone* shows then."""
    found = UNTIL.fullmatch(text)
    if found is None:
        raise InvalidRecurrence("UNTIL is a date or a time")
    try:
        day = datetime.strptime(found[1], "%Y%m%d")  # noqa: DTZ007 – wall time
        if not found[2]:
            return datetime.combine(day, time(23, 59, 59))
        moment = datetime.combine(day, time.fromisoformat(found[2]))
    except ValueError as broken:
        raise InvalidRecurrence("UNTIL is a date or a time that exists") from broken
    return wall(moment.replace(tzinfo=UTC), zone) if found[3] else moment


@lru_cache(maxsize=1024)
def _parts(text: str) -> dict[str, str]:
    """The parts of a rule by name, after everything that can be told without counting days."""
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if name not in PARTS or not equals or not value or name in parts:
            raise InvalidRecurrence(f"{part or 'nothing'} cannot be used")
        parts[name] = value
    _check_counts(parts)
    _check_days(parts)
    return parts


def _check_counts(parts: dict[str, str]) -> None:
    if parts.get("FREQ") not in FREQUENCIES:
        raise InvalidRecurrence("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY")
    for name, most in (("COUNT", MOST_TIMES), ("INTERVAL", LONGEST_INTERVAL)):
        value = parts.get(name, "1")
        if not re.fullmatch(r"[0-9]{1,4}", value) or not 1 <= int(value) <= most:
            raise InvalidRecurrence(f"{name} is a number from 1 to {most}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidRecurrence("COUNT or UNTIL, not both")


def _check_days(parts: dict[str, str]) -> None:
    frequency, by = parts["FREQ"], {name for name in parts if name.startswith("BY")}
    if frequency == "DAILY" and by and int(parts.get("INTERVAL", "1")) > 1:
        raise InvalidRecurrence("every few days, or on certain days, not both")
    if frequency == "WEEKLY" and "BYMONTHDAY" in by:
        raise InvalidRecurrence("a weekly rule has no days of the month")
    if frequency in STRIDES and ("BYSETPOS" in by or re.search(r"\d", parts.get("BYDAY", ""))):
        raise InvalidRecurrence("the first or last of something needs a monthly or yearly rule")
    most = 53 if frequency == "YEARLY" and "BYMONTH" not in by else 5
    if not all(1 <= int(number) <= most for number in re.findall(r"\d+", parts.get("BYDAY", ""))):
        raise InvalidRecurrence(f"there is a first to {most}th weekday of each")
    months, days = _numbers(parts, "BYMONTH", 1, 12), _numbers(parts, "BYMONTHDAY", -31, 31)
    _numbers(parts, "BYSETPOS", -366, 366)
    if days and not any(abs(day) <= _longest(month) for month in months or range(1, 13) for day in days):
        raise InvalidRecurrence("no such month has such a day")


def _numbers(parts: dict[str, str], name: str, least: int, most: int) -> list[int]:
    texts = parts[name].split(",") if name in parts else []
    if not all(
        re.fullmatch(r"[+-]?[0-9]{1,3}", each) and least <= int(each) <= most and int(each) for each in texts
    ):
        raise InvalidRecurrence(f"{name} is a list of numbers from {least} to {most}")
    return [int(each) for each in texts]


def _longest(month: int) -> int:
    return calendar.monthrange(2024, month)[1]
