"""Changing what is written on a visit, and the coded values on it."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.booking.times import iso


@pytest.fixture
def visit(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    return api.post("/appointments", body).json["id"]


@pytest.fixture
def schema(north, superuser):
    """North wants the number of a voucher on every visit that says anything of its own."""
    wanted = {
        "type": "object",
        "properties": {"voucher": {"type": "integer"}},
        "required": ["voucher"],
        "additionalProperties": False,
    }
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO custom_field_schema (tenant_id, kind, schema) VALUES (%s, 'appointment', %s)",
            [north.id, Jsonb(wanted)],
        )


def test_changes_each_of_the_details(api, visit):
    details = {
        "notes": "bring the X-rays",
        "reason": "knee",
        "modality": "video",
        "appointment_type": "follow_up",
        "meeting_url": "https://meet.example/abc",
        "external_ids": {"his": "4711"},
        "custom_fields": {"voucher": 12},
    }
    changed = api.patch(f"/appointments/{visit}", details)
    assert changed.status_code == 200
    assert changed.json.items() >= details.items()
    assert changed.headers["ETag"] == '"2"'
    assert api.get(f"/appointments/{visit}").json == changed.json
    (found,) = api.get("/appointments", external_id="his:4711").json["items"]
    assert found["id"] == visit


def test_null_clears_and_what_is_left_out_stays(api, visit):
    api.patch(f"/appointments/{visit}", {"notes": "a", "reason": "b"})
    changed = api.patch(f"/appointments/{visit}", {"notes": None}).json
    assert (changed["notes"], changed["reason"]) == (None, "b")
    assert api.patch(f"/appointments/{visit}", {"modality": None}).status_code == 422


def test_the_time_is_not_a_detail(api, visit):
    answer = api.patch(f"/appointments/{visit}", {"start": iso("10:00")})
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_field")


def test_a_change_is_conditional_on_the_version(api, visit):
    stale = api.patch(f"/appointments/{visit}", {"notes": "a"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert api.patch(f"/appointments/{visit}", {"notes": "a"}, headers={"If-Match": '"1"'}).status_code == 200


def test_twice_is_harmless(api, visit):
    first = api.patch(f"/appointments/{visit}", {"notes": "a"})
    again = api.patch(f"/appointments/{visit}", {"notes": "a"})
    assert first.data == again.data


def test_a_change_is_on_record_by_its_fields_and_nobody_is_told(api, visit, superuser):
    api.patch(f"/appointments/{visit}", {"notes": "secret words", "external_ids": {"his": "1"}})
    with psycopg.connect(superuser) as connection:
        (row,) = connection.execute(
            "SELECT details FROM audit_event WHERE object_id = %s AND act = 'appointment.change'", [visit]
        ).fetchall()
        told = connection.execute("SELECT type FROM outbox_event WHERE object_id = %s", [visit]).fetchall()
    assert row[0] == {"fields": ["external_ids", "notes"]}
    assert told == [("appointment.booked",)]


def test_a_change_of_details_leaves_the_last_step_to_undo(api, visit):
    api.post(f"/appointments/{visit}/cancel")
    api.patch(f"/appointments/{visit}", {"notes": "called"})
    undone = api.post(f"/appointments/{visit}/undo").json
    assert (undone["status"], undone["notes"]) == ("booked", "called")


def test_another_clinics_visit_is_not_there(api_of, visit):
    assert api_of("south").patch(f"/appointments/{visit}", {"notes": "a"}).status_code == 404


def test_patients_and_reading_keys_do_not_change_visits(api_of, json_as, visit):
    assert json_as("carla").patch(f"/appointments/{visit}", {"notes": "a"}).status_code == 403
    reading = api_of("north", ["appointments:read"])
    assert reading.patch(f"/appointments/{visit}", {"notes": "a"}).status_code == 403
    assert json_as("tok").patch(f"/appointments/{visit}", {"notes": "a"}).status_code == 404


def test_an_outside_id_is_of_one_visit(api, north, visit):
    api.patch(f"/appointments/{visit}", {"external_ids": {"his": "1"}})
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    other = api.post("/appointments", body).json["id"]
    taken = api.patch(f"/appointments/{other}", {"external_ids": {"his": "1"}})
    assert (taken.status_code, taken.json["code"]) == (409, "external_id_taken")
    gone = api.patch(f"/appointments/{visit}", {"external_ids": {"his": None}})
    assert gone.json["external_ids"] == {}
    assert api.patch(f"/appointments/{other}", {"external_ids": {"his": "1"}}).status_code == 200


# -- coded values -----------------------------------------------------------------------------------------------------


def test_a_type_is_given_as_code_or_id_and_answered_as_code(api, north, visit):
    values = api.get("/lookups/appointment_types").json["items"]
    follow_up = next(value for value in values if value["code"] == "follow_up")
    by_id = api.patch(f"/appointments/{visit}", {"appointment_type": follow_up["id"]})
    assert by_id.json["appointment_type"] == "follow_up"
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    booked = api.post("/appointments", {**body, "appointment_type": "FOLLOW_UP"})
    assert booked.json["appointment_type"] == "follow_up"


@pytest.mark.parametrize("face", ["book", "change"])
def test_an_unknown_type_is_named_at_its_field(api, north, visit, face):
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    answer = (
        api.post("/appointments", {**body, "appointment_type": "seance"})
        if face == "book"
        else api.patch(f"/appointments/{visit}", {"appointment_type": "seance"})
    )
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_code")
    assert answer.json["errors"][0]["pointer"] == "/appointment_type"


def test_a_reason_to_cancel_is_a_code_or_free_words(api, visit):
    reasons = api.get("/lookups/cancel_reasons").json["items"]
    ill = next(value for value in reasons if value["code"] == "patient_ill")
    by_id = api.post(f"/appointments/{visit}/cancel", {"reason": ill["id"]}).json
    assert by_id["cancel_reason"] == "patient_ill"
    api.post(f"/appointments/{visit}/restore")
    in_words = api.post(f"/appointments/{visit}/cancel", {"reason": "the dog ate the letter"}).json
    assert in_words["cancel_reason"] == "the dog ate the letter"


# -- the clinic's own fields ------------------------------------------------------------------------------------------


def test_custom_fields_are_held_to_the_clinics_schema(api, north, visit, schema):
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    for answer in (
        api.post("/appointments", {**body, "custom_fields": {"voucher": "twelve"}}),
        api.patch(f"/appointments/{visit}", {"custom_fields": {"voucher": "twelve"}}),
    ):
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_custom_field")
        assert answer.json["errors"][0]["pointer"] == "/custom_fields/voucher"
    missing = api.patch(f"/appointments/{visit}", {"custom_fields": {}})
    assert (missing.json["code"], missing.json["errors"][0]["pointer"]) == (
        "required",
        "/custom_fields/voucher",
    )
    good = api.post("/appointments", {**body, "custom_fields": {"voucher": 12}})
    assert (good.status_code, good.json["custom_fields"]) == (201, {"voucher": 12})


def test_a_visit_that_says_nothing_of_its_own_is_booked(api, north, schema):
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("10:00")}
    assert api.post("/appointments", body).status_code == 201
