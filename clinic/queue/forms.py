"""What the desk fills in for somebody who is here without an appointment, or who cannot wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField, StringField

from clinic.booking.forms import OFF, PersonForm
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.text import line
from clinic.patients.forms import Reads

ANYBODY = "specialty:"


class WalkInForm(PersonForm):
    """Who is here, to whom they go, and whether it is urgent."""

    to = SelectField(_("To whom"), validate_choice=False)
    reason = StringField(_("Reason"), [Reads(lambda text: line(text, 500))], render_kw=OFF)
    urgent = BooleanField(_("Urgent: seen before everybody else"))
    urgent_reason = StringField(_("Why urgent"), [Reads(lambda text: line(text, 255))], render_kw=OFF)
    overbook = BooleanField(_("Take them although the day is full"))

    def offer(self, doctors: Sequence[Any], specialties: Sequence[Any]) -> None:
        """Every doctor, and of each specialty whoever has the shortest queue."""
        named = [(str(doctor.id), doctor.full_name) for doctor in doctors]
        any_of = [
            (f"{ANYBODY}{each.id}", gettext("%(specialty)s: the shortest queue", specialty=each.name))
            for each in specialties
        ]
        self.to.choices = [("", "–"), *named, *any_of]

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if not self.to.data:
            self.to.errors = [_("Say to which doctor or specialty.")]
            fine = False
        if self.urgent.data and not (self.urgent_reason.data or "").strip():
            self.urgent_reason.errors = [_("Say why this is urgent.")]
            fine = False
        return self.says_who() and fine

    def given(self) -> dict[str, Any]:
        """The words of ``actions.walk_in``."""
        chosen = self.to.data or ""
        return {
            "doctor_id": parse_id(chosen),
            "specialty": chosen.removeprefix(ANYBODY) if chosen.startswith(ANYBODY) else None,
            "reason": self.reason.meant,
            "priority": "urgent" if self.urgent.data else "normal",
            "priority_reason": self.urgent_reason.meant if self.urgent.data else None,
            "overbook": bool(self.overbook.data),
            "overbook_reason": gettext("Came without an appointment") if self.overbook.data else None,
            **self.whom,
        }
