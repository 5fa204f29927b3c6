"""Coded values: the system's for everybody, the clinic's own beside them, compared without case."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core.entering import acting_in
from clinic.core.errors import Invalid
from clinic.tenants import actions, queries
from clinic.tenants.vocabulary import KINDS, SYSTEM


def codes(api: Any, kind: str, **query: Any) -> list[str]:
    return [item["code"] for item in api.get(f"/lookups/{kind}", **query).json["items"]]


def test_every_list_is_there(api: Any) -> None:
    items = {item["kind"]: item for item in api.get("/lookups").json["items"]}
    assert list(items) == list(KINDS)
    assert items["modalities"]["read_only"] is True
    assert [value["code"] for value in items["genders"]["values"]] == ["female", "male", "other", "unknown"]


def test_labels_come_in_the_callers_language(api: Any) -> None:
    first = api.get("/lookups/genders", headers={"Accept-Language": "en"}).json["items"][0]
    assert (first["label"], first["is_system"], first["version"]) == ("Female", True, 1)


def test_a_clinics_own_value_stands_after_the_systems(api: Any, api_of: Any) -> None:
    answer = api.post("/lookups/insurers", {"code": "Sura", "label": "EPS Sura"})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert codes(api, "insurers") == ["self_pay", "public", "private", "Sura"]
    assert "Sura" not in codes(api_of("south"), "insurers")


def test_pages_over_both_tables(api: Any) -> None:
    for code in ("Sura", "Axa"):
        api.post("/lookups/insurers", {"code": code, "label": code})
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = api.get("/lookups/insurers", limit=1, cursor=after).json
        seen += [item["code"] for item in page["items"]]
        after = page["next_cursor"]
    assert seen == ["self_pay", "public", "private", "Axa", "Sura"]


@pytest.mark.parametrize("code", ["sura", "SURA", "self_PAY"])
def test_a_code_is_used_once_in_any_case(api: Any, code: str) -> None:
    api.post("/lookups/insurers", {"code": "Sura", "label": "EPS Sura"})
    answer = api.post("/lookups/insurers", {"code": code, "label": "Again"})
    assert (answer.status_code, answer.json["code"]) == (409, "code_taken")


@pytest.mark.race
def test_two_at_once_make_one(api: Any, at_once: Any) -> None:
    answers = at_once(
        6, lambda number: api.post("/lookups/insurers", {"code": f"{'sS'[number % 2]}ura", "label": "X"})
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


def test_changes_takes_away_and_brings_back(api: Any) -> None:
    made = api.post("/lookups/insurers", {"code": "Sura", "label": "EPS Sura"}).json
    path = f"/lookups/insurers/{made['id']}"
    changed = api.patch(path, {"label": "Sura"}, headers={"If-Match": '"1"'})
    assert (changed.json["label"], changed.json["version"]) == ("Sura", 2)
    assert api.patch(path, {"label": "X"}, headers={"If-Match": '"1"'}).status_code == 412
    assert api.delete(path).status_code == 204
    assert "Sura" not in codes(api, "insurers")
    assert "Sura" in codes(api, "insurers", include_inactive="true")
    assert api.post(f"{path}/restore").json["is_active"] is True
    assert "Sura" in codes(api, "insurers")


def test_the_systems_values_stay(api: Any) -> None:
    system = api.get("/lookups/genders").json["items"][0]["id"]
    for answer in (
        api.patch(f"/lookups/genders/{system}", {"label": "X"}),
        api.delete(f"/lookups/genders/{system}"),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "system_value")


def test_what_the_application_works_by_is_read_only(api: Any) -> None:
    answer = api.post("/lookups/appointment_statuses", {"code": "late", "label": "Late"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert codes(api, "appointment_statuses")[:3] == ["pending", "booked", "confirmed"]


def test_an_unknown_list_is_not_found(api: Any) -> None:
    assert api.get("/lookups/colours").status_code == 404
    assert api.post("/lookups/colours", {"code": "red", "label": "Red"}).status_code == 404


def test_a_value_belongs_to_its_list_and_its_clinic(api: Any, api_of: Any) -> None:
    mine = api.post("/lookups/insurers", {"code": "Sura", "label": "EPS Sura"}).json["id"]
    assert api.get(f"/lookups/genders/{mine}").status_code == 404
    assert api_of("south").get(f"/lookups/insurers/{mine}").status_code == 404
    assert api_of("south").delete(f"/lookups/insurers/{mine}").status_code == 404


# -- as other rooms ask ----------------------------------------------------------------------------------------------


def test_a_code_in_any_case_or_an_id_is_answered_as_stored(api: Any, in_north: Any) -> None:
    made = api.post("/lookups/insurers", {"code": "Sura", "label": "EPS Sura"}).json
    assert queries.lookup_code("insurers", " sURA ") == "Sura"
    assert queries.lookup_code("insurers", made["id"]) == "Sura"
    assert queries.lookup_code("document_types", "cc") == "CC"
    assert queries.lookup_code("genders", "cc") is None
    with acting_in("south"):
        assert queries.lookup_code("insurers", "sura") is None
        assert queries.lookup_code("insurers", made["id"]) is None


def test_a_value_out_of_use_is_no_code(api: Any, in_north: Any) -> None:
    made = api.post("/lookups/insurers", {"code": "Sura", "label": "EPS Sura"}).json
    api.delete(f"/lookups/insurers/{made['id']}")
    assert queries.lookup_code("insurers", "Sura") is None
    assert "Sura" not in queries.lookup_codes("insurers")


def test_an_unknown_code_is_refused_at_its_field(in_north: Any) -> None:
    with pytest.raises(Invalid) as refused:
        queries.code_of("genders", "purple", at="/gender")
    assert (refused.value.code, refused.value.errors[0].pointer) == ("unknown_code", "/gender")
    assert queries.code_of("genders", "MALE", at="/gender") == "male"


# -- bootstrap -------------------------------------------------------------------------------------------------------


def test_bootstrap_makes_what_is_missing_and_no_more(app: Any, platform: Any, superuser: str) -> None:
    import psycopg

    with psycopg.connect(superuser) as connection:
        connection.execute("DELETE FROM lookup_value WHERE code IN ('CC', 'female')")
    made = platform.post("/bootstrap").json["lookups"]
    assert {kind: found for kind, found in made.items() if found} == {
        "document_types": ["CC"],
        "genders": ["female"],
    }
    assert not any(platform.post("/bootstrap").json["lookups"].values())


@pytest.mark.race
def test_bootstrap_at_once_is_harmless(app: Any, superuser: str, at_once: Any) -> None:
    import psycopg

    from clinic.core.access import PLATFORM

    with psycopg.connect(superuser) as connection:
        connection.execute("DELETE FROM lookup_value")
    made = at_once(4, lambda _number: actions.bootstrap(by=PLATFORM))
    assert sum(len(found) for answer in made for found in answer.values()) == sum(map(len, SYSTEM.values()))
