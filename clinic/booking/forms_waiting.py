"""What the desk fills in for somebody who waits for a time that is not free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateInput

from clinic.booking import waitlist
from clinic.booking.forms import PersonForm
from clinic.core.errors import Refusal
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.takes_more import TakesMore
from clinic.core.times import iso_date
from clinic.patients.forms import Reads
from clinic.schedule import loading

TWO_WEEKS = timedelta(days=14)
PARTS = (("", _("Any")), ("morning", _("Morning")), ("afternoon", _("Afternoon")), ("evening", _("Evening")))


class OwnWishForm(TakesMore):
    """What a patient waits for: a doctor or a visit type that was chosen before, and when."""

    class Meta:
        csrf = False  # asked by the door

    doctor = HiddenField()
    service = HiddenField()
    person = RadioField(_("Who is waiting?"), choices=[], validate_choice=False)
    first = StringField(_("From"), [Reads(iso_date)], widget=DateInput())
    last = StringField(_("Until"), [Reads(iso_date)], widget=DateInput())
    part_of_day = SelectField(_("Part of the day"), choices=[SelectChoice(*each) for each in PARTS])

    NAMES = {"from": "first", "to": "last", "patient_id": "person"}

    def __init__(self, people: Sequence[Any], **more: Any) -> None:
        super().__init__(**more)
        self.people = people
        self.person.choices = [SelectChoice(each.id.hex, each.full_name) for each in people]
        self.person.data = self.person.data or (people[0].id.hex if people else None)
        today = waitlist.today()
        self.first.data = self.first.data or today.isoformat()
        self.last.data = self.last.data or (today + TWO_WEEKS).isoformat()

    def waits_for(self) -> tuple[Any | None, Any | None]:
        """The doctor and the visit type, as far as they are here."""
        doctor_id, service_id = parse_id(self.doctor.data or ""), parse_id(self.service.data or "")
        who, _rest = loading.whose(doctor_ids=[doctor_id] if doctor_id else [], service_id=service_id)
        return (who.doctors[0] if who.doctors else None), who.service_row

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if self.chosen is None:
            self.person.errors = [_("Choose who is waiting.")]
            return False
        return fine

    @property
    def chosen(self) -> Any | None:
        """The one of ``people`` who waits."""
        return next((each for each in self.people if each.id.hex == self.person.data), None)

    def wish(self) -> dict[str, Any]:
        """The words of ``waitlist.add``."""
        return {
            "patient_id": self.chosen.id if self.chosen else None,
            "doctor_id": parse_id(self.doctor.data or ""),
            "service_id": parse_id(self.service.data or ""),
            "first": self.first.meant,
            "last": self.last.meant,
            "part_of_day": self.part_of_day.data or None,
        }

    def told(self, refusal: Refusal) -> Refusal | None:
        """Put what was refused at the fields that it means; what remains to be said on top."""
        refusal.errors = [
            replace(error, pointer=f"/{self.NAMES.get(error.field, error.field)}") for error in refusal.errors
        ]
        if not refusal.errors:
            return refusal
        refusal.errors = self.put(refusal)
        return refusal if refusal.errors else None


class WishForm(PersonForm):
    """Who waits, for whom or for what, from when to when, in which part of the day."""

    doctor_id = SelectField(_("Doctor"), validate_choice=False)
    specialty = SelectField(_("Specialty"), validate_choice=False)
    service_id = SelectField(_("Visit type"), validate_choice=False)
    first = StringField(_("From"), [Reads(iso_date)], widget=DateInput())
    last = StringField(_("Until"), [Reads(iso_date)], widget=DateInput())
    part_of_day = SelectField(_("Part of the day"), choices=[SelectChoice(*each) for each in PARTS])

    NAMES = {"from": "first", "to": "last"}

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        today = waitlist.today()
        self.first.data = self.first.data or today.isoformat()
        self.last.data = self.last.data or (today + TWO_WEEKS).isoformat()

    def offer(self, doctors: Sequence[Any], specialties: Sequence[Any], services: Sequence[Any]) -> None:
        """Whom or what one may wait for."""
        for field, rows in (
            (self.doctor_id, [(each.id, each.full_name) for each in doctors]),
            (self.specialty, [(each.id, each.name) for each in specialties]),
            (self.service_id, [(each.id, each.name) for each in services]),
        ):
            field.choices = [SelectChoice("", _("Any")), *(SelectChoice(str(id), name) for id, name in rows)]

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        return self.says_who() and fine

    def wish(self) -> dict[str, Any]:
        """The words of ``waitlist.add``."""
        return {
            **self.whom,
            "doctor_id": parse_id(self.doctor_id.data or ""),
            "specialty": self.specialty.data or None,
            "service_id": parse_id(self.service_id.data or ""),
            "first": self.first.meant,
            "last": self.last.meant,
            "part_of_day": self.part_of_day.data or None,
        }
