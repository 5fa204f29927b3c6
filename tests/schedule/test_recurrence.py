"""Repetition by RFC 5545: which rules are taken, and on which days they fall."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.schedule.recurrence import InvalidRecurrence, check, ends, occurrences
from tests.schedule.people import PARIS, wall

FIRST = wall("2026-01-05 09:00")  # a Monday


def days(rule: str, since: str = "2026-01-01 00:00", before: str = "2026-03-01 00:00") -> list[str]:
    return [f"{day:%m-%d}" for day in occurrences(rule, FIRST, PARIS, wall(since), wall(before))]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", "01-05 01-06 01-07"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", "01-05 01-15 01-25"),
        ("FREQ=DAILY;UNTIL=20260107T090000", "01-05 01-06 01-07"),
        ("FREQ=DAILY;UNTIL=20260107T085959", "01-05 01-06"),
        ("FREQ=DAILY;UNTIL=20260107", "01-05 01-06 01-07"),
        # 08:00 in UTC is 09:00 in Paris.
        ("FREQ=DAILY;UNTIL=20260107T080000Z", "01-05 01-06 01-07"),
        ("FREQ=DAILY;UNTIL=20260107T075959Z", "01-05 01-06"),
        ("FREQ=DAILY;BYDAY=SA,SU;COUNT=3", "01-10 01-11 01-17"),
        ("FREQ=WEEKLY;COUNT=3", "01-05 01-12 01-19"),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "01-05 01-07 01-12 01-14"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4", "01-06 01-11 01-20 01-25"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=4", "01-06 01-18 01-20 02-01"),
        ("FREQ=MONTHLY;COUNT=2", "01-05 02-05"),
        ("FREQ=MONTHLY;BYDAY=1MO", "01-05 02-02"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "01-30 02-27"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "01-31 02-28"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "01-31"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "01-30 02-27"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=14", "02-14"),
        ("RRULE:FREQ=WEEKLY;COUNT=1", "01-05"),
        ("freq=weekly;byday=we;count=1;", "01-07"),
    ],
)
def test_a_rule_falls_on_its_days(rule: str, expected: str) -> None:
    check(rule, FIRST, PARIS)
    assert days(rule) == expected.split()


def test_only_what_is_in_the_window_is_answered() -> None:
    assert days("FREQ=DAILY", "2026-02-01 09:00", "2026-02-03 09:00") == ["02-01", "02-02"]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "lunch",
        "FREQ",
        "FREQ=",
        "INTERVAL=2",
        "FREQ=FORTNIGHTLY",
        "FREQ=HOURLY",
        "FREQ=MINUTELY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=many",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999",
        "FREQ=DAILY;INTERVAL=²",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20261341",
        "FREQ=DAILY;UNTIL=20260105T250000",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=1,,2",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=DAILY\nRDATE:20260101",
        "DTSTART:20260101;FREQ=DAILY",
        # Rules that never happen.
        "FREQ=DAILY;UNTIL=20260101",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=9MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31",
    ],
)
def test_other_rules_are_refused(rule: str) -> None:
    with pytest.raises(InvalidRecurrence) as refused:
        check(rule, FIRST, PARIS)
    assert refused.value.code == "invalid_rrule"


def test_no_day_is_looked_for_that_no_month_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would walk day by day until the year 9999, and keep a worker busy with it."""
    monkeypatch.setattr(
        "clinic.schedule.recurrence.rrulestr", lambda *_args, **_more: pytest.fail("it was asked")
    )
    with pytest.raises(InvalidRecurrence, match="no such month"):
        check("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", FIRST, PARIS)


RULES = st.builds(
    "FREQ={};INTERVAL={}{}".format,
    st.sampled_from(["DAILY", "WEEKLY"]),
    st.integers(1, 5),
    st.sampled_from(["", ";UNTIL=20280101"]),
) | st.sampled_from(
    [
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU",
        "FREQ=DAILY;BYDAY=SA",
        "FREQ=DAILY;COUNT=900",
        "FREQ=MONTHLY;BYDAY=2TU",
    ]
)


@given(RULES, st.integers(0, 900), st.integers(0, 60))
def test_an_old_rule_is_looked_up_without_walking_through_its_years(
    rule: str, ahead: int, length: int
) -> None:
    since = FIRST + timedelta(days=ahead, hours=-3)
    before = since + timedelta(days=length)
    whole = [day for day in rrulestr(rule, dtstart=FIRST).between(since, before, inc=True) if day < before]
    assert occurrences(rule, FIRST, PARIS, since, before) == whole


LONG_AGO = [wall(f"{day} 09:00") for day in ("1901-12-31", "1896-02-29", "1996-02-29", "2019-07-01")]


@settings(deadline=None, max_examples=60)  # the library walks through all the years
@given(
    st.sampled_from(
        [
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1",
            "FREQ=MONTHLY;INTERVAL=7;BYDAY=MO,2TU,-1FR",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20990101",
            "FREQ=MONTHLY;INTERVAL=25;BYMONTHDAY=29,30,31",
            "FREQ=YEARLY",
            "FREQ=YEARLY;INTERVAL=3;BYDAY=MO",
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=YEARLY;BYDAY=20MO,-1SU",
        ]
    ),
    st.sampled_from(LONG_AGO),
    st.integers(-2000, 12_000),
    st.integers(0, 1500),
)
def test_a_rule_of_months_or_years_is_the_same_from_whichever_year_it_is_looked_up(
    rule: str, first: datetime, ahead: int, length: int
) -> None:
    since = FIRST + timedelta(days=ahead)
    before = since + timedelta(days=length)
    whole = [day for day in rrulestr(rule, dtstart=first).between(since, before, inc=True) if day < before]
    assert occurrences(rule, first, PARIS, since, before) == whole


def test_a_block_of_another_century_is_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever enters one makes every question about the doctor's time walk through all of its days."""
    begun: list[datetime] = []

    def counted(text: str, *, dtstart: datetime, cache: bool) -> object:
        begun.append(dtstart)
        return rrulestr(text, dtstart=dtstart, cache=cache)

    monkeypatch.setattr("clinic.schedule.recurrence.rrulestr", counted)
    every_day = "FREQ=MONTHLY;BYMONTHDAY=" + ",".join(str(day) for day in range(1, 32))
    since = wall("2026-11-23 00:00")
    found = occurrences(every_day, wall("1800-01-01 09:00"), PARIS, since, since + timedelta(days=7))
    assert len(found) == 7
    assert begun[0].year >= 2018


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        ("FREQ=DAILY", None),
        ("FREQ=DAILY;COUNT=3", "2026-01-07 09:00"),
        ("FREQ=DAILY;UNTIL=20260109", "2026-01-09 23:59:59"),
        ("FREQ=DAILY;UNTIL=20260109T080000Z", "2026-01-09 09:00"),
    ],
)
def test_a_rule_ends_with_its_count_or_its_until(rule: str, end: str | None) -> None:
    assert ends(rule, FIRST, PARIS) == (datetime.fromisoformat(end) if end else None)
