"""A doctor, a visit type, a room or a location is given up, and brought back."""

from __future__ import annotations

import pytest

from tests.booking.times import iso
from tests.schedule.desk import affected, book, day, needs_rescheduling


@pytest.fixture
def given_up(api, north):
    """Where each of the four stands with which Carla's visit is booked."""
    room = api.post("/rooms", {"location_id": str(north.main), "name": "Lab", "kind": "lab"}).json["id"]
    service = api.post("/services", {"name": "Blood", "duration_minutes": 30, "room_kind": "lab"}).json["id"]
    visit = book(api, north, service_id=service)
    assert api.get(f"/appointments/{visit}").json["room_id"] == room
    return visit, {
        "doctor": f"/doctors/{north.bose}",
        "service": f"/services/{service}",
        "room": f"/rooms/{room}",
        "location": f"/locations/{north.main}",
    }


@pytest.mark.parametrize("what", ["doctor", "service", "room", "location"])
def test_not_under_a_booked_visit_unless_forced(api, north, given_up, what):
    visit, places = given_up
    where = places[what]
    assert affected(api.delete(where)) == [visit]
    assert api.get(where).json["is_active"] is True
    assert api.delete(where, query_string={"force": "true"}).status_code == 204
    assert needs_rescheduling(api, visit)
    assert api.delete(where).status_code == 204, "twice is harmless"
    back = api.post(f"{where}/restore")
    assert (back.status_code, back.json["is_active"]) == (200, True)
    assert not needs_rescheduling(api, visit)


@pytest.mark.parametrize("what", ["doctor", "service", "room", "location"])
def test_without_visits_nobody_is_asked(api, north, given_up, what):
    visit, places = given_up
    api.post(f"/appointments/{visit}/cancel")
    assert api.delete(places[what]).status_code == 204


def test_two_reasons_are_two_reasons(api, north, given_up):
    visit, places = given_up
    api.delete(places["service"], query_string={"force": "true"})
    api.delete(places["room"], query_string={"force": "true"})
    api.post(f"{places['service']}/restore")
    assert needs_rescheduling(api, visit), "the room is still missing"
    api.post(f"{places['room']}/restore")
    assert not needs_rescheduling(api, visit)


def test_an_inactive_doctor_is_offered_no_more(api, north):
    assert api.delete(f"/doctors/{north.bose}").status_code == 204
    assert [item["full_name"] for item in api.get("/doctors").json["items"]] == ["Tomás Tok"]
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("10:00")}
    assert api.post("/appointments", body).status_code == 422
    assert api.get("/slots", date=day()).json["items"] == []


def test_a_doctor_who_no_longer_does_it_leaves_the_visit_standing_nowhere(api, north, given_up):
    visit, _places = given_up
    only = {"service_ids": [str(north.visit)]}
    assert affected(api.patch(f"/doctors/{north.bose}", only)) == [visit]
    assert api.patch(f"/doctors/{north.bose}", {**only, "force": True}).status_code == 200
    assert needs_rescheduling(api, visit)


def test_another_clinics_location_is_not_found(api_of, north):
    stranger = api_of("south")
    assert stranger.delete(f"/locations/{north.main}").status_code == 404
    assert stranger.post(f"/locations/{north.main}/restore").status_code == 404
