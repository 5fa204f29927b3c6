"""Times, phones, money and ages are written as the clinic's people write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from clinic.core import formats, i18n, tenancy
from tests.core.shell import NORTH, make_shell

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_north() -> Iterator[None]:
    with make_shell().app_context():
        tenancy._current.set(NORTH)
        yield
        tenancy.leave()


def test_a_moment_is_that_of_the_clinics_wall() -> None:
    assert formats.at(START) == "Mon, 23 Nov, 09:30"
    assert formats.at(START, "Europe/Paris") == "Mon, 23 Nov, 15:30"
    assert formats.at(START.isoformat()) == formats.at(START)
    assert formats.clock(START) == "09:30"
    assert formats.span(START, START.replace(hour=15)) == "09:30–10:30"
    late = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert formats.day(late) == "Mon, 23 Nov", "at three in UTC it is still yesterday in Bogotá"


def test_a_time_without_a_zone_is_no_moment() -> None:
    with pytest.raises(ValueError, match="no moment"):
        formats.instant(datetime(2026, 11, 23, 9, 30))  # noqa: DTZ001


def test_times_of_day_and_dates_are_taken_as_they_are() -> None:
    assert formats.clock(time(7, 5)) == formats.clock("07:05") == "07:05"
    assert formats.day(date(2026, 11, 23), "iso") == formats.day("2026-11-23", "iso") == "2026-11-23"


@pytest.mark.parametrize(
    ("language", "full", "zone"),
    [
        ("en", "Monday 23 November 2026", "Bogota time"),
        ("es", "lunes, 23 de noviembre de 2026", "hora de Bogotá"),
        ("fr", "lundi 23 novembre 2026", "heure de Bogota"),
    ],
)
def test_days_are_written_in_the_readers_language(language: str, full: str, zone: str) -> None:
    with i18n.speaking(language):
        assert formats.day(START, "full").replace("Monday,", "Monday") == full
        assert formats.zone_name() == zone


def test_how_long() -> None:
    assert [formats.duration(minutes) for minutes in (0, 20, 60, 80.4)] == [
        "0 min",
        "20 min",
        "1 h",
        "1 h 20 min",
    ]


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(1984, 11, 23), "42 years"),
        (date(1984, 11, 24), "41 years"),
        (date(2024, 11, 24), "23 months"),
        (date(2024, 11, 23), "2 years"),
        (date(2026, 10, 23), "1 month"),
        (date(2026, 11, 20), "0 months"),
        (date(2027, 1, 1), "0 months"),
    ],
)
def test_small_children_are_counted_in_months(born: date, age: str) -> None:
    assert formats.age(born, date(2026, 11, 23)) == age


def test_phones_are_written_as_at_home_and_abroad() -> None:
    assert formats.phone("+573012345678") == "301 2345678"
    assert formats.phone("+33142685300") == "+33 1 42 68 53 00"
    assert formats.phone("+33142685300", "FR") == "01 42 68 53 00"
    assert formats.phone("ask Carla") == "ask Carla"


def test_money_is_the_clinics() -> None:
    assert formats.money(1250) == "COP1,250.00"
    with i18n.speaking("es"):
        assert formats.money(Decimal("1250.50")) == "$1.250,50"
    assert formats.money("9.5", "EUR") == "€9.50"


def test_two_letters_stand_for_a_name() -> None:
    names = ["Ana María Pérez", "Åsa", "de la Cruz", "", "  ", "7 Up"]
    assert [formats.initials(name) for name in names] == ["AP", "Å", "DC", "?", "?", "U"]


def test_without_a_clinic_times_are_universal() -> None:
    tenancy._current.set(dataclasses.replace(NORTH, timezone="UTC"))
    with_utc = formats.at(START)
    tenancy.leave()
    assert formats.at(START) == with_utc
