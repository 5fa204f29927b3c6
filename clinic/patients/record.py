"""What stands in a patient's record, and how what was given becomes the columns of its row.

Pure: no database. Names and texts are kept as given; the keys beside them are what comparisons use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from clinic.core.errors import FieldError, Invalid, invalid
from clinic.core.fields import email_key
from clinic.core.i18n import lazy_gettext as _
from clinic.core.text import document_key
from clinic.patients import names, tokens

Fields = Mapping[str, Any]
"""A patient's fields by their names in API.md §5, each with a clean value."""

PARTS = ("first_name", "middle_name", "last_name", "second_last_name")
DOCUMENT = ("document_type", "document_number")
LISTS = {"allergies", "consents", "tags"}
OBJECTS = {"emergency_contact", "needs", "confidential", "custom_fields"}
PLAIN = (
    "gender", "phone", "phone_alt", "address", "city", "blood_group", "insurer", "insurer_number",
    "preferred_language", "preferred_channel", "notes", "file_number",
)  # fmt: skip
BESIDE = ("guardians", "external_ids")
"""What stands in tables of its own."""

FIELDS = (
    *PARTS, "full_name", "birth_date", "age", *DOCUMENT, "email", *PLAIN, *sorted(LISTS), *sorted(OBJECTS), *BESIDE,
)  # fmt: skip
SOUGHT = (
    "full_name", *PARTS, "birth_date", "birth_date_is_estimated", "document_key", "phone", "phone_alt", "email_key",
    "file_number",
)  # fmt: skip
"""Columns that make tokens."""
KNOWN_BY = frozenset(
    (*PARTS, *DOCUMENT, "full_name", "birth_date", "age", "phone", "phone_alt", "email", "file_number")
)
"""Fields by which a patient is found, or known again."""
JSON = {"allergies", "consents", *OBJECTS}
"""Columns of JSON."""
FILLED: dict[str, Any] = {
    "allergies": [], "consents": [], "tags": [], "custom_fields": {}, "birth_date_is_estimated": False,
}  # fmt: skip
"""Columns that are never empty, with what they hold when nothing was given."""
LONGEST_NAME = 200


def columns(given: Fields, *, before: Any = None, now: datetime, country: str) -> dict[str, Any]:
    """The columns that *given* fields set, in a new row or in that of *before*.

    Raises ``Invalid``: ``out_of_range`` for a birth date to come, ``contradicts_birth_date``, ``required`` for half a
    document.
    """
    row = _name(given, before, country) | _birth(given, now.date()) | _document(given, before)
    if "email" in given:
        row |= {"email": given["email"], "email_key": email_key(given["email"]) if given["email"] else None}
    row |= {name: given[name] for name in PLAIN if name in given}
    row |= {name: given[name] or [] for name in LISTS if name in given}
    row |= {name: given[name] for name in OBJECTS if name in given}
    if "consents" in row:
        row["consents"] = [{"at": now.isoformat(), **_given(consent)} for consent in row["consents"]]
    if row.get("custom_fields", True) is None:
        row["custom_fields"] = {}
    if row.get("file_number", True) is None:  # a patient has a number, and keeps it
        del row["file_number"]
    return row


def _given(consent: Mapping[str, Any]) -> dict[str, Any]:
    """A consent as it was given; without a time it is given now."""
    return {name: value for name, value in consent.items() if value is not None or name != "at"}


def _name(given: Fields, before: Any, country: str) -> dict[str, Any]:
    """The parts make the full name; a full name given alone is taken apart by a guess and itself kept as typed."""
    if not any(name in given for name in (*PARTS, "full_name")):
        return {}
    full = given.get("full_name")
    if any(name in given for name in PARTS):
        parts = names.Parts(
            *(given[part] if part in given else getattr(before, part, None) for part in PARTS)
        )
        full = full or names.full_name(parts)
    else:
        parts = names.split(full or "", country)
    return {**parts._asdict(), "full_name": full or "", "name_key": names.name_key(full or "")[:LONGEST_NAME]}


def _birth(given: Fields, today: date) -> dict[str, Any]:
    born, years = given.get("birth_date"), given.get("age")
    if born is not None:
        if born > today:
            raise invalid("/birth_date", "out_of_range", _("This day is yet to come."))
        if years is not None and years != age(born, today):
            raise invalid("/age", "contradicts_birth_date", _("The age does not match the birth date."))
        return {"birth_date": born, "birth_date_is_estimated": False}
    if years is not None:
        return {"birth_date": _years_ago(years, today), "birth_date_is_estimated": True}
    if "birth_date" in given or "age" in given:
        return {"birth_date": None, "birth_date_is_estimated": False}
    return {}


def _document(given: Fields, before: Any) -> dict[str, Any]:
    if not any(name in given for name in DOCUMENT):
        return {}
    kind, number = (given[name] if name in given else getattr(before, name, None) for name in DOCUMENT)
    if (kind is None) != (number is None):
        missing = "document_type" if kind is None else "document_number"
        raise invalid(f"/{missing}", "required", _("A document has a type and a number."))
    return {
        "document_type": kind,
        "document_number": number,
        "document_key": document_key(number) if number else None,
    }


def must_suffice(row: Mapping[str, Any], *, guarded: bool) -> None:
    """A name, and one of phone, e-mail, document or a guardian (API.md §5).

    Raises ``Invalid`` with ``required`` at ``/full_name`` and ``contact_required`` at ``/phone``.
    """
    wrong = []
    if not row.get("name_key"):
        wrong.append(FieldError("/full_name", "required", str(_("Write the patient's name."))))
    if not guarded and not any(row.get(name) for name in ("phone", "email", "document_number")):
        message = _("Give a phone, an e-mail address, a document or a guardian.")
        wrong.append(FieldError("/phone", "contact_required", str(message)))
    if wrong:
        raise Invalid(wrong)


def words(row: Mapping[str, Any]) -> list[str]:
    """The words of a row's names (``tokens.name_words``)."""
    return tokens.name_words([row.get("full_name"), *(row.get(part) for part in PARTS)])


def tokens_of(row: Mapping[str, Any], spoken: list[str]) -> list[str]:
    """All tokens of a row. An estimated birth date is none."""
    return tokens.of(
        spoken=spoken,
        file_number=row.get("file_number"),
        birth_date=None if row.get("birth_date_is_estimated") else row.get("birth_date"),
        document_key=row.get("document_key"),
        phones=(row.get("phone"), row.get("phone_alt")),
        email_key=row.get("email_key"),
    )


def age(born: date, on: date) -> int:
    """Completed years on the day *on*."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _years_ago(years: int, today: date) -> date:
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28)
