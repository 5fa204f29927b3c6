"""What is filled in for leave, blocked time and closed days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput, TimeInput

from clinic.core import custom
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.takes_more import TakesMore
from clinic.core.text import line
from clinic.core.times import iso_date, time_of_day
from clinic.patients.forms import Reads


class AwayForm(TakesMore):
    """From which day to which, whole days or from one time to another, and why."""

    class Meta:
        csrf = False  # asked by the door

    doctor = HiddenField()
    location = SelectField(_("Where"), validate_choice=False)
    first = StringField(_("First day"), [Reads(iso_date)], widget=DateInput())
    last = StringField(_("Last day"), [Reads(iso_date)], widget=DateInput())
    begins = StringField(_("From"), [Reads(time_of_day)], widget=TimeInput())
    ends = StringField(_("Until"), [Reads(time_of_day)], widget=TimeInput())
    reason = StringField(
        _("Reason"), [Reads(lambda text: line(text, 255))], render_kw={"autocomplete": "off"}
    )

    AT = {"start": "first", "end": "last"}

    def offer(self, locations: list[Any]) -> None:
        """Where one may close."""
        self.location.choices = [
            SelectChoice("", gettext("The whole clinic")),
            *(SelectChoice(str(each.id), each.name) for each in locations),
        ]

    def validate_first(self, field: Any) -> None:
        if field.meant is None:
            raise StopValidation(gettext("Say from which day."))

    def validate_ends(self, field: Any) -> None:
        if (field.meant is None) != (self.begins.meant is None):
            raise StopValidation(gettext("Say both times, or none for whole days."))

    def fields(self) -> dict[str, Any]:
        """The words of ``blocks.add`` and ``closures.add``. Call after ``validate``."""
        first: date = self.first.meant
        last: date = self.last.meant or first
        reason = {"reason": self.reason.meant}
        if self.begins.meant is None:
            return {**reason, "start": first, "end": last, "all_day": True}
        start, end = datetime.combine(first, self.begins.meant), datetime.combine(last, self.ends.meant)
        return {**reason, "start": start, "end": end, "all_day": False}

    def told(self, refusal: Refusal) -> Refusal | None:
        """Put what was refused at the fields that it means; what remains to be said on top."""
        left = []
        for error in self.put(refusal):
            field = self._fields.get(self.AT.get(error.field, ""))
            if field is None:
                left.append(error)
            else:
                field.errors = [*field.errors, str(error.message)]
        if refusal.errors and not left:
            return None
        refusal.errors = left
        return refusal


class BlockForm(AwayForm):
    """The same of a doctor, with the fields that the clinic has made up for it."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.take_in("custom_fields", custom.wanted("block"))

    def fields(self) -> dict[str, Any]:
        """The words of ``blocks.add``. Call after ``validate``."""
        more = self.given_more("custom_fields") if self.more("custom_fields") else None
        return {**super().fields(), **({} if more is None else {"custom_fields": more})}
