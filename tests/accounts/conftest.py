"""A small desk beside the real one: a page and a form that need a signed-in person, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g, render_template_string, request

from clinic.core.access import allow
from clinic.core.doors import StaffPages
from tests.cast import password
from tests.clients import FreshClient
from tests.pages import PageClient

FORM = """
{% extends "layouts/bare.html" %}
{% block heading %}Small desk{% endblock %}
{% block content %}
<form action="/small-desk?day=2026-11-23" method="post" class="form">{{ ui.csrf() }}
{{ ui.input("patient", "Patient", value=given) }}{{ ui.input("tag", "Tag") }}<button type="submit">Book</button></form>
{% endblock %}
"""


@pytest.fixture(scope="session")
def _small_desk(built: Flask) -> Flask:
    from clinic import create_app

    app = create_app(built.config["SETTINGS"], TESTING=True)
    app.test_client_class = FreshClient
    app.extensions["cast"] = built.extensions["cast"]
    desk = StaffPages("small_desk", __name__)

    @desk.get("/small-desk")
    @allow("desk.use")
    def show() -> str:
        return render_template_string(FORM, given="")

    @desk.post("/small-desk")
    @allow("desk.use")
    def book() -> str:
        app.extensions["booked"].append(
            (g.actor.name, request.args.to_dict(), request.form.to_dict(flat=False))
        )
        return render_template_string(FORM, given=request.form["patient"])

    @desk.get("/small-desk/part")
    @allow("desk.use")
    def part() -> str:
        return "<section id='part'></section>"

    app.register_blueprint(desk)
    return app


@pytest.fixture
def small_desk(_small_desk: Flask, app: Flask) -> Flask:
    """The application with the small desk; what was booked there stands in ``extensions["booked"]``."""
    _small_desk.extensions["booked"] = []
    return _small_desk


@pytest.fixture
def desk(small_desk: Flask) -> Any:
    """``desk("ana")``: Ana's browser, signed in, at the application with the small desk."""
    return lambda name=None, slug="north": _browser(small_desk, name, slug)


def _browser(app: Flask, name: str | None, slug: str) -> Any:
    client = PageClient(app, f"{slug}.localhost")
    if name is not None:
        page = client.get("/login?next=/small-desk")
        client.post_form(page, {"email": f"{name}@{slug}.example", "password": password(name)})
    return client
