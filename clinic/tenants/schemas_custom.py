"""A clinic's JSON Schema, as JSON."""

from __future__ import annotations

from pydantic import ConfigDict, JsonValue, RootModel

from clinic.core.fields import FreeObject


class JsonSchema(RootModel[FreeObject]):
    """A JSON Schema (2020-12, or what its `$schema` says), at most 16 KiB; references stay within it."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class JsonSchemaShown(RootModel[dict[str, JsonValue]]):
    """The JSON Schema; `{}` lets everything pass."""
