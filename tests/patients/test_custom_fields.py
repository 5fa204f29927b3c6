"""Fields that the clinic has made up, in the forms of a patient: shown, kept, refused at the field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.patients.test_at_the_desk import signed_in

SCHEMA = {
    "type": "object",
    "properties": {
        "shoe": {"type": "integer", "title": "Shoe size", "description": "European.", "minimum": 15},
        "weight": {"type": ["number", "null"], "title": "Weight"},
        "smokes": {"type": "boolean", "title": "Smokes"},
        "side": {"$ref": "#/$defs/side"},
        "ward": {"oneOf": [{"const": 1, "title": "First"}, {"const": 2, "title": "Second"}]},
        "since": {"type": "string", "format": "date", "title": "Patient since"},
        "story": {"type": "string", "maxLength": 2000},
        "a/b": {"type": "string"},
        "address": {"type": "object", "properties": {"street": {"type": "string"}}},
    },
    "required": ["shoe"],
    "$defs": {"side": {"enum": ["left", "right"], "title": "Better side"}},
}
CUSTOM = {
    "custom_fields.shoe": "42", "custom_fields.weight": "70,5", "custom_fields.smokes": "no",
    "custom_fields.side": "left", "custom_fields.ward": "2", "custom_fields.since": "2020-02-29",
    "custom_fields.story": "one\r\ntwo", "custom_fields.a/b": "odd name",
}  # fmt: skip
KEPT = {
    "shoe": 42, "weight": 70.5, "smokes": False, "side": "left", "ward": 2, "since": "2020-02-29",
    "story": "one\ntwo", "a/b": "odd name",
}  # fmt: skip
NEW = {"full_name": "Gal Ito", "phone": "3005550123"}


@pytest.fixture
def ana(app: Any, north: Any) -> Any:
    return signed_in(app, "ana")


@pytest.fixture(autouse=True)
def schema(api: Any) -> None:
    assert api.put("/custom-fields/patient", SCHEMA).status_code == 200


def of(api: Any, id: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/patients/{id}").json["custom_fields"]
    return found


def made(api: Any, ana: Any) -> str:
    """A patient who was made at the desk with all of it; their id."""
    record = ana.post_form(ana.get("/patients/new"), {**NEW, **CUSTOM}, form="/patients/new")
    assert "Shoe size" in record
    return str(record.url.split("/")[2].split("?")[0])


def test_the_form_shows_them_with_the_clinics_labels(ana: Any) -> None:
    form = ana.get("/patients/new").form("/patients/new")
    labels = [label.text for label in form.all("fieldset.more-fields label")]
    assert labels[:4] == ["Shoe size", "Weight (optional)", "Smokes (optional)", "Better side (optional)"]
    assert form.find("#custom_fields-0-hint").text == "European."
    assert not form.find('[name="custom_fields.address"]'), "an object has no field"
    wards = [option.text for option in form.one('[name="custom_fields.ward"]').all("option")]
    assert wards == ["–", "First", "Second"]


def test_what_is_typed_is_kept_as_json_would_be(ana: Any, api: Any) -> None:
    id = made(api, ana)
    assert of(api, id) == KEPT
    record = ana.get(f"/patients/{id}")
    facts = record.find('section[aria-labelledby="more"]').text
    assert "Smokes No" in facts
    assert "Second" in facts


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"custom_fields.shoe": ""}, "This is required."),
        ({"custom_fields.shoe": "big"}, "Write a number."),
        ({"custom_fields.shoe": "nan"}, "Write a number."),
        ({"custom_fields.shoe": "3"}, "This is not what the clinic wants here (minimum)."),
        ({"custom_fields.shoe": "41.5"}, "This is not what the clinic wants here (type)."),
        ({"custom_fields.side": "up"}, "This is not what the clinic wants here (enum)."),
    ],
)
def test_what_does_not_fit_is_said_at_the_field(ana: Any, typed: dict[str, str], said: str) -> None:
    again = ana.post_form(
        ana.get("/patients/new"), {**NEW, **CUSTOM, **typed}, form="/patients/new", status=422
    )
    (error,) = again.errors
    assert error.endswith(f": {said}")
    ((name, value),) = typed.items()
    field = again.form("/patients/new").one(f'[name="{name}"]')
    assert said in again.find(f"#{field.get('id')}-error").text
    if field.tag == "input":
        assert field.get("value") == value
    assert again.form("/patients/new").one('[name="custom_fields.weight"]').get("value") == "70,5"


def test_changing_one_leaves_the_others_and_what_has_no_field(ana: Any, api: Any) -> None:
    id = made(api, ana)
    address = {"street": "Calle 1"}
    api.patch(f"/patients/{id}", {"custom_fields": {**KEPT, "address": address, "crm": "x-1"}})
    form = ana.get(f"/patients/{id}/edit")
    assert form.find('[name="custom_fields.ward"]').one("option[selected]").text == "Second"
    typed = {"custom_fields.shoe": "43", "custom_fields.side": ""}
    ana.post_form(form, typed, form=f"/patients/{id}/edit")
    left = {name: value for name, value in KEPT.items() if name != "side"}
    assert of(api, id) == {**left, "shoe": 43, "address": address, "crm": "x-1"}


def test_a_record_that_is_older_than_the_schema_can_be_changed_otherwise(
    ana: Any, north: Any, api: Any
) -> None:
    where = f"/patients/{north.carla}/edit"
    ana.post_form(ana.get(where), {"city": "Cali"}, form=where)
    assert api.get(f"/patients/{north.carla}").json["city"] == "Cali"
    again = ana.post_form(ana.get(where), {"custom_fields.weight": "80"}, form=where, status=422)
    assert again.errors == ["Shoe size: This is required."]


def test_what_is_refused_at_no_field_stands_on_top(ana: Any, api: Any) -> None:
    api.put("/custom-fields/patient", {**SCHEMA, "required": ["address"]})
    again = ana.post_form(ana.get("/patients/new"), {**NEW, **CUSTOM}, form="/patients/new", status=422)
    assert again.errors == ["This is required."]
