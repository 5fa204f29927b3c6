"""A doctor is made, changed and found."""

from __future__ import annotations

import uuid

import pytest
from flask import g

from clinic.core.access import Actor
from clinic.core.entering import acting_in
from clinic.schedule import api_doctors
from clinic.schedule.doctors import doctors, letters
from tests.schedule.desk import cost, refused


def add(api, **fields):
    answer = api.post("/doctors", fields)
    assert answer.status_code == 201, answer.json
    return answer.json


def names_of(answer):
    return [item["full_name"] for item in answer.json["items"]]


# -- names ------------------------------------------------------------------------------------------------------------


def test_parts_make_a_whole_name(api):
    doctor = add(api, first_name="María José", last_name="de la Cruz 🩺")
    assert doctor["full_name"] == doctor["name"] == "María José de la Cruz 🩺"


@pytest.mark.parametrize("field", ["full_name", "name"])
def test_a_whole_name_stands_as_typed_and_its_parts_are_a_guess(api, field):
    doctor = add(api, **{field: "Ana María López Ruiz"})
    assert doctor["full_name"] == "Ana María López Ruiz"
    assert (doctor["first_name"], doctor["last_name"]) == ("Ana María", "López Ruiz")


def test_a_changed_part_changes_the_whole(api):
    doctor = add(api, first_name="Ada", last_name="Byron")
    changed = api.patch(f"/doctors/{doctor['id']}", {"last_name": "Lovelace"}).json
    assert changed["full_name"] == "Ada Lovelace"
    assert names_of(api.get("/doctors", q="lovel")) == ["Ada Lovelace"]


@pytest.mark.parametrize(
    ("sent", "pointer"), [({"first_name": "Ada"}, "/last_name"), ({"last_name": "Byron"}, "/first_name")]
)
def test_half_a_name_is_not_enough(api, sent, pointer):
    assert refused(api.post("/doctors", sent)) == (422, "required", pointer)


def test_two_whole_names_contradict_each_other(api):
    answer = api.post("/doctors", {"name": "Ada", "full_name": "Ida"})
    assert refused(answer) == (422, "contradicts_full_name", "/name")


# -- documents --------------------------------------------------------------------------------------------------------


def test_a_document_is_one_doctors(api):
    first = add(api, full_name="Ada", document_type="cc", document_number="79.123-456")
    assert (first["document_type"], first["document_number"]) == ("CC", "79.123-456")
    taken = api.post("/doctors", {"full_name": "Ida", "document_type": "CC", "document_number": "79123456"})
    assert (taken.status_code, taken.json["code"]) == (409, "duplicate_doctor")
    assert taken.json["existing_id"] == first["id"]
    assert api.get("/doctors/by-document/CC/79123456").json == first
    assert api.get("/doctors/by-document/CC/1").status_code == 404
    assert api.get("/doctors/by-document/XX/79123456").status_code == 404


def test_an_inactive_doctor_is_no_duplicate_until_restored(api):
    document = {"document_type": "CC", "document_number": "1"}
    gone = add(api, full_name="Ada", **document)
    api.delete(f"/doctors/{gone['id']}")
    heir = add(api, full_name="Ida", **document)
    back = api.post(f"/doctors/{gone['id']}/restore")
    assert (back.status_code, back.json["existing_id"]) == (409, heir["id"])


def test_a_document_is_a_type_and_a_number(api):
    assert refused(api.post("/doctors", {"name": "Ada", "document_number": "1"})) == (
        422,
        "required",
        "/document_type",
    )
    assert refused(api.post("/doctors", {"name": "Ada", "document_type": "CC"})) == (
        422,
        "required",
        "/document_number",
    )
    unknown = api.post("/doctors", {"name": "Ada", "document_type": "XX", "document_number": "1"})
    assert refused(unknown) == (422, "unknown_code", "/document_type")


@pytest.mark.race
def test_of_two_with_one_document_one_is_made(api, at_once):
    body = {"full_name": "Ada", "document_type": "CC", "document_number": "5"}
    answers = at_once(6, lambda n: api.post("/doctors", body))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"duplicate_doctor"}


# -- what they do, where ----------------------------------------------------------------------------------------------


def test_specialties_are_given_as_codes_or_ids_and_answered_as_codes(api, north):
    heart = api.post("/specialties", {"name": "Cardiology", "code": "cardio"}).json
    doctor = add(api, name="Ada", specialties=["GENERAL", heart["id"]])
    assert doctor["specialties"] == ["cardio", "general"]
    wrong = api.patch(f"/doctors/{doctor['id']}", {"specialties": ["general", "magic"]})
    assert refused(wrong) == (422, "unknown_code", "/specialties/1")
    assert api.get(f"/doctors/{doctor['id']}").json == doctor
    assert api.patch(f"/doctors/{doctor['id']}", {"specialties": []}).json["specialties"] == []


@pytest.mark.parametrize("field", ["location_ids", "service_ids"])
def test_an_unknown_or_foreign_id_is_named_at_its_place(api, north, south, field):
    known = str(north.main if field == "location_ids" else north.visit)
    foreign = str(south.main if field == "location_ids" else south.visit)
    for strange in (foreign, str(uuid.UUID(int=1))):
        answer = api.post("/doctors", {"name": "Ada", field: [known, strange]})
        assert refused(answer) == (422, "unknown_id", f"/{field}/1")
    assert add(api, name="Ada", **{field: [known, known]})[field] == [known]


def test_a_user_is_one_doctor_and_works_here(api, north, south):
    taken = api.post("/doctors", {"name": "Ada", "user_id": str(north.bose_user)})
    assert (taken.status_code, taken.json["code"]) == (409, "user_taken")
    foreign = api.post("/doctors", {"name": "Ada", "user_id": str(south.sven_user)})
    assert refused(foreign) == (422, "unknown_id", "/user_id")


def test_each_doctor_has_letters_of_their_own(api):
    assert [letters(number) for number in (1, 2, 26, 27, 28, 52, 53, 702, 703)] == [
        "A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip
    given = [add(api, name=name)["ticket_prefix"] for name in ("One", "Two", "Three")]
    assert given == ["C", "D", "E"], "Dr Bose is A, Dr Tok is B"


def test_the_queue_follows_the_mode_unless_told(api):
    assert add(api, name="Timed")["queue_order"] == "appointment"
    assert add(api, name="Token", booking_mode="token")["queue_order"] == "arrival"
    assert (
        add(api, name="Told", booking_mode="token", queue_order="appointment")["queue_order"] == "appointment"
    )


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"photo_url": "javascript:alert(1)"}, "invalid_url"),
        ({"phone": "12"}, "invalid_phone"),
        ({"email": "nobody"}, "invalid_email"),
        ({"slot_minutes": 0}, "out_of_range"),
        ({"booking_mode": "magic"}, "invalid_choice"),
        ({"experience_years": "ten"}, "invalid_type"),
        ({"languages": ["spanish"]}, "invalid_language"),
        ({"name": "A\u0000da"}, "control_character"),
    ],
)
def test_refuses_what_cannot_be(api, sent, code):
    answer = api.post("/doctors", {"name": "Ada", **sent})
    assert (answer.status_code, answer.json["code"]) == (422, code)


# -- found ------------------------------------------------------------------------------------------------------------


def test_is_found_by_what_is_known(api, north):
    place = api.post("/locations", {"name": "Annex", "timezone": "America/Bogota"}).json["id"]
    heart = api.post("/specialties", {"name": "Cardiology", "code": "cardio"}).json["id"]
    other = api.post("/services", {"name": "Scan", "duration_minutes": 10}).json["id"]
    add(
        api, name="Ángela Núñez", code="AN", specialties=["cardio"], location_ids=[place], service_ids=[other],
        document_type="CC", document_number="42",
    )  # fmt: skip
    for query in (
        {"q": "nunez ang"},
        {"specialty": "cardio"},
        {"specialty": heart},
        {"code": "AN"},
        {"document_type": "CC", "document_number": "4-2"},
        {"q": "Angela", "specialty": "CARDIO", "location_id": place, "service_id": other},
    ):
        assert names_of(api.get("/doctors", **query)) == ["Ángela Núñez"], query
    everybody = ["Ángela Núñez", "Jagadish Bose", "Tomás Tok"]
    assert names_of(api.get("/doctors")) == everybody
    assert names_of(api.get("/doctors", service_id=other)) == everybody, "who names no visit type offers all"
    assert names_of(api.get("/doctors", service_id=str(north.visit))) == everybody[1:]
    assert names_of(api.get("/doctors", location_id=str(north.main))) == everybody[1:]
    assert names_of(api.get("/doctors", q="100%")) == []


def test_the_doctors_of_a_location(api, north):
    place = api.post("/locations", {"name": "Annex", "timezone": "America/Bogota"}).json["id"]
    here = add(api, name="Here", location_ids=[place])
    add(api, name="Elsewhere", location_ids=[str(north.main)])
    visiting = add(api, name="Visiting", location_ids=[str(north.main)])
    hours = {"weekday": 0, "start_time": "09:00", "end_time": "10:00", "location_id": place}
    api.post(f"/doctors/{visiting['id']}/availability", hours)
    found = api.get(f"/locations/{place}/doctors", expand="location")
    assert names_of(found) == ["Here", "Jagadish Bose", "Tomás Tok", "Visiting"], (
        "who has no location is anywhere"
    )
    assert found.json["items"][0]["locations"][0]["name"] == "Annex"
    assert found.json["items"][0]["id"] == here["id"]
    assert api.get(f"/locations/{uuid.UUID(int=1)}/doctors").status_code == 404


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"specialty": "magic"}, "unknown_code"),
        ({"location_id": str(uuid.UUID(int=1))}, "unknown_id"),
        ({"document_type": "XX"}, "unknown_code"),
        ({"expand": "patient"}, "unknown_expand"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(api, query, code):
    answer = api.get("/doctors", **query)
    assert refused(answer) == (422, code, f"/{next(iter(query))}")


def test_a_list_costs_the_same_for_two_and_for_twenty(api, north, statements):
    def listed():
        return cost(statements, api, "/doctors", expand="location,service", q="o")

    place = {"location_ids": [str(north.main)], "service_ids": [str(north.visit)]}
    add(api, name="Olga One", **place)
    few = listed()
    for number in range(20):
        add(api, name=f"Otto {number}", **place)
    assert listed() == few <= 6


def test_patients_see_the_directory_not_the_file(app, north):
    with app.test_request_context("/"), acting_in("north"):
        found = doctors.page(limit=10)
        g.actor = Actor("user", role="patient")
        seen = api_doctors.show(found)[0]
        assert (seen["full_name"], seen["user_id"], seen["custom_fields"]) == ("Jagadish Bose", None, {})
        g.actor = Actor("user", role="receptionist")
        assert api_doctors.show(found)[0]["user_id"] == north.bose_user
