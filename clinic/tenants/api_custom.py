"""What a clinic wants of its custom fields, as JSON (API.md §1, *custom fields*)."""

from __future__ import annotations

from typing import Any

from flask import g

from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, stands
from clinic.tenants import custom_fields
from clinic.tenants.schemas_custom import JsonSchema, JsonSchemaShown

api = ApiBlueprint("custom_fields", __name__, about="The fields that a clinic makes up, by kind of record.")
stands("/custom-fields/<kind>", custom_fields.schema_of)


@api.get("/custom-fields/<kind>", answers=JsonSchemaShown)
@allow("settings.read")
def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema for the custom fields of a kind: patient, doctor, appointment, availability or block."""
    return custom_fields.schema_of(kind)


@api.put("/custom-fields/<kind>", answers=JsonSchemaShown)
@allow("settings.write")
def put_schema(kind: str, body: JsonSchema) -> dict[str, Any]:
    """Set it. Records that there are stay as they are; the next change is held to it."""
    return custom_fields.put_schema(kind=kind, schema=body.root, by=g.actor)
