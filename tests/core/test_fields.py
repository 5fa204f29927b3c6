"""The fields that pages and JSON share: what they take, what they make of it, what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter, ValidationError

from clinic.core import fields, tenancy, times
from clinic.core.parsing import MESSAGES, Wrong
from clinic.core.text import document_key, fold, line, lines

BOGOTA = timezone(timedelta(hours=-5))


def refused(parse: Callable[[str], Any], text: str) -> str:
    with pytest.raises(Wrong) as caught:
        parse(text)
    return caught.value.code


# -- text --------------------------------------------------------------------------------------------------------


def test_a_line_loses_only_its_outer_white_space() -> None:
    assert line("\t Ana  María\u00a0", 20) == "Ana  María"


@pytest.mark.parametrize(
    ("text", "code"),
    [("a" * 6, "too_long"), ("", "required"), ("a", "too_short"), ("a\nb", "control_character")],
)
def test_a_line_that_does_not_fit_is_refused(text: str, code: str) -> None:
    assert refused(lambda typed: line(typed, 5, 2), text) == code


def test_a_line_is_measured_in_characters_not_bytes() -> None:
    assert line("李" * 5, 5) == "李" * 5


def test_lines_keep_breaks_and_tabs_and_nothing_else() -> None:
    assert lines("a\r\nb\rc\td", 20) == "a\nb\nc\td"
    assert refused(lambda typed: lines(typed, 20), "a\x0bb") == "control_character"
    assert refused(lambda typed: lines(typed, 20), "a\ud800") == "control_character"


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Ñáñez  Groß", "nanez gross"),
        ("Søren Ærø", "soren aero"),
        ("ŁUKASZ Đorđević", "lukasz dordevic"),
        ("İstanbul ısı", "istanbul isi"),
        ("Þóra Œuvre", "thora oeuvre"),
        ("O’Brien", "o'brien"),
        ("ＡＮＡ", "ana"),
        ("Ana\u0301", "ana"),
        ("한국", "한국"),
        (" ", ""),
    ],
)
def test_folded_names_compare_without_accents_and_case(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(some.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "typed", ["12.345.678-K", "12345678k", " 12 345 678 K ", "12–345–678−k", "１２３４５６７８Ｋ"]
)
def test_documents_compare_without_case_spaces_dots_and_dashes(typed: str) -> None:
    assert document_key(typed) == "12345678k"


def test_a_document_number_is_kept_as_typed() -> None:
    assert fields.document_number(" 12.345.678-K ") == "12.345.678-K"
    assert refused(fields.document_number, ".-.") == "required"
    assert refused(fields.document_number, "1" * 41) == "too_long"


# -- phone and e-mail --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "3001234567",
        "300 123 4567",
        "(300) 123-4567",
        "+57 300 1234567",
        "0057 300 123 4567",
        "57 3001234567",
        "tel:+573001234567",
    ],
)
def test_a_phone_is_understood_in_any_spelling_of_the_country(typed: str) -> None:
    assert fields.phone(typed, "CO") == "+573001234567"


def test_a_phone_of_another_country_needs_its_prefix() -> None:
    assert fields.phone("+33 6 12 34 56 78", "CO") == "+33612345678"
    assert fields.phone("06 12 34 56 78", "FR") == "+33612345678"
    assert refused(lambda typed: fields.phone(typed, "CO"), "06 12 34 56 78") == "invalid_phone"


@pytest.mark.parametrize(
    "typed", ["", "12", "+57", "call me", "+999123456789", "3001234567 ext. 5", "1" * 41, "3001234567" * 30]
)
def test_a_phone_that_cannot_be_rung_is_refused(typed: str) -> None:
    assert refused(lambda text: fields.phone(text, "CO"), typed) == "invalid_phone"


def test_a_phone_is_read_as_the_clinics_country_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clinic:
        country = "CO"

    assert refused(fields.phone, "3001234567") == "invalid_phone"
    monkeypatch.setattr(tenancy, "current", Clinic)
    assert fields.phone("3001234567") == "+573001234567"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" ana@Example.ORG ", "ana@example.org"),
        ("Ana.P+x@clinic.test", "Ana.P+x@clinic.test"),
        ("ana@north.localhost", "ana@north.localhost"),
        ("josé@exámple.org", "josé@exámple.org"),
    ],
)
def test_an_email_address_is_kept(typed: str, kept: str) -> None:
    assert fields.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ana", "ana@", "@b.org", "ana@b", "a b@c.org", "ana@b..org", "ana@[127.0.0.1]", "a" * 65 + "@b.org"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    assert refused(fields.email, typed) == "invalid_email"


def test_addresses_compare_without_case() -> None:
    assert fields.email_key(" Ana@B.org ") == fields.email_key("ana@b.ORG")


# -- codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parse", "typed", "kept"),
    [
        (fields.hex_color, "#0F766E", "#0f766e"),
        (fields.slug, "north-2", "north-2"),
        (fields.slug, "a" * 63, "a" * 63),
        (fields.time_zone, "America/Bogota", "America/Bogota"),
        (fields.country, "co", "CO"),
        (fields.currency, "cop", "COP"),
        (fields.language, "pt-BR", "pt-BR"),
        (fields.language, "zh-Hant-TW", "zh-Hant-TW"),
        (fields.code, " Card.2_a/b ", "Card.2_a/b"),
    ],
)
def test_a_code_is_kept(parse: Callable[[str], str], typed: str, kept: str) -> None:
    assert parse(typed) == kept


@pytest.mark.parametrize(
    ("parse", "typed", "code"),
    [
        (fields.hex_color, "0f766e", "invalid_color"),
        (fields.hex_color, "#fff", "invalid_color"),
        (fields.slug, "2north", "invalid_slug"),
        (fields.slug, "north-", "invalid_slug"),
        (fields.slug, "North", "invalid_slug"),
        (fields.slug, "a" * 64, "invalid_slug"),
        (fields.slug, "north\n", "invalid_slug"),
        (fields.slug, "", "invalid_slug"),
        (fields.time_zone, "Bogota", "unknown_time_zone"),
        (fields.time_zone, "../etc/passwd", "unknown_time_zone"),
        (fields.time_zone, "localtime", "unknown_time_zone"),
        (fields.country, "ZZ", "unknown_country"),
        (fields.currency, "XYZ", "unknown_currency"),
        (fields.language, "english", "invalid_language"),
        (fields.code, "a b", "invalid_code"),
        (fields.code, "", "invalid_code"),
    ],
)
def test_what_is_no_code_is_refused(parse: Callable[[str], str], typed: str, code: str) -> None:
    assert refused(parse, typed) == code


# -- times -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-11-23T09:00:00-05:00", datetime(2026, 11, 23, 9, tzinfo=BOGOTA)),
        ("2026-11-23T14:00:00Z", datetime(2026, 11, 23, 9, tzinfo=BOGOTA)),
        ("2026-11-23t14:00z", datetime(2026, 11, 23, 9, tzinfo=BOGOTA)),
        ("2026-11-23 14:00:00.1234567+00:00", datetime(2026, 11, 23, 14, 0, 0, 123456, UTC)),
        ("2026-11-23T16:00:00 02:00", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("2026-11-23T09:00", datetime(2026, 11, 23, 9)),  # noqa: DTZ001
        ("2026-11-23T09:00:00.5", datetime(2026, 11, 23, 9, 0, 0, 500_000)),  # noqa: DTZ001
    ],
)
def test_a_time_is_an_instant_with_an_offset_and_a_wall_clock_without(typed: str, moment: datetime) -> None:
    read = times.wall_or_instant(typed)
    assert read == moment
    assert (read.tzinfo is None) == (moment.tzinfo is None)


@pytest.mark.parametrize(
    "typed",
    [
        "0",
        "1700000000",
        "2026-11-23",
        "2026-11-23T",
        "2026-11-23T24:00",
        "2026-11-23T09:60",
        "2026-11-23T09:00:60",
        "2026-02-29T09:00",
        "2026-11-23T09:00+25:00",
        "2026-11-23T09:00+0500",
        "20261123T0900",
        "2026-W48-1T09:00",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "２０２６-11-23T09:00",
        "2026-11-23T09:00\n",
    ],
)
def test_a_time_that_is_none_is_refused(typed: str) -> None:
    assert refused(times.wall_or_instant, typed) == "invalid_time"


def test_an_instant_needs_its_offset_where_there_is_no_clinic() -> None:
    assert times.instant("2026-11-23T14:00Z") == datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert refused(times.instant, "2026-11-23T14:00") == "invalid_time"


FIRST, LAST = datetime(1800, 1, 2), datetime(2999, 12, 30)  # noqa: DTZ001


@given(some.datetimes(FIRST, LAST, timezones=some.sampled_from([UTC, BOGOTA])))
def test_what_we_answer_can_be_sent_back(moment: datetime) -> None:
    assert times.instant(moment.isoformat()) == moment


def test_an_end_of_a_range_is_a_day_or_a_time() -> None:
    day, moment = times.date_or_instant("2026-11-23"), times.date_or_instant("2026-11-23T00:00")
    assert type(day) is date
    assert type(moment) is datetime
    assert refused(times.date_or_instant, "2026-02-30") == "invalid_date"


@pytest.mark.parametrize(
    "typed",
    ["0", "23/11/2026", "2026-11-31", "20261123", "2026-1-1", "0001-01-01", "9999-12-31", " 2026-11-23"],
)
def test_a_date_that_is_none_is_refused(typed: str) -> None:
    assert refused(times.iso_date, typed) == "invalid_date"


def test_a_time_of_day_has_hours_and_minutes() -> None:
    assert times.time_of_day("09:05") == time(9, 5)
    assert times.show_time(time(9, 5)) == "09:05"
    for typed in ("9:05", "24:00", "09:60", "09:05:00", "0905", "09:05Z"):
        assert refused(times.time_of_day, typed) == "invalid_time"


# -- as types ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        times.Date,
        times.WallOrInstant,
        times.Instant,
        times.DateOrInstant,
        times.TimeOfDay,
        fields.Phone,
        fields.Email,
        fields.Slug,
    ],
)
@pytest.mark.parametrize("sent", [0, 1.5, True, [], {}, None])
def test_what_is_not_text_is_never_read_as_text(kind: Any, sent: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(sent)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (times.Date, date(2026, 11, 23)),
        (times.WallOrInstant, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (times.TimeOfDay, time(9)),
    ],
)
def test_a_value_of_the_type_is_taken_as_it_is(kind: Any, value: Any) -> None:
    assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize("day", [-1, 7])
def test_a_weekday_is_from_monday_0_to_sunday_6(day: int) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(times.Weekday).validate_python(day)


def test_the_clinics_own_object_is_kept_as_sent() -> None:
    own = {"a": [1, 2.5, None, True, "x\ny"], "b": {"c": {}}}
    assert TypeAdapter(fields.FreeObject).validate_python(own) == own


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"a": "\0"}, "control_character"),
        ({"a\0": 1}, "control_character"),
        ({"a": 2**63}, "out_of_range"),
        ({"a": [1e20]}, "out_of_range"),
        ({"a": -1e308}, "out_of_range"),
        ({"a": "x" * 16_400}, "too_long"),
        ({"a": [[[[[[[[[]]]]]]]]]}, "too_deep"),
    ],
)
def test_the_clinics_own_object_has_its_limits(own: dict[str, Any], code: str) -> None:
    with pytest.raises(Wrong) as caught:
        fields.free_object(own)
    assert caught.value.code == code


def test_every_sentence_can_be_said_outside_a_request() -> None:
    assert all(str(message) for message in MESSAGES.values())
