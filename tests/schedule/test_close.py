"""A location, or the whole clinic, is closed for some time."""

from __future__ import annotations

import uuid

import pytest

from clinic.core.access import Actor
from clinic.core.errors import Forbidden
from clinic.schedule.timeaway import closures
from tests.booking.times import at, iso, working_day
from tests.schedule.desk import affected, book, day, needs_rescheduling, refused


def close(api, location=None, **more):
    body = {"start": day(), "all_day": True, **more}
    return api.post("/closures", body | ({"location_id": str(location)} if location else {}))


def free(api, doctor, on=None):
    return len(api.get("/slots", doctor_id=str(doctor), date=on or day()).json["items"])


@pytest.fixture
def annex(api):
    """Another location, in Paris, and Dr Ada who receives there."""
    place = api.post("/locations", {"name": "Annex", "timezone": "Europe/Paris"}).json["id"]
    ada = api.post("/doctors", {"name": "Ada", "location_ids": [place], "slot_minutes": 30}).json["id"]
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{ada}/availability", hours)
    return place, ada


def test_the_whole_clinic_is_closed(api, north, annex):
    _place, ada = annex
    assert (free(api, north.bose), free(api, ada)) == (6, 6)
    made = close(api, reason="Holiday")
    assert (made.status_code, made.json["location_id"], made.json["reason"]) == (201, None, "Holiday")
    assert (free(api, north.bose), free(api, ada)) == (0, 0)
    api.delete(f"/closures/{made.json['id']}")
    assert (free(api, north.bose), free(api, ada)) == (6, 6)


def test_one_location_is_closed_on_its_own_clock(api, north, annex):
    place, ada = annex
    made = close(api, place, start=f"{day()}T09:00:00", end=f"{day()}T10:00:00", all_day=False).json
    assert made["start"].startswith(f"{day()}T09:00:00+0"), "Paris"
    assert (free(api, north.bose), free(api, ada)) == (6, 4)
    assert api.get(f"/closures/{made['id']}", expand="location").json["location"]["name"] == "Annex"
    assert [item["id"] for item in api.get("/closures", location_id=place).json["items"]] == [made["id"]]
    assert api.get("/closures", location_id=str(north.main)).json["items"] == []


def test_an_unknown_location_cannot_be_closed(api, south):
    for strange in (south.main, uuid.UUID(int=1)):
        assert refused(close(api, strange)) == (422, "unknown_id", "/location_id")


def test_names_the_visits_of_every_doctor(api, north, annex):
    place, ada = annex
    first = book(api, north, "10:00")
    paris = api.get("/slots", doctor_id=ada, date=day()).json["items"][0]["start"]
    second = book(api, north, patient="dora", doctor_id=ada, start=paris)
    assert sorted(affected(close(api))) == sorted([first, second])
    assert affected(close(api, place)) == [second]
    assert affected(close(api, north.main)) == [first]
    assert close(api, start=working_day(1).isoformat()).status_code == 201


def test_by_force_they_need_rescheduling_until_it_opens_again(api, north):
    visit = book(api, north, "10:00")
    made = close(api, force=True).json
    assert needs_rescheduling(api, visit)
    api.patch(f"/closures/{made['id']}", {"start": iso("11:00"), "end": iso("12:00"), "all_day": False})
    assert not needs_rescheduling(api, visit)
    longer = {"start": at("09:00").isoformat()}
    assert affected(api.patch(f"/closures/{made['id']}", longer)) == [visit]


def test_a_number_of_that_day_is_affected_too(api, north):
    token = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": day()}
    visit = api.post("/appointments", token).json["id"]
    assert affected(close(api)) == [visit]
    assert close(api, start=iso("09:00"), end=iso("10:00"), all_day=False).status_code == 201, (
        "hours are left"
    )


def test_a_doctor_closes_no_clinic(in_north):
    bose = Actor("user", role="doctor", doctor_id=in_north.bose)
    with pytest.raises(Forbidden):
        closures.add(fields={"start": working_day(), "all_day": True}, by=bose)
