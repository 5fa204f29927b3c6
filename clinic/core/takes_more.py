"""A form with fields that a clinic has made up beside its own (``madeup``).

Each has the name that an error's pointer leads to: ``/custom_fields/shoe_size`` is ``custom_fields.shoe_size``. What
was typed becomes the JSON that the verbs take; whether it is right is theirs to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput

from clinic.core.errors import FieldError, Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.madeup import Wanted, name_of

MOST = 50
"""How many of them a form shows."""


class TakesMore(FlaskForm):
    """A form with fields that a clinic has made up."""

    def process(self, formdata: Any = None, *given: Any, **more: Any) -> None:
        self._sent = self.meta.wrap_formdata(self, formdata)
        super().process(formdata, *given, **more)

    def take_in(
        self,
        under: str,
        wanted: Sequence[Wanted],
        kept: Mapping[str, Any] | None = None,
        *,
        bound: bool = True,
    ) -> None:
        """A field for each that is *wanted*, under the name of what will hold them.

        *kept*: what is on record; *bound*: whether who fills it in must answer what is required.
        """
        shown = [each if bound else replace(each, required=False) for each in wanted[:MOST]]
        self.wanted = {**getattr(self, "wanted", {}), under: shown}
        for place, each in enumerate(self.wanted[under]):
            name = f"{under}.{each.key}"
            options = {"name": name, "prefix": "", "translations": self.meta.get_translations(self)}
            field = self.meta.bind_field(self, _field(each, f"{under}-{place}"), options)
            field.process(self._sent, each.text((kept or {}).get(each.key)))
            self._fields[name] = field

    def more(self, under: str) -> list[Field]:
        """The fields of *under*, in their order."""
        return [self._fields[f"{under}.{each.key}"] for each in getattr(self, "wanted", {}).get(under, ())]

    def given_more(self, under: str, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What was typed, by key. What is *kept* and has no field, or was left as it was shown, stays as it is."""
        found = dict(kept or {})
        for each in getattr(self, "wanted", {}).get(under, ()):
            typed = (self._fields[f"{under}.{each.key}"].data or "").replace("\r\n", "\n").strip()
            if typed == each.text(found.get(each.key)).strip():
                continue
            if typed:
                found[each.key] = each.read(typed)
            else:
                found.pop(each.key, None)
        return found

    def typed_more(self, under: str) -> dict[str, str]:
        """What stands in the fields of *under*, by their names, empty ones left out."""
        return {field.name: field.data for field in self.more(under) if (field.data or "").strip()}

    def put(self, refusal: Refusal) -> list[FieldError]:
        """Put what was refused at the fields that it means; the errors that have none."""
        left = []
        for error in refusal.errors:
            field = self._fields.get(name_of(error.pointer))
            if field is None:
                left.append(error)
            else:
                field.errors = [*field.errors, str(error.message)]
        return left


def _field(wanted: Wanted, id: str) -> UnboundField[Any]:
    about: dict[str, Any] = {
        "label": wanted.label,
        "description": wanted.hint or "",
        "id": id,
        "validators": [_Reads(wanted)],
        "render_kw": {"autocomplete": "off"},
    }
    if wanted.kind in ("choice", "yes_no"):
        options = wanted.choices or ((True, gettext("Yes")), (False, gettext("No")))
        choices = [
            SelectChoice("", "–"),
            *(SelectChoice(wanted.text(value), label) for value, label in options),
        ]
        return SelectField(choices=choices, validate_choice=False, **about)
    if wanted.kind == "lines":
        return TextAreaField(**about)
    if wanted.kind == "date":
        return StringField(widget=DateInput(), **about)
    if wanted.kind in ("integer", "number"):
        about["render_kw"]["inputmode"] = "numeric" if wanted.kind == "integer" else "decimal"
    return StringField(**about)


class _Reads:
    """A number must be one; all else is the verb's to say."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        if wanted.required:
            self.field_flags = {"required": True}

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        typed = (field.data or "").strip()
        try:
            self.wanted.read(typed) if typed else None
        except (ValueError, OverflowError):
            raise StopValidation(str(_("Write a number."))) from None
