"""What the desk fills in when a doctor is away, late, or takes fewer than usual."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Wrong
from clinic.core.text import line
from clinic.patients.forms import Reads
from clinic.schedule.days import Day

MOST_LATE, MOST_VISITS = 1440, 10_000
HERE, AWAY = "here", "away"


def _whole(most: int) -> Reads:
    def read(typed: str) -> int:
        if not typed.strip().isdecimal() or int(typed) > most:
            raise Wrong("invalid_number", gettext("Write a number from 0 to %(most)d.", most=most))
        return int(typed)

    return Reads(read)


class DayForm(FlaskForm):
    """A doctor's day."""

    class Meta:
        csrf = False  # asked by the door

    doctor = HiddenField()
    date = HiddenField()
    version = HiddenField()
    presence = RadioField(
        _("Is the doctor there?"),
        choices=[SelectChoice(HERE, _("Here")), SelectChoice(AWAY, _("Away"))],
        validate_choice=False,
    )
    late = StringField(_("Minutes late"), [_whole(MOST_LATE)], render_kw={"inputmode": "numeric"})
    most = StringField(
        _("Maximum visits"),
        [_whole(MOST_VISITS)],
        render_kw={"inputmode": "numeric", "placeholder": _("as usual")},
    )
    notes = StringField(_("Note"), [Reads(lambda text: line(text, 500))], render_kw={"autocomplete": "off"})

    def fields(self) -> dict[str, Any]:
        """The words of ``days.put``."""
        return {
            "is_present": self.presence.data != AWAY,
            "delay_minutes": self.late.meant or 0,
            "max_appointments": self.most.meant,
            "notes": self.notes.meant,
        }


def of(day: Day) -> DayForm:
    """The form filled in with a day."""
    return DayForm(
        formdata=None,
        doctor=str(day.doctor_id),
        date=day.date.isoformat(),
        version=str(day.version),
        presence=HERE if day.is_present else AWAY,
        late=str(day.delay_minutes or ""),
        most="" if day.max_appointments is None else str(day.max_appointments),
        notes=day.notes or "",
    )
