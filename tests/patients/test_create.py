"""A new patient, or one who is known."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinic.core import db
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import Invalid
from clinic.patients import actions, queries
from clinic.patients.refusals import DuplicatePatient, FileNumberTaken

NOBODY = "01a1f7f4-4701-74a6-8d9a-94567ef66fe1"
ZOE = {"full_name": "Zoé Núñez", "phone": "+573005550000"}


def make(**fields: Any) -> actions.Found:
    return actions.create(fields=fields, by=SYSTEM)


# -- it works -----------------------------------------------------------------------------------------------------


def test_makes_a_patient(in_north: Any) -> None:
    made = make(**ZOE)
    row = queries.patient(made.id, by=SYSTEM)
    assert made.made
    assert (row.full_name, row.first_name, row.last_name, row.phone) == (
        "Zoé Núñez",
        "Zoé",
        "Núñez",
        "+573005550000",
    )
    assert (row.version, row.is_active) == (1, True)


def test_makes_a_patient_by_json(api: Any) -> None:
    answer = api.post("/patients", {"first_name": "Zoé", "last_name": "Núñez", "phone": "300 555 0000"})
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/v1/patients/{answer.json['id']}"
    assert answer.json["full_name"] == "Zoé Núñez"
    assert answer.json["phone"] == "+573005550000"
    assert answer.json["possible_duplicates"] == []
    assert answer.json["created_at"].endswith("-05:00")
    assert api.get(f"/patients/{answer.json['id']}").json["first_name"] == "Zoé"


EVERYTHING = {
    "file_number": 4711, "first_name": "Zoé", "middle_name": "María", "last_name": "de la Ñ", "second_last_name": "😀",
    "birth_date": "1980-11-23", "gender": "FEMALE", "document_type": "cc", "document_number": "1.020-304 a",
    "phone": "(300) 555 0000", "phone_alt": "+33 6 12 34 56 78", "email": "Zoe@Example.ORG", "address": "Calle 1 # 2-3",
    "city": "Bogotá", "blood_group": "0 +", "allergies": ["penicillin", "penicillin", "nuts"],
    "emergency_contact": {"name": "Luis", "phone": "3001112233", "relation": "brother"}, "insurer": "Sura",
    "insurer_number": "S-1", "consents": [{"purpose": "messages", "at": "2026-01-02T03:04:05-05:00", "source": "desk"}],
    "preferred_language": "es", "preferred_channel": "whatsapp", "needs": {"interpreter": "LSC", "access": True},
    "notes": "one\ntwo", "tags": ["vip"], "external_ids": {"his": "4711"}, "custom_fields": {"shoe": 38},
}  # fmt: skip


def test_keeps_every_field(api: Any) -> None:
    made = api.post("/patients", EVERYTHING)
    assert made.status_code == 201, made.json
    kept = api.get(f"/patients/{made.json['id']}").json
    assert (
        kept
        | {
            "gender": "female",
            "document_type": "CC",
            "phone": "+573005550000",
            "phone_alt": "+33612345678",
            "email": "Zoe@example.org",
            "blood_group": "O+",
            "allergies": ["penicillin", "nuts"],
            "full_name": "Zoé María de la Ñ 😀",
            "birth_date_is_estimated": False,
            "emergency_contact": {"name": "Luis", "phone": "+573001112233", "relation": "brother"},
            "guardians": [],
            "confidential": None,
        }
        == kept
    )
    same = set(EVERYTHING) - {
        "gender",
        "document_type",
        "phone",
        "phone_alt",
        "email",
        "blood_group",
        "allergies",
    }
    for name in same - {"emergency_contact", "consents"}:
        assert kept[name] == EVERYTHING[name], name
    assert kept["consents"][0]["purpose"] == "messages"


def test_numbers_files_without_a_gap(in_north: Any) -> None:
    first = queries.patient(make(**ZOE).id, by=SYSTEM).file_number
    with pytest.raises(Invalid):
        make(full_name="Nobody")
    second = queries.patient(make(full_name="Yves", phone="+573005550001").id, by=SYSTEM).file_number
    assert second == first + 1


def test_a_given_file_number_is_kept_and_the_next_come_after_it(in_north: Any) -> None:
    given = make(**ZOE, file_number=5000)
    assert queries.patient(given.id, by=SYSTEM).file_number == 5000
    after = make(full_name="Yves", phone="+573005550001")
    assert queries.patient(after.id, by=SYSTEM).file_number == 5001
    with pytest.raises(FileNumberTaken) as refused:
        make(full_name="Xenia", phone="+573005550002", file_number=5000)
    assert refused.value.extra == {"existing_id": given.id}


def test_an_age_stands_for_a_birth_date(in_north: Any, api: Any) -> None:
    answer = api.post("/patients", {**ZOE, "age": 40})
    assert answer.json["age"] == 40
    assert answer.json["birth_date_is_estimated"] is True
    assert api.post("/patients", {**ZOE, "birth_date": "1980-11-23"}).status_code == 200, (
        "an estimate contradicts nobody"
    )


# -- what is enough -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "contact",
    [
        {"phone": "+573005550000"},
        {"email": "z@example.org"},
        {"document_type": "CC", "document_number": "12"},
        {"guardians": "carla"},
    ],
)
def test_a_name_and_one_way_to_know_them_is_enough(north: Any, api: Any, contact: dict[str, Any]) -> None:
    if "guardians" in contact:
        contact = {"guardians": [{"patient_id": str(north.carla), "relation": "mother"}]}
    answer = api.post("/patients", {"full_name": "Zoé", **contact})
    assert answer.status_code == 201
    if "guardians" in contact:
        assert answer.json["guardians"] == [
            {
                "patient_id": str(north.carla),
                "name": "Carla Ruiz Gómez",
                "relation": "mother",
                "may_book": True,
                "may_see": True,
            }
        ]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {"/full_name": "required", "/phone": "contact_required"}),
        ({"full_name": "Zoé"}, {"/phone": "contact_required"}),
        ({"full_name": "Zoé", "guardians": []}, {"/phone": "contact_required"}),
        ({"phone": "3005550000"}, {"/full_name": "required"}),
        ({"full_name": "   ", "phone": "3005550000"}, {"/full_name": "required"}),
        ({**ZOE, "phone": "12"}, {"/phone": "invalid_phone"}),
        ({**ZOE, "phone": 3005550000}, {"/phone": "invalid_type"}),
        ({**ZOE, "email": "zoe@"}, {"/email": "invalid_email"}),
        ({**ZOE, "birth_date": "1980-02-31"}, {"/birth_date": "invalid_date"}),
        ({**ZOE, "birth_date": "2999-01-01"}, {"/birth_date": "out_of_range"}),
        ({**ZOE, "birth_date": "1980-11-23", "age": 3}, {"/age": "contradicts_birth_date"}),
        ({**ZOE, "age": 151}, {"/age": "out_of_range"}),
        ({**ZOE, "gender": "no such"}, {"/gender": "unknown_code"}),
        ({**ZOE, "document_type": "XX", "document_number": "1"}, {"/document_type": "unknown_code"}),
        ({**ZOE, "document_number": "1"}, {"/document_type": "required"}),
        ({**ZOE, "document_type": "CC"}, {"/document_number": "required"}),
        ({**ZOE, "document_type": "CC", "document_number": " . - "}, {"/document_number": "required"}),
        ({**ZOE, "blood_group": "C+"}, {"/blood_group": "invalid_choice"}),
        ({**ZOE, "first_name": "Z\u0000"}, {"/first_name": "control_character"}),
        ({**ZOE, "notes": "bell \u0007"}, {"/notes": "control_character"}),
        ({**ZOE, "full_name": "x" * 256}, {"/full_name": "too_long"}),
        ({**ZOE, "shoe_size": 38}, {"/shoe_size": "unknown_field"}),
        ({**ZOE, "guardians": [{"patient_id": NOBODY}]}, {"/guardians/0/patient_id": "unknown_id"}),
        ({**ZOE, "guardians": [{"patient_id": "nobody"}]}, {"/guardians/0/patient_id": "invalid_id"}),
        ({**ZOE, "consents": [{"source": "desk"}]}, {"/consents/0/purpose": "required"}),
        ({**ZOE, "external_ids": {"his": ""}}, {"/external_ids/his": "required"}),
    ],
)  # fmt: skip
def test_says_what_is_wrong_where(api: Any, fields: dict[str, Any], errors: dict[str, str]) -> None:
    answer = api.post("/patients", fields)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert {error["pointer"]: error["code"] for error in answer.json["errors"]} == errors
    assert answer.json["code"] == next(iter(errors.values())) if len(errors) == 1 else "validation_error"


@pytest.mark.parametrize(
    "name",
    [
        "Ñandú Ü",
        "😀😀",
        "O’Neil-Smith",
        "María José de la Santísima Trinidad Pérez y González",
        "王小明",
        "X Æ A-12",
        "ﷺ" * 250,
        "👩‍👩‍👧",
    ],
)
def test_names_are_kept_as_typed(api: Any, name: str) -> None:
    answer = api.post("/patients", {"full_name": name, "phone": "3005550000"})
    assert answer.status_code == 201
    assert api.get(f"/patients/{answer.json['id']}").json["full_name"] == name


def test_a_megabyte_is_refused_whole(api: Any) -> None:
    assert api.post("/patients", {**ZOE, "notes": "x" * 1024 * 1024}).status_code == 413
    assert api.post("/patients", {**ZOE, "notes": "x" * 1_000_000}).status_code == 422


# -- who is known -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["1.020.304 B", "1020304b", "10-20 30-4.B"])
def test_refuses_a_known_document(in_north: Any, api: Any, number: str) -> None:
    first = api.post("/patients", {**ZOE, "document_type": "CC", "document_number": "1020304B"}).json
    again = api.post(
        "/patients",
        {"full_name": "Other", "email": "o@example.org", "document_type": "cc", "document_number": number},
    )
    assert again.status_code == 409
    assert (again.json["code"], again.json["existing_id"]) == ("duplicate_patient", first["id"])


def test_the_same_number_of_another_kind_of_document_is_another(in_north: Any) -> None:
    first = make(full_name="Zoé", document_type="CC", document_number="77")
    other = make(full_name="Yves", document_type="PA", document_number="77")
    assert other.made
    assert other.possible_duplicates == [first.id]


@pytest.mark.parametrize("name", ["Zoé Núñez", "zoe nunez", "ZOÉ  NUÑEZ"])
def test_the_same_phone_and_name_is_the_same_person(api: Any, name: str) -> None:
    first = api.post("/patients", ZOE).json
    again = api.post("/patients", {"full_name": name, "phone": "+57 300 555 0000", "city": "Cali"})
    assert again.status_code == 200
    assert (again.json["id"], again.json["version"], again.json["city"]) == (first["id"], 1, None)
    assert again.json["possible_duplicates"] == []


def test_the_same_phone_under_another_name_is_another(in_north: Any) -> None:
    mother = make(**ZOE)
    child = make(full_name="Ulla Núñez", phone=ZOE["phone"])
    assert child.made
    assert child.possible_duplicates == []
    assert mother.id != child.id


def test_a_father_and_his_son_are_two(in_north: Any) -> None:
    father = make(**ZOE, birth_date=date(1970, 1, 1))
    son = make(**ZOE, birth_date=date(2000, 1, 1))
    assert son.made
    assert son.possible_duplicates == [father.id]
    assert make(**ZOE, birth_date=date(2000, 1, 1)) == actions.Found(son.id, False, [father.id])
    assert make(**ZOE, birth_date=date(1970, 1, 1)) == actions.Found(father.id, False, [son.id])
    assert not make(**ZOE).made


def test_two_documents_are_two_persons(in_north: Any) -> None:
    make(**ZOE, document_type="CC", document_number="1")
    assert make(**ZOE, document_type="CC", document_number="2").made
    assert not make(**ZOE).made


def test_a_phone_that_hundreds_share_does_not_hide_anybody(in_north: Any) -> None:
    made = [make(full_name=f"Guest Number{count}", phone="+573000000000").id for count in range(60)]
    for count in (0, 59):
        assert make(full_name=f"Guest Number{count}", phone="+573000000000").id == made[count]


@pytest.mark.parametrize(
    ("fields", "is_alike"),
    [
        ({"full_name": "Zoe Nunez", "email": "x@example.org"}, True),
        ({"full_name": "Zoe Nuñes", "phone": "+573005550000"}, True),
        ({"full_name": "Zoe Maria Nunez Pol", "phone": "+573005550000"}, True),
        ({"full_name": "Zoe Nuñes", "email": "ZOE@example.org"}, True),
        ({"full_name": "Nunez Zoe", "email": "x@example.org", "birth_date": date(1980, 11, 23)}, True),
        ({"full_name": "Zoe Nunez", "email": "x@example.org", "birth_date": date(1980, 11, 24)}, False),
        ({"full_name": "Eva Nunez", "phone": "+573005550000"}, False),
        ({"full_name": "Eva Nunez", "email": "zoe@example.org"}, False),
        ({"full_name": "Zoe Nuñes", "email": "x@example.org"}, False),
    ],
)
def test_points_at_possible_duplicates(in_north: Any, fields: dict[str, Any], is_alike: bool) -> None:
    first = make(**ZOE, email="zoe@example.org", birth_date=date(1980, 11, 23))
    other = make(**fields)
    assert other.made
    assert other.possible_duplicates == ([first.id] if is_alike else [])


def test_who_was_removed_is_no_duplicate(in_north: Any) -> None:
    first = make(**ZOE, document_type="CC", document_number="1")
    actions.remove(first.id, by=SYSTEM)
    second = make(**ZOE, document_type="CC", document_number="1")
    assert second.made
    assert second.possible_duplicates == []


def test_the_neighbours_patients_are_nobody_here(in_north: Any, south: Any) -> None:
    made = make(full_name="Pierre Ruiz Gómez", phone="+33612345678")
    assert made.made
    assert made.possible_duplicates == []


# -- twice, at once, who -----------------------------------------------------------------------------------------


def test_twice_with_one_key_is_once(api: Any) -> None:
    body = {"full_name": "Zoé", "email": "z@example.org"}
    first = api.post("/patients", body, headers={"Idempotency-Key": "k1"})
    again = api.post("/patients", body, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.data, again.headers["ETag"]) == (201, first.data, first.headers["ETag"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.post("/patients", body).json["id"] != first.json["id"], (
        "without a key an e-mail is no name tag"
    )


@pytest.mark.race
def test_two_at_once_make_one(app: Any, north: Any, at_once: Any) -> None:
    assert len({answer.id for answer in race(at_once)}) == 1


@pytest.mark.race
def test_without_the_lock_they_make_more(
    app: Any, north: Any, at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "LOCK_NUMBERS", actions.LOCK_NUMBERS.removesuffix(" FOR UPDATE"))
    answers = [race(at_once, f"+57300555{number:04}") for number in range(5)]
    assert any(len({getattr(answer, "id", None) for answer in each}) > 1 for each in answers)


def race(at_once: Any, phone: str = "+573005550000") -> list[Any]:
    from clinic.core.entering import acting_in

    def work(_number: int) -> Any:
        with acting_in("north"):
            return make(full_name="Zoé Núñez", phone=phone)

    answers: list[Any] = at_once(8, work)
    return answers


@pytest.mark.race
def test_two_at_once_with_one_document_make_one(app: Any, north: Any, at_once: Any) -> None:
    from clinic.core.entering import acting_in

    def work(number: int) -> Any:
        with acting_in("north"):
            return make(full_name=f"Zoé {number}", document_type="CC", document_number="1")

    answers = at_once(8, work)
    made = [answer for answer in answers if isinstance(answer, actions.Found)]
    refused = [answer for answer in answers if isinstance(answer, DuplicatePatient)]
    assert (len(made), len(refused)) == (1, 7)
    assert {answer.extra["existing_id"] for answer in refused} == {made[0].id}


def test_the_wrong_person(api_of: Any, app: Any) -> None:
    from tests.clients import Api

    assert Api(app, "north.localhost", None).post("/patients", ZOE).status_code == 401
    for scope in ("patients:read", "patients:lookup", "appointments:write", "admin"):
        assert api_of("north", [scope]).post("/patients", ZOE).status_code == 403


def test_a_key_that_only_writes_is_told_little(api_of: Any) -> None:
    answer = api_of("north", ["patients:write"]).post("/patients", {**ZOE, "notes": "x"})
    assert answer.status_code == 201
    assert set(answer.json) == {"id", "first_name", "age", "possible_duplicates"}


def test_the_key_of_another_clinic(app: Any, south: Any) -> None:
    from tests.clients import Api

    assert Api(app, "north.localhost", south.api_key).post("/patients", ZOE).status_code == 401


def test_is_on_record_with_the_names_of_fields_only(in_north: Any) -> None:
    ana = Actor("user", in_north.ana_user, "receptionist")
    made = actions.create(fields={**ZOE, "notes": "secret"}, by=ana)
    entry = db.row(
        "SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND object_id = %(id)s AND act = 'patient.create'",
        id=made.id,
    )
    assert (entry.actor_id, entry.patient_id) == (ana.id, made.id)
    assert entry.details == {"fields": ["full_name", "notes", "phone"]}
    event = db.row(
        "SELECT * FROM outbox_event WHERE tenant_id = %(tenant)s AND object_id = %(id)s", id=made.id
    )
    assert (event.type, event.object_version) == ("patient.created", 1)


def test_an_answer_with_a_known_patient_is_a_look_at_the_record(api: Any, in_north: Any) -> None:
    first = api.post("/patients", ZOE).json["id"]
    api.post("/patients", ZOE)
    looks = db.rows(
        "SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND patient_id = %(id)s AND act = 'patient.read'",
        id=first,
    )
    assert len(looks) == 1
