"""A doctor is away, late, or takes fewer: said on one page, and who is affected is the next."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.times import iso, working_day

DAY = "/desk/doctor-day"


def address(doctor: Any) -> str:
    return f"{DAY}?doctor={doctor}&date={working_day()}"


def booked(api: Any, north: Any) -> str:
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    id: str = api.post("/appointments", body).json["id"]
    return id


def day_of(api: Any, doctor: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/doctors/{doctor}/days/{working_day()}").json
    return found


def test_first_whose_day(page: Any, north: Any) -> None:
    ana = page("ana")
    first = ana.get(DAY)
    assert first.h1 == "Away or late"
    assert "Which doctor?" in first
    shown = ana.post_form(first, {"doctor": north.bose, "date": str(working_day())}, form=DAY)
    assert shown.find("#presence-0").get("value") == "here"


def test_late_a_cap_and_a_note(page: Any, api: Any, north: Any) -> None:
    ana = page("ana")
    typed = {"late": "20", "most": "5", "notes": "Comes by bus"}
    board = ana.post_form(ana.get(address(north.bose)), typed, form="Save")
    assert board.url.startswith("/desk?date=")
    kept = day_of(api, north.bose)
    assert (kept["delay_minutes"], kept["max_appointments"], kept["notes"]) == (20, 5, "Comes by bus")
    again = ana.get(address(north.bose))
    assert again.find("#late").get("value") == "20"


def test_away_with_nobody_booked(page: Any, api: Any, north: Any) -> None:
    ana = page("ana")
    ana.post_form(ana.get(address(north.bose)), {"presence": "away"}, form="Save")
    assert day_of(api, north.bose)["is_present"] is False


def test_away_with_visits_booked_leads_to_the_list(page: Any, api: Any, north: Any) -> None:
    visit = booked(api, north)
    ana = page("ana")
    asked = ana.post_form(ana.get(address(north.bose)), {"presence": "away"}, form="Save", status=409)
    assert "1 visit is booked in this time" in asked
    assert day_of(api, north.bose)["is_present"] is True, "nothing is done yet"
    listed = ana.post_form(asked, {}, form="Save", button="Mark as away and see the list")
    assert listed.h1 == "Visits to move"
    assert "Carla Ruiz Gómez" in listed
    assert api.get(f"/appointments/{visit}").json["needs_rescheduling"] is True
    assert day_of(api, north.bose)["is_present"] is False


@pytest.mark.parametrize("typed", [{"late": "soon"}, {"late": "2000"}, {"most": "-1"}, {"notes": "x" * 600}])
def test_what_cannot_be_is_said_at_the_field(page: Any, north: Any, typed: dict[str, str]) -> None:
    ana = page("ana")
    again = ana.post_form(ana.get(address(north.bose)), typed, form="Save", status=422)
    ((name, value),) = typed.items()
    assert again.find(f"#{name}-error")
    assert again.find(f"#{name}").get("value") == value


def test_two_at_once_are_told(page: Any, api: Any, north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north.bose))
    api.put(f"/doctors/{north.bose}/days/{working_day()}", {"delay_minutes": 5})
    ana.post_form(form, {"late": "10"}, form="Save", status=412)
    assert day_of(api, north.bose)["delay_minutes"] == 5


def test_a_doctor_says_it_of_their_own_day_alone(page: Any, api: Any, north: Any) -> None:
    bose = page("bose")
    own = bose.get(f"{DAY}?doctor={north.tok}&date={working_day()}")
    assert own.find('input[name="doctor"]').get("value") == str(north.bose)
    bose.post_form(own, {"doctor": north.tok, "late": "10"}, form="Save", status=404)
    bose.post_form(own, {"late": "10"}, form="Save")
    assert day_of(api, north.bose)["delay_minutes"] == 10
