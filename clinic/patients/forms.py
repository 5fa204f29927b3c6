"""What is typed about a patient at the desk, and what becomes of it.

A field keeps what was typed; what it means stands in ``meant`` once the form is valid. The same parsers serve the JSON
bodies (``schemas``), so that a page and an integration are told the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from wtforms import EmailField, Field, HiddenField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from clinic.core import clock, custom, fields, i18n, tenancy
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Wrong
from clinic.core.takes_more import TakesMore
from clinic.core.text import line, lines
from clinic.patients.queries import Record
from clinic.patients.reading import day_in
from clinic.patients.schemas import BLOOD_GROUPS
from clinic.tenants import queries as tenants

CONTACT = ("name", "phone", "relation")
AS_THEY_ARE = (
    "full_name", "phone", "email", "document_type", "document_number", "gender", "phone_alt", "address", "city",
    "insurer", "insurer_number", "blood_group", "preferred_language", "notes",
)  # fmt: skip
"""Fields that show the column of their name."""
ON_TOP = {"full_name", "birth_date", "phone", "email", "document_type", "document_number"}
MOST_WORDS = 50
NOTHING = SelectChoice("", "–")


class Reads:
    """A validator that reads what was typed by *parse*; nothing typed means None."""

    def __init__(self, parse: Callable[[str], Any]) -> None:
        self.parse = parse

    def __call__(self, form: Any, field: Field) -> None:
        typed = field.data or ""
        field.meant = None
        if typed.strip():
            try:
                field.meant = self.parse(typed)
            except Wrong as wrong:
                raise StopValidation(str(wrong.message)) from None


def birth_date(text: str) -> date:
    """A day in the past, in ISO or as the clinic writes dates. ``Wrong("invalid_date")`` otherwise."""
    clinic = tenancy.require()
    day = day_in(text, country=clinic.country, locale=clinic.locale, today=clock.today(clinic.zone))
    if day is None:
        raise Wrong("invalid_date", _("Enter a date in the past, such as 1980-11-23."))
    return day


def _line(limit: int) -> Callable[[str], str]:
    return lambda text: line(text, limit)


def _words(text: str) -> list[str]:
    """One word or phrase a line, or between commas."""
    found = [line(part, 100) for part in text.replace(",", "\n").splitlines() if part.strip()]
    if len(found) > MOST_WORDS:
        raise Wrong("too_long", _("Use at most %(limit)s.", limit=MOST_WORDS))
    return list(dict.fromkeys(found))


class PatientForm(TakesMore):
    """A patient: a name and one of phone, e-mail or document; the rest may wait."""

    full_name = StringField(_("Full name"), [Reads(_line(255))], render_kw={"autocomplete": "off"})
    birth_date = StringField(_("Birth date"), [Reads(birth_date)], render_kw={"autocomplete": "off"})
    phone = TelField(_("Phone"), [Reads(fields.phone)], render_kw={"autocomplete": "off"})
    email = EmailField(_("E-mail address"), [Reads(fields.email)], render_kw={"autocomplete": "off"})
    document_type = SelectField(_("Document type"), [Reads(str)], validate_choice=False)
    document_number = StringField(_("Document number"), [Reads(fields.document_number)])
    gender = SelectField(_("Gender"), [Reads(str)], validate_choice=False)
    phone_alt = TelField(_("Another phone"), [Reads(fields.phone)])
    address = StringField(_("Address"), [Reads(_line(255))])
    city = StringField(_("City"), [Reads(_line(100))])
    insurer = StringField(_("Insurer"), [Reads(_line(255))])
    insurer_number = StringField(_("Insurance number"), [Reads(_line(64))])
    blood_group = SelectField(
        _("Blood group"), [Reads(str)], choices=[NOTHING, *map(SelectChoice, BLOOD_GROUPS)]
    )
    allergies = TextAreaField(_("Allergies"), [Reads(_words)], description=_("One per line."))
    contact_name = StringField(_("Emergency contact: name"), [Reads(_line(100))])
    contact_phone = TelField(_("Emergency contact: phone"), [Reads(fields.phone)])
    contact_relation = StringField(_("Emergency contact: relation"), [Reads(_line(255))])
    preferred_language = SelectField(_("Language"), [Reads(str)], validate_choice=False)
    tags = StringField(_("Tags"), [Reads(_words)], description=_("Separated by commas."))
    notes = TextAreaField(_("Desk notes"), [Reads(lambda text: lines(text, 20_000))])
    version = HiddenField()
    access_reason = HiddenField()

    def __init__(self, *args: Any, kept: Mapping[str, Any] | None = None, **more: Any) -> None:
        """*kept*: the custom fields that are on record."""
        super().__init__(*args, **more)
        self.kept = kept or {}
        self.take_in("custom_fields", custom.wanted("patient"), kept)
        self.document_type.choices = _choices("document_types", self.document_type.data)
        self.gender.choices = _choices("genders", self.gender.data)
        spoken = [SelectChoice(*each) for each in i18n.LANGUAGES.items()]
        self.preferred_language.choices = _with(self.preferred_language.data, spoken)

    @property
    def is_wrong_below(self) -> bool:
        """Whether a field is wrong that a new patient's form folds away."""
        return not {name for name in self.errors if not name.startswith("custom_fields.")} <= ON_TOP

    def given(self) -> dict[str, Any]:
        """What was typed, by the names of the patient's fields; None for nothing."""
        meant = {
            field.name: field.meant
            for field in self
            if hasattr(field, "meant") and not field.name.startswith("contact_")
        }
        contact = {name: self[f"contact_{name}"].meant for name in CONTACT}
        meant["emergency_contact"] = {name: value for name, value in contact.items() if value} or None
        return meant

    def filled_in(self) -> dict[str, Any]:
        """``given`` without what was left empty."""
        filled = {name: value for name, value in self.given().items() if value is not None}
        if self.more("custom_fields"):
            filled["custom_fields"] = self.given_more("custom_fields")
        return filled

    def changes(self, record: Record) -> dict[str, Any]:
        """What was typed over what the form showed of *record*: nothing else is touched."""
        there = shown(record)
        typed = {name for name, text in there.items() if _plain(self[name].data) != _plain(text)}
        changed = {"emergency_contact" if name.startswith("contact_") else name for name in typed}
        changes = {name: value for name, value in self.given().items() if name in changed}
        custom_fields = self.given_more("custom_fields", self.kept)
        return changes | ({"custom_fields": custom_fields} if custom_fields != self.kept else {})

    def told(self, refusal: Refusal | None) -> Refusal | None:
        """Put what a verb refused at the fields that it named; what remains to be said on top of the form."""
        if refusal is None or not refusal.errors:
            return refusal
        refusal.errors = self.put(refusal)
        return refusal if refusal.errors else None


def of(record: Record, *, reason: str | None = None) -> PatientForm:
    """The form filled in with a record."""
    kept = {"version": str(record.row.version), "access_reason": reason or ""}
    return PatientForm(formdata=None, data={**shown(record), **kept}, kept=record.row.custom_fields)


def shown(record: Record) -> dict[str, str]:
    """What stands in each field of a record's form. An estimated birth date is not a date that anybody said."""
    row, contact = record.row, record.row.emergency_contact or {}
    return {
        **{name: getattr(row, name) or "" for name in AS_THEY_ARE},
        **{f"contact_{name}": contact.get(name) or "" for name in CONTACT},
        "birth_date": row.birth_date.isoformat()
        if row.birth_date and not row.birth_date_is_estimated
        else "",
        "allergies": "\n".join(row.allergies),
        "tags": ", ".join(row.tags),
    }


def _plain(text: str | None) -> str:
    """A browser sends breaks of lines as two characters."""
    return (text or "").replace("\r\n", "\n").strip()


def _choices(kind: str, chosen: str | None) -> list[SelectChoice]:
    """The values in use of a list, and the one that is chosen even if it is no longer."""
    rows = tenants.lookups(kind, limit=500)
    found = [SelectChoice(row.code, gettext(row.label) if row.is_system else row.label) for row in rows]
    return _with(chosen, found)


def _with(chosen: str | None, found: list[SelectChoice]) -> list[SelectChoice]:
    gone = [SelectChoice(chosen)] if chosen and chosen not in {each.value for each in found} else []
    return [NOTHING, *gone, *found]
