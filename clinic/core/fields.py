"""The fields that many records share: names, phones, addresses, codes. As functions for page forms, and as types.

A function answers the clean value or raises ``parsing.Wrong``. The type of the same field, in a JSON body or a query,
calls that very function, so a page and an integration are told the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import phonenumbers
from babel.numbers import list_currencies
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, JsonValue

from clinic.core.i18n import lazy_gettext as _
from clinic.core.json import dumps
from clinic.core.parsing import Parsed, Wrong
from clinic.core.text import CONTROL_BUT_BREAKS, Text, document_key, line

HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
SLUG = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?", re.ASCII)
NOT_A_PLACE = {"Factory", "localtime", "posixrules"}
FREE_OBJECT_BYTES, FREE_OBJECT_DEPTH = 16 * 1024, 8
INT4 = 2_147_483_647

# Hospitals have networks of their own, and demos and tests addresses that nobody owns.
SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in SPECIAL_USE_DOMAIN_NAMES if name not in ("local", "localhost", "test")
]


def phone(text: str, country: str | None = None) -> str:
    """A phone number in any national or international spelling, as E.164.

    *country* is an ISO 3166 code; left out, the country of the clinic that we act in. ``Wrong("invalid_phone")`` for a
    number that cannot be rung, and for one with an extension, which E.164 cannot hold.
    """
    country = country or _country_of_the_clinic()
    text = text.strip()
    spellings = [text, f"+{text[2:]}"] if text.startswith("00") else [text]
    for spelling in spellings if len(text) <= 40 else []:
        try:
            number = phonenumbers.parse(spelling, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) and not number.extension:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise Wrong("invalid_phone")


def _country_of_the_clinic() -> str | None:
    from clinic.core import tenancy

    clinic = tenancy.current()
    return clinic.country if clinic else None


def email(text: str) -> str:
    """An e-mail address, its domain in lower case. Nothing is looked up. ``Wrong("invalid_email")`` otherwise."""
    try:
        return validate_email(text.strip(), check_deliverability=False, strict=True).normalized
    except EmailNotValidError:
        raise Wrong("invalid_email") from None


def email_key(text: str) -> str:
    """The form in which addresses are compared: nobody has two mailboxes that differ in case alone."""
    return text.strip().casefold()


def document_number(text: str) -> str:
    """A document's number as typed, at most 40 characters; compare by ``text.document_key``."""
    text = line(text, 40)
    if not document_key(text):
        raise Wrong("required")
    return text


def hex_color(text: str) -> str:
    """``#0f766e``, in lower case. ``Wrong("invalid_color")`` otherwise."""
    if not HEX_COLOR.fullmatch(text):
        raise Wrong("invalid_color")
    return text.lower()


def slug(text: str) -> str:
    """A label of RFC 1035 §2.3.1 in lower case: the name of a clinic's host. ``Wrong("invalid_slug")`` otherwise."""
    if not SLUG.fullmatch(text):
        raise Wrong("invalid_slug")
    return text


def code(text: str) -> str:
    """A short code that people give to things: letters, digits, ``. _ / -``. ``Wrong("invalid_code")`` otherwise."""
    text = text.strip()
    if not CODE.fullmatch(text):
        raise Wrong("invalid_code")
    return text


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names of all time zones (IANA) that this machine knows."""
    return frozenset(available_timezones() - NOT_A_PLACE)


def time_zone(text: str) -> str:
    """An IANA zone such as ``America/Bogota``. ``Wrong("unknown_time_zone")`` otherwise."""
    if text not in time_zones():
        raise Wrong("unknown_time_zone")
    return text


def country(text: str) -> str:
    """An ISO 3166-1 code of two letters, in capitals. ``Wrong("unknown_country")`` otherwise."""
    text = text.strip().upper()
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise Wrong("unknown_country")
    return text


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def currency(text: str) -> str:
    """An ISO 4217 code, in capitals. ``Wrong("unknown_currency")`` otherwise."""
    text = text.strip().upper()
    if text not in _currencies():
        raise Wrong("unknown_currency")
    return text


def language(text: str) -> str:
    """A language tag such as ``es`` or ``pt-BR`` (BCP 47). ``Wrong("invalid_language")`` otherwise."""
    if not LANGUAGE.fullmatch(text):
        raise Wrong("invalid_language")
    return text


def free_object(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """An object whose shape a clinic decides (custom fields): at most 16 KiB and 8 levels of storable JSON."""
    _look_through(value, FREE_OBJECT_DEPTH)
    if len(dumps(value)) > FREE_OBJECT_BYTES:
        raise Wrong("too_long", _("This is larger than 16 KiB."))
    return value


def _look_through(value: Any, levels: int) -> None:
    if levels < 0:
        raise Wrong("too_deep")
    if isinstance(value, str):
        if CONTROL_BUT_BREAKS.search(value):
            raise Wrong("control_character")
    elif isinstance(value, dict):
        for name, part in value.items():
            _look_through(name, levels)
            _look_through(part, levels - 1)
    elif isinstance(value, list):
        for part in value:
            _look_through(part, levels - 1)
    elif isinstance(value, int | float) and not -(2**63) <= value < 2**63:
        # The database writes a large fraction as a whole number too, and reads it back as one.
        raise Wrong("out_of_range", _("A number is too large."))


Name = Annotated[str, Text(100, least=1)]
"""A name or a part of one, as typed: emoji, two surnames, one letter."""
Line = Annotated[str, Text(255)]
Note = Annotated[str, Text(4000, breaks=True)]
LongText = Annotated[str, Text(20_000, breaks=True)]
Search = Annotated[str, Text(200)]

Phone = Annotated[str, Parsed(phone, {"maxLength": 40, "examples": ["+573001234567"]})]
Email = Annotated[str, Parsed(email, {"format": "email", "maxLength": 254})]
DocumentNumber = Annotated[str, Parsed(document_number, {"minLength": 1, "maxLength": 40})]
HexColor = Annotated[str, Parsed(hex_color, {"pattern": "^#[0-9a-fA-F]{6}$", "maxLength": 7})]
Slug = Annotated[str, Parsed(slug, {"pattern": "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", "maxLength": 63})]
Code = Annotated[
    str, Parsed(code, {"pattern": "^[A-Za-z0-9]([A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?$", "maxLength": 64})
]
TimeZoneName = Annotated[str, Parsed(time_zone, {"maxLength": 64, "examples": ["America/Bogota"]})]
CountryCode = Annotated[str, Parsed(country, {"pattern": "^[A-Za-z]{2}$", "examples": ["CO"]})]
Currency = Annotated[str, Parsed(currency, {"pattern": "^[A-Za-z]{3}$", "examples": ["COP"]})]
Language = Annotated[str, Parsed(language, {"maxLength": 11, "examples": ["es"]})]

Count = Annotated[int, Field(ge=0, le=INT4)]
Minutes = Annotated[int, Field(ge=0, le=527_040)]
"""A length of time in minutes, at most a year."""
Positive = Annotated[int, Field(ge=1, le=INT4)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
FreeObject = Annotated[dict[str, JsonValue], AfterValidator(free_object)]
Modality = Literal["in_person", "video", "phone", "home"]
