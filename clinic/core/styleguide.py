"""Every component in every state on one page, for whoever builds pages: ``/styleguide``, in the demo alone."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length

LAYOUTS = ("staff", "portal")


class SampleForm(FlaskForm):
    """A field of each kind."""

    step = HiddenField(default="2")
    name = StringField("Full name", [InputRequired("Enter your name")], render_kw={"autocomplete": "name"})
    phone = TelField(
        "Mobile phone",
        [
            InputRequired("Enter a phone number"),
            Length(min=6, message="This phone number is too short"),
        ],
        description="We text you a code and, the day before, a reminder.",
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    email = EmailField(
        "E-mail",
        [Email("Enter an e-mail address like name@example.com")],
        render_kw={"autocomplete": "email"},
    )
    born = DateField("Date of birth", render_kw={"autocomplete": "bday"})
    doctor = SelectField(
        "Doctor",
        choices=[SelectChoice("bose", "Dr Bose"), SelectChoice("ruiz", "Dr María Fernanda Ruiz Castañeda")],
    )
    who = RadioField(
        "Who is the visit for?",
        [InputRequired("Say who the visit is for")],
        choices=[SelectChoice("me", "Me"), SelectChoice("child", "My child")],
    )
    reason = TextAreaField("Reason", description="A few words; only the clinic reads them.")
    agree = BooleanField("Remind me by text message")


PEOPLE = ("Ana María Pérez de la Cruz y Rodríguez-Santamaría", "Carla Gómez", "Li Wei", "Sven Åkesson")


def people() -> str:
    """The options that a search box shows for ``?q=``."""
    asked = request.args.get("q", "").casefold().strip()
    return render_template(
        "ui/_people.html", people=[name for name in PEOPLE if asked and asked in name.casefold()]
    )


def page() -> str:
    """The style guide in the layout that ``?layout=`` names, the desk's if it names none."""
    layout = request.args.get("layout", LAYOUTS[0])
    typed = {"wrong-name": "", "wrong-phone": "12", "wrong-email": "ana@", "wrong-doctor": "ruiz"}
    wrong = SampleForm(MultiDict(typed), prefix="wrong-", meta={"csrf": False})
    wrong.validate()
    return render_template(
        "ui/styleguide.html",
        layout=f"layouts/{layout if layout in LAYOUTS else LAYOUTS[0]}.html",
        sample=SampleForm(formdata=None, meta={"csrf": False}),
        wrong=wrong,
        moment=datetime(2026, 11, 23, 14, 30, tzinfo=UTC),
    )
