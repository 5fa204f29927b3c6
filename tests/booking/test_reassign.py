"""Proposing another time for visits whose time was taken away."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from clinic.booking import proposals
from clinic.core import entering
from clinic.core.access import SYSTEM
from tests.booking.times import BOGOTA, at, iso, working_day


@pytest.fixture
def book(api, north):
    """``book("carla", "09:30")``: a visit of theirs at Dr Bose's; its id."""

    def made(patient="carla", start="09:30", **more):
        body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(start)}
        return api.post("/appointments", body | more).json["id"]

    return made


@pytest.fixture
def other(api):
    """Another doctor of general medicine with the same hours."""
    id = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30, "specialties": ["general"]}).json[
        "id"
    ]
    for weekday in range(5):
        hours = {"weekday": weekday, "start_time": "09:00", "end_time": "12:00"}
        api.post(f"/doctors/{id}/availability", hours)
    return id


def absent(api, doctor, ahead=0):
    day = working_day(ahead).isoformat()
    return api.put(f"/doctors/{doctor}/days/{day}", {"is_present": False, "force": True})


def reassign(api, *ids, **more):
    return api.post("/appointments/reassign", {"ids": list(ids), **more})


def test_proposes_the_nearest_time_of_the_same_doctor_and_holds_it(api, api_of, north, book):
    visit = book()
    assert absent(api, north.bose).status_code == 200
    assert [each["id"] for each in api.get("/appointments", needs_rescheduling="true").json["items"]] == [
        visit
    ]
    answer = reassign(api, visit)
    assert answer.status_code == 200
    (proposal,) = answer.json["items"]
    assert (proposal["appointment_id"], proposal["doctor_id"]) == (visit, str(north.bose))
    start = datetime.fromisoformat(proposal["start"])
    assert start.time() == at("09:30").time()
    assert timedelta() < abs(start - at("09:30")) <= timedelta(days=3)
    assert proposal["status"] == "open"
    held = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": proposal["start"]}
    assert api_of("north").post("/appointments", held).json["code"] == "slot_taken"
    assert api.get(f"/appointments/{visit}").json["start"] == iso("09:30")


def test_confirming_moves_the_visit(api, north, book):
    visit = book()
    absent(api, north.bose)
    (proposal,) = reassign(api, visit).json["items"]
    moved = api.post(f"/proposals/{proposal['id']}/confirm")
    assert moved.status_code == 200
    assert (moved.json["id"], moved.json["start"], moved.json["status"]) == (
        visit,
        proposal["start"],
        "booked",
    )
    assert moved.json["needs_rescheduling"] is False
    assert api.get(f"/proposals/{proposal['id']}").json["status"] == "confirmed"
    again = api.post(f"/proposals/{proposal['id']}/confirm")
    assert (again.status_code, again.json["code"]) == (409, "already_answered")


def test_declining_lets_the_time_go_and_leaves_the_visit(api, north, book):
    visit = book()
    absent(api, north.bose)
    (proposal,) = reassign(api, visit).json["items"]
    assert api.delete(f"/proposals/{proposal['id']}").status_code == 204
    assert api.delete(f"/proposals/{proposal['id']}").status_code == 409
    taken = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": proposal["start"]}
    assert api.post("/appointments", taken).status_code == 201
    still = api.get(f"/appointments/{visit}").json
    assert (still["start"], still["needs_rescheduling"]) == (iso("09:30"), True)


def test_everybody_of_a_day_gets_a_time_of_their_own(api, north, book):
    visits = [book("carla", "09:00"), book("dora", "09:30"), book("emil", "10:00")]
    absent(api, north.bose)
    answer = reassign(api, *visits).json
    assert [each["appointment_id"] for each in answer["items"]] == visits
    assert len({each["start"] for each in answer["items"]}) == 3
    assert answer["unplaced"] == []


def test_without_time_of_the_same_doctor_one_of_the_specialty(api, north, book, other):
    visit = book()
    gone = {"start": str(working_day() - timedelta(days=8)), "end": str(working_day() + timedelta(days=90))}
    api.post(f"/doctors/{north.bose}/blocked-times", {**gone, "all_day": True, "force": True})
    (proposal,) = reassign(api, visit).json["items"]
    assert (proposal["doctor_id"], proposal["start"]) == (other, iso("09:30"))
    moved = api.post(f"/proposals/{proposal['id']}/confirm").json
    assert (moved["doctor_id"], moved["start"]) == (other, iso("09:30"))


def test_to_the_doctor_that_the_desk_says(api, north, book, other):
    visit = book()
    (proposal,) = reassign(api, visit, doctor_id=other).json["items"]
    assert (proposal["doctor_id"], proposal["start"]) == (other, iso("09:30"))


def test_the_patients_usual_part_of_day_is_worth_a_day(api, north, book, superuser):
    for weekday in range(5):
        hours = {"weekday": weekday, "start_time": "13:00", "end_time": "16:00"}
        api.post(f"/doctors/{north.bose}/availability", hours)
    for ahead in (3, 4):
        body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("14:00", ahead)}
        api.post("/appointments", body)
    visit = book("carla", "11:30")
    block = {"start": iso("11:00"), "end": iso("12:00"), "force": True}
    api.post(f"/doctors/{north.bose}/blocked-times", block)
    (proposal,) = reassign(api, visit).json["items"]
    assert proposal["start"] == iso("13:00")  # 10:30 would be nearer, but Carla comes in the afternoon


def test_nobody_is_proposed_a_time_at_which_they_are_elsewhere(api, north, book, other):
    visit = book("carla", "09:30")
    body = {"patient_id": str(north.carla), "doctor_id": other, "start": iso("10:00")}
    assert api.post("/appointments", body).status_code == 201
    api.post(
        f"/doctors/{north.bose}/blocked-times", {"start": iso("09:00"), "end": iso("10:00"), "force": True}
    )
    (proposal,) = reassign(api, visit).json["items"]
    assert proposal["start"] == iso("10:30")


def test_a_second_proposal_replaces_the_first(api, north, book):
    visit = book()
    absent(api, north.bose)
    (first,) = reassign(api, visit).json["items"]
    (second,) = reassign(api, visit).json["items"]
    assert first["id"] != second["id"]
    assert first["start"] == second["start"]
    assert api.get(f"/proposals/{first['id']}").json["status"] == "replaced"
    assert api.post(f"/proposals/{first['id']}/confirm").status_code == 409
    listed = api.get("/proposals", appointment_id=visit).json["items"]
    assert [each["id"] for each in listed] == [second["id"], first["id"]]


def test_a_visit_that_is_called_off_or_moved_lets_its_proposal_go(api, north, book):
    for step, body in (("cancel", {}), ("reschedule", {"start": iso("10:30")})):
        visit = book()
        (proposal,) = reassign(api, visit).json["items"]
        assert api.post(f"/appointments/{visit}/{step}", body).status_code == 200
        assert api.get(f"/proposals/{proposal['id']}").json["status"] == "expired"
        late = api.post(f"/proposals/{proposal['id']}/confirm")
        assert (late.status_code, late.json["code"]) == (410, "hold_expired")


def test_an_unanswered_one_expires(api, north, book, superuser):
    visit = book()
    absent(api, north.bose)
    (proposal,) = reassign(api, visit).json["items"]
    until = datetime.fromisoformat(proposal["expires_at"]) - datetime.now(BOGOTA)
    assert timedelta(hours=23, minutes=58) < until <= timedelta(hours=24)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() WHERE id = %s", [proposal["id"]])
    assert api.get(f"/proposals/{proposal['id']}").json["status"] == "expired"
    late = api.post(f"/proposals/{proposal['id']}/confirm")
    assert (late.status_code, late.json["code"]) == (410, "hold_expired")
    taken = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": proposal["start"]}
    assert api.post("/appointments", taken).status_code == 201


def test_a_near_one_is_held_for_half_the_time_to_it(api, north, book):
    """A doctor who receives around the clock from now on: the nearest time is a few hours away at most."""
    now = datetime.now(BOGOTA)
    night = api.post("/doctors", {"full_name": "Dr Night", "slot_minutes": 60}).json["id"]
    for day in (now.date(), now.date() + timedelta(days=1)):
        hours = {"weekday": day.weekday(), "start_time": "00:00", "end_time": "23:59"}
        api.post(f"/doctors/{night}/availability", hours)
    start = next(
        iter(
            api.get(
                "/slots",
                doctor_id=night,
                **{"from": str(now.date()), "to": str(now.date() + timedelta(days=1))},
            ).json["items"]
        )
    )
    visit = api.post("/appointments", {"patient_id": str(north.carla), "slot": start["slot"]}).json["id"]
    (proposal,) = reassign(api, visit).json["items"]
    left = datetime.fromisoformat(proposal["start"]) - now
    held = datetime.fromisoformat(proposal["expires_at"]) - now
    assert abs(held - left / 2) < timedelta(seconds=30)


def test_what_cannot_be_placed_is_named(api, north, book):
    token = {"patient_id": str(north.dora), "doctor_id": str(north.tok), "date": working_day().isoformat()}
    numbered = api.post("/appointments", token).json["id"]
    gone = book("emil", "11:00")
    api.post(f"/appointments/{gone}/cancel")
    answer = reassign(api, numbered, gone).json
    assert answer["items"] == []
    assert [(each["appointment_id"], each["code"]) for each in answer["unplaced"]] == [
        (numbered, "no_time"),
        (gone, "invalid_transition"),
    ]


@pytest.mark.parametrize(
    ("body", "code"), [({"ids": []}, "too_short"), ({}, "required"), ({"ids": ["x"]}, "invalid_id")]
)
def test_refuses_what_is_no_list_of_visits(api, body, code):
    refused = api.post("/appointments/reassign", body)
    assert (refused.status_code, refused.json["code"]) == (422, code)


def test_an_unknown_visit_or_doctor_is_named(api, north, south, book):
    refused = reassign(api, book(), str(north.id))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/ids/1")
    refused = reassign(api, book(start="10:00"), doctor_id=str(north.id))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/doctor_id")


def test_the_desk_proposes_and_the_patient_answers(json_as, north, book):
    visit = book()
    for who in ("bose", "carla"):
        assert reassign(json_as(who), visit).status_code == 403
    (proposal,) = reassign(json_as("ana"), visit).json["items"]
    assert json_as("dora").post(f"/proposals/{proposal['id']}/confirm").status_code == 404
    assert json_as("dora").get("/proposals").json["items"] == []
    assert json_as("carla").post(f"/proposals/{proposal['id']}/confirm").status_code == 200


def test_the_clinic_proposed_it_so_no_cut_off_binds_the_patient(api, json_as, north, book):
    service = {
        "name": "Strict",
        "duration_minutes": 30,
        "cancel_notice_minutes": 500_000,
        "min_notice_minutes": 500_000,
    }
    visit = book(service_id=api.post("/services", service).json["id"])
    (proposal,) = reassign(api, visit).json["items"]
    assert json_as("carla").post(f"/proposals/{proposal['id']}/confirm").status_code == 200


def test_another_clinics_proposals_are_not_found(api, api_of, book):
    (proposal,) = reassign(api, book()).json["items"]
    south = api_of("south")
    assert south.get(f"/proposals/{proposal['id']}").status_code == 404
    assert south.post(f"/proposals/{proposal['id']}/confirm").status_code == 404
    assert south.delete(f"/proposals/{proposal['id']}").status_code == 404
    assert south.get("/proposals").json["items"] == []


@pytest.mark.race
def test_one_answer_counts_however_many_there_are(app, api, north, book, at_once):
    visit = book()
    (proposal,) = reassign(api, visit).json["items"]

    def reply(number):
        with entering.acting_in("north"):
            verb = proposals.confirm if number % 2 else proposals.decline
            return verb(id=proposal["id"], by=SYSTEM)

    answers = at_once(6, reply)
    assert sum(not isinstance(each, Exception) for each in answers) == 1
    day = proposal["start"][:10]
    (load,) = api.get(f"/doctors/{north.bose}/days", **{"from": day, "to": day}).json["items"]
    assert load["booked"] == len(api.get("/appointments", date=day, doctor_id=str(north.bose)).json["items"])
