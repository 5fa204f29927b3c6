"""API.md §4: a doctor's day; caps and tokens (§6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.booking.times import iso, today, working_day
from tests.contract.asking import booked, every_day, made, ok, person, refused

FIELDS = {
    "is_present",
    "notes",
    "max_appointments",
    "delay_minutes",
    "booked",
    "remaining",
    "last_token",
    "last_position",
}


def day_of(api, doctor, day=None):
    return ok(api.get(f"/doctors/{doctor}/days/{day or working_day()}"))


def token(api, north, patient=None, day=None, **more):
    body = {
        "patient_id": str(patient or north.carla),
        "doctor_id": str(north.tok),
        "date": (day or working_day()).isoformat(),
    }
    return api.post("/appointments", body | more)


def test_a_day_nobody_has_touched_is_an_ordinary_one(api, north):
    said = day_of(api, north.bose)
    assert said.keys() >= FIELDS
    assert said["is_present"] is True
    assert (said["booked"], said["remaining"], said["last_token"], said["last_position"]) == (0, None, 0, 0)
    assert (said["notes"], said["max_appointments"], said["delay_minutes"]) == (None, None, 0)


def test_a_day_is_put_and_stays(api, north):
    body = {"is_present": True, "notes": "late", "max_appointments": 4, "delay_minutes": 20}
    path = f"/doctors/{north.bose}/days/{working_day()}"
    assert ok(api.put(path, body)).items() >= body.items()
    assert ok(api.get(path)).items() >= body.items()
    assert ok(api.get(path))["remaining"] == 4


@pytest.mark.parametrize(
    ("body", "at"),
    [({"is_present": "yes"}, "/is_present"), ({"max_appointments": -1}, "/max_appointments"),
     ({"delay_minutes": -1}, "/delay_minutes"), ({"booked": 5}, "/booked"), ({"remaining": 5}, "/remaining")],
)  # fmt: skip
def test_what_cannot_be_is_422(api, north, body, at):
    refused(api.put(f"/doctors/{north.bose}/days/{working_day()}", body), 422, at=at)


def test_the_load_lists_every_day_from_to_both_included(api, north):
    booked(api, north)
    token(api, north)
    first, last = working_day(), working_day() + timedelta(days=2)
    days = ok(api.get(f"/doctors/{north.bose}/days", **{"from": first.isoformat(), "to": last.isoformat()}))[
        "items"
    ]
    assert [item["date"] for item in days] == [(first + timedelta(days=n)).isoformat() for n in range(3)]
    assert [item["booked"] for item in days] == [1, 0, 0]
    assert all(item.keys() >= FIELDS for item in days)
    for wrong in ({}, {"from": "2030-01-01"}, {"from": "2030-01-02", "to": "2030-01-01"}):
        refused(api.get(f"/doctors/{north.bose}/days", **wrong), 422)


def test_an_absent_doctor_books_nobody(api, north):
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"is_present": False}))
    ok(api.put(f"/doctors/{north.tok}/days/{working_day()}", {"is_present": False}))
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    refused(api.post("/appointments", body), 422, "doctor_absent")
    refused(token(api, north), 422, "doctor_absent")
    refused(api.post("/holds", {"doctor_id": str(north.bose), "start": iso("09:30")}), 422, "doctor_absent")
    assert ok(api.get("/slots", date=working_day().isoformat(), doctor_id=str(north.bose)))["items"] == []
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"is_present": True}))
    made(api, "/appointments", body)


def test_a_cap_holds_for_timed_doctors_who_have_one(api, north):
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 1}))
    booked(api, north, "09:00")
    assert day_of(api, north.bose)["remaining"] == 0
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    said = refused(api.post("/appointments", body), 409, "day_full")
    assert len(said["alternatives"]) == 3
    assert all(item["start"][:10] != working_day().isoformat() for item in said["alternatives"])
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 2}))
    made(api, "/appointments", body)


def test_the_doctors_own_cap_holds_where_the_day_has_none(api, north):
    ok(api.patch(f"/doctors/{north.bose}", {"max_appointments_per_day": 1}))
    assert day_of(api, north.bose)["remaining"] == 1
    booked(api, north, "09:00")
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    refused(api.post("/appointments", body), 409, "day_full")
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 5}))
    made(api, "/appointments", body)


def test_a_cap_of_nothing_takes_nobody(api, north):
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 0}))
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    refused(api.post("/appointments", body), 409, "day_full")


def test_a_cap_below_what_is_booked_is_kept_and_nothing_is_lost(api, north):
    for clock, patient in (("09:00", "carla"), ("10:00", "dora")):
        booked(api, north, clock, patient)
    said = ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 1}))
    assert (said["booked"], said["remaining"]) == (2, 0)


@pytest.mark.parametrize("step", ["cancel", "no-show"])
def test_a_place_is_given_back_to_the_day_at_once(api, north, step):
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 1}))
    visit = booked(api, north)["id"]
    ok(api.post(f"/appointments/{visit}/{step}"))
    assert day_of(api, north.bose)["booked"] == 0
    booked(api, north, "10:00", "dora")


# -- token days -------------------------------------------------------------------------------------------------------


def test_a_date_alone_takes_the_next_token(api, north):
    first = ok(token(api, north), 201)
    second = ok(token(api, north, north.dora), 201)
    assert (first["token"], second["token"]) == (1, 2)
    assert (first["start"], first["end"], first["date"]) == (None, None, working_day().isoformat())
    assert ok(token(api, north, day=working_day(1)), 201)["token"] == 1
    assert day_of(api, north.tok)["last_token"] == 2


def test_a_token_is_never_given_twice(api, north):
    first = ok(token(api, north), 201)["id"]
    ok(api.post(f"/appointments/{first}/cancel"))
    assert ok(token(api, north, north.dora), 201)["token"] == 2
    assert day_of(api, north.tok)["booked"] == 1


def test_the_cap_of_a_token_day_is_ten_unless_it_is_said(api, north):
    for number in range(10):
        ok(token(api, north, person(api, number)), 201)
    refused(token(api, north), 409, "day_full")
    ok(api.put(f"/doctors/{north.tok}/days/{working_day()}", {"max_appointments": 11}))
    assert ok(token(api, north), 201)["token"] == 11
    assert (
        ok(token(api, north, north.dora, overbook=True, overbook_reason="urgent"), 201)["overbooked"] is True
    )


def test_slots_lists_no_tokens_and_days_counts_them(api, north):
    query = {"date": working_day().isoformat(), "doctor_id": str(north.tok)}
    assert ok(api.get("/slots", **query))["items"] == []
    assert ok(api.get("/slots/days", **query))["items"] == [{"date": query["date"], "available": 10}]
    ok(token(api, north), 201)
    assert ok(api.get("/slots/days", **query))["items"][0]["available"] == 9


def test_a_token_doctor_with_weekly_hours_receives_on_those_days_alone(api, north):
    day = working_day()
    made(
        api,
        f"/doctors/{north.tok}/availability",
        {"weekday": day.weekday(), "start_time": "09:00", "end_time": "12:00"},
    )
    ok(token(api, north), 201)
    other = day + timedelta(days=1)
    refused(token(api, north, day=other), 422, "outside_hours")
    query = {"from": day.isoformat(), "to": other.isoformat(), "doctor_id": str(north.tok)}
    assert [item["available"] for item in ok(api.get("/slots/days", **query))["items"]] == [9, 0]


def test_a_start_for_a_token_doctor_is_refused_and_a_date_for_one_with_times(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "start": iso("09:30")}
    refused(api.post("/appointments", body), 422, "outside_hours")
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "date": working_day().isoformat()}
    refused(api.post("/appointments", body), 422)


def test_a_doctor_with_no_hours_at_all_takes_tokens_by_key(api, north):
    doctor = made(api, "/doctors", {"full_name": "No Hours"})["id"]
    body = {"patient_id": str(north.carla), "doctor_id": doctor, "date": working_day().isoformat()}
    assert made(api, "/appointments", body)["token"] == 1


def test_closures_and_blocks_hold_for_tokens(api, north):
    day = working_day().isoformat()
    block = made(api, f"/doctors/{north.tok}/blocked-times", {"start": day, "all_day": True})["id"]
    refused(token(api, north), 422, "blocked")
    api.delete(f"/blocked-times/{block}")
    made(api, "/closures", {"start": day, "all_day": True})
    refused(token(api, north), 422, "closed")


def test_a_token_in_the_past_is_refused(api, north):
    refused(token(api, north, day=today() - timedelta(days=1)), 422, "past")


def test_one_who_asks_twice_for_the_same_day_gets_two_numbers_or_a_no(api, north):
    first, second = token(api, north), token(api, north)
    assert first.status_code == 201
    assert second.status_code in (201, 409)


def test_a_doctor_of_times_whose_hours_are_every_day_has_no_numbers(api, north):
    doctor = made(api, "/doctors", {"full_name": "Every Day", "slot_minutes": 30})["id"]
    every_day(api, doctor, "09:00", "10:00")
    body = {"patient_id": str(north.carla), "doctor_id": doctor, "date": working_day().isoformat()}
    refused(api.post("/appointments", body), 422, at="/start")
