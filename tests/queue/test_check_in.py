"""Check-in and walk-in: who is here gets a number."""

from __future__ import annotations

import psycopg
import pytest

from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.queue import arriving
from tests.booking.times import iso, today


def person(api, number):
    return api.post("/patients", {"full_name": f"Person {number}", "phone": f"3004440{number:03d}"}).json[
        "id"
    ]


def token(api, north, patient=None):
    body = {
        "patient_id": str(patient or north.carla),
        "doctor_id": str(north.tok),
        "date": today().isoformat(),
    }
    return api.post("/appointments", body).json["id"]


def test_checks_in_and_gives_the_first_number(api, north):
    visit = token(api, north)
    answer = api.post("/checkins", {"appointment_id": visit, "patient_id": str(north.carla)})
    assert answer.status_code == 201
    body = answer.json
    assert (body["queue_position"], body["status"], body["ahead"]) == (1, "waiting", 0)
    assert body["ticket"]
    assert api.get(f"/checkins/{body['id']}").json["queue_position"] == 1
    assert api.get(f"/appointments/{visit}").json["status"] == "checked_in"


def test_twice_is_refused(api, north):
    visit = token(api, north)
    api.post("/checkins", {"appointment_id": visit})
    again = api.post("/checkins", {"appointment_id": visit})
    assert (again.status_code, again.json["code"]) == (409, "already_checked_in")


def test_another_patients_visit_is_refused(api, north):
    wrong = api.post("/checkins", {"appointment_id": token(api, north), "patient_id": str(north.dora)})
    assert (wrong.status_code, wrong.json["code"]) == (422, "wrong_patient")


def test_only_on_the_day(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    visit = api.post("/appointments", body).json["id"]
    early = api.post("/checkins", {"appointment_id": visit})
    assert (early.status_code, early.json["code"]) == (422, "not_today")


def test_another_clinics_visit_is_unknown(api, api_of, north):
    visit = token(api, north)
    strange = api_of("south").post("/checkins", {"appointment_id": visit})
    assert (strange.status_code, strange.json["code"]) == (422, "unknown_id")


def test_an_undone_check_in_wakes_with_its_old_number(api, north):
    visits = [token(api, north, person(api, n)) for n in range(2)]
    first = api.post("/checkins", {"appointment_id": visits[0]}).json
    api.post("/checkins", {"appointment_id": visits[1]})
    assert api.post(f"/appointments/{visits[0]}/undo").json["status"] == "booked"
    queue = api.get(f"/doctors/{north.tok}/queue").json["items"]
    assert [entry["queue_position"] for entry in queue] == [2]
    again = api.post("/checkins", {"appointment_id": visits[0]}).json
    assert (again["id"], again["queue_position"]) == (first["id"], 1)


def test_a_walk_in_makes_the_visit_and_the_entry_in_one(api, north):
    answer = api.post(
        "/checkins", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "walk_in": True}
    )
    assert answer.status_code == 201
    visit = api.get(f"/appointments/{answer.json['appointment_id']}").json
    assert (visit["start"], visit["source"], visit["status"]) == (None, "walk_in", "checked_in")
    assert visit["date"] == today().isoformat()


def test_a_walk_in_to_a_specialty_takes_its_shortest_queue(api, north):
    other = api.post("/doctors", {"full_name": "Other One", "specialties": ["general"]}).json["id"]
    api.post("/checkins", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "walk_in": True})
    answer = api.post("/checkins", {"patient_id": str(north.dora), "specialty": "general", "walk_in": True})
    assert answer.json["doctor_id"] == other


def test_a_walk_in_may_be_a_new_patient(api, north):
    body = {
        "patient": {"full_name": "New Here", "phone": "3009998877"},
        "doctor_id": str(north.bose),
        "walk_in": True,
    }
    assert api.post("/checkins", body).status_code == 201


@pytest.mark.race
def test_many_at_once_get_numbers_without_gaps_or_doubles(api, app, north, at_once, superuser):
    api.put(f"/doctors/{north.tok}/days/{today()}", {"max_appointments": 40})
    visits = [token(api, north, person(api, n)) for n in range(20)]

    def check_in(number):
        with entering.acting_in("north"):
            return arriving.check_in(appointment_id=visits[number], by=SYSTEM)

    entries = at_once(20, check_in)
    assert sorted(entry.position for entry in entries) == list(range(1, 21))
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT last_position FROM doctor_day").fetchone() == (20,)
