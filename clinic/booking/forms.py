"""What the desk fills in: a visit to book, and where to go back to when something was done."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import request
from wtforms import BooleanField, EmailField, HiddenField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice

from clinic.accounts.forms import local
from clinic.booking import intake, series
from clinic.booking.asking import Asked
from clinic.core import custom, fields, formats, madeup, times
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.parsing import Wrong
from clinic.core.takes_more import TakesMore
from clinic.core.text import line
from clinic.patients.forms import Reads, birth_date
from clinic.schedule import slots

LONGEST_SEARCH = 200
OFF = {"autocomplete": "off"}


def back_to(fallback: str, *, referrer: bool = True) -> str:
    """Where to go when it is done: where the form says, else the page that the button stood on, else *fallback*.

    Without *referrer* for a form that is a page of its own: nobody wants to be there again.
    """
    came = urlsplit(request.referrer or "")
    page = f"{came.path}?{came.query}" if came.query else came.path
    stood_on = page if referrer and came.netloc == request.host else None
    return local(request.form.get("back")) or local(stood_on) or fallback


def id_in(name: str) -> uuid.UUID | None:
    """The id in a field or in the address; None for none, and for what is no id."""
    return parse_id(request.values.get(name, ""))


def date_in(name: str) -> tuple[date | None, bool]:
    """The date in the address, and whether what stands there is none that exists."""
    given = request.args.get(name)
    if not given:
        return None, False
    try:
        return times.iso_date(given), False
    except Wrong:
        return None, True


def is_fragment() -> bool:
    """Whether a part of a page is asked for, which htmx puts in its place."""
    return "HX-Request" in request.headers


REPEATS = (
    ("", _("Once")),
    ("1", _("Every week")),
    ("2", _("Every two weeks")),
    ("4", _("Every four weeks")),
)


def _times(typed: str) -> int:
    if not typed.strip().isdecimal() or not 2 <= int(typed) <= series.MOST:
        raise Wrong("invalid_number", _("Write a number from 2 to %(most)d.", most=series.MOST))
    return int(typed)


class PersonForm(TakesMore):
    """Who comes: somebody of the register (``patient_id``), or somebody new."""

    class Meta:
        csrf = False  # asked by the door, or by the view that shows the form again

    patient_id = StringField()
    picked = StringField()
    q = StringField(_("Patient"), [Reads(lambda text: line(text, LONGEST_SEARCH))], render_kw=OFF)
    full_name = StringField(_("Full name"), [Reads(lambda text: line(text, 255))], render_kw=OFF)
    phone = TelField(_("Phone"), [Reads(fields.phone)], render_kw=OFF)
    birth_date = StringField(_("Birth date"), [Reads(birth_date)], render_kw=OFF)
    email = EmailField(_("E-mail address"), [Reads(fields.email)], render_kw=OFF)

    NEW = ("full_name", "phone", "birth_date", "email")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # The box of the page with scripts, the list of those that were found of the page without.
        self.patient_id.data = self.patient_id.data or self.picked.data

    @property
    def is_new(self) -> bool:
        """Whether somebody new is described; a patient who was chosen comes first."""
        return not self.patient_id.data and any((self[name].data or "").strip() for name in self.NEW)

    @property
    def opens_new(self) -> bool:
        """Whether the part for somebody new is to be seen at once."""
        return self.is_new or any(self[name].errors for name in self.NEW)

    def says_who(self) -> bool:
        """Whether it says who comes; if not, the field says what to do."""
        if self.is_new or parse_id(self.patient_id.data or ""):
            return True
        typed = (self.q.data or "").strip()
        self.q.errors = [
            _("Choose the patient from the list, or fill in a new one.")
            if typed
            else _("Say who the visit is for.")
        ]
        return False

    @property
    def whom(self) -> dict[str, Any]:
        """Who comes, in the words of the verbs."""
        if not self.is_new:
            return {"patient_id": parse_id(self.patient_id.data or "")}
        read = {name: getattr(self[name], "meant", None) for name in self.NEW}
        return {"patient": {name: value for name, value in read.items() if value is not None}}

    def told(self, refusal: Refusal) -> Refusal | None:
        """Put what a verb refused at the fields that it means; what remains to be said above the form."""
        left = []
        for error in refusal.errors:
            name = madeup.name_of(error.pointer)
            field = self._fields.get("q" if name == "patient_id" else name)
            if field is None or isinstance(field, HiddenField):
                left.append(error)
            else:
                field.errors = [*field.errors, str(error.message)]
        if refusal.errors and not left:
            return None
        refusal.errors = left
        return refusal


class BookingForm(PersonForm):
    """A visit to book at a time that was chosen before, or the next number of a day."""

    doctor = HiddenField()
    start = HiddenField()
    date = HiddenField()
    location = HiddenField()
    wish = HiddenField()
    service = SelectField(_("Visit type"), validate_choice=False)
    reason = StringField(_("Reason"), [Reads(lambda text: line(text, 500))], render_kw=OFF)
    repeat = SelectField(
        _("Repeat"), choices=[SelectChoice(*each) for each in REPEATS], validate_choice=False
    )
    times = StringField(
        _("How many visits in all"), [Reads(_times)], render_kw={"inputmode": "numeric", **OFF}
    )
    overbook = BooleanField(_("Overbook this time"))
    overbook_reason = StringField(_("Why"), [Reads(lambda text: line(text, 255))], render_kw=OFF)
    allow_overlap = BooleanField(_("Book even though the patient has another visit at this time"))

    def __init__(self, *args: Any, **more: Any) -> None:
        """With a field for each question of the visit type; who books at the desk may ask later."""
        super().__init__(*args, **more)
        questions = intake.of_service(parse_id(self.service.data or ""))
        self.take_in("intake_answers", intake.wanted(questions), bound=False)
        self.take_in("custom_fields", custom.wanted("appointment"))

    def offer(self, services: Sequence[Any]) -> None:
        """The visit types to choose from."""
        named = [
            (str(service.id), f"{service.name} ({formats.duration(service.duration_minutes)})")
            for service in services
        ]
        self.service.choices = [("", gettext("Any, as long as the free time")), *named]

    def instead(self, slot: str) -> None:
        """Take another time that was offered: a slot's own text. Raises ``Invalid`` for what was never offered."""
        chosen = slots.unseal(slot)
        self.doctor.data = str(chosen["doctor_id"])
        self.start.data = chosen["start"].strftime("%Y-%m-%dT%H:%MZ")
        self.location.data = str(chosen["location_id"] or "")

    def validate(self, extra_validators: Any = None) -> bool:
        fine = bool(super().validate(extra_validators))
        if self.overbook.data and not (self.overbook_reason.data or "").strip():
            self.overbook_reason.errors = [_("Say why this goes beyond the capacity.")]
            fine = False
        if self.repeat.data and fine and self.times.meant is None:
            self.times.errors = [_("Say how many visits in all.")]
            fine = False
        return self.says_who() and fine

    @property
    def rrule(self) -> str | None:
        """How the visit repeats (RFC 5545); None: it does not."""
        if self.repeat.data not in ("1", "2", "4") or not self.start.data:
            return None
        return f"FREQ=WEEKLY;INTERVAL={self.repeat.data};COUNT={self.times.meant}"

    def asked(self) -> Asked:
        """What is asked for. Raises ``Wrong`` for a time or date that nobody offered."""
        given = (self.start.data or "").strip()
        return Asked(
            doctor_id=parse_id(self.doctor.data or ""),
            start=times.instant(given) if given else None,
            date=None if given else times.iso_date(self.date.data or ""),
            service_id=parse_id(self.service.data or ""),
            location_id=parse_id(self.location.data or ""),
            reason=self.reason.meant,
            overbook=bool(self.overbook.data),
            overbook_reason=self.overbook_reason.meant if self.overbook.data else None,
            allow_overlap=bool(self.allow_overlap.data),
            intake_answers=self.given_more("intake_answers") or None,
            custom_fields=self.given_more("custom_fields") if self.more("custom_fields") else None,
            **self.whom,
        )
