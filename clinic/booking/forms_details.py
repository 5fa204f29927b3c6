"""What the desk writes on a visit besides its time."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, SelectField, StringField, TextAreaField, URLField
from wtforms.fields.choices import SelectChoice

from clinic.core import custom
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.takes_more import TakesMore
from clinic.core.text import line, lines
from clinic.patients.forms import Reads
from clinic.tenants import queries as tenants
from clinic.tenants.schemas import web_address

MODALITIES = (
    ("in_person", _("At the clinic")),
    ("video", _("By video")),
    ("phone", _("By telephone")),
    ("home", _("At home")),
)
PLAIN = ("reason", "notes", "modality", "appointment_type", "meeting_url")


class DetailsForm(TakesMore):
    """A visit's details."""

    class Meta:
        csrf = False  # asked by the door

    reason = StringField(
        _("Reason"), [Reads(lambda text: line(text, 500))], render_kw={"autocomplete": "off"}
    )
    notes = TextAreaField(_("Desk notes"), [Reads(lambda text: lines(text, 20_000))])
    modality = SelectField(
        _("How"), [Reads(str)], choices=[SelectChoice(*each) for each in MODALITIES], validate_choice=False
    )
    appointment_type = SelectField(_("Kind of visit"), [Reads(str)], validate_choice=False)
    meeting_url = URLField(
        _("Link of the video call"), [Reads(web_address)], render_kw={"autocomplete": "off"}
    )
    version = HiddenField()

    def __init__(self, visit: Any, *, closed: bool = False, **more: Any) -> None:
        """*visit*: as it stands; *closed*: its patient's record is not to be looked into."""
        self.visit = visit
        shown = {name: getattr(visit, name) or "" for name in PLAIN}
        super().__init__(data={**shown, "version": str(visit.version)}, **more)
        self.take_in("custom_fields", [] if closed else custom.wanted("appointment"), visit.custom_fields)
        rows = tenants.lookups("appointment_types", limit=500)
        kinds = {row.code: gettext(row.label) if row.is_system else row.label for row in rows}
        if visit.appointment_type:
            kinds.setdefault(visit.appointment_type, visit.appointment_type)
        self.appointment_type.choices = [
            SelectChoice("", "–"),
            *(SelectChoice(*each) for each in kinds.items()),
        ]

    def changes(self) -> dict[str, Any]:
        """What was typed over what was shown, in the words of ``details.change``."""
        found: dict[str, Any] = {
            name: self[name].meant
            for name in PLAIN
            if self[name].meant != (getattr(self.visit, name) or None)
        }
        kept = self.visit.custom_fields or {}
        more = self.given_more("custom_fields", kept)
        return found | ({"custom_fields": more} if more != kept else {})

    def told(self, refusal: Refusal | None) -> Refusal | None:
        """Put what a verb refused at the fields that it named; what remains to be said on top."""
        if refusal is None or not refusal.errors:
            return refusal
        refusal.errors = self.put(refusal)
        return refusal if refusal.errors else None
