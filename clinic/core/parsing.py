"""One value at a time: a parser is a plain function that answers the clean value or raises ``Wrong``.

Page forms call the function; JSON bodies and queries use it as a pydantic type through ``Parsed``. Both say no with
the same code and the same sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from clinic.core.errors import FieldError
from clinic.core.i18n import lazy_gettext as _

MESSAGES: Mapping[str, Any] = {
    "control_character": _("This contains a character that cannot be used."),
    "invalid_choice": _("This is not one of the choices."),
    "invalid_code": _("Use up to 64 letters, digits, dots, dashes, slashes and underscores."),
    "invalid_color": _("Write a colour as # and six digits, such as #0f766e."),
    "invalid_cursor": _("This is not a cursor of this list."),
    "invalid_date": _("Write a date that exists as YYYY-MM-DD."),
    "invalid_email": _("Write an e-mail address such as name@example.org."),
    "invalid_format": _("This is not in the expected form."),
    "invalid_id": _("This is not an id."),
    "invalid_idempotency_key": _("An idempotency key has 1 to 255 characters."),
    "invalid_language": _("Write a language as its tag, such as es or pt-BR."),
    "invalid_phone": _("This is not a phone number that can be called."),
    "invalid_slug": _("Use up to 63 small letters, digits and dashes, with a letter first and no dash last."),
    "invalid_time": _("Write a time that exists as YYYY-MM-DDThh:mm, with or without an offset."),
    "invalid_type": _("This is of the wrong type."),
    "invalid_value": _("This cannot be used."),
    "out_of_range": _("This number is outside what is possible."),
    "repeated": _("Give this once."),
    "required": _("This is required."),
    "too_deep": _("This is nested too deeply."),
    "too_long": _("This is too long."),
    "too_short": _("This is too short."),
    "unknown_code": _("There is nothing with this code."),
    "unknown_country": _("Write a country as its two letters, such as CO."),
    "unknown_currency": _("Write a currency as its three letters, such as COP."),
    "unknown_expand": _("This cannot be expanded here."),
    "unknown_field": _("There is no such field."),
    "unknown_id": _("There is nothing with this id."),
    "unknown_time_zone": _("This is not the name of a time zone, such as America/Bogota."),
}
"""The code of everything that can be wrong with one field, and its sentence for people."""


class Wrong(ValueError):
    """What is wrong with one value: a stable ``code``, and a sentence that never repeats the value.

    Without a *message* the code is one of ``MESSAGES`` (``KeyError`` if not).
    """

    def __init__(self, code: str, message: Any = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code] if message is None else message

    def __str__(self) -> str:
        return str(self.message)


def wrong_at(pointer: str, code: str) -> FieldError:
    """*code* at a field, with its sentence: ``raise Invalid(wrong_at("/doctor_id", "unknown_id"))``."""
    return FieldError(pointer, code, str(MESSAGES[code]))


@dataclass(frozen=True, eq=False)
class Parsed:
    """A pydantic type made of a parser: ``Annotated[date, Parsed(iso_date, {...})]``.

    *parse* gets text and answers the value. Anything that is not text is refused (JSON ``0`` is not a day in 1970),
    save a value that is already of the type, as page forms and tests hand it in.
    """

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    otherwise: str = "invalid_type"
    """The code for what is not even text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        kinds = () if source is str else getattr(source, "__args__", (source,))

        def validate(value: Any) -> Any:
            if isinstance(value, str):
                return self.parse(value)
            if kinds and isinstance(value, kinds):
                return value
            raise Wrong("required" if value is None else self.otherwise, _("Write this as text."))

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", **self.schema}
