"""A room as the second resource of a booking."""

from __future__ import annotations

import pytest

from tests.booking.times import iso, working_day


@pytest.fixture
def scan(api, north):
    """A visit type that needs a scanner, of which there is one; it sees two people at a time."""
    api.post("/rooms", {"location_id": str(north.main), "name": "Scanner", "kind": "scanner"})
    made = api.post(
        "/services", {"name": "Scan", "duration_minutes": 30, "room_kind": "scanner", "capacity": 2}
    )
    return made.json["id"]


@pytest.fixture
def other(api):
    """Another doctor with the same hours."""
    doctor = api.post("/doctors", {"full_name": "Other Doctor", "slot_minutes": 30}).json["id"]
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{doctor}/availability", hours)
    return doctor


def book(api, north, scan, patient="carla", doctor=None, start="09:30"):
    body = {
        "patient_id": str(getattr(north, patient)),
        "doctor_id": str(doctor or north.bose),
        "start": iso(start),
        "service_id": scan,
    }
    return api.post("/appointments", body)


def test_the_booking_takes_a_free_room(api, north, scan):
    assert book(api, north, scan).json["room_id"]


def test_a_group_shares_the_room_of_its_doctor(api, north, scan):
    first, second = book(api, north, scan), book(api, north, scan, "dora")
    assert second.status_code == 201
    assert first.json["room_id"] == second.json["room_id"]
    full = book(api, north, scan, "emil")
    assert (full.status_code, full.json["code"]) == (409, "slot_taken")


def test_another_doctor_does_not_get_it_meanwhile(api, north, scan, other):
    book(api, north, scan)
    busy = book(api, north, scan, "dora", doctor=other)
    assert (busy.status_code, busy.json["code"]) == (422, "room_busy")
    assert book(api, north, scan, "dora", doctor=other, start="10:00").status_code == 201


def test_slots_without_a_free_room_are_not_offered(api, north, scan, other):
    book(api, north, scan)
    day = working_day().isoformat()
    starts = [s["start"] for s in api.get("/slots", doctor_id=other, date=day, service_id=scan).json["items"]]
    assert iso("09:30") not in starts
    assert iso("10:00") in starts
