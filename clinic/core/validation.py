"""What pydantic found wrong, in our words: pointers, stable codes and sentences, never what was sent.

``CODES`` is the table of the codes that every body and query can be refused with; what is not in it is
``invalid_value``. Fields with a parser of their own (``fields``, ``times``, ``text``) bring their own codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from clinic.core.errors import FieldError
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import MESSAGES, Wrong

CODES: Mapping[str, str] = {
    "missing": "required",
    "none_required": "invalid_type",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "bytes_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "bytes_too_short": "too_short",
    "too_short": "too_short",
    "uuid_parsing": "invalid_id",
    "uuid_type": "invalid_id",
    "uuid_version": "invalid_id",
    "date_parsing": "invalid_date",
    "date_type": "invalid_date",
    "date_from_datetime_parsing": "invalid_date",
    "date_from_datetime_inexact": "invalid_date",
    "datetime_parsing": "invalid_time",
    "datetime_type": "invalid_time",
    "datetime_from_date_parsing": "invalid_time",
    "datetime_object_invalid": "invalid_time",
    "timezone_naive": "invalid_time",
    "timezone_aware": "invalid_time",
    "time_parsing": "invalid_time",
    "time_type": "invalid_time",
    "enum": "invalid_choice",
    "literal_error": "invalid_choice",
    "union_tag_invalid": "invalid_choice",
    "union_tag_not_found": "required",
    "string_pattern_mismatch": "invalid_format",
    "url_parsing": "invalid_format",
    "url_scheme": "invalid_format",
    "url_too_long": "too_long",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "multiple_of": "out_of_range",
    "finite_number": "out_of_range",
    "int_parsing_size": "out_of_range",
    "decimal_max_digits": "out_of_range",
    "decimal_max_places": "out_of_range",
    "decimal_whole_digits": "out_of_range",
    "string_unicode": "control_character",
}

# Every "…_type" and "…_parsing" that is not named above: text for a number, a list for an object, and so on.
WRONG_KIND = ("_type", "_parsing", "_from_float", "_attributes_type")
LIMITS: Mapping[str, Any] = {
    "max_length": _("Use at most %(limit)s."),
    "min_length": _("Use at least %(limit)s."),
    "le": _("Use %(limit)s at most."),
    "lt": _("Use less than %(limit)s."),
    "ge": _("Use %(limit)s at least."),
    "gt": _("Use more than %(limit)s."),
}


def field_errors(error: ValidationError, sent: Any) -> list[FieldError]:
    """One ``FieldError`` for each field that pydantic refused in *sent* (the parsed body or query), in their order."""
    found: dict[str, FieldError] = {}
    for wrong in error.errors(include_url=False):
        at = pointer(wrong["loc"], sent, missing=wrong["type"] == "missing")
        # A union reports each of its branches; the first that speaks of a field is enough.
        found.setdefault(at, FieldError(at, *_said(wrong)))
    return list(found.values())


def _said(wrong: Any) -> tuple[str, str]:
    kind, context = wrong["type"], wrong.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, Wrong):
        return cause.code, str(cause.message)
    code = CODES.get(kind)
    if code is None:
        code = "invalid_type" if kind.endswith(WRONG_KIND) else "invalid_value"
    if wrong.get("input") is None and code in ("invalid_type", "invalid_id", "invalid_date", "invalid_time"):
        code = "required"
    if code == "too_short" and wrong.get("input") == "":
        code = "required"
    if code in ("too_long", "too_short", "out_of_range"):
        for limit, message in LIMITS.items():
            if limit in context:
                return code, str(message) % {"limit": context[limit]}
    return code, str(MESSAGES[code])


def pointer(loc: tuple[int | str, ...], sent: Any, *, missing: bool = False) -> str:
    """The RFC 6901 pointer of a pydantic location.

    Pydantic mixes names of union branches and validators into its locations; what is no key of *sent* at that place
    is such a name, unless it is the last step to a field that is *missing*.
    """
    path, here = [], sent
    for number, step in enumerate(loc):
        if _leads_on(here, step):
            here = here[step]
        elif not (missing and number == len(loc) - 1):
            continue
        path.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in path)


def _leads_on(here: Any, step: int | str) -> bool:
    if isinstance(here, dict):
        return step in here
    return isinstance(here, list) and isinstance(step, int) and step < len(here)


def control_characters(value: Any, pattern: Any, at: str = "") -> list[str]:
    """Pointers to every text in *value*, names of fields too, in which *pattern* finds something."""
    if isinstance(value, str):
        return [at] if pattern.search(value) else []
    if isinstance(value, dict):
        named = [
            (part, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
            if not pattern.search(name)
            else (name, at)
            for name, part in value.items()
        ]
        return [found for part, where in named for found in control_characters(part, pattern, where)]
    if isinstance(value, list):
        return [
            found
            for place, part in enumerate(value)
            for found in control_characters(part, pattern, f"{at}/{place}")
        ]
    return []
