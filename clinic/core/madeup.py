"""Fields that a clinic makes up itself: questions before a visit, custom fields of a record (API.md §1 and §4).

What a clinic wants is a list of ``Wanted``, from the questions of a visit type or from a JSON Schema. Forms show them
(``takes_more``), and what was answered is told back in the same words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from clinic.core import formats
from clinic.core.i18n import gettext

LONG = 255
YES_NO = {"yes": True, "no": False}
SIMPLE = {"string": "text", "integer": "integer", "number": "number", "boolean": "yes_no"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field. ``kind``: text, lines, choice, yes_no, date, integer, number; ``choices``: values and their labels."""

    key: str
    label: str
    kind: str = "text"
    hint: str | None = None
    required: bool = False
    choices: tuple[tuple[Any, str], ...] = ()

    def text(self, value: Any) -> str:
        """A value as its field shows it; "" for none."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)

    def said(self, value: Any) -> str:
        """A value as it is told to people."""
        if self.kind == "yes_no" and isinstance(value, bool):
            return gettext("Yes") if value else gettext("No")
        if self.kind == "date" and (day := _day(value)):
            return formats.day(day, "medium")
        return next((label for known, label in self.choices if known == value), self.text(value))

    def read(self, typed: str) -> Any:
        """What was typed as JSON: the verb says whether it is right. ``ValueError`` for a number that is none."""
        if self.kind == "yes_no":
            return YES_NO.get(typed, typed)
        if self.kind in ("integer", "number"):
            return _number(typed.replace(",", "."))
        if self.kind == "choice":
            return next((value for value, _label in self.choices if self.text(value) == typed), typed)
        return typed


def name_of(pointer: str) -> str:
    """The name of the field that an error is about: the last step, or within what a clinic made up the whole of it."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for under in ("custom_fields", "intake_answers"):
        if under in steps[:-1]:
            return f"{under}.{steps[steps.index(under) + 1]}"
    return steps[-1] if steps else ""


def of_schema(schema: Mapping[str, Any]) -> list[Wanted]:
    """The properties of a clinic's JSON Schema that one field can show: words, numbers, yes or no, dates, choices.

    Labels are ``title``, hints ``description``. Objects and lists have no field here; what is on record of them stays.
    """
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        return []
    shown = (_property(key, rule, schema, key in required) for key, rule in properties.items())
    return [each for each in shown if each is not None]


def _property(key: str, rule: Any, schema: Mapping[str, Any], required: bool) -> Wanted | None:
    rule = _led(rule, schema)
    if not isinstance(rule, Mapping) or rule.get("readOnly"):
        return None
    label = str(rule.get("title") or key)
    hint = str(rule["description"]) if rule.get("description") else None
    choices = tuple(_choices(rule))
    if choices:
        return Wanted(key, label, "choice", hint, required, choices)
    kinds = rule.get("type")
    named = [each for each in (kinds if isinstance(kinds, list) else [kinds]) if each != "null"]
    kind = SIMPLE.get(named[0]) if len(named) == 1 and isinstance(named[0], str) else None
    if kind is None:
        return None
    if kind == "text" and rule.get("format") == "date":
        kind = "date"
    elif kind == "text" and rule.get("maxLength", 0) > LONG:
        kind = "lines"
    return Wanted(key, label, kind, hint, required)


def _choices(rule: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """The values of an ``enum``, or of constants with titles."""
    for value in rule.get("enum", ()):
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield value, str(value)
    for each in rule.get("oneOf", ()):
        if not (isinstance(each, Mapping) and isinstance(each.get("const"), str | int | float)):
            return
        yield each["const"], str(each.get("title") or each["const"])


def _led(rule: Any, schema: Mapping[str, Any]) -> Any:
    """Where a property refers to: one step, within the schema."""
    given = rule.get("$ref") if isinstance(rule, Mapping) else None
    if not isinstance(given, str) or not given.startswith("#/"):
        return rule
    found: Any = schema
    for step in given[2:].split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def told(wanted: Iterable[Wanted], kept: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What is on record as people read it, label and value, in the clinic's order."""
    answers = kept or {}
    return [(each.label, each.said(answers[each.key])) for each in wanted if each.key in answers]


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _number(typed: str) -> int | float:
    try:
        return int(typed)
    except ValueError:
        number = float(typed)
    if not math.isfinite(number):
        raise ValueError(typed)
    return int(number) if number.is_integer() else number
