"""Confidential records, and keys that may only look somebody up: told no more through a visit than by the register."""

from __future__ import annotations

import pytest

from clinic.core.access import SYSTEM
from clinic.core.entering import acting_in
from clinic.patients import actions as patients
from tests.booking.times import iso

SECRETS = ("1980-02-03", "3001234567", "carla@mail.example", "CC-7766554433")


@pytest.fixture
def carlas_visit(api, north):
    """Carla has a visit; all of her record is filled in."""
    known = {
        "birth_date": "1980-02-03",
        "email": "carla@mail.example",
        "document_type": "CC",
        "document_number": "CC-7766554433",
    }
    assert api.patch(f"/patients/{north.carla}", known).status_code == 200
    visit = {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": iso("09:30"),
        "reason": "Knee",
    }
    return api.post("/appointments", visit).json["id"]


@pytest.fixture
def confidential(app, north, carlas_visit):
    with acting_in("north"):
        patients.update(north.carla, changes={"confidential": {"roles": ["owner"]}}, by=SYSTEM)


def told(answer, *allowed):
    return [secret for secret in SECRETS if secret in answer.text and secret not in allowed]


def test_a_key_that_looks_up_is_told_first_name_and_age_beside_a_visit_too(api_of, north, carlas_visit):
    key = api_of("north", scopes=["patients:lookup", "appointments:read"])
    for answer in (
        key.get(f"/appointments/{carlas_visit}", expand="patient"),
        key.get("/appointments", expand="patient"),
        key.get(f"/patients/{north.carla}/appointments", expand="patient"),
    ):
        shown = answer.json.get("patient") or answer.json["items"][0]["patient"]
        assert shown.keys() == {"id", "first_name", "age"}
        assert told(answer) == []


def test_a_key_without_any_right_to_patients_is_told_none(api_of, carlas_visit):
    key = api_of("north", scopes=["appointments:read"])
    assert key.get(f"/appointments/{carlas_visit}", expand="patient").json["patient"] is None


def test_a_confidential_record_beside_a_visit_is_a_name(api, confidential, carlas_visit):
    for answer in (
        api.get(f"/appointments/{carlas_visit}", expand="patient"),
        api.get("/appointments", expand="patient"),
    ):
        shown = answer.json.get("patient") or answer.json["items"][0]["patient"]
        assert shown["full_name"] == "Carla Ruiz Gómez"
        assert told(answer) == []


def test_all_of_an_open_record_stands_beside_a_visit(api, carlas_visit):
    assert (
        api.get(f"/appointments/{carlas_visit}", expand="patient").json["patient"]["birth_date"]
        == "1980-02-03"
    )


# -- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def here_today(api, north):
    """Carla waits at Dr Bose's door: she stands on every screen of today."""
    body = {"walk_in": True, "patient_id": str(north.carla), "doctor_id": str(north.bose)}
    return api.post("/checkins", body).json["appointment_id"]


SCREENS = (
    "/desk",
    "/desk/print",
    "/week?doctor={doctor}",
    "/queue",
    "/my-day",
    "/appointments/{visit}",
    "/appointments/{visit}/panel",
)
SPOKEN = ("300 1234567", "3001234567", "300 123 4567", "46 years", "file 1")


def test_a_screen_shows_of_a_confidential_record_the_name_alone(page, north, confidential, here_today):
    browsers = {"ana": page("ana"), "bose": page("bose")}
    for screen in SCREENS:
        browser = browsers["bose" if screen == "/my-day" else "ana"]
        shown = browser.get(screen.format(visit=here_today, doctor=north.bose)).text
        assert "Carla Ruiz Gómez" in shown, screen
        assert [spoken for spoken in SPOKEN if spoken in shown] == [], screen


def test_who_may_open_it_sees_the_rest(page, confidential, here_today):
    shown = page("olga").get(f"/appointments/{here_today}").text
    assert "300 1234567" in shown


def test_the_screens_show_an_open_record(page, carlas_visit, here_today):
    assert "300 1234567" in page("ana").get(f"/appointments/{here_today}").text
    assert "300 1234567" in page("bose").get("/my-day").text
