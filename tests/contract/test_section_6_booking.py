"""API.md §6: holds and booking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.booking.times import at, iso, today, working_day
from tests.contract.asking import UNKNOWN, booked, every_day, ids, made, ok, person, refused

FIELDS = (
    "patient_id doctor_id location_id service_id room_id start end date token status modality appointment_type reason"
    " notes meeting_url source series_id overbooked needs_rescheduling confirmed_at cancelled_at cancel_reason"
    " cancelled_by external_ids custom_fields created_by id version created_at updated_at"
).split()


def asked(north: Any, clock: str = "09:00", ahead: int = 0, **more: Any) -> dict[str, Any]:
    return {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso(clock, ahead), **more}


# -- holds ------------------------------------------------------------------------------------------------------------


def hold(api: Any, north: Any, clock: str = "09:00", **more: Any) -> dict[str, Any]:
    return made(api, "/holds", {"doctor_id": str(north.bose), "start": iso(clock), **more})


def test_a_hold_keeps_a_slot_for_five_minutes(api, north):
    def minutes(hold: dict[str, Any]) -> float:
        return (datetime.fromisoformat(hold["expires_at"]) - datetime.now(UTC)).total_seconds() / 60

    said = hold(api, north, service_id=str(north.visit))
    assert said.keys() >= {"id", "expires_at"}
    assert 4 < minutes(said) <= 5.1
    ok(api.patch("/settings", {"hold_minutes": 20}))
    assert minutes(hold(api, north, "10:00")) > 19


def test_others_see_it_as_taken_meanwhile(api, api_of, north):
    said = hold(api, north)
    other = api_of("north", scopes=["schedule:read", "appointments:write"])
    assert iso("09:00") not in [
        slot["start"] for slot in ok(other.get("/slots", date=working_day().isoformat()))["items"]
    ]
    refused(other.post("/holds", {"doctor_id": str(north.bose), "start": iso("09:00")}), 409, "slot_taken")
    refused(other.post("/appointments", asked(north)), 409, "slot_taken")
    refused(other.post("/appointments", asked(north, hold_id=said["id"])), 410, "hold_expired")
    assert api.delete(f"/holds/{said['id']}").status_code == 204
    made(other, "/appointments", asked(north))


def test_a_hold_is_extended_once(api, north):
    said = hold(api, north)
    longer = ok(api.post(f"/holds/{said['id']}/extend"))
    assert longer["expires_at"] > said["expires_at"]
    refused(api.post(f"/holds/{said['id']}/extend"), 409, "already_extended")


def test_booking_uses_the_hold_up(api, north):
    said = hold(api, north)
    made(api, "/appointments", asked(north, hold_id=said["id"]))
    refused(api.post(f"/holds/{said['id']}/extend"), 404)
    refused(api.post("/appointments", asked(north, "10:00", hold_id=said["id"])), 410, "hold_expired")


def test_a_hold_that_ran_out_is_410_and_in_nobodys_way(api, north, superuser):
    said = hold(api, north)
    with psycopg.connect(superuser) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
    refused(api.post("/appointments", asked(north, hold_id=said["id"])), 410, "hold_expired")
    refused(api.post(f"/holds/{said['id']}/extend"), 410, "hold_expired")
    made(api, "/appointments", asked(north))


def test_a_hold_counts_in_the_capacity_and_not_in_the_cap(api, north):
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 1}))
    hold(api, north, "09:00")
    made(api, "/appointments", asked(north, "10:00"))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"start": iso("14:00")}, 422, "outside_hours"), ({"start": iso("09:10")}, 422, "off_grid"), ({}, 422, "required"),
     ({"start": "x"}, 422, "invalid_time")],
)  # fmt: skip
def test_a_hold_is_refused_as_a_booking_would_be(api, north, body, status, code):
    refused(api.post("/holds", {"doctor_id": str(north.bose), **body}), status, code)


# -- booking ----------------------------------------------------------------------------------------------------------


def test_a_visit_has_every_field(api, north):
    more: dict[str, Any] = {
        "service_id": str(north.visit), "location_id": str(north.main), "modality": "phone", "reason": "cough",
        "notes": "bring papers", "meeting_url": "https://meet.example/1", "source": "portal", "custom_fields": {"a": 1},
        "external_ids": {"his": "V1"},
    }  # fmt: skip
    visit = made(api, "/appointments", asked(north, **more))
    assert set(FIELDS) <= visit.keys()
    assert visit.items() >= more.items()
    assert (visit["status"], visit["overbooked"], visit["needs_rescheduling"], visit["token"]) == (
        "booked",
        False,
        False,
        None,
    )
    assert visit["created_by"]
    assert ok(api.get(f"/appointments/{visit['id']}")) == visit


def test_the_source_is_the_face_that_booked(api, north):
    assert made(api, "/appointments", asked(north))["source"] == "api"


def test_who_comes_may_be_given_by_document_or_described(api, north):
    document = {"document_type": "CC", "document_number": "77.1"}
    inline = {"full_name": "New Person", "phone": "3001112233", **document}
    first = made(api, "/appointments", asked(north, patient_id=None, patient=inline))
    second = made(api, "/appointments", asked(north, "10:00", patient_id=None, patient_document=document))
    assert first["patient_id"] == second["patient_id"]
    assert ok(api.get(f"/patients/{first['patient_id']}"))["full_name"] == "New Person"
    found = made(api, "/appointments", asked(north, "11:00", patient_id=None, patient=document))
    assert found["patient_id"] == first["patient_id"]
    unknown = asked(north, patient_id=None, patient_document={**document, "document_number": "nobody"})
    refused(api.post("/appointments", unknown), 422, "unknown_id")
    refused(api.post("/appointments", asked(north, patient_id=None)), 422, "required")
    refused(api.post("/appointments", asked(north, patient=inline)), 422)


def test_an_inline_patient_is_found_by_the_rules_of_the_register(api, north):
    body = asked(north, patient_id=None, patient={"full_name": "carla ruiz gomez", "phone": "300 123 4567"})
    assert made(api, "/appointments", body)["patient_id"] == str(north.carla)


def test_an_inline_patient_that_cannot_be_is_422_at_its_field(api, north):
    body = asked(north, patient_id=None, patient={"full_name": "A B", "phone": "1"})
    refused(api.post("/appointments", body), 422, "invalid_phone", "/patient/phone")
    body = asked(north, patient_id=None, patient={"full_name": "A B"})
    answer = api.post("/appointments", body)
    said = refused(answer, 422)
    assert said["errors"][0]["pointer"].startswith("/patient")


def test_the_doctor_may_be_given_by_document(api, north):
    document = {"document_type": "CC", "document_number": "55"}
    ok(api.patch(f"/doctors/{north.bose}", document))
    body = asked(north, doctor_id=None, doctor_document={**document, "document_number": "5-5"})
    assert made(api, "/appointments", body)["doctor_id"] == str(north.bose)
    document["document_number"] = "none"
    refused(
        api.post("/appointments", asked(north, doctor_id=None, doctor_document=document)), 422, "unknown_id"
    )
    refused(api.post("/appointments", asked(north, doctor_id=None)), 422, "required", "/doctor_id")


def test_without_any_time_it_is_422(api, north):
    refused(api.post("/appointments", asked(north, start=None)), 422, "required", "/start")


@pytest.mark.parametrize(
    ("clock", "code"),
    [("08:30", "outside_hours"), ("12:00", "outside_hours"), ("09:15", "off_grid"), ("09:00:30", "off_grid")],
)
def test_a_start_that_is_no_free_slot_is_422(api, north, clock, code):
    refused(api.post("/appointments", asked(north, start=f"{working_day()}T{clock}")), 422, code)


def test_blocked_closed_absent_and_past_are_422(api, north):
    block = made(api, f"/doctors/{north.bose}/blocked-times", {"start": iso("09:00"), "end": iso("10:00")})[
        "id"
    ]
    refused(api.post("/appointments", asked(north)), 422, "blocked")
    api.delete(f"/blocked-times/{block}")
    closure = made(api, "/closures", {"start": working_day().isoformat(), "all_day": True})["id"]
    refused(api.post("/appointments", asked(north)), 422, "closed")
    api.delete(f"/closures/{closure}")
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"is_present": False}))
    refused(api.post("/appointments", asked(north)), 422, "doctor_absent")
    refused(api.post("/appointments", asked(north, start="2020-01-06T09:00:00")), 422, "past")


def test_a_taken_slot_is_409_with_the_three_nearest(api, north):
    booked(api, north, "10:00")
    said = refused(
        api.post("/appointments", asked(north, "10:00", patient_id=str(north.dora))), 409, "slot_taken"
    )
    starts = [item["start"] for item in said["alternatives"]]
    assert len(starts) == 3
    assert set(starts) <= {iso("09:00"), iso("09:30"), iso("10:30"), iso("11:00")}
    for item in said["alternatives"]:
        assert item["doctor_id"] == str(north.bose)
        assert item.keys() >= {"slot", "start", "end", "label"}
    body = {"patient_id": str(north.dora), "slot": said["alternatives"][0]["slot"]}
    assert made(api, "/appointments", body)["start"] == starts[0]


def test_a_buffer_takes_its_time_between_visits_and_the_larger_counts(api, north):
    long = made(api, "/services", {"name": "Long", "duration_minutes": 30, "buffer_after_minutes": 30})["id"]
    short = made(api, "/services", {"name": "Short", "duration_minutes": 30, "buffer_before_minutes": 10})[
        "id"
    ]
    booked(api, north, "09:00", service_id=long)
    for service in (short, None):
        body = asked(north, "09:30", patient_id=str(north.dora), service_id=service)
        refused(api.post("/appointments", body), 409, "slot_taken")
    booked(api, north, "10:00", "dora", service_id=short)


def test_a_buffer_binds_no_hours(api, north):
    service = made(
        api,
        "/services",
        {"name": "S", "duration_minutes": 30, "buffer_before_minutes": 30, "buffer_after_minutes": 30},
    )["id"]
    booked(api, north, "09:00", service_id=service)
    booked(api, north, "11:30", "dora", service_id=service)


def test_an_end_may_span_several_free_steps(api, north):
    visit = made(api, "/appointments", asked(north, end=iso("10:30")))
    assert (visit["start"], visit["end"]) == (iso("09:00"), iso("10:30"))
    refused(api.post("/appointments", asked(north, "10:00", patient_id=str(north.dora))), 409, "slot_taken")
    other = asked(north, "10:30", patient_id=str(north.dora), duration_minutes=60)
    assert made(api, "/appointments", other)["end"] == iso("11:30")


@pytest.mark.parametrize(
    ("more", "code"),
    [({"end": iso("09:00")}, "invalid_duration"), ({"end": iso("09:45")}, "invalid_duration"),
     ({"duration_minutes": 45}, "invalid_duration"), ({"end": iso("08:00")}, "invalid_duration"),
     ({"end": iso("12:30")}, "outside_hours")],
)  # fmt: skip
def test_a_duration_that_does_not_fit_the_grid_is_422(api, north, more, code):
    refused(api.post("/appointments", asked(north, **more)), 422, code)


def test_without_a_service_it_is_as_long_as_the_rules_slot(api, north):
    visit = made(api, "/appointments", asked(north))
    assert (visit["service_id"], visit["end"]) == (None, iso("09:30"))


def test_with_a_service_it_is_as_long_as_that(api, north):
    long = made(api, "/services", {"name": "Long", "duration_minutes": 60, "modality": "video"})["id"]
    visit = made(api, "/appointments", asked(north, service_id=long))
    assert (visit["end"], visit["modality"]) == (iso("10:00"), "video")


def test_a_doctor_who_does_not_do_a_visit_type_is_not_booked_for_it(api, north):
    other = made(api, "/services", {"name": "Other", "duration_minutes": 30})["id"]
    ok(api.patch(f"/doctors/{north.bose}", {"service_ids": [str(north.visit)]}))
    said = refused(api.post("/appointments", asked(north, service_id=other)), 422)
    assert said["code"] in ("outside_hours", "not_offered", "unknown_id")


def test_a_busy_patient_is_409_unless_the_overlap_is_allowed(api, north):
    other = made(api, "/doctors", {"full_name": "Other One", "slot_minutes": 30})["id"]
    every_day(api, other, "09:00", "12:00")
    booked(api, north, "09:00")
    refused(api.post("/appointments", asked(north, doctor_id=other)), 409, "patient_busy")
    made(api, "/appointments", asked(north, doctor_id=other, allow_overlap=True))
    made(api, "/appointments", asked(north, "09:30", doctor_id=other))


def test_overbooking_needs_a_reason_and_says_so(api, north):
    booked(api, north, "09:00")
    body = asked(north, patient_id=str(north.dora), overbook=True)
    refused(api.post("/appointments", body), 422, at="/overbook_reason")
    visit = made(api, "/appointments", body | {"overbook_reason": "urgent"})
    assert visit["overbooked"] is True
    day = ok(api.get(f"/doctors/{north.bose}/days/{working_day()}"))
    assert day["booked"] == 2


def test_overbooking_goes_beyond_the_cap_too(api, north):
    ok(api.put(f"/doctors/{north.bose}/days/{working_day()}", {"max_appointments": 0}))
    assert (
        made(api, "/appointments", asked(north, overbook=True, overbook_reason="urgent"))["overbooked"]
        is True
    )


def test_what_is_free_is_not_overbooked(api, north):
    assert (
        made(api, "/appointments", asked(north, overbook=True, overbook_reason="urgent"))["overbooked"]
        is False
    )


def test_a_room_of_the_kind_is_taken(api, north):
    room = made(api, "/rooms", {"location_id": str(north.main), "name": "X", "kind": "xray"})["id"]
    scan = made(api, "/services", {"name": "Scan", "duration_minutes": 30, "room_kind": "xray"})["id"]
    assert made(api, "/appointments", asked(north, service_id=scan))["room_id"] == room
    assert made(api, "/appointments", asked(north, "10:00", room_id=room))["room_id"] == room


def test_contradictions_are_422(api, north):
    slot = ok(api.get("/slots", date=working_day().isoformat()))["items"][0]["slot"]
    for more in ({"date": working_day().isoformat()}, {"slot": slot, "start": iso("11:00")},
                 {"end": iso("10:30"), "duration_minutes": 30}):  # fmt: skip
        refused(api.post("/appointments", asked(north, **more)), 422)


def test_an_end_and_a_duration_may_say_the_same(api, north):
    visit = made(api, "/appointments", asked(north, "09:00", end=iso("10:00"), duration_minutes=60))
    assert (visit["start"][11:16], visit["end"][11:16]) == ("09:00", "10:00")


@pytest.mark.parametrize("who", ["patient", "doctor"])
def test_a_document_of_no_known_type_is_an_unknown_code(api, north, who):
    body = asked(north)
    del body[f"{who}_id"]
    paper = {"document_type": "nothing", "document_number": "1"}
    at = f"/{who}_document"
    refused(api.post("/appointments", {**body, at[1:]: paper}), 422, "unknown_code", f"{at}/document_type")
    refused(
        api.post("/appointments", {**body, at[1:]: {**paper, "document_type": "CC"}}), 422, "unknown_id", at
    )


def test_two_at_once_for_one_place_get_one_winner(app, api, north, at_once):
    from tests.clients import Api

    people = [str(north.carla), str(north.dora), str(north.emil)]
    answers = at_once(
        3,
        lambda n: Api(app, "north.localhost", north.api_key).post(
            "/appointments", asked(north, patient_id=people[n])
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            assert len(refused(answer, 409, "slot_taken")["alternatives"]) == 3


# -- the list and one visit -------------------------------------------------------------------------------------------


def test_filters_of_the_list(api, north):
    other = made(api, "/doctors", {"full_name": "Other One", "slot_minutes": 30})["id"]
    annex = made(api, "/locations", {"name": "Annex", "timezone": "America/Bogota"})["id"]
    every_day(api, other, "09:00", "12:00", location_id=annex)
    mine = booked(api, north, "09:00", service_id=str(north.visit))["id"]
    theirs = made(api, "/appointments", asked(north, "10:00", doctor_id=other, patient_id=str(north.dora)))[
        "id"
    ]
    ok(api.post(f"/appointments/{theirs}/confirm"))
    for query, found in (
        ({"doctor_id": other}, [theirs]), ({"patient_id": str(north.carla)}, [mine]),
        ({"location_id": annex}, [theirs]),
        ({"service_id": str(north.visit)}, [mine]), ({"status": "confirmed"}, [theirs]), ({"status": "cancelled"}, []),
        ({"date": working_day().isoformat()}, [mine, theirs]), ({"date": today().isoformat()}, []),
        ({"needs_rescheduling": "true"}, []), ({"doctor_id": other, "patient_id": str(north.carla)}, []),
    ):  # fmt: skip
        assert ids(api.get("/appointments", **query)) == found, query
    assert ids(api.open("GET", "/appointments?status=booked&status=confirmed")) == [mine, theirs]
    refused(api.get("/appointments", status="lost"), 422, at="/status/0")


def test_history_says_who_when_from_what_to_what(api, north):
    visit = booked(api, north)["id"]
    ok(api.post(f"/appointments/{visit}/confirm"))
    ok(api.post(f"/appointments/{visit}/cancel", {"reason": "ill"}))
    steps = ok(api.get(f"/appointments/{visit}/history"))["items"]
    assert [(step["from_status"], step["to_status"]) for step in steps] == [
        (None, "booked"), ("booked", "confirmed"), ("confirmed", "cancelled"),
    ]  # fmt: skip
    assert all(step["actor"] and step["at"] for step in steps)
    assert steps[-1]["reason"] == "ill"


def test_the_calendar_file(api, north):
    visit = booked(api, north)["id"]
    answer = api.get(f"/appointments/{visit}.ics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    text = answer.get_data(as_text=True)
    assert text.startswith("BEGIN:VCALENDAR")
    assert any(f"{start:%Y%m%dT%H%M}" in text for start in (at("09:30"), at("09:30").astimezone(UTC)))
    refused(api.get(f"/appointments/{UNKNOWN}.ics"), 404)


def test_group_visits_share_a_place(api, north):
    service = made(api, "/services", {"name": "Group", "duration_minutes": 30, "capacity": 2})["id"]
    for patient in ("carla", "dora"):
        booked(api, north, "09:00", patient, service_id=service)
    body = asked(north, patient_id=str(north.emil), service_id=service)
    refused(api.post("/appointments", body), 409, "slot_taken")


def test_a_patient_made_for_a_booking_is_counted_in_the_register(api, north):
    new = person(api, 7)
    assert new in ids(api.get("/patients", q="Person 7"))
