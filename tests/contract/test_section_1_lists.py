"""API.md §1: lists, cursors, expand, unknown fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.booking.times import iso, today, working_day
from tests.contract.asking import booked, ids, made, ok, person, refused

LISTS = (
    "/patients", "/doctors", "/locations", "/services", "/specialties", "/rooms", "/appointments", "/sessions",
    "/closures", "/api-keys", "/lookups/genders", "/doctors/{bose}/availability", "/doctors/{bose}/overrides",
    "/doctors/{bose}/blocked-times", "/locations/{main}/doctors", "/waitlist", "/proposals",
    "/patients/{carla}/appointments",
)  # fmt: skip
SHORT_LISTS = ("/lookups", "/doctors/{bose}/queue", "/appointments/{visit}/history")
"""Lists that are never long: they too take a limit and a cursor."""


def where(path: str, north: Any) -> str:
    return path.format(bose=north.bose, main=north.main, carla=north.carla)


def walk(api: Any, path: str, **query: Any) -> list[str]:
    """The ids of all pages, one by one."""
    found, cursor = [], None
    while True:
        said = ok(api.get(path, limit=1, **query, **({"cursor": cursor} if cursor else {})))
        assert len(said["items"]) <= 1
        found += [item.get("id") or item.get("date") for item in said["items"]]
        cursor = said["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_items_and_a_next_cursor(api, north, path):
    said = ok(api.get(where(path, north)))
    assert said.keys() >= {"items", "next_cursor"}
    assert isinstance(said["items"], list)


@pytest.mark.parametrize("path", LISTS)
def test_a_limit_is_1_to_200_and_a_cursor_one_of_ours(api, north, path):
    for limit in ("0", "-1", "201", "x", "1.5", ""):
        refused(api.get(where(path, north), limit=limit), 422, at="/limit")
    ok(api.get(where(path, north), limit=200))
    ok(api.get(where(path, north), limit=1))
    for cursor in ("x", "====", "eyJhIjoxfQ", "null", "ä"):
        refused(api.get(where(path, north), cursor=cursor), 422, "invalid_cursor", "/cursor")


@pytest.mark.parametrize("path", LISTS)
def test_unknown_parameters_are_422(api, north, path):
    refused(api.get(where(path, north), nothing="1"), 422, "unknown_field", "/nothing")


@pytest.mark.parametrize("path", SHORT_LISTS)
def test_short_lists_take_a_limit_and_a_cursor_too(api, north, path):
    visit = booked(api, north)["id"]
    api.post(f"/appointments/{visit}/confirm")
    for patient in (north.dora, north.emil):
        made(api, "/checkins", {"patient_id": str(patient), "doctor_id": str(north.bose), "walk_in": True})
    path = path.format(bose=north.bose, visit=visit)
    every = ok(api.get(path))
    assert every["next_cursor"] is None
    assert len(every["items"]) >= 2
    first = ok(api.get(path, limit=1))
    assert first["items"] == every["items"][:1]
    second = ok(api.get(path, limit=1, cursor=first["next_cursor"]))
    assert second["items"] == every["items"][1:2]
    refused(api.get(path, limit=201), 422, at="/limit")
    refused(api.get(path, cursor="x"), 422, "invalid_cursor", "/cursor")


def test_50_are_answered_if_no_limit_is_given(api, in_north):
    from clinic.core.access import SYSTEM
    from clinic.schedule.directory import specialties

    for number in range(50):
        specialties.add(fields={"name": f"S{number}", "code": f"s{number:02d}"}, by=SYSTEM)
    said = ok(api.get("/specialties"))
    assert len(said["items"]) == 50
    assert len(ok(api.get("/specialties", cursor=said["next_cursor"]))["items"]) == 1


@pytest.mark.parametrize("path", ["/patients", "/doctors", "/services", "/appointments"])
def test_pages_put_together_are_the_list_and_hold_each_once(api, north, path):
    for number in range(3):
        if path == "/appointments":
            booked(
                api,
                north,
                f"09:{'30' if number == 1 else '00'}" if number < 2 else "11:00",
                ("carla", "dora", "emil")[number],
            )
        elif path == "/patients":
            person(api, number)
        elif path == "/doctors":
            made(api, path, {"full_name": "Same Name"})
        else:
            made(api, path, {"name": "Same", "duration_minutes": 10})
    every = ids(api.get(path))
    assert walk(api, path) == every
    assert len(set(every)) == len(every) >= 3


def test_a_cursor_is_stable_when_something_is_inserted_or_taken_away(api, north):
    there = {made(api, "/specialties", {"name": f"M{n}", "code": f"m{n}"})["id"] for n in (1, 3, 5)}
    page = ok(api.get("/specialties", limit=2))
    seen = [item["id"] for item in page["items"]]
    before = made(api, "/specialties", {"name": "A", "code": "a"})["id"]
    after = made(api, "/specialties", {"name": "Z", "code": "z"})["id"]
    api.delete(f"/specialties/{seen[0]}")
    rest = ok(api.get("/specialties", limit=200, cursor=page["next_cursor"]))
    found = [item["id"] for item in rest["items"]]
    assert before not in found
    assert after in found
    assert not set(seen) & set(found)
    assert {str(north.general), *there} <= {*seen, *found}


def test_a_cursor_of_visits_is_stable_under_inserts(api, north):
    first = booked(api, north, "09:30")["id"]
    second = booked(api, north, "10:30", "dora")["id"]
    page = ok(api.get("/appointments", limit=1))
    earlier, between = booked(api, north, "09:00", "emil")["id"], booked(api, north, "10:00", "emil")["id"]
    rest = ids(api.get("/appointments", cursor=page["next_cursor"]))
    assert [item["id"] for item in page["items"]] == [first]
    assert rest == [between, second]
    assert earlier not in rest


def test_a_cursor_of_another_list_is_refused(api, north):
    for number in range(2):
        person(api, number)
        made(api, "/services", {"name": f"S{number}", "duration_minutes": 10})
    cursor = ok(api.get("/services", limit=1))["next_cursor"]
    refused(api.get("/patients", cursor=cursor), 422, "invalid_cursor", "/cursor")


def test_the_list_is_in_a_stable_order(api, north):
    for _ in range(4):
        made(api, "/doctors", {"full_name": "Same Name"})
    assert ids(api.get("/doctors")) == ids(api.get("/doctors"))
    visits = [
        booked(api, north, clock, who)["start"] for clock, who in (("11:00", "carla"), ("09:00", "dora"))
    ]
    assert [item["start"] for item in ok(api.get("/appointments"))["items"]] == sorted(visits)


def test_days_of_a_doctor_come_in_pages_too(api, north):
    last = today() + timedelta(days=2)
    asked = {"from": today().isoformat(), "to": last.isoformat()}
    assert len(walk(api, f"/doctors/{north.bose}/days", **asked)) == 3


# -- expand -----------------------------------------------------------------------------------------------------------


def test_expand_puts_the_records_beside_their_ids(api, north):
    visit = booked(api, north, service_id=str(north.visit))
    for answer in (
        api.get("/appointments", expand="patient,doctor,service,location"),
        api.get(f"/patients/{north.carla}/appointments", expand="patient,doctor,service,location"),
    ):
        (item,) = ok(answer)["items"]
        assert {name: item[name]["id"] for name in ("patient", "doctor", "service", "location")} == {
            name: item[f"{name}_id"] for name in ("patient", "doctor", "service", "location")
        }
    one = ok(api.get(f"/appointments/{visit['id']}", expand="patient"))
    assert one["patient"]["full_name"] == "Carla Ruiz Gómez"
    assert one.get("doctor") is None
    assert "patient" not in ok(api.get(f"/appointments/{visit['id']}"))


def test_expand_may_be_repeated_or_hold_commas(api, north):
    booked(api, north)
    item = ok(api.open("GET", "/appointments?expand=patient&expand=doctor"))["items"][0]
    assert item["patient"]["id"] == str(north.carla)
    assert item["doctor"]["id"] == str(north.bose)


def test_what_is_expanded_says_the_same_as_the_record(api, north):
    booked(api, north, service_id=str(north.visit))
    (item,) = ok(api.get("/appointments", expand="patient,doctor,service,location"))["items"]
    for name in ("patient", "doctor", "service", "location"):
        alone = ok(api.get(f"/{name}s/{item[name]['id']}"))
        assert item[name].items() <= alone.items(), name


@pytest.mark.parametrize("path", ["/appointments", "/doctors", "/rooms", "/sessions", "/closures"])
def test_what_cannot_be_expanded_is_422(api, path):
    refused(api.get(path, expand="nothing"), 422, at="/expand")


def test_null_stays_null_when_it_is_expanded(api, north):
    booked(api, north)
    item = ok(api.get("/appointments", expand="service"))["items"][0]
    assert (item["service_id"], item["service"]) == (None, None)


def test_expand_needs_the_right_to_read_what_it_shows(api, api_of, north):
    booked(api, north)
    weak = api_of("north", scopes=["appointments:read"])
    answer = weak.get("/appointments", expand="patient")
    if answer.status_code == 200:
        shown = answer.json["items"][0]["patient"]
        assert shown is None or shown.keys() <= {"id"}
    else:
        refused(answer, 403, "forbidden")


def test_the_queue_expands_too(api, north):
    made(api, "/checkins", {"patient_id": str(north.carla), "doctor_id": str(north.tok), "walk_in": True})
    (entry,) = ok(api.get(f"/doctors/{north.tok}/queue", expand="patient,doctor"))["items"]
    assert entry["patient"]["id"] == str(north.carla)
    assert entry["doctor"]["id"] == str(north.tok)


@pytest.mark.parametrize("kind", ["patient", "doctor", "service"])
def test_the_waiting_list_expands_too(api, north, kind):
    day = working_day().isoformat()
    ids = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "service_id": str(north.visit)}
    made(api, "/waitlist", {**ids, "from": day, "to": day})
    (wish,) = ok(api.get("/waitlist", expand=kind))["items"]
    assert wish[kind]["id"] == ids[f"{kind}_id"]


@pytest.mark.parametrize("kind", ["doctor", "location", "service"])
def test_proposals_expand_too(api, north, kind):
    visit = booked(api, north, service_id=str(north.visit))
    ok(api.put(f"/doctors/{north.bose}/days/{visit['date']}", {"is_present": False, "force": True}))
    ok(api.post("/appointments/reassign", {"ids": [visit["id"]]}))
    (proposal,) = ok(api.get("/proposals", expand=kind))["items"]
    assert proposal[kind]["id"] == proposal[f"{kind}_id"]


def test_blocked_time_expands_too(api, north):
    made(api, f"/doctors/{north.bose}/blocked-times", {"start": "2031-01-07", "all_day": True})
    (block,) = ok(api.get(f"/doctors/{north.bose}/blocked-times", expand="doctor"))["items"]
    assert block["doctor"]["id"] == str(north.bose)


# -- unknown fields ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/patients", {"full_name": "A B", "phone": "3001112233"}),
        ("PATCH", "/patients/{carla}", {}),
        ("POST", "/doctors", {"full_name": "A B"}),
        ("PATCH", "/doctors/{bose}", {}),
        ("POST", "/locations", {"name": "x", "timezone": "America/Bogota"}),
        ("POST", "/services", {"name": "x", "duration_minutes": 10}),
        ("POST", "/specialties", {"name": "x", "code": "x"}),
        ("POST", "/rooms", {"name": "x", "location_id": "{main}"}),
        ("PATCH", "/settings", {}),
        ("POST", "/doctors/{bose}/availability", {"weekday": 0, "start_time": "14:00", "end_time": "15:00"}),
        ("POST", "/doctors/{bose}/overrides", {"date": "2031-01-07"}),
        ("POST", "/doctors/{bose}/blocked-times", {"start": "2031-01-07", "all_day": True}),
        ("POST", "/closures", {"start": "2031-01-07", "all_day": True}),
        (
            "POST",
            "/sessions",
            {"doctor_id": "{bose}", "start": "2031-01-07T09:00:00", "duration_minutes": 30},
        ),
        ("PUT", "/doctors/{bose}/days/2031-01-07", {}),
        ("POST", "/lookups/genders", {"code": "x", "label": "x"}),
        ("POST", "/api-keys", {"name": "x"}),
        ("POST", "/holds", {"doctor_id": "{bose}", "start": iso("09:00")}),
        ("POST", "/appointments", {"patient_id": "{carla}", "doctor_id": "{bose}", "start": iso("09:00")}),
        ("POST", "/checkins", {"patient_id": "{carla}", "doctor_id": "{tok}", "walk_in": True}),
        ("POST", "/doctors/{tok}/queue/call-next", {}),
    ],
)
def test_an_unknown_field_in_a_body_is_422_and_does_nothing(api, north, method, path, body):
    names = {name: str(getattr(north, name)) for name in ("carla", "bose", "main", "tok")}
    body = {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}
    path = path.format(**names)
    answer = api.open(method, path, body | {"favourite_colour": "red"})
    said = refused(answer, 422, "unknown_field", "/favourite_colour")
    assert "red" not in str(said)
    assert api.open(method, path, body).status_code in (200, 201, 204), "the body is fine without it"


def test_an_unknown_field_within_an_object_is_found_at_its_place(api):
    body = {"full_name": "A B", "phone": "3001112233", "emergency_contact": {"name": "C", "shoe_size": 40}}
    refused(api.post("/patients", body), 422, "unknown_field", "/emergency_contact/shoe_size")


def test_a_get_takes_no_other_parameters_either(api, north):
    for path in (f"/patients/{north.carla}", f"/doctors/{north.bose}", "/settings", "/slots/next",
                 f"/doctors/{north.bose}/days/{working_day()}"):  # fmt: skip
        refused(api.get(path, nothing="1"), 422, "unknown_field", "/nothing")
