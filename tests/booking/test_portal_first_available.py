"""Of *first available* the visit goes to whose turn it is: fewest booked that day, then longest idle."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from clinic.booking import queries_portal
from tests.booking.portal_steps import BEA, checked, held
from tests.booking.times import at, iso, working_day


@pytest.fixture
def ana(api):
    """Dr Núñez, who receives when Dr Bose does."""
    made = api.post("/doctors", {"full_name": "Ana Núñez", "slot_minutes": 30}).json["id"]
    for weekday in range(5):
        hours = {"weekday": weekday, "start_time": "09:00", "end_time": "12:00"}
        api.post(f"/doctors/{made}/availability", hours)
    return made


def book(api, north, doctor_id, clock, patient="carla", ahead=0):
    body = {
        "patient_id": str(getattr(north, patient)),
        "doctor_id": str(doctor_id),
        "start": iso(clock, ahead),
    }
    assert api.post("/appointments", body).status_code == 201


def test_who_has_fewest_that_day_is_next_and_is_named(page, api, north, ana):
    book(api, north, ana, "11:00")
    shown = held(page(), north, "09:30", doctor="any")
    assert "with Jagadish Bose" in shown
    assert "next in turn" in shown


def test_of_two_with_as_many_who_has_been_idle_longest(page, api, north, ana):
    book(api, north, north.bose, "11:00", ahead=1)
    book(api, north, ana, "11:30", ahead=1)
    later = {"doctor": "any", "ahead": 2}
    assert "with Jagadish Bose" in held(page(), north, "09:30", **later)


def test_who_never_had_a_visit_is_idlest(page, api, north, ana):
    book(api, north, north.bose, "11:00", ahead=1)
    assert "with Ana Núñez" in held(page(), north, "09:30", doctor="any", ahead=2)


def test_two_who_ask_get_a_doctor_each(page, north, ana):
    first = held(page(), north, "09:30", doctor="any")
    second = held(page(), north, "09:30", doctor="any")
    named = {
        name
        for name in ("Jagadish Bose", "Ana Núñez")
        for shown in (first, second)
        if f"with {name}" in shown
    }
    assert named == {"Jagadish Bose", "Ana Núñez"}


def test_a_doctor_lost_at_the_last_moment_is_replaced_by_who_is_free(page, api, north, ana, superuser):
    browser = page()
    looked_over = checked(browser, north, doctor="any")
    lost, left = (
        ("Jagadish Bose", "Ana Núñez") if "Jagadish" in looked_over else ("Ana Núñez", "Jagadish Bose")
    )
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM hold")
    book(api, north, north.bose if lost == "Jagadish Bose" else ana, "09:30")
    again = browser.post_form(looked_over, form="/book/confirm", status=409)
    assert again.h1 == "Is everything right?"
    assert f"with {left}" in again
    assert BEA["name"] in again
    assert left in browser.post_form(again, form="/book/confirm")


def test_when_nobody_is_free_the_nearest_of_anybody_are_offered(page, api, north, ana, superuser):
    browser = page()
    looked_over = checked(browser, north, doctor="any")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM hold")
    book(api, north, north.bose, "09:30")
    book(api, north, ana, "09:30", "dora")
    book(api, north, ana, "09:00", "emil")
    lost = browser.post_form(looked_over, form="/book/confirm", status=409)
    assert [node.text[-5:] for node in lost.all(".choice-name")] == ["09:00", "10:00", "10:30"]


def test_the_order_counts_visits_that_hold_a_place(api, north, ana, in_north):
    book(api, north, north.bose, "11:00")
    both, day = [north.bose, UUID(ana)], working_day()
    assert queries_portal.in_turn(both, at("09:00"), day) == [UUID(ana), north.bose]
    (visit,) = api.get("/appointments", doctor_id=str(north.bose)).json["items"]
    api.post(f"/appointments/{visit['id']}/cancel")
    assert queries_portal.in_turn(both, at("09:00"), day) == sorted(both)
