"""A toy clinic of a few pages, to hold the layouts, the macros and the page client to their word without a database."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Flask, Response, g, redirect, render_template_string, request
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from clinic.core import i18n, jinja, navigation, tenancy, views_face
from clinic.core.access import ANONYMOUS, Actor
from clinic.core.errors import Refusal
from clinic.core.ids import new_id
from clinic.core.translations import ROOT

NORTH = tenancy.Tenant(
    id=new_id(),
    slug="north",
    name="North Clinic",
    timezone="America/Bogota",
    country="CO",
    locale="en",
    currency="COP",
    status="active",
    version=1,
    settings={"phone": "+576015551234", "color": "#1d4ed8"},
)
ANA = Actor("user", new_id(), "receptionist", name="Ana Lucía Restrepo")

STAFF_PAGE = """{% extends "layouts/staff.html" %}
{% block heading %}Day of {{ doctor }}{% endblock %}
{% block content %}{{ ui.post("Check in", "/names", fields={"id": 7}) }}{% endblock %}"""

FORM_PAGE = """{% extends "layouts/portal.html" %}
{% block heading %}Your name{% endblock %}
{% block content %}
{{ ui.error_summary(form, refusal) }}
{% call ui.form("/names", form, idempotent=true) %}
  {{ ui.field(form.name, hint="As in your passport", autocomplete="name") }}
  {{ ui.field(form.city) }}{{ ui.field(form.remind) }}
  {{ ui.button("Continue", kind="primary") }}
{% endcall %}
{% endblock %}"""


class NameForm(FlaskForm):
    name = StringField("Name", [InputRequired("Enter your name")])
    city = SelectField("City", choices=[SelectChoice("b", "Bogotá"), SelectChoice("p", "Paris")])
    remind = BooleanField("Remind me")


def make_shell(tenant: tenancy.Tenant | None = NORTH, actor: Actor = ANONYMOUS, **settings: Any) -> Flask:
    """The toy. *settings* change the clinic's own."""
    app = Flask(
        "clinic", root_path=str(ROOT / "clinic"), template_folder="../templates", static_folder="../static"
    )
    app.config.update(SECRET_KEY="only-for-tests", TESTING=True, ENVIRONMENT="demo", BASE_DOMAIN="localhost")
    CSRFProtect(app)
    i18n.init(app)
    jinja.init(app)
    app.register_blueprint(views_face.look)
    app.register_error_handler(Refusal, jinja.refusal_page)
    if tenant and settings:
        tenant = dataclasses.replace(tenant, settings={**tenant.settings, **settings})

    @app.before_request
    def enter() -> None:
        tenancy._current.set(tenant)
        g.actor = actor

    @app.get("/")
    def day() -> str:
        return render_template_string(STAFF_PAGE, doctor=request.args.get("doctor", "Dr Bose"))

    @app.route("/login", methods=["GET", "POST"])
    @app.route("/logout", methods=["POST"])
    def elsewhere() -> str:
        return render_template_string(
            '{% extends "layouts/bare.html" %}{% block heading %}Sign in{% endblock %}'
        )

    @app.route("/names", methods=["GET", "POST"])
    def names() -> Any:
        form = NameForm()
        if request.method == "POST" and form.validate():
            jinja.say(f"Thank you, {form.name.data} of {form.city.data}", undo="/names")
            return redirect("/names", 303)
        return render_template_string(FORM_PAGE, form=form, refusal=None), 422 if form.errors else 200

    @app.post("/echo")
    def echo() -> dict[str, list[str]]:
        return request.form.to_dict(flat=False)

    @app.route("/refused/<code>", methods=["GET", "POST"])
    def refused(code: str) -> Response:
        raise REFUSALS[code]

    return app


REFUSALS: dict[str, Refusal] = {}


def ways_of_north() -> None:
    """A bar with one way for everybody and one for owners."""
    navigation.add("toy", "day", "Day", icon="calendar-days", order=1, key="d")
    navigation.add("toy", "names", "Settings", icon="settings", right="settings.write", order=2)
