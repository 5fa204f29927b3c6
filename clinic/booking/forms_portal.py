"""What patients and visitors fill in, and who they are while they do."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Response, current_app, g, render_template, request, session, url_for
from flask_wtf import FlaskForm
from limits import parse
from wtforms import EmailField, HiddenField, RadioField, StringField, TelField
from wtforms.validators import DataRequired, StopValidation
from wtforms.widgets import DateInput

from clinic.booking import intake, queries_portal
from clinic.booking.choosing import Choice, unsealed
from clinic.core import fields, limits, links, madeup, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Invalid, NotFound, Refusal, TooMany
from clinic.core.i18n import language
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id, parse_id
from clinic.core.parsing import Wrong
from clinic.core.takes_more import TakesMore
from clinic.core.text import line
from clinic.core.times import iso_date

LONGEST_NAME = 100
TWO_YEARS = 2 * 366 * 24 * 3600
LINK, LOOK = "visit", "visit.look"
"""What a link is for: whoever has it acts by it; or who is signed in and may see the visit looks at it."""
OFTEN = {"hold": parse("300/hour"), "book": parse("120/hour")}
"""What one address may do without signing in: a whole waiting room behind one router, but no machine."""


# -- who is there -------------------------------------------------------------------------------------------------


def visitor() -> Actor:
    """Who books: a signed-in person, or a visitor with an id of their own in the signed session.

    A patient whose account belongs to no record yet is a visitor like any other.
    """
    actor: Actor = g.actor
    if actor.kind == "user" and not (actor.is_patient and actor.patient_id is None):
        return actor
    known = parse_id(session.get("visitor", ""))
    if known is None:
        known = new_id()
        session["visitor"] = str(known)
    return Actor("anonymous", known)


def held_by_visitor() -> list[uuid.UUID]:
    """The hold that this browser has, as far as its session knows: in nobody's way when times are listed."""
    known = parse_id(session.get("hold", ""))
    return [known] if known else []


def count(what: str) -> None:
    """Count an act of somebody who is not signed in, by address. Raises ``TooMany``."""
    counted = current_app.extensions.get("limits")
    if counted is None or g.actor.kind != "anonymous":
        return
    if not counted.roughly.hit(OFTEN[what], what, str(tenancy.require().id), limits.whereabouts()):
        raise TooMany(headers={"Retry-After": "600"})


def closed() -> Response | None:
    """The answer of a portal that is closed; None: it is open."""
    if tenancy.require().setting("portal_open"):
        return None
    status = 200 if request.method == "GET" else 403
    return Response(render_template("booking/portal/closed.html"), status)


def reachable() -> dict[str, Any]:
    """For the pages of the portal: the number to call, the clinic's or a location's."""
    number = tenancy.require().setting("phone") if tenancy.current() else None
    return {"number_to_call": number or (queries_portal.number_to_call() if tenancy.current() else None)}


# -- what was chosen ----------------------------------------------------------------------------------------------


def id_of(name: str) -> uuid.UUID | None:
    """An id in the address, or None without one. Raises ``NotFound`` for what is none."""
    given = request.args.get(name)
    if not given:
        return None
    found = parse_id(given)
    if found is None:
        raise NotFound
    return found


def date_of(name: str) -> tuple[date | None, bool]:
    """A date in the address, and whether what stands there is none that exists."""
    given = request.args.get(name)
    if not given:
        return None, False
    try:
        return iso_date(given), False
    except Wrong:
        return None, True


def choice_in(values: Mapping[str, str]) -> Choice:
    """The time that was chosen on the page before. Raises ``Invalid``."""
    return unsealed(values.get("choice", ""))


# -- links to one visit -------------------------------------------------------------------------------------------


def link_to(visit_id: uuid.UUID, endpoint: str = "visit.visit", *, may_act: bool = True, **more: Any) -> str:
    """The address of a visit's page for whoever has it, signed in or not; unless they *may act*, for them alone."""
    return url_for(endpoint, token=links.sign(LINK if may_act else LOOK, visit_id), **more)


def id_in(token: str) -> tuple[uuid.UUID, bool]:
    """The visit that a link opens, and whether to whoever has it. Raises ``NotFound`` for a forged or foreign one."""
    for purpose in (LINK, LOOK):
        found = links.open(purpose, token, max_age=TWO_YEARS)
        if found is not None:
            return found, purpose == LINK
    raise NotFound


# -- who comes ----------------------------------------------------------------------------------------------------


class Reads:
    """A validator that reads a field by one of ``core.fields``; what was typed stays as it was typed."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def __call__(self, form: FlaskForm, field: Any) -> None:
        field.read = None
        if not (field.data or "").strip():
            return
        try:
            field.read = self.read(field.data.strip())
        except Wrong as wrong:
            raise StopValidation(str(wrong)) from None


class WhoForm(TakesMore):
    """Who comes to the visit. The page checks the token itself (``pages.too_old``), so that nothing typed is lost."""

    class Meta:
        csrf = False

    choice = HiddenField()
    hold = HiddenField()
    person = RadioField(_("Who is the visit for?"), choices=[], validate_choice=False)
    name = StringField(
        _("Full name"),
        validators=[
            DataRequired(_("Write the name of the person who comes.")),
            Reads(lambda text: line(text, LONGEST_NAME)),
        ],
        render_kw={"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"},
    )
    phone = TelField(_("Mobile phone"), validators=[Reads(fields.phone)], render_kw={"autocomplete": "tel"})
    email = EmailField(
        _("E-mail address"),
        validators=[Reads(fields.email)],
        render_kw={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
    )
    birth_date = StringField(
        _("Date of birth"),
        widget=DateInput(),
        validators=[Reads(iso_date)],
        render_kw={"autocomplete": "bday"},
    )

    TYPED = ("person", "name", "phone", "email", "birth_date")

    def __init__(
        self,
        people: Sequence[Any] = (),
        today: date | None = None,
        questions: Sequence[Mapping[str, Any]] = (),
        **more: Any,
    ) -> None:
        """*questions*: what the visit type asks beforehand (``intake``)."""
        super().__init__(**more)
        self.people, self.today, self.questions = people, today, questions
        self.take_in("intake_answers", intake.wanted(questions), bound=visitor().audience == "patient")
        self.person.choices = [(person.id.hex, person.full_name) for person in people]
        if people and not self.person.data:
            self.person.data = people[0].id.hex

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether somebody was named whom the clinic can reach, and answered what must be answered."""
        fine = self._says_who(extra_validators)
        return self._answers() and fine

    def _answers(self) -> bool:
        given = self.given_more("intake_answers")
        try:
            intake.checked(self.questions, given, bound=visitor().audience == "patient")
        except Invalid as refusal:
            self.put(refusal)
            return False
        return True

    def _says_who(self, extra_validators: Any) -> bool:
        if self.people:
            if self.chosen is None:
                self.person.errors = [_("Choose who comes.")]
                return False
            return True
        fine = bool(super().validate(extra_validators))
        if not any((field.data or "").strip() for field in (self.phone, self.email)):
            self.phone.errors = [_("Give a phone number or an e-mail address, so that we can reach you.")]
            return False
        born = getattr(self.birth_date, "read", None)
        if born and self.today and born > self.today:
            self.birth_date.errors = [_("This day is yet to come.")]
            return False
        return fine

    @property
    def chosen(self) -> Any | None:
        """The one of ``people`` who comes."""
        return next((each for each in self.people if each.id.hex == self.person.data), None)

    @property
    def for_whom(self) -> dict[str, Any]:
        """Who comes, in the words of ``Asked``: ``patient_id`` of a signed-in person's own, else a description."""
        if self.chosen is not None:
            return {"patient_id": self.chosen.id}
        known = {
            "full_name": self.name.read,
            "phone": self.phone.read,
            "email": self.email.read,
            "birth_date": self.birth_date.read,
        }
        described = {name: value for name, value in known.items() if value is not None}
        return {"patient": {**described, "preferred_language": language()}}

    @property
    def typed(self) -> dict[str, str]:
        """What was filled in so far, answers to questions too, by the names of the fields."""
        return {
            name: given
            for name, given in request.form.items()
            if given.strip() and (name in self.TYPED or name.startswith("intake_answers."))
        }

    @property
    def has_typed(self) -> bool:
        return bool(self.typed)

    @property
    def is_signed_out(self) -> bool:
        """Whether this was filled in by somebody whose session has ended since."""
        return not self.people and "person" in self.typed

    def told(self, refusal: Refusal) -> Refusal | None:
        """Put what a verb found wrong at the fields that it means; what remains to be said above the form."""
        at = {"full_name": "name"}
        left = []
        for error in refusal.errors:
            name = madeup.name_of(error.pointer)
            field = self._fields.get(at.get(name, name))
            if field is None or isinstance(field, HiddenField):
                left.append(error)
            else:
                field.errors = [*field.errors, error.message]
        if refusal.errors and not left:
            return None
        refusal.errors = left
        return refusal
