"""Fields that a clinic has made up, on doctors, weekly hours and blocked time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.booking.times import iso
from tests.schedule.desk import refused

SCHEMA = {
    "type": "object",
    "properties": {
        "wing": {"type": "string"},
        "floor": {"type": "integer", "minimum": 0},
        "a/b": {"type": "boolean"},
    },
    "required": ["floor"],
    "additionalProperties": False,
}
KINDS: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "doctor": ("/doctors", lambda north: {"name": "Ada"}),
    "availability": (
        "/doctors/{bose}/availability",
        lambda north: {"weekday": 6, "start_time": "09:00", "end_time": "12:00"},
    ),
    "block": ("/doctors/{bose}/blocked-times", lambda north: {"start": iso("10:00"), "end": iso("11:00")}),
}


@pytest.fixture(params=KINDS)
def post(request, api, north, superuser):
    """Makes a record of each kind in turn, whose custom fields have a schema at North."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO custom_field_schema (tenant_id, kind, schema) VALUES (%s, %s, %s)",
            [north.id, request.param, Jsonb(SCHEMA)],
        )
    path, enough = KINDS[request.param]
    return lambda fields: api.post(path.format(bose=north.bose), {**enough(north), "custom_fields": fields})


def test_what_fits_the_schema_is_kept(post):
    made = post({"floor": 3, "wing": "west", "a/b": True})
    assert made.status_code == 201
    assert made.json["custom_fields"] == {"floor": 3, "wing": "west", "a/b": True}


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({}, "required", "/custom_fields/floor"),
        ({"floor": "three"}, "invalid_custom_field", "/custom_fields/floor"),
        ({"floor": -1}, "invalid_custom_field", "/custom_fields/floor"),
        ({"floor": 1, "a/b": 1}, "invalid_custom_field", "/custom_fields/a~1b"),
        ({"floor": 1, "door": 2}, "unknown_field", "/custom_fields/door"),
    ],
)
def test_what_does_not_is_named_at_its_field(post, fields, code, pointer):
    answer = post(fields)
    assert refused(answer) == (422, code, pointer)
    assert "three" not in answer.get_data(as_text=True)


def test_a_clinic_without_a_schema_keeps_anything(api, api_of, north):
    assert api.post("/doctors", {"name": "Ada", "custom_fields": {"x": [1, {"y": None}]}}).status_code == 201
    too_deep: dict[str, Any] = {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}}
    assert refused(api.post("/doctors", {"name": "Ada", "custom_fields": too_deep}))[:2] == (422, "too_deep")
