"""What the portal answers to who means it no good, or only has bad luck with what they send."""

from __future__ import annotations

import base64

import orjson
import psycopg
import pytest
from limits import parse

from clinic.booking import forms_portal
from clinic.core import entering
from clinic.core.access import SYSTEM
from tests.booking.portal_steps import BEA, booked, checked, held, times
from tests.booking.times import at, working_day
from tests.pages import fields


def seal(*parts):
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def send(browser, address, data):
    return browser.client.post(address, data=data, base_url="http://north.localhost")


@pytest.fixture
def token(page, north):
    """A browser, and the token of its forms."""
    browser = page()
    return browser, times(browser, north).find('[name="csrf_token"]').get("value")


def test_a_choice_of_nonsense_is_refused_and_nothing_breaks(token, north):
    browser, csrf = token
    bose, visit = north.bose.hex, north.visit.hex
    now = int(at("09:30").timestamp())
    nonsense = [
        "", "\x00", "é", "=" * 10, "W10", "A" * 100_000,
        seal(bose), seal(bose, visit, None, None, None, 0), seal(bose, 5, now, None, None, 0),
        seal(None, visit, now, None, None, 0), seal(bose, visit, 10**18, None, None, 0),
        seal(bose, visit, "now", None, None, 0), seal(bose, visit, None, "2026-13-01", None, 0),
        seal(bose, visit, None, "0001-01-01", None, 0), seal({}, [], {}, [], {}, []),
    ]  # fmt: skip
    for choice in nonsense:
        for address in ("/book/hold", "/book/check", "/book/confirm", "/book/details", "/book/release"):
            answer = send(browser, address, {"csrf_token": csrf, "choice": choice, **BEA})
            assert answer.status_code == 422, (choice[:50], address)


@pytest.mark.parametrize(
    ("start", "day", "service", "location"),
    [
        (-1_000_000_000, None, True, None),
        (30_000_000_000, None, True, None),
        (None, "1900-01-01", True, None),
        (None, "2900-01-01", True, None),
        (None, "working", True, None),
        ("working", None, False, None),
        ("working", None, True, "nowhere"),
    ],
)
def test_a_time_that_was_never_offered_gets_a_clear_no(token, north, start, day, service, location):
    browser, csrf = token
    sealed = seal(
        north.bose.hex,
        north.visit.hex if service else None,
        int(at("09:31").timestamp()) if start == "working" else start,
        working_day().isoformat() if day == "working" else day,
        north.id.hex if location else None,
        0,
    )
    for address in ("/book/hold", "/book/check", "/book/confirm"):
        answer = send(browser, address, {"csrf_token": csrf, "choice": sealed, **BEA})
        assert answer.status_code in (200, 409, 422), address
    assert send(browser, "/book/confirm", {"csrf_token": csrf, "choice": sealed, **BEA}).status_code in (
        409,
        422,
    )


def test_another_clinics_doctor_cannot_be_chosen(token, north, south):
    browser, csrf = token
    sealed = seal(south.bose.hex, south.visit.hex, int(at("09:30").timestamp()), None, None, 0)
    unknown = seal(north.id.hex, north.visit.hex, int(at("09:30").timestamp()), None, None, 0)
    answers = [
        send(browser, "/book/confirm", {"csrf_token": csrf, "choice": c, **BEA}) for c in (sealed, unknown)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_a_megabyte_is_too_much(token, north):
    browser, csrf = token
    data = {"csrf_token": csrf, "name": "x" * (1024 * 1024 + 1)}
    assert send(browser, "/book/check", data).status_code == 413


@pytest.mark.parametrize(
    "address", ["/book/hold", "/book/confirm", "/book/held", "/book/sign-in", "/book/release"]
)
def test_nothing_is_done_without_the_forms_token(page, north, superuser, address):
    browser = page()
    looked_over = checked(browser, north)
    with psycopg.connect(superuser) as connection:
        before = connection.execute("SELECT id, expires_at FROM hold").fetchall()
    sent = {**dict(fields(looked_over.form("/book/confirm"))), "csrf_token": "forged"}
    assert send(browser, address, sent).status_code < 500
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT id, expires_at FROM hold").fetchall() == before
        assert connection.execute("SELECT count(*) FROM appointment").fetchone() == (0,)


def test_a_machine_that_books_without_end_is_stopped(page, north, monkeypatch):
    monkeypatch.setitem(forms_portal.OFTEN, "book", parse("2/hour"))
    booked(page(), north, "09:00")
    booked(page(), north, "09:30")
    browser = page()
    browser.post_form(checked(browser, north, "10:00"), form="/book/confirm", status=429)


def test_an_account_without_a_record_books_like_a_visitor(page, app, north):
    from clinic.accounts import actions as accounts

    with entering.acting_in("north"):
        accounts.create_user(
            email="bea@north.example", name="Bea", role="patient", password="bea-password", by=SYSTEM
        )
    browser = page("bea")
    assert held(browser, north).h1 == "Who is coming?"
    assert booked(browser, north).h1 == "Your visit is booked"
    assert "No visit is booked" in browser.get("/my/visits")
