"""Custom fields: an object whose shape a clinic decides by a JSON Schema for each kind of record (API.md §1).

Kinds: patient, doctor, appointment, availability, block. Where a clinic has set no schema, anything goes that
``fields.FreeObject`` takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema.validators import Draft202012Validator, validator_for

from clinic.core import db
from clinic.core.errors import FieldError, Invalid
from clinic.core.i18n import lazy_gettext as _

SCHEMA = "SELECT schema FROM custom_field_schema WHERE tenant_id = %(tenant)s AND kind = %(kind)s"
MOST_ERRORS = 20


def check(kind: str, given: Mapping[str, Any], *, at: str = "/custom_fields") -> None:
    """``Invalid``, with a pointer to each field that the clinic's schema for *kind* does not let pass.

    Codes: ``required``, ``unknown_field``, and ``invalid_custom_field`` for all else.
    """
    row = db.row(SCHEMA, kind=kind)
    if row is None:
        return
    validator = validator_for(row.schema, default=Draft202012Validator)(row.schema)
    try:
        wrong = [each for error in validator.iter_errors(dict(given)) for each in _field_errors(error, at)]
    except RecursionError:
        # A schema that refers to itself without an end lets nothing pass.
        wrong = [FieldError(at, "invalid_custom_field", str(_("The clinic's own rule for this has no end.")))]
    if wrong:
        raise Invalid(wrong[:MOST_ERRORS])


def _field_errors(error: Any, at: str) -> Iterator[FieldError]:
    """What is wrong, without the value that was sent."""
    here = at + "".join(f"/{_escaped(str(step))}" for step in error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield FieldError(f"{here}/{_escaped(name)}", "required", str(_("This is needed.")))
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for name in error.instance.keys() - known.keys():
            yield FieldError(f"{here}/{_escaped(name)}", "unknown_field", str(_("There is no such field.")))
    else:
        message = _("This is not what the clinic wants here (%(rule)s).", rule=error.validator)
        yield FieldError(here, "invalid_custom_field", str(message))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
