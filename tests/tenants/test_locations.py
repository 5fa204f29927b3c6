"""Locations: added, found by words, city and distance, changed, taken out of use and brought back."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import db
from clinic.core.entering import acting_in

CENTRE = {"name": "Centro Médico Ñuñoa", "timezone": "America/Bogota", "city": "Bogotá", "code": "CTR",
          "address": "Calle 10 # 4-21", "latitude": 4.60, "longitude": -74.08}  # fmt: skip
SEA = {
    "name": "By the sea",
    "timezone": "America/Bogota",
    "city": "Cartagena",
    "latitude": 10.39,
    "longitude": -75.51,
}


def add(api: Any, **given: Any) -> Any:
    answer = api.post("/locations", given)
    assert answer.status_code == 201, answer.json
    return answer.json


def names(api: Any, **query: Any) -> list[str]:
    return [item["name"] for item in api.get("/locations", **query).json["items"]]


def test_adds_a_location(api: Any) -> None:
    answer = api.post("/locations", CENTRE | {"phone": "601 745 0000", "external_ids": {"his": "L-1"}})
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/v1/locations/{made['id']}"
    assert (made["phone"], made["external_ids"]) == ("+576017450000", {"his": "L-1"})
    assert made["created_at"].endswith("-05:00")
    read = api.get(f"/locations/{made['id']}")
    assert read.json == made
    assert api.get(f"/locations/{made['id']}", headers={"If-None-Match": '"1"'}).status_code == 304


def test_enough_is_a_name_and_a_zone(api: Any) -> None:
    assert add(api, name="Annex", timezone="Europe/Paris")["created_at"][-6:] in ("+01:00", "+02:00")


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"name": None}, "required", "/name"),
        ({"timezone": "Bogota"}, "unknown_time_zone", "/timezone"),
        ({"latitude": 91}, "out_of_range", "/latitude"),
        ({"phone": "12"}, "invalid_phone", "/phone"),
        ({"email": "a@"}, "invalid_email", "/email"),
        ({"code": "a b"}, "invalid_code", "/code"),
        ({"is_active": False}, "unknown_field", "/is_active"),
        ({"external_ids": {"his": ""}}, "required", "/external_ids/his"),
    ],
)
def test_says_what_is_wrong(api: Any, changed: dict[str, Any], code: str, pointer: str) -> None:
    answer = api.post("/locations", CENTRE | changed)
    assert answer.status_code == 422
    assert [(error["code"], error["pointer"]) for error in answer.json["errors"]] == [(code, pointer)]


def test_finds_by_words_without_accents(api: Any) -> None:
    add(api, **CENTRE)
    add(api, **SEA)
    assert names(api, q="nunoa centro") == ["Centro Médico Ñuñoa"]
    assert names(api, q="CALLE 10") == ["Centro Médico Ñuñoa"]
    assert names(api, q="centro sea") == []
    assert names(api, city="BOGOTA") == ["Centro Médico Ñuñoa"]
    assert names(api, city="Bogo") == []


def test_what_was_changed_is_found_by_its_new_words(api: Any) -> None:
    made = add(api, **CENTRE)
    api.patch(f"/locations/{made['id']}", {"city": "Medellín", "name": "Poblado"})
    assert names(api, q="poblado", city="medellin") == ["Poblado"]
    assert names(api, q="nunoa") == []


def test_the_nearest_first(api: Any) -> None:
    add(api, **SEA)
    add(api, **CENTRE)
    items = api.get("/locations", near="4.65,-74.05").json["items"]
    assert [item["name"] for item in items] == ["Centro Médico Ñuñoa", "By the sea"]
    assert items[0]["distance_km"] == pytest.approx(6.5, abs=0.2)
    assert items[1]["distance_km"] == pytest.approx(658, abs=3)
    assert names(api, near="4.65,-74.05", radius_km="10") == ["Centro Médico Ñuñoa"]


def test_pages_by_distance_too(api: Any) -> None:
    add(api, **SEA)
    add(api, **CENTRE)
    first = api.get("/locations", near="4.65,-74.05", limit=1).json
    second = api.get("/locations", near="4.65,-74.05", limit=1, cursor=first["next_cursor"]).json
    assert [page["items"][0]["name"] for page in (first, second)] == ["Centro Médico Ñuñoa", "By the sea"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"near": "4.65"},
        {"near": "95,0"},
        {"near": "x,y"},
        {"radius_km": "5"},
        {"radius_km": "0", "near": "1,1"},
    ],
)
def test_a_place_that_is_none_is_refused(api: Any, query: dict[str, str]) -> None:
    assert api.get("/locations", **query).status_code == 422


def test_pages_by_name(api: Any) -> None:
    for name in ("Ábaco", "Zeta", "alfa"):
        add(api, name=name, timezone="UTC")
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = api.get("/locations", limit=2, cursor=after).json
        seen += [item["name"] for item in page["items"]]
        after = page["next_cursor"]
    assert sorted(seen) == sorted(["North Clinic", "Ábaco", "Zeta", "alfa"])


def test_finds_by_an_outside_id(api: Any) -> None:
    add(api, **CENTRE, external_ids={"his": "L-1"})
    assert names(api, external_id="his:L-1") == ["Centro Médico Ñuñoa"]
    assert names(api, external_id="lab:L-1") == []
    assert api.get("/locations", external_id="L-1").status_code == 422


def test_an_outside_id_names_one_location(api: Any) -> None:
    add(api, **CENTRE, external_ids={"his": "L-1"})
    answer = api.post("/locations", SEA | {"external_ids": {"his": "L-1"}})
    assert (answer.status_code, answer.json["code"]) == (409, "external_id_taken")
    assert names(api, q="sea") == [], "nothing is half written"


def test_changes_only_what_was_seen(api: Any) -> None:
    made = add(api, **CENTRE)
    path = f"/locations/{made['id']}"
    changed = api.patch(path, {"city": None, "external_ids": {"his": "L-1"}}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json["city"], changed.json["version"]) == (200, None, 2)
    assert changed.json["name"] == made["name"]
    stale = api.patch(path, {"city": "Cali"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert api.patch(path, {"name": None}).status_code == 422


def test_a_code_is_used_once_in_any_case(api: Any) -> None:
    made = add(api, **CENTRE)
    taken = api.post("/locations", SEA | {"code": "ctr"})
    assert (taken.status_code, taken.json["code"]) == (409, "code_taken")
    assert api.delete(f"/locations/{made['id']}").status_code == 204
    add(api, **SEA, code="ctr")
    back = api.post(f"/locations/{made['id']}/restore")
    assert (back.status_code, back.json["code"]) == (409, "code_taken")


def test_taken_out_of_use_it_stays_on_record(api: Any) -> None:
    made = add(api, **CENTRE)
    for _ in range(2):
        assert api.delete(f"/locations/{made['id']}").status_code == 204
    assert names(api) == ["North Clinic"]
    assert "Centro Médico Ñuñoa" in names(api, include_inactive="true")
    assert api.get(f"/locations/{made['id']}").json["is_active"] is False
    assert api.post(f"/locations/{made['id']}/restore").json["is_active"] is True
    assert "Centro Médico Ñuñoa" in names(api)


def test_a_retry_adds_no_second(api: Any) -> None:
    once = {"headers": {"Idempotency-Key": "once"}}
    first, again = api.post("/locations", CENTRE, **once), api.post("/locations", CENTRE, **once)
    assert first.get_data() == again.get_data()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_another_clinics_location_is_not_found(api: Any, api_of: Any) -> None:
    theirs = api_of("south").get("/locations").json["items"][0]["id"]
    path = f"/locations/{theirs}"
    for call in (
        api.get(path),
        api.patch(path, {"name": "X"}),
        api.delete(path),
        api.post(f"{path}/restore"),
    ):
        assert (call.status_code, call.json["code"]) == (404, "not_found")


def test_reading_is_not_writing(api_of: Any) -> None:
    reader = api_of("north", scopes=["schedule:read"])
    assert reader.get("/locations").status_code == 200
    assert reader.post("/locations", CENTRE).status_code == 403


def test_every_change_is_on_record(api: Any) -> None:
    made = add(api, **CENTRE)
    api.patch(f"/locations/{made['id']}", {"city": "Cali"})
    api.patch(f"/locations/{made['id']}", {"city": "Cali"})
    api.delete(f"/locations/{made['id']}")
    with acting_in("north"):
        acts = db.rows(
            "SELECT act, details FROM audit_event WHERE tenant_id = %(tenant)s AND object_id = %(id)s ORDER BY at, id",
            id=made["id"],
        )
    assert [act.act for act in acts] == ["location.create", "location.change", "location.remove"]
    assert acts[1].details == {"fields": ["city"]}
