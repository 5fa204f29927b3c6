"""Visitors without an account: what one of them has, another cannot have, and nobody learns who is known here."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine

from clinic.core import db, links
from clinic.core.entering import acting_in
from tests.booking.portal_steps import BEA, booked, checked, held, link
from tests.pages import fields

HOST = "http://north.localhost"


def sent_by(browser, form, action, **changed):
    """The same fields sent by another browser, with that one's own token."""
    token = browser.get("/book").find('[name="csrf_token"]')
    token = token or browser.get("/login").find('[name="csrf_token"]')
    values = dict(fields(form)) | changed | {"csrf_token": token.get("value")}
    return browser.client.post(action, base_url=HOST, data=values)


def test_whoever_copies_a_form_is_not_given_the_answer_to_it(page, north):
    """Every visitor is anonymous; the answer to a booking is the link that opens it."""
    bea, mallory = page(), page()
    form = checked(bea, north).form("/book/confirm")
    done = sent_by(bea, form, "/book/confirm")
    assert done.headers["Location"].startswith("/v/")
    stolen = sent_by(mallory, form, "/book/confirm")
    assert done.headers["Location"].split("?")[0] not in stolen.headers.get("Location", "") + stolen.text


def test_nobody_books_with_the_time_that_another_keeps(page, north):
    bea, mallory = page(), page()
    form = checked(bea, north).form("/book/confirm")
    taken = sent_by(mallory, form, "/book/confirm", idempotency_key="")
    assert taken.status_code == 409
    assert sent_by(bea, form, "/book/confirm").status_code == 303


def test_nobody_lets_go_of_the_time_that_another_keeps(page, north, superuser):
    import psycopg

    bea, mallory = page(), page()
    form = held(bea, north).form("/book/check")
    for action in ("/book/release", "/book/held", "/book/details"):
        sent_by(mallory, form, action, extend="1")
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT count(*), bool_or(extended) FROM hold").fetchone() == (1, False)


def test_booking_tells_nothing_of_who_is_known(page, north):
    """Carla is in the register with this phone: who types her name is answered as for anybody."""
    known = booked(page(), north, "09:30", {"name": "Carla Ruiz Gómez", "phone": "300 123 4567"})
    unknown = booked(page(), north, "10:00", {"name": "Nora Nieva Niño", "phone": "300 765 0000"})

    def said(shown):
        return re.sub(r"\d", "0", shown.text)

    assert said(known) == said(unknown)
    assert "Carla" not in known.html


def test_booking_twice_at_one_time_tells_nothing_either(page, north):
    """Carla's calendar is hers: her second visit at the same hour is no conflict that a stranger is told of."""
    who = {"name": "Carla Ruiz Gómez", "phone": "300 123 4567"}
    for clock in ("09:30", "10:00"):
        assert booked(page(), north, clock, who).h1 == "Your visit is booked"


# -- links --------------------------------------------------------------------------------------------------------


def test_a_link_is_worth_nothing_for_another_purpose_or_at_another_clinic(app, north, south):
    with acting_in("north"):
        token = links.sign("visit", north.carla)
        assert links.open("visit", token) == north.carla
        assert links.open("visit.look", token) is None
        assert links.open("demo.enter", token) is None
        assert links.open("visit", token[:-2] + "xx") is None
    with acting_in("south"):
        assert links.open("visit", token) is None


def test_a_link_ends(app, north):
    with acting_in("north"), time_machine.travel("2026-01-01", tick=False) as clock:
        token = links.sign("visit", north.carla)
        clock.shift(timedelta(days=59))
        assert links.open("visit", token) == north.carla
        clock.shift(timedelta(days=2))
        assert links.open("visit", token) is None


def test_the_link_of_a_visit_opens_at_its_clinic_alone(page, north):
    address = link(booked(page(), north))
    assert page().get(address).status == 200
    page(slug="south").get(address, status=404)
    page("sven", "south").get(address, status=404)


def test_a_link_shows_nothing_of_the_patient(page, north):
    address = link(booked(page(), north))
    for part in ("", "/cancel", "/move", "/visit.ics"):
        shown = page().client.get(address + part, base_url=HOST).text
        for known in (BEA["name"], "Ibáñez", "765 4321", "7654321"):
            assert known not in shown, part


def test_whoever_opens_a_link_is_on_record(page, north):
    address = link(booked(page(), north))
    page().get(address)
    with acting_in("north"):
        rows = db.rows(
            "SELECT actor_kind, patient_id FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'appointment.read'"
        )
    assert [row.actor_kind for row in rows] == ["anonymous"] * len(rows)
    assert len(rows) >= 2
    assert all(isinstance(row.patient_id, UUID) for row in rows)


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "%2e%2e", "A" * 2000])
def test_a_forged_link_is_not_found(page, token):
    page().get(f"/v/{token}", status=404)
