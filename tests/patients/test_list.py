"""Patients are listed by page and by filter."""

from __future__ import annotations

from typing import Any

import pytest

FIRST = [f"Nadia Number {number:02}" for number in range(7)]


@pytest.fixture
def register(api: Any) -> list[str]:
    """The ids of seven more patients, in the order in which they were made."""
    return [
        api.post("/patients", {"full_name": name, "phone": f"+5730055500{place:02}"}).json["id"]
        for place, name in enumerate(FIRST)
    ]


def pages(api: Any, **query: Any) -> list[Any]:
    """All items, page by page."""
    found, cursor = [], None
    for _page in range(30):
        answer = api.get("/patients", **query, **({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.json
        found += answer.json["items"]
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("it never ends")


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize(
    "more", [{}, {"updated_since": "2020-01-01T00:00:00Z"}, {"q": "nadia"}, {"q": "number nad"}]
)
def test_pages_hold_everybody_once(api: Any, register: list[str], limit: int, more: dict[str, str]) -> None:
    items = [item["id"] for item in pages(api, limit=limit, **more)]
    assert len(items) == len(set(items))
    assert set(register) <= set(items)
    if "q" in more:
        assert sorted(items) == sorted(register)


def test_an_item_is_what_the_record_is(api: Any, register: list[str]) -> None:
    (item,) = api.get("/patients", phone="+573005550003").json["items"]
    assert item == api.get(f"/patients/{register[3]}").json


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"phone": "300 555 0000"}, {"a"}),
        ({"phone": "+57 311 000 0000"}, {"a"}),
        ({"phone": "+573999999999"}, None),
        ({"email": "A@Example.org"}, {"a"}),
        ({"email": "c@example.org"}, set()),
        ({"document_type": "cc", "document_number": "1-0-2"}, {"a"}),
        ({"document_number": "102"}, {"a", "b"}),
        ({"document_type": "PA"}, {"b"}),
        ({"document_type": "XX"}, None),
        ({"birth_date": "1980-11-23"}, {"b"}),
        ({"birth_date": "1980-11-24"}, set()),
        ({"birth_date": "23/11/1980"}, None),
        ({"external_id": "his:7:1"}, {"a"}),
        ({"external_id": "his:8"}, set()),
        ({"external_id": "lab:7:1"}, set()),
        ({"external_id": "his"}, None),
        ({"q": "zoe", "document_type": "PA"}, {"b"}),
        ({"q": "zoe", "birth_date": "1980-11-23"}, {"b"}),
        ({"q": "zoe", "external_id": "his:8"}, set()),
        ({"q": "zoe", "email": "b@example.org"}, {"b"}),
        ({"limit": 0}, None),
        ({"limit": 201}, None),
        ({"limit": "many"}, None),
        ({"cursor": "nonsense"}, None),
        ({"q": "zoe", "cursor": "nonsense"}, None),
        ({"name": "zoe"}, None),
        ({"q": "zo\x00e"}, None),
        ({"updated_since": "yesterday"}, None),
    ],
)
def test_filters(api: Any, query: dict[str, Any], found: set[str] | None) -> None:
    people = {
        "a": {
            "full_name": "Zoé A", "phone": "3005550000", "phone_alt": "3110000000", "email": "a@example.org",
            "document_type": "CC", "document_number": "102", "external_ids": {"his": "7:1"},
        },
        "b": {
            "full_name": "Zoé B", "email": "b@example.org", "document_type": "PA", "document_number": "1 02",
            "birth_date": "1980-11-23",
        },
    }  # fmt: skip
    ids = {api.post("/patients", fields).json["id"]: name for name, fields in people.items()}
    answer = api.get("/patients", **query)
    assert answer.status_code == (422 if found is None else 200), answer.json
    if found is not None:
        assert {ids[item["id"]] for item in answer.json["items"]} == found


def test_since_is_inclusive_and_in_the_order_of_change(api: Any, register: list[str]) -> None:
    changed = api.patch(f"/patients/{register[2]}", {"city": "Cali"}).json
    since = {"updated_since": changed["updated_at"]}
    assert [item["id"] for item in api.get("/patients", **since).json["items"]] == [register[2]]
    api.patch(f"/patients/{register[0]}", {"city": "Cali"})
    assert [item["id"] for item in api.get("/patients", **since).json["items"]] == [register[2], register[0]]


def test_a_time_without_an_offset_is_the_clinics(api: Any, register: list[str]) -> None:
    made = api.get(f"/patients/{register[0]}").json["updated_at"]
    wall = made.rpartition("-")[0]
    assert register[0] in [item["id"] for item in api.get("/patients", updated_since=wall).json["items"]]
    later = wall.replace(wall[:4], str(int(wall[:4]) + 1), 1)
    assert api.get("/patients", updated_since=later).json["items"] == []


def test_a_cursor_of_another_list_is_refused(api: Any, register: list[str]) -> None:
    cursor = api.get("/patients", limit=2).json["next_cursor"]
    assert api.get("/patients", limit=2, q="nadia", cursor=cursor).json["code"] == "invalid_cursor"


def test_asks_as_much_for_many_as_for_few(api: Any, register: list[str], statements: Any) -> None:
    counts = []
    for query in ({"limit": 1}, {"limit": 50}, {"limit": 1, "q": "nadia"}, {"limit": 50, "q": "nadia"}):
        with statements() as seen:
            api.get("/patients", **query)
        counts.append(len([sql for sql in seen.queries if sql != ";"]))
    assert counts[0] == counts[1] <= 6
    assert counts[2] == counts[3] <= 6


def test_the_wrong_person(api_of: Any, app: Any, north: Any, south: Any) -> None:
    from tests.clients import Api

    assert api_of("north", ["appointments:read"]).get("/patients").status_code == 403
    assert Api(app, "north.localhost", None).get("/patients").status_code == 401
    assert str(south.pierre) not in api_of("north").get("/patients").text
