"""Every form of a page carries our token: without it, or with a forged one, nothing changes in anybody's name."""

from __future__ import annotations

import re

import pytest

from tests.booking.portal_steps import held
from tests.booking.times import iso
from tests.pages import fields
from tests.security.test_who_may import routes

HOST = "http://north.localhost"
WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)
# What may be written for somebody who only looks: that they did, that they are still there, what they may not do.
OF_LOOKING = {"audit_event", "user_session", "rate_window", "api_key_day", "api_key"}
# Signing in is what the form of a stranger would do to another: it is refused before anybody's password is looked at.
TOKENS = {"none": {}, "forged": {"csrf_token": "IjEi.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"}}


@pytest.fixture
def things(api, north):
    """A visit of a coming day, one that waits at Dr Bose's door today: ids by the beginning of the address."""
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    visit = api.post("/appointments", body).json["id"]
    walk_in = {"walk_in": True, "patient_id": str(north.dora), "doctor_id": str(north.bose)}
    entry = api.post("/checkins", walk_in).json["id"]
    return {
        "/appointments": visit,
        "/queue": entry,
        "/patients": str(north.carla),
        "/doctors": str(north.bose),
    }


def posts(app, things):
    """Every address that a page's form may be sent to."""
    for method, path in routes(app):
        if method == "POST" and not path.startswith("/api/"):
            of = next((id for start, id in things.items() if path.startswith(start)), "")
            yield path.replace("{id}", of).replace("{token}", "x")


@pytest.mark.parametrize(("who", "token"), [("ana", "none"), ("bose", "forged"), ("carla", "none")])
def test_a_form_of_another_site_changes_nothing(app, page, request, things, statements, who, token):
    browser = request.getfixturevalue("carla") if who == "carla" else page(who)
    filled = {
        "urgent": "1",
        "reason": "x",
        "minutes": "20",
        "q": "x",
        "version": "1",
        "choice": "x",
        **TOKENS[token],
    }
    with statements() as seen:
        for path in posts(app, things):
            answer = browser.client.post(path, base_url=HOST, data=filled)
            assert answer.status_code < 500, path
    written = {found[2] for sql in seen if (found := WRITES.match(sql))}
    assert written <= OF_LOOKING
    assert browser.client.get("/my/visits", base_url=HOST).status_code in (200, 302), (
        "and they are signed in still"
    )


def test_a_visitors_form_of_another_site_neither_keeps_nor_books_a_time(page, north, superuser):
    import psycopg

    bea = page()
    form = held(bea, north).form("/book/check")
    values = {name: value for name, value in fields(form) if name != "csrf_token"}
    values |= {"name": "Bea Ibáñez", "phone": "300 765 4321", "extend": "1"}
    for path in (
        "/book/hold",
        "/book/details",
        "/book/held",
        "/book/check",
        "/book/confirm",
        "/book/release",
    ):
        bea.client.post(path, base_url=HOST, data=values)
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT count(*), bool_or(extended) FROM hold").fetchone() == (1, False)
        assert connection.execute("SELECT count(*) FROM appointment").fetchone() == (0,)


def test_nobody_is_signed_in_as_somebody_else_by_a_form_of_another_site(app, page):
    """Whoever is made to use a stranger's account types their own affairs into it."""
    victim = page()
    mallory = {"email": "ana@north.example", "password": "ana-password"}
    answer = victim.client.post("/login", base_url=HOST, data=mallory)
    assert answer.status_code == 400
    assert not victim.client.get_cookie("clinic_session", domain="north.localhost")


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "\t//evil.example", "/%09/evil.example",
        "javascript:alert(1)", "/login?next=//evil.example", "http:evil.example", "/ /evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_away_after_signing_in(page, onward):
    browser = page()
    shown = browser.get("/login")
    values = dict(fields(shown.form("login"))) | {"email": "ana@north.example", "password": "ana-password"}
    answer = browser.client.post("/login", base_url=HOST, data=values | {"next": onward})
    assert answer.status_code == 303
    to = answer.headers["Location"]
    assert re.match(r"/(?![/\\])", to)
    assert "\t" not in to
    assert not to.startswith("/login")


@pytest.mark.parametrize("header", ["Referer", "HX-Current-URL"])
def test_a_page_of_another_site_is_no_place_to_come_back_to(app, header):
    asked = {header: "https://evil.example//evil.example/x?y=1", "HX-Request": "true"}
    answer = app.test_client().get("/desk/day", base_url=HOST, headers=asked)
    assert answer.headers["HX-Redirect"].startswith("/login?next=/")
