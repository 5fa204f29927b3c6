"""What in the API's document takes more than it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LIMITS = {
    "string": {"maxLength", "enum", "const", "pattern"},
    "integer": {"maximum", "exclusiveMaximum", "enum", "const"},
}


def endless(said: dict[str, Any]) -> list[str]:
    """Texts and whole numbers in bodies and queries without a limit, dates that would take a number, open objects.

    A test holds the list empty: use ``schema.Body`` and the types of ``fields``, ``times`` and ``text``.
    """
    found: set[str] = set()
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            here = f"{method.upper()} {path}"
            for parameter in operation["parameters"]:
                if parameter.get("in") == "query":
                    found |= set(_endless_in(parameter["schema"], f"{here}?{parameter['name']}", said, set()))
            for content in operation.get("requestBody", {}).get("content", {}).values():
                found |= set(_endless_in(content["schema"], here, said, set()))
    return sorted(found)


def _endless_in(schema: dict[str, Any], where: str, said: dict[str, Any], seen: set[str]) -> Iterator[str]:
    name = str(schema.get("$ref", "")).removeprefix("#/components/schemas/")
    if name in seen:
        return
    if name:
        seen.add(name)
        yield from _endless_in(said["components"]["schemas"][name], where, said, seen)
    if "properties" in schema and schema.get("additionalProperties") is not False:
        yield where
    limits = LIMITS.get(schema.get("type", ""))
    if limits and not limits & schema.keys() and schema.get("format") != "uuid":
        yield where
    if isinstance(schema.get("items"), dict):
        yield from _endless_in(schema["items"], where, said, seen)
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _endless_in(part, where, said, seen)
    for field, part in schema.get("properties", {}).items():
        yield from _endless_in(part, f"{where}/{field}", said, seen)
