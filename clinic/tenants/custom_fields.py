"""What a clinic wants of the fields that it makes up: a JSON Schema for each kind of record (API.md §1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator, validator_for
from psycopg.types.json import Json

from clinic.core import audit, custom, db
from clinic.core.access import Actor
from clinic.core.errors import FieldError, Invalid, NotFound
from clinic.core.i18n import lazy_gettext as _
from clinic.core.patterns import is_tame

KINDS = ("patient", "doctor", "appointment", "availability", "block")
OF_THEIR_OWN = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"})
"""Words that would have a schema depend on what lies elsewhere. References within it do."""
NOT_INSIDE = frozenset({"$schema"})

PUT = """
INSERT INTO custom_field_schema (tenant_id, kind, schema) VALUES (%(tenant)s, %(kind)s, %(schema)s)
ON CONFLICT (tenant_id, kind) DO UPDATE SET schema = excluded.schema, updated_at = now()
"""


def schema_of(kind: str) -> dict[str, Any]:
    """The schema that the clinic has set for a kind of record; ``{}``, which lets everything pass, if none."""
    _known(kind)
    row = db.row(custom.SCHEMA, kind=kind)
    return dict(row.schema) if row else {}


@db.action
def put_schema(*, kind: str, schema: Mapping[str, Any], by: Actor) -> dict[str, Any]:
    """Set the schema for a kind; what is on record already stays as it is.

    Raises ``NotFound`` for an unknown kind; ``Invalid`` with ``invalid_schema`` at what is no JSON Schema, or reaches
    outside of itself.
    """
    _known(kind)
    wrong = list(_against(schema))
    if wrong:
        raise Invalid(wrong)
    statement = (PUT, {"kind": kind, "schema": Json(dict(schema))})
    db.send(statement, audit.entry("custom_fields.change", "custom_fields", by=by, details={"kind": kind}))
    return schema_of(kind)


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise NotFound


def _against(schema: Mapping[str, Any]) -> Iterator[FieldError]:
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(dict(schema))
    except SchemaError as error:
        yield _error("".join(f"/{_escaped(step)}" for step in error.absolute_path))
    else:
        yield from _reaching_out(schema, schema, "")


def _reaching_out(part: Any, whole: Mapping[str, Any], at: str) -> Iterator[FieldError]:
    """References that lead nowhere, or to where we would have to ask for them."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            here = f"{at}/{_escaped(name)}"
            if (
                name in OF_THEIR_OWN
                or (name in NOT_INSIDE and at)
                or (name == "$ref" and isinstance(value, str) and not _leads(value, whole))
            ):
                yield _error(here)
            elif name == "pattern" and isinstance(value, str) and not is_tame(value):
                yield _wild(here)
            elif name == "patternProperties" and isinstance(value, Mapping):
                yield from (_wild(f"{here}/{_escaped(each)}") for each in value if not is_tame(each))
                yield from _reaching_out(value, whole, here)
            else:
                yield from _reaching_out(value, whole, here)
    elif isinstance(part, list):
        for place, value in enumerate(part):
            yield from _reaching_out(value, whole, f"{at}/{place}")


def _leads(reference: str, whole: Any) -> bool:
    root, *steps = reference.split("/")
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(whole, Mapping) and name in whole:
            whole = whole[name]
        elif isinstance(whole, list) and name.isdecimal() and int(name) < len(whole):
            whole = whole[int(name)]
        else:
            return False
    return root == "#" and isinstance(whole, Mapping | bool)


def _error(at: str) -> FieldError:
    return FieldError(at, "invalid_schema", str(_("This is not a JSON Schema that we can hold records to.")))


def _wild(at: str) -> FieldError:
    message = _("This pattern may fit in too many ways: begin it with ^, and repeat nothing that repeats.")
    return FieldError(at, "invalid_schema", str(message))


def _escaped(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
