"""Booking several visits at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinic.booking import group
from clinic.booking.asking import Asked
from clinic.core import entering
from clinic.core.access import SYSTEM
from tests.booking.times import at, iso, working_day


def item(north, patient, start, **more):
    return {
        "patient_id": str(getattr(north, patient)),
        "doctor_id": str(north.bose),
        "start": iso(start),
        **more,
    }


def test_books_two_children_one_after_the_other(api, north):
    answer = api.post(
        "/appointments/group", {"items": [item(north, "dora", "09:30"), item(north, "emil", "10:00")]}
    )
    assert answer.status_code == 201
    assert [visit["start"] for visit in answer.json["items"]] == [iso("09:30"), iso("10:00")]
    assert [visit["patient_id"] for visit in answer.json["items"]] == [str(north.dora), str(north.emil)]
    assert api.get(f"/appointments/{answer.json['items'][1]['id']}").json == answer.json["items"][1]


def test_times_and_numbers_go_together(api, north):
    token = {"patient_id": str(north.emil), "doctor_id": str(north.tok), "date": working_day().isoformat()}
    answer = api.post("/appointments/group", {"items": [item(north, "dora", "09:30"), token]})
    assert [visit["token"] for visit in answer.json["items"]] == [None, 1]


def test_all_or_none(api, north):
    api.post("/appointments", item(north, "carla", "10:00"))
    refused = api.post(
        "/appointments/group", {"items": [item(north, "dora", "09:30"), item(north, "emil", "10:00")]}
    )
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert refused.json["errors"][0]["pointer"] == "/items/1/start"
    assert refused.json["errors"][0]["code"] == "slot_taken"
    # What the first of the group would have taken is no alternative for the second.
    assert [slot["start"] for slot in refused.json["alternatives"]] == [
        iso("09:00"),
        iso("10:30"),
        iso("11:00"),
    ]
    assert api.get("/appointments", patient_id=str(north.dora)).json["items"] == []


def test_two_of_a_group_do_not_share_a_place(api, north):
    refused = api.post(
        "/appointments/group", {"items": [item(north, "dora", "09:30"), item(north, "emil", "09:30")]}
    )
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/items/1/start")


def test_nor_is_one_patient_in_two_places(api, north):
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json["id"]
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{other}/availability", hours)
    both = [item(north, "dora", "09:30"), item(north, "dora", "09:30", doctor_id=other)]
    refused = api.post("/appointments/group", {"items": both})
    assert (refused.status_code, refused.json["code"]) == (409, "patient_busy")
    assert refused.json["errors"][0]["pointer"] == "/items/1/patient_id"


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        ({"start": "2020-01-01T09:00:00Z"}, "past", "/items/1/start"),
        ({"start": None}, "required", "/items/1/start"),
        ({"patient_id": None}, "required", "/items/1/patient_id"),
        ({"service_id": "01900000-0000-7000-8000-000000000000"}, "unknown_id", "/items/1/service_id"),
        ({"date": "2030-01-01"}, "contradicts_start", "/items/1/date"),
        ({"start": "soon"}, "invalid_time", "/items/1/start"),
        ({"idempotency_key": "k"}, "unknown_field", "/items/1/idempotency_key"),
        ({"appointment_type": "seance"}, "unknown_code", "/items/1/appointment_type"),
    ],
)
def test_what_is_wrong_is_told_at_its_item(api, north, wrong, code, pointer):
    items = [item(north, "dora", "09:30"), {**item(north, "emil", "10:00"), **wrong}]
    refused = api.post("/appointments/group", {"items": items})
    assert (refused.status_code, refused.json["code"]) == (422, code)
    assert refused.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("items", [[], None, [{}] * 51])
def test_a_group_has_a_few_visits(api, items):
    assert api.post("/appointments/group", {"items": items}).status_code == 422


def test_a_new_family_is_made_with_its_visits_or_not_at_all(api, north):
    child = {"full_name": "Nina Nueva Ríos", "phone": "300 765 4321"}
    new = {**item(north, "dora", "10:00"), "patient": child}
    del new["patient_id"]
    refused = api.post("/appointments/group", {"items": [new, item(north, "emil", "12:00")]})
    assert refused.status_code == 422
    assert api.get("/patients", q="Nina Nueva").json["items"] == []
    booked = api.post("/appointments/group", {"items": [new, {**new, "start": iso("10:30")}]}).json["items"]
    assert booked[0]["patient_id"] == booked[1]["patient_id"]


def test_the_same_key_books_once(api, north):
    body = {"items": [item(north, "dora", "09:30"), item(north, "emil", "10:00")]}
    first = api.post("/appointments/group", body, headers={"Idempotency-Key": "g1"})
    again = api.post("/appointments/group", body, headers={"Idempotency-Key": "g1"})
    assert (first.status_code, first.data) == (201, again.data)


def test_patients_book_for_themselves_and_readers_for_nobody(api_of, json_as, north):
    mine = {"items": [item(north, "carla", "09:30"), item(north, "dora", "10:00")]}
    refused = json_as("carla").post("/appointments/group", mine)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/items/1/patient_id")
    reading = api_of("north", ["appointments:read"])
    assert reading.post("/appointments/group", mine).status_code == 403


def test_another_clinics_patient_is_unknown(api, north, south):
    items = [item(north, "dora", "09:30"), item(north, "emil", "10:00", patient_id=str(south.pierre))]
    refused = api.post("/appointments/group", {"items": items})
    assert (refused.json["code"], refused.json["errors"][0]["pointer"]) == (
        "unknown_id",
        "/items/1/patient_id",
    )


@pytest.mark.race
def test_groups_that_cross_never_wait_in_a_circle(app, api, north, at_once, server):
    """Half of them ask in one order, half in the other, for the same two doctors' days."""
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json["id"]
    for ahead in range(5):
        hours = {"weekday": ahead, "start_time": "09:00", "end_time": "12:00"}
        api.post(f"/doctors/{other}/availability", hours)
    people = [
        api.post("/patients", {"full_name": f"Twin {n}", "phone": f"30044400{n:02d}"}).json["id"]
        for n in range(16)
    ]
    starts = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    log = Path(server["log"])
    logged = len(log.read_text())

    def book(n):
        pair = [
            Asked(patient_id=people[2 * n], doctor_id=north.bose, start=at(starts[n % 6])),
            Asked(patient_id=people[2 * n + 1], doctor_id=other, start=at(starts[n % 6], 1)),
        ]
        with entering.acting_in("north"):
            return group.book_all(items=pair if n % 2 else pair[::-1], by=SYSTEM)

    answers = at_once(8, book)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 6
    assert {type(answer).__name__ for answer in answers if isinstance(answer, Exception)} == {"SlotTaken"}
    assert "deadlock detected" not in log.read_text()[logged:]
