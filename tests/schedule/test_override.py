"""The hours of one date, in place of the weekly ones."""

from __future__ import annotations

import pytest

from tests.booking.times import iso, working_day
from tests.schedule.desk import affected, book, day, needs_rescheduling, refused


def override(api, north, *intervals, on=None, **more):
    spans = [dict(zip(("start_time", "end_time"), text.split("-"), strict=True)) for text in intervals]
    body = {"date": on or day(), "intervals": spans, **more}
    return api.post(f"/doctors/{north.bose}/overrides", body)


def starts(api, north):
    return [slot["start"] for slot in api.get("/slots", doctor_id=str(north.bose), date=day()).json["items"]]


def test_a_date_has_other_hours(api, north):
    made = override(api, north, "16:00-17:00", "14:00-15:00")
    assert made.json["intervals"] == [
        {"start_time": "14:00", "end_time": "15:00", "ends_next_day": False},
        {"start_time": "16:00", "end_time": "17:00", "ends_next_day": False},
    ]
    assert starts(api, north) == [iso(clock) for clock in ("14:00", "14:30", "16:00", "16:30")]
    api.delete(f"/overrides/{made.json['id']}")
    assert starts(api, north)[0] == iso("09:00")


def test_a_date_without_intervals_is_closed(api, north):
    assert override(api, north).json["intervals"] == []
    assert starts(api, north) == []


def test_a_night_shift_says_that_it_ends_the_next_day(api, north):
    night = {"start_time": "22:00", "end_time": "02:00"}
    url = f"/doctors/{north.bose}/overrides"
    wrong = api.post(url, {"date": day(), "intervals": [night]})
    assert refused(wrong) == (422, "out_of_order", "/intervals/0/end_time")
    made = api.post(url, {"date": day(), "intervals": [{**night, "ends_next_day": True}]}).json
    assert made["intervals"] == [{**night, "ends_next_day": True}]


@pytest.mark.parametrize(
    ("intervals", "code", "pointer"),
    [
        (["09:00-12:00", "11:00-13:00"], "availability_overlap", "/intervals/1"),
        (["11:00-13:00", "09:00-12:00"], "availability_overlap", "/intervals/0"),
        (["12:00-09:00"], "out_of_order", "/intervals/0/end_time"),
        (["09:00-09:00"], "out_of_order", "/intervals/0/end_time"),
    ],
)
def test_refuses_intervals_that_cannot_be(api, north, intervals, code, pointer):
    assert refused(override(api, north, *intervals)) == (422, code, pointer)


def test_a_date_has_one_override(api, north):
    first = override(api, north).json
    second = override(api, north, "14:00-15:00")
    assert (second.status_code, second.json["code"], second.json["existing_id"]) == (
        409,
        "override_exists",
        first["id"],
    )
    api.delete(f"/overrides/{first['id']}")
    assert override(api, north, "14:00-15:00").status_code == 201
    assert api.post(f"/overrides/{first['id']}/restore").json["code"] == "override_exists"


@pytest.mark.race
def test_of_two_overrides_at_once_one_is_made(api, at_once, north):
    answers = at_once(6, lambda n: override(api, north))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


def test_is_listed_by_its_date(api, north):
    first, second = override(api, north).json, override(api, north, on=working_day(1).isoformat()).json
    url = f"/doctors/{north.bose}/overrides"
    assert [item["id"] for item in api.get(url).json["items"]] == [first["id"], second["id"]]
    late = api.get(url, **{"from": working_day(1).isoformat(), "to": working_day(1).isoformat()})
    assert [item["id"] for item in late.json["items"]] == [second["id"]]


def test_keeps_the_time_of_booked_visits_unless_forced(api, north):
    visit = book(api, north, "09:30")
    assert affected(override(api, north)) == [visit]
    assert affected(override(api, north, "10:00-12:00")) == [visit]
    assert override(api, north, "09:00-10:00").status_code == 201


def test_an_extra_day_is_not_taken_away_under_a_visit(api, north):
    extra = override(api, north, "14:00-16:00").json
    visit = book(api, north, "14:30")
    assert affected(api.delete(f"/overrides/{extra['id']}")) == [visit]
    assert api.delete(f"/overrides/{extra['id']}", query_string={"force": "true"}).status_code == 204
    assert needs_rescheduling(api, visit)
    assert api.post(f"/overrides/{extra['id']}/restore").status_code == 200
    assert not needs_rescheduling(api, visit)
