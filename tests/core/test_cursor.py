"""Lists come in pages that neither skip nor repeat (API.md §1, *lists*)."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from clinic.core import cursor
from clinic.core.errors import Invalid
from tests.core.toy import ANA, KEY, toy_client

KINDS = (str, int, uuid.UUID, datetime, date, bool)
BOGOTA = timezone(timedelta(hours=-5))


def wrapped(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@given(
    some.tuples(
        some.text(alphabet=some.characters(exclude_categories=["Cs", "Cc"])),
        some.integers(-(2**63), 2**63 - 1),
        some.uuids(),
        some.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001
        some.dates(),
        some.booleans(),
    )
)
def test_what_goes_in_comes_out(values: tuple[Any, ...]) -> None:
    assert cursor.decode(cursor.encode(values), KINDS) == values


def test_a_time_keeps_its_microseconds_and_its_instant() -> None:
    moment = datetime(2026, 11, 23, 9, 0, 0, 123456, BOGOTA)
    assert cursor.decode(cursor.encode([moment]), (datetime,)) == (moment,)


def test_none_and_nothing_mean_the_first_page() -> None:
    assert cursor.decode(None, (str,)) is None
    assert cursor.decode("", (str,)) is None


@pytest.mark.parametrize(
    "text",
    [
        "%%%",
        "é",
        "a",
        "WyJh",
        "=" * 8,
        "A" * 2001,
        wrapped({"a": 1}),
        wrapped(["Ana"]),
        wrapped(["Ana", "not an id"]),
        wrapped(["Ana", str(ANA), 1]),
        wrapped([1, str(ANA)]),
        wrapped(["Ana\0", str(ANA)]),
        wrapped([None, str(ANA)]),
    ],
)
def test_refuses_what_we_have_not_made(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        cursor.decode(text, (str, uuid.UUID))
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/cursor", "invalid_cursor")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, True),
        (int, 2**63),
        (int, "1"),
        (bool, 1),
        (datetime, "2026-11-23T09:00:00"),
        (datetime, "0001-01-01T00:00:00+14:00"),
        (date, "2026-13-01"),
    ],
)
def test_refuses_a_value_of_another_kind(kind: type, value: Any) -> None:
    with pytest.raises(Invalid):
        cursor.decode(wrapped([value]), (kind,))


def test_the_last_page_has_no_cursor() -> None:
    assert cursor.page([1, 2], 2, lambda row: [row]) == {"items": [1, 2], "next_cursor": None}


def test_the_row_too_many_is_not_shown_but_leads_on() -> None:
    shown = cursor.page([1, 2, 3], 2, lambda row: [row], show=str)
    assert shown["items"] == ["1", "2"]
    assert cursor.decode(shown["next_cursor"], (int,)) == (2,)


def test_a_walk_over_all_pages_meets_everybody_once() -> None:
    client, met = toy_client(count=23), []
    at: str | None = ""
    while at is not None:
        answer = client.get("/api/v1/people", query_string={"limit": 5, "cursor": at}, headers=KEY).json
        met += [person["name"] for person in answer["items"]]
        at = answer["next_cursor"]
    assert met == [f"Ana {number:03}" for number in range(23)]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", ""])
def test_a_limit_is_from_1_to_200(limit: str) -> None:
    answer = toy_client().get("/api/v1/people", query_string={"limit": limit}, headers=KEY)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/limit")


def test_a_list_shows_50_unless_asked() -> None:
    client = toy_client(count=60)
    assert len(client.get("/api/v1/people", headers=KEY).json["items"]) == 50
    assert len(client.get("/api/v1/people?limit=200", headers=KEY).json["items"]) == 60
