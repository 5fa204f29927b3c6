"""What a clinic wants of the fields that it makes up."""

from __future__ import annotations

import pytest

from tests.booking.times import iso

KINDS = ("patient", "doctor", "appointment", "availability", "block")
SCHEMA = {
    "type": "object",
    "properties": {"wing": {"$ref": "#/$defs/wing"}, "floor": {"type": "integer"}},
    "required": ["floor"],
    "$defs": {"wing": {"enum": ["east", "west"]}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_sets_and_reads_the_schema_of_each_kind(api, kind):
    assert api.get(f"/custom-fields/{kind}").json == {}
    put = api.put(f"/custom-fields/{kind}", SCHEMA)
    assert (put.status_code, put.json) == (200, SCHEMA)
    assert api.get(f"/custom-fields/{kind}").json == SCHEMA
    assert api.put(f"/custom-fields/{kind}", {}).json == {}


def test_records_are_held_to_it_from_then_on(api):
    before = api.post("/doctors", {"name": "Ada", "custom_fields": {"wing": "north"}})
    assert before.status_code == 201
    api.put("/custom-fields/doctor", SCHEMA)
    refused = api.post("/doctors", {"name": "Bea", "custom_fields": {"wing": "north", "floor": 1}})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/custom_fields/wing")
    assert api.get(f"/doctors/{before.json['id']}").json["custom_fields"] == {"wing": "north"}


def test_patients_are_held_to_it_also_where_they_are_made_with_a_visit(api, north):
    api.put("/custom-fields/patient", SCHEMA)
    new = {"full_name": "Nina Nueva", "phone": "300 765 4321", "custom_fields": {"floor": "first"}}
    for answer, at in (
        (api.post("/patients", new), "/custom_fields/floor"),
        (api.patch(f"/patients/{north.carla}", {"custom_fields": {}}), "/custom_fields/floor"),
        (
            api.post("/appointments", {"patient": new, "doctor_id": str(north.bose), "start": iso("09:30")}),
            "/patient/custom_fields/floor",
        ),
    ):
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, at)
    assert api.post("/patients", {**new, "custom_fields": {"floor": 1}}).status_code == 201


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "objekt"}, "/type"),
        ({"properties": {"a": {"minimum": "one"}}}, "/properties/a/minimum"),
        ({"properties": {"a": {"pattern": "("}}}, "/properties/a/pattern"),
        ({"properties": {"a/b": {"$ref": "https://elsewhere.example/x"}}}, "/properties/a~1b/$ref"),
        ({"allOf": [{"$ref": "#/$defs/nobody"}]}, "/allOf/0/$ref"),
        ({"$id": "https://elsewhere.example/"}, "/$id"),
    ],
)
def test_what_is_no_schema_is_refused_at_its_place(api, schema, pointer):
    refused = api.put("/custom-fields/patient", schema)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_schema")
    assert refused.json["errors"][0]["pointer"] == pointer
    assert api.get("/custom-fields/patient").json == {}


@pytest.mark.parametrize("body", [[], "text", {"description": "x" * 20_000}])
def test_nor_what_is_no_object_or_too_large(api, body):
    assert api.put("/custom-fields/patient", body).status_code == 422


def test_a_schema_that_goes_in_circles_refuses_instead_of_falling_over(api):
    assert api.put("/custom-fields/doctor", {"allOf": [{"$ref": "#"}]}).status_code == 200
    refused = api.post("/doctors", {"name": "Ada", "custom_fields": {"a": 1}})
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_custom_field")


def test_there_are_five_kinds(api):
    assert api.get("/custom-fields/room").status_code == 404
    assert api.put("/custom-fields/room", SCHEMA).status_code == 404


def test_an_administrators_key_alone(api_of):
    key = api_of("north", ["schedule:write", "appointments:write"])
    assert key.get("/custom-fields/doctor").status_code == 403
    assert key.put("/custom-fields/doctor", SCHEMA).status_code == 403


def test_each_clinic_has_its_own(api, api_of):
    api.put("/custom-fields/doctor", SCHEMA)
    assert api_of("south").get("/custom-fields/doctor").json == {}
