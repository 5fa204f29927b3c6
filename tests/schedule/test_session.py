"""Hours that come once, on top of the weekly ones."""

from __future__ import annotations

import pytest

from tests.booking.times import at, iso
from tests.schedule.desk import affected, book, needs_rescheduling, refused


def session(api, north, clock="15:00", minutes=60, **more):
    body = {"doctor_id": str(north.bose), "start": iso(clock), "duration_minutes": minutes, **more}
    return api.post("/sessions", {name: value for name, value in body.items() if value is not None})


def test_ends_after_its_duration_or_when_it_says(api, north):
    first = session(api, north).json
    assert (first["start"], first["end"], first["duration_minutes"]) == (iso("15:00"), iso("16:00"), 60)
    second = session(api, north, "17:00", None, end=iso("18:30")).json
    assert (second["end"], second["duration_minutes"]) == (iso("18:30"), 90)


def test_a_time_without_an_offset_is_the_clock_of_the_location(api, north):
    naive = at("15:00").replace(tzinfo=None).isoformat()
    assert session(api, north, start=naive).json["start"] == iso("15:00")
    paris = api.post("/locations", {"name": "Paris", "timezone": "Europe/Paris"}).json["id"]
    there = session(api, north, start=naive, location_id=paris).json
    assert there["start"].startswith(naive)
    assert there["start"][-6:] in ("+01:00", "+02:00")


def test_a_time_that_the_clock_skips_is_refused(api, north):
    paris = api.post("/locations", {"name": "Paris", "timezone": "Europe/Paris"}).json["id"]
    skipped = session(api, north, start="2027-03-28T02:30:00", location_id=paris)
    assert refused(skipped) == (422, "nonexistent_time", "/start")


@pytest.mark.parametrize(
    ("sent", "code", "pointer"),
    [
        ({"duration_minutes": None}, "required", "/end"),
        ({"end": iso("16:00")}, "contradicts_duration", "/end"),
        ({"duration_minutes": None, "end": iso("15:00")}, "out_of_order", "/end"),
        ({"duration_minutes": 0}, "out_of_range", "/duration_minutes"),
        ({"doctor_id": "01a1f7ea-48dd-705f-aaf3-dbc601623f87"}, "unknown_id", "/doctor_id"),
        ({"start": "tomorrow"}, "invalid_time", "/start"),
    ],
)
def test_refuses_what_cannot_be(api, north, sent, code, pointer):
    body = {"doctor_id": str(north.bose), "start": iso("15:00"), "duration_minutes": 60, **sent}
    answer = api.post("/sessions", {name: value for name, value in body.items() if value is not None})
    assert refused(answer) == (422, code, pointer)


def test_is_found_by_doctor_place_and_time(api, north):
    made = session(api, north).json["id"]
    elsewhere = session(api, north, doctor_id=str(north.tok)).json["id"]

    def found(**query):
        return [item["id"] for item in api.get("/sessions", **query).json["items"]]

    assert set(found()) == {made, elsewhere}
    assert found(doctor_id=str(north.bose)) == [made]
    day = at("15:00").date().isoformat()
    assert found(doctor_id=str(north.bose), **{"from": day, "to": day}) == [made]
    assert found(doctor_id=str(north.bose), to=iso("15:00")) == []
    assert found(**{"doctor_id": str(north.bose), "from": iso("16:00")}) == []


def test_says_how_many_are_booked_and_when_it_is_full(api, north):
    made = session(api, north, capacity=2).json
    assert (made["booked_count"], made["is_booked"]) == (0, False)
    url = f"/sessions/{made['id']}"
    book(api, north, "15:00")
    book(api, north, "15:30", "dora")
    assert [api.get(url).json[name] for name in ("booked_count", "is_booked")] == [2, False]
    book(api, north, "15:00", "emil")
    fourth = book(api, north, "15:30")
    assert [api.get(url).json[name] for name in ("booked_count", "is_booked")] == [4, True]
    api.post(f"/appointments/{fourth}/cancel")
    assert [api.get(url).json[name] for name in ("booked_count", "is_booked")] == [3, False]


def test_is_not_taken_away_under_a_visit_unless_forced(api, north):
    made = session(api, north).json["id"]
    visit = book(api, north, "15:30")
    assert affected(api.delete(f"/sessions/{made}")) == [visit]
    assert api.delete(f"/sessions/{made}", query_string={"force": "true"}).status_code == 204
    assert needs_rescheduling(api, visit)
