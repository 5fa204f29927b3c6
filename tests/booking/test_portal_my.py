"""A signed-in patient books for themselves and for whom they answer for, and sees what is booked."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.booking.portal_steps import fewest, held, link, times
from tests.booking.times import at, iso


@pytest.fixture
def teo(api, north):
    """Carla's son."""
    body = {
        "full_name": "Teo Ruiz Gómez",
        "guardians": [{"patient_id": str(north.carla), "relation": "mother"}],
    }
    return api.post("/patients", body).json


def visits(superuser):
    with psycopg.connect(superuser) as connection:
        return connection.execute(
            "SELECT patient_id::text, starts_at FROM appointment ORDER BY starts_at"
        ).fetchall()


def booked(browser, north, clock="09:30"):
    return browser.post_form(held(browser, north, clock), form="/book/confirm")


def test_who_answers_for_nobody_is_not_asked_who_comes(carla, north, superuser):
    shown = held(carla, north)
    assert shown.h1 == "Is everything right?"
    assert "Carla Ruiz Gómez" in shown
    done = carla.post_form(shown, form="/book/confirm")
    assert done.h1 == "Your visit is booked"
    assert "Carla Ruiz Gómez" in done
    assert visits(superuser) == [(str(north.carla), at("09:30"))]


def test_a_mother_books_for_her_son(carla, north, teo, superuser):
    asked = held(carla, north)
    assert asked.h1 == "Who is the visit for?"
    shown = carla.post_form(asked, {"person": teo["id"].replace("-", "")}, form="/book/check")
    assert "Teo Ruiz Gómez" in shown
    carla.post_form(shown, form="/book/confirm")
    assert visits(superuser) == [(teo["id"], at("09:30"))]


def test_nobody_books_for_a_stranger(carla, north, teo, superuser):
    asked = held(carla, north)
    wrong = carla.post_form(asked, {"person": north.dora.hex}, form="/book/check", status=422)
    assert "Choose who comes." in wrong.errors
    assert visits(superuser) == []


def test_who_is_busy_at_that_time_is_told(carla, api, north, superuser):
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json
    hours = {"weekday": at("09:30").weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{other['id']}/availability", hours)
    busy = {"patient_id": str(north.carla), "doctor_id": other["id"], "start": iso("09:30")}
    assert api.post("/appointments", busy).status_code == 201
    shown = held(carla, north)
    refused = carla.post_form(shown, form="/book/confirm", status=409)
    assert "already has a visit at this time" in refused
    assert len(visits(superuser)) == 1


def test_who_has_as_many_as_the_clinic_allows_is_told(carla, api, north):
    api.patch("/settings", {"max_open_bookings_per_patient": 1})
    booked(carla, north, "09:00")
    refused = carla.post_form(held(carla, north, "10:00"), form="/book/confirm", status=409)
    assert "as many open bookings" in refused


def test_a_session_that_ends_in_the_middle_goes_on_after_signing_in(carla, north, teo, superuser):
    shown = carla.post_form(held(carla, north), {"person": teo["id"].replace("-", "")}, form="/book/check")
    carla.client.delete_cookie("clinic_session", domain="north.localhost")
    asked = carla.post_form(shown, form="/book/confirm", status=401)
    assert asked.h1 == "Sign in"
    resumed = carla.post_form(
        asked, {"email": "carla@north.example", "password": "carla-password"}, form="login"
    )
    again = carla.post_form(resumed, form="/book/confirm")
    assert again.h1 == "Your visit is booked"
    assert visits(superuser) == [(teo["id"], at("09:30"))]


def test_my_visits_shows_what_is_to_come_and_what_was(carla, api, north, teo):
    booked_for_teo = {"patient_id": teo["id"], "doctor_id": str(north.bose), "start": iso("10:00")}
    api.post("/appointments", booked_for_teo)
    own = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:00")}
    off = api.post("/appointments", own).json
    api.post(f"/appointments/{off['id']}/cancel")
    strange = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("11:00")}
    api.post("/appointments", strange)
    shown = carla.get("/my/visits")
    coming, past = shown.all("section")
    assert "10:00" in coming.text
    assert "For Teo Ruiz Gómez" in coming.text
    assert "09:00" in past.text
    assert "Cancelled" in past.text
    assert "11:00" not in shown
    opened = carla.get(coming.find("a.choice").get("href"))
    assert "Teo Ruiz Gómez" in opened
    assert "Move it to another time" in opened


def test_who_has_none_is_led_to_booking(carla):
    assert "No visit is booked" in carla.get("/my/visits")


def test_old_visits_come_in_pages(carla, api, north, superuser):
    for number in range(6):
        api.post(
            "/appointments",
            {
                "patient_id": str(north.carla),
                "doctor_id": str(north.bose),
                "start": (at("09:00") + timedelta(minutes=30 * number)).isoformat(),
            },
        )
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            "UPDATE appointment SET starts_at = starts_at - interval '400 days', date = date - 400,"
            " ends_at = ends_at - interval '400 days'"
        )
    from clinic.booking import portal_my

    old, portal_my.MOST = portal_my.MOST, 4
    try:
        first = carla.get("/my/visits")
        second = carla.click(first, "Older visits")
    finally:
        portal_my.MOST = old
    assert (len(first.all("a.visit")), len(second.all("a.visit"))) == (4, 2)
    assert carla.get("/my/visits?page=rubbish").h1 == "My visits"


def test_who_is_not_signed_in_signs_in_first(page):
    assert page().get("/my/visits").h1 == "Sign in"


def test_it_stands_in_the_menu_of_the_account(carla):
    shown = carla.get("/book")
    assert shown.find('.account a[href="/my/visits"]')
    assert shown.find('.account a[href="/book"]')


def test_a_signed_in_stranger_with_the_link_reads_no_name(carla, page, north):
    browser = page()
    asked = browser.post_form(
        held(browser, north), {"name": "Bea Ibáñez", "phone": "3007654321"}, form="/book/check"
    )
    address = link(browser.post_form(asked, form="/book/confirm"))
    shown = carla.get(address)
    assert "Bea" not in shown.html
    assert "All my visits" not in shown
    carla.post_form(carla.get(f"{address}/cancel"), form="cancel")
    assert carla.get(address).h1 == "This visit is cancelled"


def test_as_many_statements_for_many_visits_as_for_one(carla, api, north, statements):
    counts = []
    for clock in ("09:00", "09:30", "10:00"):
        api.post(
            "/appointments",
            {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso(clock)},
        )
        counts.append(fewest(statements, lambda: carla.get("/my/visits")))
    assert counts[0] == counts[2] <= 6


def test_a_patient_signs_in_on_the_way(carla, page, north):
    assert times(carla, north).h1 == "Choose a time"
