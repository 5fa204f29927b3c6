"""The start page of the demo: two clinics, and everybody in them at one press. Outside the demo there is none of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from clinic.accounts import sessions
from clinic.core import links
from clinic.core.entering import acting_in
from clinic.demo import entering
from tests.cast import password
from tests.demo.playing import CAST, demo_of
from tests.pages import Page, PageClient

HOMES = {"receptionist": "/desk", "manager": "/desk", "doctor": "/my-day", "owner": "/desk"}

Make = Callable[..., Flask]


@pytest.fixture
def make(app: Flask, tmp_path: Path) -> Make:
    """An application as that of the demo, unless another environment is said."""
    return partial(demo_of, app, tmp_path)


def landing(app: Flask) -> Page:
    return PageClient(app, "localhost").get("/")


def link(app: Flask, role: str, slug: str = "north") -> str:
    """Where the start page sends somebody who presses this role."""
    word = {"receptionist": "Reception"}.get(role, role.title())
    found = [each.get("href") for each in landing(app).all("a.role") if each.find(".strong").text == word]  # type: ignore[union-attr]
    (address,) = [each for each in found if each.startswith(f"http://{slug}.localhost/")]
    return address.removeprefix(f"http://{slug}.localhost")


def press(app: Flask, browser: PageClient, role: str) -> TestResponse:
    """Follow the start page's link and press the one button of the page it leads to."""
    question = browser.get(link(app, role))
    fields = {field.get("name"): field.get("value") for field in question.all('form input[type="hidden"]')}
    return browser.client.post("/demo/enter", base_url="http://north.localhost", data=fields)


def record(superuser: str) -> list[tuple[Any, ...]]:
    """Every session: whose, alive or not, for how long, and what stands in the audit about it."""
    with psycopg.connect(superuser) as connection:
        return connection.execute(
            "SELECT u.email, s.revoked_at IS NULL, s.expires_at - s.created_at, a.act, a.actor_kind, a.object_kind"
            "  FROM user_session s JOIN user_account u ON (u.tenant_id, u.id) = (s.tenant_id, s.user_id)"
            "  LEFT JOIN audit_event a ON (a.tenant_id, a.session_id) = (s.tenant_id, s.id)"
            " ORDER BY s.id, a.id"
        ).fetchall()


def test_names_both_clinics_and_leads_to_their_pages(make: Make) -> None:
    page = landing(make())
    addresses = {each.get("href") for each in page.all("a[href]")}
    assert {"North Clinic", "South Clinic"} <= {each.text for each in page.all("h3")}
    for slug in CAST:
        assert {f"http://{slug}.localhost/book", f"http://{slug}.localhost/login"} <= addresses
    assert "/api/docs" in addresses


def test_a_language_that_was_chosen_comes_along(make: Make) -> None:
    app = make()
    page = PageClient(app, "localhost").get("/?lang=fr")
    leading = [each.get("href") for each in page.all("a[href]") if ".localhost/" in each.get("href")]
    assert len(leading) > 10
    assert all(address.endswith("lang=fr") for address in leading)


@pytest.mark.parametrize("role", CAST["north"])
def test_one_press_signs_in_like_the_password_does(role: str, make: Make, superuser: str) -> None:
    app, name = make(), CAST["north"][role]
    answer = press(app, PageClient(app, "north.localhost"), role)
    assert (answer.status_code, answer.headers["Location"]) == (303, HOMES[role])
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("clinic_session="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    (by_press,) = record(superuser)
    with app.app_context(), acting_in("north"):
        sessions.sign_in(email=f"{name}@north.example", password=password(name))
    assert record(superuser) == [by_press, by_press]
    assert by_press[0] == f"{name}@north.example"
    assert by_press[-3:] == ("session.begin", "user", "user")


def test_a_link_alone_signs_nobody_in(make: Make, superuser: str) -> None:
    app = make()
    browser = PageClient(app, "north.localhost")
    browser.get(link(app, "owner"))
    assert browser.client.get_cookie("clinic_session", domain="north.localhost") is None
    assert record(superuser) == []


def test_another_sites_form_signs_nobody_in(make: Make, superuser: str) -> None:
    app = make()
    token = link(app, "owner").partition("token=")[2]
    answer = app.test_client().post("/demo/enter", base_url="http://north.localhost", data={"token": token})
    assert answer.status_code == 400
    assert record(superuser) == []


def test_no_password_stands_on_a_page(make: Make) -> None:
    app = make()
    pages = [landing(app), PageClient(app, "north.localhost").get(link(app, "receptionist"))]
    assert not [page for page in pages for name in ("ana", "sven") if password(name) in page.html]


def test_a_link_runs_out_after_ten_minutes(make: Make) -> None:
    app = make()
    browser = PageClient(app, "north.localhost")
    address = link(app, "manager")
    question = browser.get(address)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=entering.MINUTES, seconds=2)):
        too_old = browser.get(address, status=410)
        assert too_old.find('a[href="http://localhost/"]')
        browser.post_form(question, status=410)
    assert browser.client.get_cookie("clinic_session", domain="north.localhost") is None


def test_a_link_opens_one_clinic_only(make: Make) -> None:
    app = make()
    PageClient(app, "south.localhost").get(link(app, "owner", "north"), status=410)
    PageClient(app, "south.localhost").get(link(app, "owner", "south"))


def test_no_other_token_of_ours_opens_it(make: Make, north: Any) -> None:
    app = make()
    browser = PageClient(app, "north.localhost")
    with app.app_context(), acting_in("north"):
        for token in (links.sign("visit", north.ana_user), links.sign("demo.enter", north.ana_user), "", "x"):
            browser.get(f"/demo/enter?token={token}", status=410)
    secret = app.config["SECRET_KEY"]
    assert entering.role_in(secret, north.id, entering.token(secret, north.id, "root")) is None
    assert entering.role_in(secret, north.id, entering.token("another" * 8, north.id, "owner")) is None


def test_signing_in_as_somebody_else_ends_the_first_session(make: Make, superuser: str) -> None:
    app = make()
    browser = PageClient(app, "north.localhost")
    press(app, browser, "receptionist")
    press(app, browser, "manager")
    alive = {email: alive for email, alive, *_rest in record(superuser)}
    assert alive == {"ana@north.example": False, "mia@north.example": True}


def test_before_there_are_clinics_the_page_is_the_plain_one(make: Make, tmp_path: Path) -> None:
    app = make()
    (tmp_path / "credentials.json").unlink()
    page = landing(app)
    assert not page.all("a.role")
    assert page.h1 == "Appointments for clinics"


@pytest.mark.parametrize("environment", ["production", "test"])
def test_outside_the_demo_there_is_none_of_it(environment: str, make: Make) -> None:
    token = link(make(), "owner").partition("token=")[2]
    app = make(environment, base_domain="clinic.example" if environment == "production" else "localhost")
    domain = app.config["BASE_DOMAIN"]
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/demo")]
    scheme = "https" if environment == "production" else "http"
    for host in (domain, f"north.{domain}"):
        client = app.test_client()
        for method in ("GET", "POST"):
            answer = client.open(
                f"/demo/enter?token={token}",
                method=method,
                base_url=f"{scheme}://{host}",
                data={"token": token},
            )
            assert answer.status_code in ((404,) if method == "GET" else (400, 404))
    page = app.test_client().get("/", base_url=f"{scheme}://{domain}").get_data(as_text=True)
    assert "Appointments for clinics" in page
    assert not re.search("demo|token|North Clinic|landing.css", page)


def test_from_a_booked_visit_the_demo_leads_to_it_at_the_front_desk(make: Make, api: Any, north: Any) -> None:
    from tests.booking.times import working_day

    app = make()
    body = {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": f"{working_day()}T09:30:00",
    }
    visit = api.post("/appointments", body).json["id"]
    with app.app_context(), acting_in("north"):
        token = links.sign("visit", UUID(visit))
    browser = PageClient(app, "north.localhost")
    shown = browser.get(f"/v/{token}?booked=1")
    question = browser.click(shown, "Continue as the front desk")
    desk = browser.post_form(question)
    assert desk.url == f"/desk?date={working_day()}"
    assert desk.find(f"#v{visit.replace('-', '')}"), "where the address points"


def test_a_demo_page_sends_nobody_to_another_host(make: Make) -> None:
    app = make()
    browser = PageClient(app, "north.localhost")
    question = browser.get(f"{link(app, 'receptionist')}&next=//evil.example/")
    assert not question.find('input[name="next"]')
    assert browser.post_form(question).url == "/desk"


def test_who_is_signed_in_can_be_somebody_else(make: Make) -> None:
    app = make()
    browser = PageClient(app, "north.localhost")
    press(app, browser, "receptionist")
    shown = browser.get("/desk")
    assert shown.find('a[href="http://localhost/"]'), "and back to the start page"
    question = browser.click(shown, "Demo: be Doctor")
    assert browser.post_form(question).url == "/my-day"
