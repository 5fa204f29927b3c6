"""API.md §5: patients."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.times import iso, today
from tests.contract.asking import UNKNOWN, booked, ids, ok, refused

FULL: dict[str, Any] = {
    "first_name": "Gabriel", "middle_name": "José", "last_name": "García", "second_last_name": "Márquez",
    "birth_date": "1927-03-06", "gender": "male", "document_type": "CC", "document_number": "1.234.567",
    "phone": "+573001112233", "phone_alt": "+573001112244", "email": "gabo@n.example", "address": "Calle 1",
    "city": "Aracataca", "blood_group": "O+", "allergies": ["penicillin"],
    "emergency_contact": {"name": "Mercedes", "phone": "+573001112255", "relation": "wife"},
    "insurer": "Sura", "insurer_number": "S-1", "preferred_language": "es", "preferred_channel": "email",
    "needs": {"interpreter": True, "access": "wheelchair", "transport": False}, "notes": "Writes.\nA lot.",
    "tags": ["vip"], "external_ids": {"his": "P1"}, "custom_fields": {"a": 1},
}  # fmt: skip
EVERY = {
    *FULL, "id", "version", "created_at", "updated_at", "is_active", "file_number", "full_name", "age", "consents",
    "guardians", "confidential",
}  # fmt: skip


def new(api: Any, **more: Any) -> Any:
    return api.post("/patients", more)


def code_of(api: Any, kind: str) -> str:
    return str(ok(api.get(f"/lookups/{kind}"))["items"][0]["code"])


def test_every_field_is_taken_and_answered(api):
    body = FULL | {"gender": code_of(api, "genders")}
    patient = ok(new(api, **body), 201)
    assert patient.keys() >= EVERY
    for name, value in body.items():
        assert patient[name] == value, name
    assert patient["full_name"] == "Gabriel José García Márquez"
    assert patient["file_number"] > 0
    again = ok(api.get(f"/patients/{patient['id']}"))
    assert (
        again.items()
        == {name: value for name, value in patient.items() if name != "possible_duplicates"}.items()
    )


def test_every_field_can_be_changed(api, north):
    body = FULL | {"gender": code_of(api, "genders")}
    said = ok(api.patch(f"/patients/{north.carla}", body))
    for name, value in body.items():
        assert said[name] == value, name


@pytest.mark.parametrize("name", sorted(set(FULL) - {"first_name", "external_ids", "custom_fields", "phone"}))
def test_every_field_but_the_name_can_be_cleared(api, name):
    body = FULL | {"gender": code_of(api, "genders")}
    patient = ok(new(api, **body), 201)["id"]
    change = {name: None, "document_number": None} if name == "document_type" else {name: None}
    if name == "document_number":
        change["document_type"] = None
    assert ok(api.patch(f"/patients/{patient}", change))[name] in (None, [], {})


def test_a_full_name_may_replace_the_parts(api):
    patient = ok(new(api, full_name="Gabriel García Márquez", phone="3001112233"), 201)
    assert patient["full_name"] == "Gabriel García Márquez"
    assert patient["first_name"] == "Gabriel"
    assert ok(api.get("/patients", q="marquez"))["items"][0]["id"] == patient["id"]


def test_an_age_may_be_given_instead_of_a_birth_date(api):
    patient = ok(new(api, full_name="A B", phone="3001112233", age=40), 201)
    assert patient["age"] in (39, 40)
    assert patient["birth_date"] is not None or patient["age"] == 40
    born = f"{today().year - 30}-{today().month:02}-01"
    other = ok(new(api, full_name="C D", phone="3001112244", birth_date=born), 201)
    assert other["age"] == 30


def test_consents_are_kept(api, north):
    consent = {"purpose": "sms", "text_version": "3", "at": "2026-01-07T09:00:00-05:00", "source": "paper"}
    (said,) = ok(api.patch(f"/patients/{north.carla}", {"consents": [consent]}))["consents"]
    assert said["purpose"] == "sms"
    assert said["text_version"] == "3"
    assert said["at"].startswith("2026-01-07T")
    gone = {**consent, "withdrawn_at": "2026-02-07T09:00:00-05:00"}
    (said,) = ok(api.patch(f"/patients/{north.carla}", {"consents": [gone]}))["consents"]
    assert said["withdrawn_at"]


def test_a_guardian_is_another_patient(api, north):
    guardian = {"patient_id": str(north.carla), "relation": "mother", "may_book": True, "may_see": True}
    child = ok(new(api, full_name="Niño Ruiz", birth_date="2020-01-01", guardians=[guardian]), 201)
    assert child["guardians"][0].items() >= guardian.items()
    refused(api.patch(f"/patients/{north.carla}", {"guardians": [{"patient_id": str(north.carla)}]}), 422)


# -- what is enough ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one",
    [
        {"phone": "3001112233"},
        {"email": "a@n.example"},
        {"document_type": "CC", "document_number": "1"},
        "guardian",
    ],
)
def test_a_name_and_one_way_to_know_them_is_enough(api, north, one):
    more = {"guardians": [{"patient_id": str(north.carla)}]} if one == "guardian" else one
    ok(new(api, full_name="A B", **more), 201)


@pytest.mark.parametrize(
    "body",
    [{"full_name": "A B"}, {"phone": "3001112233"}, {}, {"full_name": " ", "phone": "3001112233"},
     {"full_name": "A B", "document_number": "1"}, {"full_name": "A B", "phone": None}],
)  # fmt: skip
def test_less_is_422(api, body):
    refused(new(api, **body), 422)


@pytest.mark.parametrize(
    ("more", "at"),
    [({"birth_date": "2999-01-01"}, "/birth_date"), ({"age": -1}, "/age"), ({"age": 200}, "/age"),
     ({"email": "x"}, "/email"),
     ({"blood_group": "X+"}, "/blood_group"), ({"preferred_channel": "pigeon"}, "/preferred_channel"),
     ({"allergies": "x"}, "/allergies"), ({"tags": [5]}, "/tags/0"), ({"id": UNKNOWN}, "/id"),
     ({"emergency_contact": {"phone": "1"}}, "/emergency_contact/phone"),
     ({"preferred_language": "12"}, "/preferred_language"),
     ({"consents": [{}]}, "/consents/0/purpose"), ({"file_number": 0}, "/file_number")],
)  # fmt: skip
def test_what_cannot_be_is_422_at_its_field(api, more, at):
    refused(new(api, full_name="A B", phone="3001112233", **more), 422, at=at)


# -- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["AB1234567", "ab-123.45 67", "ab 1234567", "A.B.1.2.3.4.5.6.7"])
def test_documents_compare_without_case_spaces_dots_and_dashes(api, spelling):
    first = ok(new(api, full_name="A B", document_type="PA", document_number="AB 123.456-7"), 201)
    said = refused(
        new(api, full_name="C D", document_type="PA", document_number=spelling), 409, "duplicate_patient"
    )
    assert said["existing_id"] == first["id"]
    assert ok(api.get(f"/patients/by-document/PA/{spelling}"))["id"] == first["id"]
    assert ids(api.get("/patients", document_type="PA", document_number=spelling)) == [first["id"]]


def test_another_type_or_tenant_may_have_the_same_number(api, api_of):
    for kind in ("CC", "PA"):
        ok(new(api, full_name="A B", document_type=kind, document_number="77"), 201)
    ok(new(api_of("south"), full_name="A B", document_type="PA", document_number="77"), 201)


def test_a_document_taken_by_a_change_is_409(api, north):
    first = ok(new(api, full_name="A B", document_type="CC", document_number="77"), 201)
    said = refused(
        api.patch(f"/patients/{north.carla}", {"document_type": "CC", "document_number": "7.7"}),
        409,
        "duplicate_patient",
    )
    assert said["existing_id"] == first["id"]


def test_a_number_with_a_slash_is_found(api):
    patient = ok(new(api, full_name="A B", document_type="PA", document_number="A/77"), 201)
    assert ok(api.get("/patients/by-document/PA/A/77"))["id"] == patient["id"]
    refused(api.get("/patients/by-document/PA/nothing"), 404)


def test_an_inactive_patient_is_no_duplicate_so_a_restore_may_be_409(api):
    first = ok(new(api, full_name="A B", document_type="CC", document_number="77"), 201)["id"]
    assert api.delete(f"/patients/{first}").status_code == 204
    second = ok(new(api, full_name="A B", document_type="CC", document_number="77"), 201)["id"]
    assert second != first
    refused(api.post(f"/patients/{first}/restore"), 409, "duplicate_patient")
    api.delete(f"/patients/{second}")
    ok(api.post(f"/patients/{first}/restore"))


# -- phone and name ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["José Pérez", "jose perez", "JOSÉ  PEREZ"])
def test_the_same_phone_and_name_is_the_same_person(api, name):
    first = ok(new(api, full_name="José Pérez", phone="300 111 2233"), 201)
    again = ok(new(api, full_name=name, phone="+573001112233"), 200)
    assert again["id"] == first["id"]
    assert first["possible_duplicates"] == []
    assert isinstance(again["possible_duplicates"], list)


@pytest.mark.parametrize(
    "differ", [{"birth_date": "1980-01-01"}, {"document_type": "CC", "document_number": "2"}]
)
def test_unless_birth_dates_or_documents_are_given_on_both_and_differ(api, differ):
    base = {"full_name": "José Pérez", "phone": "3001112233"}
    other = (
        {"birth_date": "1950-01-01"}
        if "birth_date" in differ
        else {"document_type": "CC", "document_number": "1"}
    )
    father = ok(new(api, **base, **other), 201)
    son = ok(new(api, **base, **differ), 201)
    assert son["id"] != father["id"]
    assert father["id"] in son["possible_duplicates"]


def test_given_on_one_alone_it_is_the_same_person(api):
    base = {"full_name": "José Pérez", "phone": "3001112233"}
    first = ok(new(api, **base, birth_date="1950-01-01"), 201)
    assert ok(new(api, **base), 200)["id"] == first["id"]
    assert ok(new(api, **base, document_type="CC", document_number="5"), 200)["id"] == first["id"]


def test_a_family_shares_its_phone(api):
    first = ok(new(api, full_name="José Pérez", phone="3001112233"), 201)
    second = ok(new(api, full_name="María Pérez", phone="3001112233"), 201)
    assert second["id"] != first["id"]
    assert set(ids(api.get("/patients", phone="3001112233"))) == {first["id"], second["id"]}


# -- finding ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def gabo(api) -> str:
    return str(ok(new(api, **FULL | {"gender": code_of(api, "genders")}), 201)["id"])


@pytest.mark.parametrize(
    "q",
    ["gabriel garcia", "garcia gabriel", "MÁRQUEZ", "gab gar", "Gabirel", "Garsia", "300 111 22 33", "+573001112233",
     "3001112233", "1112233", "1234567", "1.234.567", "gabo@n.example", "GABO@N.example", "1927-03-06", "jose marquez"],
)  # fmt: skip
def test_one_box_finds_everything(api, gabo, q):
    assert gabo in ids(api.get("/patients", q=q))


def test_the_file_number_is_found_too(api, gabo):
    number = ok(api.get(f"/patients/{gabo}"))["file_number"]
    assert gabo in ids(api.get("/patients", q=str(number)))


@pytest.mark.parametrize("q", ["zzzzz", "gabriel zzzzz", "9999999"])
def test_what_is_not_there_is_not_found(api, gabo, q):
    assert gabo not in ids(api.get("/patients", q=q))


@pytest.mark.parametrize(
    "query",
    [{"document_type": "CC", "document_number": "1234567"}, {"document_number": "1234567"}, {"phone": "300 111 2233"},
     {"email": "GABO@n.example"}, {"birth_date": "1927-03-06"}, {"external_id": "his:P1"},
     {"phone": "3001112233", "birth_date": "1927-03-06"}, {"q": "gabriel", "birth_date": "1927-03-06"}],
)  # fmt: skip
def test_filters(api, gabo, query):
    assert ids(api.get("/patients", **query)) == [gabo]


def test_filters_hold_together(api, gabo):
    assert ids(api.get("/patients", phone="3001112233", birth_date="1927-03-07")) == []


def test_a_search_finds_no_inactive_one_unless_it_is_asked_for(api, gabo):
    api.delete(f"/patients/{gabo}")
    assert gabo not in ids(api.get("/patients", q="gabriel garcia"))
    assert gabo in ids(api.get("/patients", q="gabriel garcia", include_inactive="true"))


def test_a_search_comes_in_pages(api):
    some = {ok(new(api, full_name=f"Zed Number{n}", phone=f"300111224{n}"), 201)["id"] for n in range(5)}
    found: list[str] = []
    cursor = None
    while True:
        said = ok(api.get("/patients", q="zed", limit=2, **({"cursor": cursor} if cursor else {})))
        found += [item["id"] for item in said["items"]]
        cursor = said["next_cursor"]
        if not cursor:
            break
    assert set(found) == some
    assert len(found) == 5


# -- deleting, visits -------------------------------------------------------------------------------------------------


def test_a_patient_with_future_visits_is_kept_unless_they_are_cancelled(api, north):
    visit = booked(api, north)["id"]
    refused(api.delete(f"/patients/{north.carla}"), 409)
    assert ok(api.get(f"/appointments/{visit}"))["status"] == "booked"
    assert api.delete(f"/patients/{north.carla}?cancel_appointments=true").status_code == 204
    assert ok(api.get(f"/appointments/{visit}"))["status"] == "cancelled"
    assert ok(api.get("/slots", date=iso("09:30")[:10], doctor_id=str(north.bose)))["items"][1][
        "start"
    ] == iso("09:30")


def test_the_visits_of_a_patient(api, north):
    mine = booked(api, north, "09:00")["id"]
    booked(api, north, "10:00", "dora")
    assert ids(api.get(f"/patients/{north.carla}/appointments")) == [mine]
    assert ids(api.get(f"/patients/{north.carla}/appointments", status="cancelled")) == []


def test_confidential_records_need_a_reason(api, north):
    ok(api.patch(f"/patients/{north.carla}", {"confidential": {"roles": ["doctor"], "user_ids": []}}))
    refused(api.get(f"/patients/{north.carla}"), 403, "confidential")
    opened = api.get(f"/patients/{north.carla}", headers={"X-Access-Reason": "She is here and asks."})
    assert ok(opened)["confidential"] == {"roles": ["doctor"], "user_ids": []}
    refused(api.patch(f"/patients/{north.carla}", {"city": "Cali"}), 403, "confidential")
    why = {"headers": {"X-Access-Reason": "She asks."}}
    assert ok(api.patch(f"/patients/{north.carla}", {"confidential": None}, **why))["confidential"] is None
    ok(api.get(f"/patients/{north.carla}"))


def test_a_confidential_record_shows_no_more_elsewhere(api, north):
    ok(
        api.patch(
            f"/patients/{north.carla}",
            {"confidential": {"roles": ["doctor"], "user_ids": []}, "notes": "hidden words"},
        )
    )
    booked(api, north)
    shown = ok(api.get("/appointments", expand="patient"))["items"][0]["patient"]
    listed = next(
        item for item in ok(api.get("/patients", q="carla"))["items"] if item["id"] == str(north.carla)
    )
    for said in (shown, listed):
        assert said["full_name"] == "Carla Ruiz Gómez"
        assert said.get("phone") is None
        assert said.get("notes") is None


def test_a_lookup_key_sees_no_more_by_expanding(api, api_of, north):
    booked(api, north)
    weak = api_of("north", scopes=["appointments:read", "patients:lookup"])
    shown = ok(weak.get("/appointments", expand="patient"))["items"][0]["patient"]
    assert shown.keys() <= {"id", "first_name", "age"}
