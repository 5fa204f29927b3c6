"""A schema is written by one clinic and runs among all: whatever it says, it ends soon and fetches nothing."""

from __future__ import annotations

import time
import urllib.request
from unittest.mock import patch

import pytest
from psycopg.types.json import Jsonb

from clinic.core import custom, db
from clinic.core.errors import Invalid
from clinic.core.patterns import LONGEST_TEXT, is_tame, matches

WILD = [
    "(a+)+$",
    "^(a|a)*$",
    r"^(\w+\s?)*$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    "(.*)(.*)(.*)(.*)x",
    "^(?:x{0,10}){0,10}y",
    "(?=a)b",
    r"(a)\1",
    "a{1,2}" * 30,
    "x" * 501,
    "[",
]
TAME = [
    r"^\d{8}$",
    r"^[A-Z]{2}-\d+$",
    r"^[\w.]+@[\w.]+\.[a-z]{2,}$",
    r"^(\d{3}-)*\d{4}$",
    "^(yes|no)$",
    r"^\+?\d{1,3}[ -]?\d{4,12}$",
    ".*",
    "ward",
]


@pytest.mark.parametrize("pattern", WILD)
def test_a_pattern_that_fits_in_too_many_ways_is_refused(api, pattern):
    for schema, at in (
        ({"properties": {"a": {"pattern": pattern}}}, "/properties/a/pattern"),
        ({"patternProperties": {pattern: {}}}, "/patternProperties/"),
    ):
        answer = api.put("/custom-fields/doctor", schema)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_schema")
        assert answer.json["errors"][0]["pointer"].startswith(at[:12])


@pytest.mark.parametrize("pattern", TAME)
def test_patterns_that_people_need_are_taken(api, pattern):
    assert api.put("/custom-fields/doctor", {"properties": {"a": {"pattern": pattern}}}).status_code == 200


@pytest.mark.parametrize("pattern", [each for each in TAME if is_tame(each)])
def test_a_tame_pattern_ends_soon_whatever_it_is_matched_against(pattern):
    for text in ("a" * LONGEST_TEXT, "1" * LONGEST_TEXT, "a.1-@" * 25, "a@" * 64, "1" * 100_000):
        begin = time.perf_counter()
        matches(pattern, text)
        assert time.perf_counter() - begin < 1


def hold_to(schema, given):
    """What is wrong by a schema that got past the checks of its writing."""
    db.send(
        (
            "INSERT INTO custom_field_schema (tenant_id, kind, schema) VALUES (%(tenant)s, 'doctor', %(schema)s)"
            " ON CONFLICT (tenant_id, kind) DO UPDATE SET schema = excluded.schema",
            {"schema": Jsonb(schema)},
        )
    )
    begin = time.perf_counter()
    try:
        custom.check("doctor", given)
    except Invalid as refusal:
        return [error.pointer for error in refusal.errors]
    finally:
        assert time.perf_counter() - begin < 5
    return []


DRAFT_4, DRAFT_7 = (f"http://json-schema.org/draft-0{number}/schema#" for number in (4, 7))
ELSEWHERE = "http://127.0.0.1:9/x.json"
DOUBLING = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {}}
MANY = {"type": "array", "items": {"allOf": [{"minimum": -n} for n in range(500)]}}


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        ({"$defs": DOUBLING, "$ref": "#/$defs/d0"}, {"a": 1}),
        ({"properties": {"a": MANY}}, {"a": [0] * 4000}),
        ({"$ref": "#"}, {"a": 1}),
        ({"properties": {"a": {"$ref": "#"}}, "anyOf": [{"$ref": "#"}] * 20}, {"a": {"a": {"a": {}}}}),
        ({"properties": {"a": {"pattern": "(a+)+$"}}}, {"a": "a" * 40 + "!"}),
        ({"$schema": DRAFT_7, "$defs": DOUBLING, "allOf": [{"$ref": "#"}] * 9}, {}),
    ],
)  # fmt: skip
def test_a_schema_that_would_not_end_lets_nothing_pass(in_north, schema, given):
    assert hold_to(schema, given) in (["/custom_fields"], ["/custom_fields/a"])


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": ELSEWHERE},
        {"$schema": DRAFT_4, "properties": {"a": {"id": ELSEWHERE, "properties": {"b": {"$ref": "#/q"}}}}},
        {"$ref": "file:///etc/passwd"},
    ],
)  # fmt: skip
def test_nothing_is_fetched_for_a_schema(in_north, api, schema):
    with patch.object(urllib.request, "urlopen", side_effect=AssertionError("something was fetched")):
        hold_to(schema, {"a": {"b": 1}})
        api.put("/custom-fields/doctor", schema)


def test_a_schema_inside_names_no_kind_of_its_own(api):
    inside = {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}
    assert api.put("/custom-fields/doctor", inside).json["errors"][0]["pointer"] == "/properties/a/$schema"
    outside = {"$schema": "http://json-schema.org/draft-07/schema#", "required": ["a"]}
    assert api.put("/custom-fields/doctor", outside).status_code == 200
