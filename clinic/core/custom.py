"""Custom fields: an object whose shape a clinic decides by a JSON Schema for each kind of record (API.md §1).

Kinds: patient, doctor, appointment, availability, block. Where a clinic has set no schema, anything goes that
``fields.FreeObject`` takes.

A schema is written by one clinic and runs among all: it fetches nothing, its patterns are tame (``core.patterns``), and
after so many rules it is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Any

from jsonschema.exceptions import ValidationError
from jsonschema.validators import Draft202012Validator, extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from clinic.core import db
from clinic.core.errors import FieldError, Invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.madeup import Wanted, of_schema
from clinic.core.patterns import matches

SCHEMA = "SELECT schema FROM custom_field_schema WHERE tenant_id = %(tenant)s AND kind = %(kind)s"
MOST_ERRORS = 20
MOST_RULES, A_PATTERN = 20_000, 100
"""How many rules one check may ask; what matches a pattern costs as much as a hundred others."""
NOTHING_ELSEWHERE: Registry[Any] = Registry()
"""References lead to nothing but the schema itself; the library would fetch the others from the net."""
_left: ContextVar[int] = ContextVar("left", default=0)


def wanted(kind: str) -> list[Wanted]:
    """The custom fields of *kind* that a form can show; none where the clinic has set no schema."""
    row = db.row(SCHEMA, kind=kind)
    return of_schema(row.schema) if row else []


class TooCostly(Exception):
    """The check asked more rules than one record is worth."""


def check(kind: str, given: Mapping[str, Any], *, at: str = "/custom_fields") -> None:
    """``Invalid``, with a pointer to each field that the clinic's schema for *kind* does not let pass.

    Codes: ``required``, ``unknown_field``, and ``invalid_custom_field`` for all else.
    """
    row = db.row(SCHEMA, kind=kind)
    if row is None:
        return
    kind_of_schema = bounded(validator_for(row.schema, default=Draft202012Validator))
    # Without its own name of the kind: the library would go on with its own, unbounded, at each reference.
    schema = {name: rule for name, rule in row.schema.items() if name != "$schema"}
    token = _left.set(MOST_RULES)
    try:
        errors = kind_of_schema(schema, registry=NOTHING_ELSEWHERE).iter_errors(dict(given))
        wrong = [each for error in errors for each in _field_errors(error, at)]
    except (RecursionError, TooCostly, Unresolvable):
        # A schema that refers to itself without an end, or to what is not there, lets nothing pass.
        wrong = [FieldError(at, "invalid_custom_field", str(_("The clinic's own rule for this has no end.")))]
    finally:
        _left.reset(token)
    if wrong:
        raise Invalid(wrong[:MOST_ERRORS])


@lru_cache(maxsize=16)
def bounded(kind: Any) -> Any:
    """A *kind* of JSON Schema that counts the rules it asks, and matches none but tame patterns."""
    rules = dict(kind.VALIDATORS)
    rules |= {"pattern": _pattern, "patternProperties": _pattern_properties}
    return extend(kind, {name: _counted(rule) for name, rule in rules.items()})


def _counted(rule: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    @wraps(rule)
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _spend(1)
        yield from rule(validator, value, instance, schema) or ()

    return counted


def _spend(steps: int) -> None:
    _left.set(_left.get() - steps)
    if _left.get() < 0:
        raise TooCostly


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string"):
        _spend(A_PATTERN)
        if not matches(pattern, instance):
            yield ValidationError("does not match")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, rules in patterns.items():
            for name, value in instance.items():
                _spend(A_PATTERN)
                if matches(pattern, name):
                    yield from validator.descend(value, rules, path=name, schema_path=pattern)


def _field_errors(error: Any, at: str) -> Iterator[FieldError]:
    """What is wrong, without the value that was sent."""
    here = at + "".join(f"/{_escaped(str(step))}" for step in error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield FieldError(f"{here}/{_escaped(name)}", "required", str(_("This is required.")))
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for name in error.instance.keys() - known.keys():
            yield FieldError(f"{here}/{_escaped(name)}", "unknown_field", str(_("There is no such field.")))
    else:
        message = _("This is not what the clinic wants here (%(rule)s).", rule=error.validator)
        yield FieldError(here, "invalid_custom_field", str(message))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
