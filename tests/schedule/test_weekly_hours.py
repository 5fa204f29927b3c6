"""Weekly hours are entered, changed and taken away."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import Forbidden
from clinic.schedule.weekly import availability
from tests.booking.times import today, working_day
from tests.schedule.desk import affected, book, needs_rescheduling, refused

SATURDAY, SUNDAY = 5, 6
NEXT_SATURDAY = today() + timedelta(days=(SATURDAY - today().weekday()) % 7 + 7)


def hours(api, north, start="09:00", end="12:00", weekday=SATURDAY, **more):
    body = {"weekday": weekday, "start_time": start, "end_time": end, **more}
    return api.post(f"/doctors/{north.bose}/availability", body)


def in_the_way(answer):
    assert (answer.status_code, answer.json["code"]) == (409, "availability_overlap"), answer.json
    return answer.json["availability_id"]


def weekly_rule(north):
    """Dr Bose's hours on the working day."""
    return getattr(north, f"bose_hours_{working_day().weekday()}")


def test_the_hours_of_a_week_are_listed_in_their_order(api, north):
    late = hours(api, north, "14:00", "16:00").json
    early = hours(api, north).json
    listed = api.get(f"/doctors/{north.bose}/availability", expand="doctor,location").json["items"]
    assert [item["weekday"] for item in listed] == [0, 1, 2, 3, 4, SATURDAY, SATURDAY]
    assert [item["id"] for item in listed[-2:]] == [early["id"], late["id"]]
    assert listed[0]["doctor"]["full_name"] == "Jagadish Bose"
    assert listed[0]["location"] is None
    saturday = api.get(f"/doctors/{north.bose}/availability", weekday=SATURDAY).json["items"]
    assert [item["id"] for item in saturday] == [early["id"], late["id"]]


# -- what cannot be ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "code", "pointer"),
    [
        ({"end_time": "09:00"}, "out_of_order", "/end_time"),
        ({"end_time": "08:00"}, "out_of_order", "/end_time"),
        ({"end_time": "10:00", "ends_next_day": True}, "out_of_range", "/end_time"),
        ({"start_time": "9:00"}, "invalid_time", "/start_time"),
        ({"end_time": "24:00"}, "invalid_time", "/end_time"),
        ({"weekday": 7}, "out_of_range", "/weekday"),
        ({"capacity": 0}, "out_of_range", "/capacity"),
        ({"every_weeks": 0}, "out_of_range", "/every_weeks"),
        ({"valid_from": "2026-12-02", "valid_until": "2026-12-01"}, "out_of_order", "/valid_until"),
        ({"valid_from": "2026-02-30"}, "invalid_date", "/valid_from"),
        ({"location_id": "01a1f7ea-48dd-705f-aaf3-dbc601623f87"}, "unknown_id", "/location_id"),
        ({"service_ids": ["01a1f7ea-48dd-705f-aaf3-dbc601623f87"]}, "unknown_id", "/service_ids/0"),
    ],
)
def test_refuses_what_cannot_be(api, north, sent, code, pointer):
    body = {"weekday": SATURDAY, "start_time": "09:00", "end_time": "12:00", **sent}
    assert refused(api.post(f"/doctors/{north.bose}/availability", body)) == (422, code, pointer)


def test_a_change_is_measured_against_what_stays(api, north):
    rule = hours(api, north).json
    assert refused(api.patch(f"/availability/{rule['id']}", {"end_time": "08:00"})) == (
        422,
        "out_of_order",
        "/end_time",
    )
    assert api.get(f"/availability/{rule['id']}").json == rule


def test_an_unknown_doctor_has_no_hours(api, south):
    assert hours(api, south).status_code == 404
    assert api.get(f"/doctors/{south.bose}/availability").status_code == 404


# -- overlaps ---------------------------------------------------------------------------------------------------------


def test_no_two_hours_of_a_doctor_meet(api, north):
    first = hours(api, north).json
    refusal = hours(api, north, "11:30", "13:00")
    assert in_the_way(refusal) == first["id"]
    assert refusal.json["availability"]["start_time"] == "09:00"
    assert refusal.json["on"]
    assert hours(api, north, "12:00", "13:00").status_code == 201, "hours that touch do not overlap"
    assert hours(api, north, "09:00", "12:00", weekday=SUNDAY).status_code == 201


def test_validity_counts(api, north):
    first = hours(api, north, valid_from="2027-01-01", valid_until="2027-03-31").json
    assert hours(api, north, valid_from="2027-04-01").status_code == 201
    assert in_the_way(hours(api, north, valid_until="2027-01-02")) == first["id"]


def test_every_other_week_leaves_room_for_the_week_between(api, north):
    monday = NEXT_SATURDAY - timedelta(days=5)
    first = hours(api, north, every_weeks=2, valid_from=str(monday)).json
    assert hours(api, north, every_weeks=2, valid_from=str(monday + timedelta(days=7))).status_code == 201
    assert in_the_way(hours(api, north, every_weeks=3, valid_from=str(monday))) == first["id"]


def test_hours_past_midnight_reach_the_next_day(api, north):
    night = hours(api, north, "22:00", "06:00", ends_next_day=True).json
    assert in_the_way(hours(api, north, "05:00", "07:00", weekday=SUNDAY)) == night["id"]
    assert hours(api, north, "06:00", "07:00", weekday=SUNDAY).status_code == 201


def test_changing_and_restoring_may_meet_others_too(api, north):
    first, second = hours(api, north).json, hours(api, north, "14:00", "16:00").json
    assert in_the_way(api.patch(f"/availability/{second['id']}", {"start_time": "11:00"})) == first["id"]
    api.delete(f"/availability/{first['id']}")
    assert api.patch(f"/availability/{second['id']}", {"start_time": "11:00"}).status_code == 200
    assert in_the_way(api.post(f"/availability/{first['id']}/restore")) == second["id"]


@pytest.mark.race
def test_of_two_who_enter_the_same_hours_one_does(api, at_once, north):
    answers = at_once(6, lambda n: hours(api, north))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


# -- booked visits ----------------------------------------------------------------------------------------------------


def test_hours_with_a_booked_visit_are_not_taken_away_unasked(api, north):
    visit, rule = book(api, north, "11:30"), weekly_rule(north)
    assert affected(api.delete(f"/availability/{rule}")) == [visit]
    assert affected(api.patch(f"/availability/{rule}", {"end_time": "11:30"})) == [visit]
    assert affected(api.patch(f"/availability/{rule}", {"valid_until": "2026-01-01"})) == [visit]
    assert api.patch(f"/availability/{rule}", {"start_time": "11:00"}).status_code == 200
    assert not needs_rescheduling(api, visit)


def test_by_force_the_visit_stays_and_needs_rescheduling(api, north):
    visit, rule = book(api, north, "11:30"), weekly_rule(north)
    assert api.delete(f"/availability/{rule}", query_string={"force": "true"}).status_code == 204
    shown = api.get(f"/appointments/{visit}").json
    assert (shown["status"], shown["needs_rescheduling"], shown["version"]) == ("booked", True, 2)
    assert [item["id"] for item in api.get("/appointments", needs_rescheduling="true").json["items"]] == [
        visit
    ]


def test_a_visit_that_stands_again_needs_nothing(api, north):
    visit, rule = book(api, north, "11:30"), weekly_rule(north)
    assert api.patch(f"/availability/{rule}", {"end_time": "11:00", "force": True}).status_code == 200
    assert needs_rescheduling(api, visit)
    assert api.patch(f"/availability/{rule}", {"end_time": "12:00"}).status_code == 200
    assert not needs_rescheduling(api, visit)


def test_a_visit_that_lost_its_hours_already_loses_them_only_once(api, north):
    visit, rule = book(api, north, "11:30"), weekly_rule(north)
    api.patch(f"/availability/{rule}", {"end_time": "11:00", "force": True})
    assert api.patch(f"/availability/{rule}", {"end_time": "10:00"}).status_code == 200
    assert needs_rescheduling(api, visit)


def test_who_has_come_and_gone_loses_nothing(api, north):
    visit = book(api, north, "11:30")
    api.post(f"/appointments/{visit}/cancel")
    assert api.delete(f"/availability/{weekly_rule(north)}").status_code == 204


def test_hours_that_are_added_take_nothing_away(api, north):
    ada = api.post("/doctors", {"name": "Ada"}).json["id"]
    number = book(api, north, doctor_id=ada, date=working_day().isoformat())
    other_day = {"weekday": working_day(1).weekday(), "start_time": "09:00", "end_time": "12:00"}
    assert api.post(f"/doctors/{ada}/availability", other_day).status_code == 201
    assert not needs_rescheduling(api, number)


# -- whose hours ------------------------------------------------------------------------------------------------------


def doctor(clinic, name="bose"):
    return Actor("user", role="doctor", doctor_id=getattr(clinic, name))


def test_doctors_change_their_own_hours_and_no_others(in_north):
    saturday = {"weekday": SATURDAY, "start_time": time(9), "end_time": time(12)}
    made = availability.add(fields={**saturday, "doctor_id": in_north.bose}, by=doctor(in_north))
    with pytest.raises(Forbidden):
        availability.add(fields={**saturday, "doctor_id": in_north.tok}, by=doctor(in_north))
    with pytest.raises(Forbidden):
        availability.remove(made.id, by=doctor(in_north, "tok"))
    assert availability.one(made.id).is_active
    denied = db.rows("SELECT 1 FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'access.denied'")
    assert len(denied) == 2
