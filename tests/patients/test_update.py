"""A record is changed by somebody who knows which version they saw."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinic.core import db
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import Forbidden, Invalid, NotFound, Stale
from clinic.patients import actions, queries
from clinic.patients.refusals import DuplicatePatient, FileNumberTaken


def change(id: Any, **changes: Any) -> Any:
    actions.update(id, changes=changes, by=SYSTEM)
    return queries.patient(id, by=SYSTEM)


def test_changes_a_record(in_north: Any) -> None:
    row = change(in_north.carla, city="Cali", birth_date=date(1980, 11, 23), tags=["vip"])
    assert (row.city, row.birth_date, row.tags, row.version) == ("Cali", date(1980, 11, 23), ["vip"], 2)


def test_changes_a_record_by_json(api: Any, north: Any) -> None:
    answer = api.patch(f"/patients/{north.carla}", {"phone": "300 555 0000", "blood_group": "ab-"})
    assert answer.status_code == 200
    assert (answer.json["phone"], answer.json["blood_group"], answer.json["version"]) == (
        "+573005550000",
        "AB-",
        2,
    )
    assert answer.headers["ETag"] == '"2"'


def test_null_clears(api: Any, north: Any) -> None:
    full = {
        "city": "Cali",
        "tags": ["a"],
        "needs": {"access": True},
        "custom_fields": {"a": 1},
        "email": "c@example.org",
    }
    assert api.patch(f"/patients/{north.carla}", full).status_code == 200
    cleared = api.patch(f"/patients/{north.carla}", dict.fromkeys(full)).json
    assert [cleared[name] for name in full] == [None, [], None, {}, None]


def test_saying_what_is_there_changes_nothing(api: Any, north: Any) -> None:
    there = api.get(f"/patients/{north.carla}").json
    fixed = {"id", "version", "created_at", "updated_at", "is_active", "age", "birth_date_is_estimated"}
    answer = api.patch(f"/patients/{north.carla}", {name: there[name] for name in there if name not in fixed})
    assert answer.status_code == 200
    assert answer.json["version"] == 1
    assert api.patch(f"/patients/{north.carla}", {}).json["version"] == 1


def test_only_the_version_that_was_seen_is_changed(api: Any, north: Any) -> None:
    url = f"/patients/{north.carla}"
    assert api.patch(url, {"city": "Cali"}, headers={"If-Match": '"1"'}).status_code == 200
    stale = api.patch(url, {"city": "Pasto"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert api.get(url).json["city"] == "Cali"
    assert api.patch(url, {"city": "Pasto"}, headers={"If-Match": "nonsense"}).status_code == 412


def test_the_parts_and_the_whole_of_a_name_go_together(in_north: Any) -> None:
    row = change(in_north.carla, full_name="Ana María Pérez Gómez")
    assert [getattr(row, part) for part in ("first_name", "middle_name", "last_name", "second_last_name")] == [
        "Ana", "María", "Pérez", "Gómez",
    ]  # fmt: skip
    row = change(in_north.carla, last_name="Díaz", second_last_name=None)
    assert (row.full_name, row.name_key) == ("Ana María Díaz", "ana maria diaz")


def test_guardians_are_set_as_a_whole(api: Any, north: Any) -> None:
    url = f"/patients/{north.emil}"
    given = [{"patient_id": str(north.carla)}, {"patient_id": str(north.dora), "may_see": False}]
    answer = api.patch(url, {"guardians": given}).json
    assert {each["patient_id"]: each["may_see"] for each in answer["guardians"]} == {
        str(north.carla): True,
        str(north.dora): False,
    }
    assert api.patch(url, {"guardians": given}).json["version"] == 2
    assert api.patch(url, {"guardians": None}).json["guardians"] == []


@pytest.mark.parametrize(
    ("whom", "code"), [("emil", "own_guardian"), ("pierre", "unknown_id"), ("carla carla", "repeated")]
)
def test_not_everybody_can_be_a_guardian(api: Any, north: Any, south: Any, whom: str, code: str) -> None:
    ids = {**north.ids, **south.ids, "emil": north.emil, "carla": north.carla}
    given = [{"patient_id": str(ids[name])} for name in whom.split()]
    answer = api.patch(f"/patients/{north.emil}", {"guardians": given})
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["errors"][0]["pointer"] == f"/guardians/{len(given) - 1}/patient_id"


def test_outside_ids_are_merged_and_nobody_elses(api: Any, north: Any) -> None:
    url = f"/patients/{north.carla}"
    assert api.patch(url, {"external_ids": {"his": "1", "lab": "2"}}).json["external_ids"] == {
        "his": "1",
        "lab": "2",
    }
    assert api.patch(url, {"external_ids": {"his": None}}).json["external_ids"] == {"lab": "2"}
    taken = api.patch(f"/patients/{north.dora}", {"external_ids": {"lab": "2"}, "city": "Cali"})
    assert (taken.status_code, taken.json["code"], taken.json["existing_id"]) == (
        409,
        "external_id_taken",
        str(north.carla),
    )
    assert api.get(f"/patients/{north.dora}").json["city"] is None, "nothing is half written"


def test_refuses_what_would_not_suffice(api: Any, north: Any) -> None:
    url = f"/patients/{north.carla}"
    assert api.patch(url, {"phone": None}).json["code"] == "contact_required"
    assert api.patch(url, {"phone": None, "email": "c@example.org"}).status_code == 200
    assert api.patch(url, {"full_name": None}).json["errors"][0]["pointer"] == "/full_name"
    assert api.patch(url, {"guardians": [{"patient_id": str(north.dora)}], "email": None}).status_code == 200
    assert api.patch(url, {"guardians": []}).json["code"] == "contact_required"


def test_refuses_another_persons_document_and_number(in_north: Any) -> None:
    change(in_north.carla, document_type="CC", document_number="1.1", file_number=900)
    with pytest.raises(DuplicatePatient) as known:
        change(in_north.dora, document_type="CC", document_number="11")
    assert known.value.extra == {"existing_id": in_north.carla}
    with pytest.raises(FileNumberTaken) as taken:
        change(in_north.dora, file_number=900)
    assert taken.value.extra == {"existing_id": in_north.carla}
    change(in_north.carla, document_number="1-1")  # one's own in another spelling
    with pytest.raises(Invalid):
        change(in_north.carla, document_type=None)


def test_nobody_there(api: Any, north: Any, south: Any) -> None:
    nowhere = api.patch("/patients/01a1f7f4-4701-74a6-8d9a-94567ef66fe1", {"city": "Cali"})
    foreign = api.patch(f"/patients/{south.pierre}", {"city": "Cali"})
    assert nowhere.status_code == foreign.status_code == 404
    assert {**nowhere.json, "request_id": 0} == {**foreign.json, "request_id": 0}


def test_the_wrong_person(api_of: Any, north: Any) -> None:
    assert (
        api_of("north", ["patients:read"]).patch(f"/patients/{north.carla}", {"city": "Cali"}).status_code
        == 403
    )


def test_patients_change_how_they_are_reached_and_no_more(in_north: Any) -> None:
    carla = Actor("user", in_north.carla, "patient", patient_id=in_north.carla)
    actions.update(in_north.carla, changes={"phone": "+573005550000", "city": "Cali"}, by=carla)
    beyond: dict[str, Any] = {
        "full_name": "X",
        "birth_date": None,
        "notes": "x",
        "tags": [],
        "confidential": None,
    }
    for name, value in beyond.items():
        with pytest.raises(Forbidden) as refused:
            actions.update(in_north.carla, changes={name: value}, by=carla)
        assert [error.pointer for error in refused.value.errors] == [f"/{name}"]
    with pytest.raises(NotFound):
        actions.update(in_north.dora, changes={"city": "Cali"}, by=carla)


def test_is_on_record_with_the_names_of_fields_only(in_north: Any) -> None:
    change(
        in_north.carla, notes="secret", guardians=[{"patient_id": in_north.dora}], external_ids={"his": "1"}
    )
    entry = db.rows(
        "SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND patient_id = %(id)s AND act = 'patient.change'",
        id=in_north.carla,
    )
    assert [each.details for each in entry] == [{"fields": ["external_ids", "guardians", "notes"]}]
    events = db.rows(
        "SELECT * FROM outbox_event WHERE tenant_id = %(tenant)s AND object_id = %(id)s AND type = 'patient.updated'",
        id=in_north.carla,
    )
    assert [event.object_version for event in events] == [2]


@pytest.mark.race
def test_two_at_once_with_the_same_version(app: Any, north: Any, at_once: Any) -> None:
    answers = both(at_once, north, 1)
    assert [type(answer) for answer in answers if answer is not None] == [Stale] * 5
    assert answers.count(None) == 1


@pytest.mark.race
def test_two_at_once_for_one_document(app: Any, north: Any, at_once: Any) -> None:
    from clinic.core.entering import acting_in

    people = [north.carla, north.dora, north.emil]

    def work(number: int) -> None:
        with acting_in("north"):
            changes = {"document_type": "CC", "document_number": "1"}
            actions.update(people[number], changes=changes, by=SYSTEM)

    answers = at_once(3, work)
    assert answers.count(None) == 1
    refused = [answer for answer in answers if answer is not None]
    assert all(isinstance(answer, DuplicatePatient) for answer in refused), answers
    assert {answer.extra.get("existing_id") for answer in refused} == {people[answers.index(None)]}


def both(at_once: Any, north: Any, version: int) -> list[Any]:
    from clinic.core.entering import acting_in

    def work(number: int) -> None:
        with acting_in("north"):
            actions.update(north.carla, changes={"city": f"City {number}"}, version=version, by=SYSTEM)

    answers: list[Any] = at_once(6, work)
    return answers


@pytest.mark.race
def test_without_the_lock_two_think_they_were_first(
    app: Any, north: Any, at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = queries.patient
    monkeypatch.setattr(queries, "patient", lambda id, *, by, locked=False: patient(id, by=by))
    counts = []
    for _round in range(8):
        from clinic.core.entering import acting_in

        with acting_in("north"):
            version = patient(north.carla, by=SYSTEM).version
        counts.append(both(at_once, north, version).count(None))
    assert max(counts) > 1
