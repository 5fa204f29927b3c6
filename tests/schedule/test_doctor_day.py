"""A doctor's day: there or not, how many, how late; and how full the days are."""

from __future__ import annotations

import uuid
from datetime import timedelta

import psycopg
import pytest

from clinic.core.access import Actor
from clinic.core.errors import Forbidden
from clinic.schedule import days
from clinic.schedule.caps import effective_cap
from tests.booking.times import working_day
from tests.schedule.desk import affected, book, cost, day, needs_rescheduling, refused


def put(api, doctor, on=None, **body):
    return api.put(f"/doctors/{doctor}/days/{on or day()}", body)


def token(api, north, patient, on=None):
    body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.tok), "date": on or day()}
    return api.post("/appointments", body)


def test_a_day_nobody_touched_is_present_and_empty(api, north):
    assert api.get(f"/doctors/{north.bose}/days/{day()}").json == {
        "doctor_id": str(north.bose), "date": day(), "is_present": True, "notes": None, "max_appointments": None,
        "delay_minutes": 0, "cap": None, "booked": 0, "excess": 0, "remaining": None, "last_token": 0,
        "last_position": 0, "version": 0,
    }  # fmt: skip


def test_is_changed_by_what_is_named(api, north):
    first = put(api, north.bose, notes="Late start", delay_minutes=20)
    assert (first.status_code, first.headers["ETag"]) == (200, '"1"')
    second = put(api, north.bose, max_appointments=4).json
    assert (second["notes"], second["delay_minutes"], second["version"]) == ("Late start", 20, 2)
    assert (second["cap"], second["remaining"]) == (4, 4)
    cleared = put(api, north.bose, max_appointments=None, notes=None).json
    assert (cleared["max_appointments"], cleared["notes"], cleared["remaining"]) == (None, None, None)
    assert api.get(f"/doctors/{north.bose}/days/{day()}").json == cleared


def test_refuses_a_change_of_another_version(api, north):
    url = f"/doctors/{north.bose}/days/{day()}"
    assert api.put(url, {"notes": "a"}, headers={"If-Match": '"0"'}).status_code == 200
    assert api.put(url, {"notes": "b"}, headers={"If-Match": '"0"'}).json["code"] == "stale_version"


@pytest.mark.parametrize(
    ("sent", "code", "pointer"),
    [
        ({"is_present": None}, "required", "/is_present"),
        ({"is_present": "no"}, "invalid_type", "/is_present"),
        ({"max_appointments": -1}, "out_of_range", "/max_appointments"),
        ({"delay_minutes": 1441}, "out_of_range", "/delay_minutes"),
        ({"booked": 3}, "unknown_field", "/booked"),
    ],
)
def test_refuses_what_cannot_be(api, north, sent, code, pointer):
    assert refused(put(api, north.bose, **sent)) == (422, code, pointer)


def test_a_day_that_does_not_exist(api, north, south):
    assert refused(put(api, north.bose, on="2027-02-30", notes="x")) == (422, "invalid_date", "/date")
    assert put(api, south.bose, notes="x").status_code == 404
    assert api.get(f"/doctors/{uuid.UUID(int=1)}/days/{day()}").status_code == 404


# -- the cap ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "cap"),
    [
        ({}, None),
        ({"clinic": 7, "fallback": 10}, None),
        ({"doctor": 5, "clinic": 7}, 5),
        ({"day": 3, "doctor": 5}, 3),
        ({"day": 0, "doctor": 5}, 0),
        ({"booking_mode": "token", "fallback": 10}, 10),
        ({"booking_mode": "token", "clinic": 7, "fallback": 10}, 7),
        ({"has_hours": False, "fallback": 10}, 10),
        ({"booking_mode": "token", "day": 3, "doctor": 5, "clinic": 7, "fallback": 10}, 3),
    ],
)
def test_the_nearest_cap_counts(said, cap):
    assert effective_cap(**said) == cap


def test_a_token_doctor_takes_what_the_clinic_says(api, north):
    url = f"/doctors/{north.tok}/days/{day()}"
    assert api.get(url).json["remaining"] == 10
    api.patch("/settings", {"max_appointments_per_doctor_per_day": 3})
    assert api.get(url).json["remaining"] == 3
    api.patch(f"/doctors/{north.tok}", {"max_appointments_per_day": 2})
    assert api.get(url).json["cap"] == 2
    assert token(api, north, "carla").json["token"] == 1
    shown = api.get(url).json
    assert (shown["booked"], shown["remaining"], shown["last_token"]) == (1, 1, 1)


def test_a_cap_below_what_is_booked_is_kept_and_says_so(api, north):
    for patient in ("carla", "dora"):
        assert token(api, north, patient).status_code == 201
    lowered = put(api, north.tok, max_appointments=1).json
    assert [lowered[name] for name in ("cap", "booked", "excess", "remaining")] == [1, 2, 1, 0]
    assert token(api, north, "emil").json["code"] == "day_full"
    raised = put(api, north.tok, max_appointments=3).json
    assert [raised[name] for name in ("cap", "booked", "excess", "remaining")] == [3, 2, 0, 1]
    assert token(api, north, "emil").status_code == 201


@pytest.mark.race
def test_a_cap_that_falls_while_others_book_holds(api, at_once, north):
    people = [
        api.post("/patients", {"full_name": f"Racer {n}", "phone": f"30044400{n:02d}"}).json["id"]
        for n in range(8)
    ]

    def act(n):
        if n == 0:
            return put(api, north.tok, max_appointments=3)
        return api.post(
            "/appointments", {"patient_id": people[n], "doctor_id": str(north.tok), "date": day()}
        )

    answers = at_once(8, act)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    won = sum(answer.status_code == 201 for answer in answers[1:])
    shown = api.get(f"/doctors/{north.tok}/days/{day()}").json
    assert shown["booked"] == won
    assert shown["booked"] <= shown["cap"] + shown["excess"]


# -- absence ----------------------------------------------------------------------------------------------------------


def test_an_absence_names_the_visits_of_the_day(api, north):
    visit, other = book(api, north, "10:00"), book(api, north, date=day(), doctor_id=str(north.tok))
    assert affected(put(api, north.bose, is_present=False)) == [visit]
    assert affected(put(api, north.tok, is_present=False)) == [other]
    assert put(api, north.bose, on=working_day(1), is_present=False).status_code == 200


def test_by_force_they_need_rescheduling_until_the_doctor_is_back(api, north):
    visit = book(api, north, "10:00")
    assert put(api, north.bose, is_present=False, force=True).json["is_present"] is False
    assert needs_rescheduling(api, visit)
    assert api.get("/slots", doctor_id=str(north.bose), date=day()).json["items"] == []
    late = api.post(
        "/appointments",
        {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": f"{day()}T09:00:00"},
    )
    assert (late.status_code, late.json["code"]) == (422, "doctor_absent")
    put(api, north.bose, is_present=True)
    assert not needs_rescheduling(api, visit)


def test_doctors_and_the_desk_say_who_is_there(in_north):
    bose = Actor("user", role="doctor", doctor_id=in_north.bose)
    assert not days.put(in_north.bose, on=working_day(), fields={"is_present": False}, by=bose).is_present
    with pytest.raises(Forbidden):
        days.put(in_north.tok, on=working_day(), fields={"is_present": False}, by=bose)
    ana = Actor("user", role="receptionist")
    assert days.put(in_north.tok, on=working_day(), fields={"delay_minutes": 5}, by=ana).delay_minutes == 5
    assert ana.may("schedule.doctor_day")
    assert not ana.may("schedule.own_hours")


def test_is_on_record(api, north, superuser):
    put(api, north.bose, notes="x")
    with psycopg.connect(superuser) as connection:
        details = connection.execute(
            "SELECT details FROM audit_event WHERE act = 'doctor_day.change'"
        ).fetchall()
    assert details == [({"date": day(), "fields": ["notes"]},)]


# -- the load ---------------------------------------------------------------------------------------------------------


def test_the_load_lists_every_day(api, north):
    token(api, north, "carla")
    url = f"/doctors/{north.tok}/days"
    listed = api.get(url, **{"from": day(), "to": working_day(1).isoformat()}).json["items"]
    assert (listed[0]["date"], listed[-1]["date"]) == (day(), working_day(1).isoformat())
    assert [listed[0][name] for name in ("booked", "remaining", "last_token")] == [1, 9, 1]
    assert [listed[-1][name] for name in ("booked", "remaining", "last_token")] == [0, 10, 0]


def test_the_load_comes_in_pages(api, north):
    query = {"from": "2027-01-01", "to": "2027-01-05"}
    url, found, cursor = f"/doctors/{north.tok}/days", [], None
    while True:
        page = api.get(url, limit=2, **query, **({"cursor": cursor} if cursor else {})).json
        found += [item["date"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [f"2027-01-0{number}" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2027-01-02", "to": "2027-01-01"}, "out_of_range"),
        ({"from": "2027-01-01", "to": "2028-01-02"}, "out_of_range"),
        ({"to": "2028-01-02"}, "required"),
        ({"from": "soon", "to": "2028-01-02"}, "invalid_date"),
    ],
)
def test_the_load_has_bounds(api, north, query, code):
    answer = api.get(f"/doctors/{north.tok}/days", **query)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_the_load_costs_the_same_for_a_day_and_a_year(api, north, statements):
    def load(last):
        query = {"from": day(), "to": str(last), "limit": 200}
        return cost(statements, api, f"/doctors/{north.tok}/days", **query)

    assert load(working_day()) == load(working_day() + timedelta(days=360)) <= 6
