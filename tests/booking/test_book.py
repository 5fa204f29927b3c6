"""Booking a visit."""

from __future__ import annotations

import threading
from datetime import timedelta
from unittest.mock import patch

import psycopg
import pytest

from clinic.booking import actions, inserting, locks, rules
from clinic.booking.asking import Asked
from clinic.booking.refusals import SlotTaken
from clinic.core import db, entering
from clinic.core.access import SYSTEM, Actor
from tests.booking.times import BOGOTA, at, iso, today, working_day


def visit(north, start="09:30", patient="carla", **more):
    return {
        "patient_id": str(getattr(north, patient)),
        "doctor_id": str(north.bose),
        "start": iso(start),
        **more,
    }


def test_books_a_free_slot(api, north):
    answer = api.post("/appointments", visit(north, service_id=str(north.visit), reason="cough"))
    assert answer.status_code == 201
    body = answer.json
    assert body["status"] == "booked"
    assert body["start"] == iso("09:30")
    assert body["end"] == iso("10:00")
    assert body["patient_id"] == str(north.carla)
    assert body["source"] == "api"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"].endswith(body["id"])
    assert api.get(f"/appointments/{body['id']}").json == body


def test_books_what_a_slot_says(api, north):
    day = working_day().isoformat()
    slot = api.get("/slots", doctor_id=str(north.bose), date=day).json["items"][0]
    answer = api.post("/appointments", {"patient_id": str(north.carla), "slot": slot["slot"]})
    assert answer.status_code == 201
    assert answer.json["start"] == slot["start"]


def test_a_time_without_an_offset_is_the_clock_of_the_location(api, north):
    naive = at("10:00").replace(tzinfo=None).isoformat()
    assert api.post("/appointments", {**visit(north), "start": naive}).json["start"] == iso("10:00")


def test_refuses_a_taken_slot_and_offers_the_three_nearest(api, north):
    assert api.post("/appointments", visit(north)).status_code == 201
    answer = api.post("/appointments", visit(north, patient="dora"))
    assert answer.status_code == 409
    assert answer.json["code"] == "slot_taken"
    starts = [slot["start"] for slot in answer.json["alternatives"]]
    assert starts == [iso("09:00"), iso("10:00"), iso("10:30")]


@pytest.mark.parametrize(
    ("start", "code"),
    [("08:30", "outside_hours"), ("12:00", "outside_hours"), ("09:10", "off_grid")],
)
def test_refuses_what_the_schedule_does_not_offer(api, north, start, code):
    answer = api.post("/appointments", visit(north, start))
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_refuses_the_past(api, north):
    answer = api.post(
        "/appointments", {**visit(north), "start": (at("09:00") - timedelta(days=70)).isoformat()}
    )
    assert (answer.status_code, answer.json["code"]) == (422, "past")


@pytest.mark.parametrize("field", ["patient_id", "doctor_id", "service_id", "location_id"])
def test_an_unknown_id_is_named_at_its_field(api, north, field):
    answer = api.post("/appointments", {**visit(north), field: str(north.id)})
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_id")
    assert answer.json["errors"][0]["pointer"] == f"/{field}"


def test_an_id_of_another_clinic_is_as_unknown_as_any(api, north, south):
    strange = api.post("/appointments", {**visit(north), "patient_id": str(south.pierre)})
    nobody = api.post("/appointments", {**visit(north), "patient_id": str(north.id)})
    assert strange.status_code == nobody.status_code == 422
    assert strange.json | {"request_id": ""} == nobody.json | {"request_id": ""}


def test_a_new_patient_is_made_in_the_same_transaction(api, north):
    body = visit(north)
    del body["patient_id"]
    body["patient"] = {"full_name": "José Ñandú Ibáñez", "phone": "300 765 4321"}
    booked = api.post("/appointments", body).json
    patient = api.get(f"/patients/{booked['patient_id']}").json
    assert patient["full_name"] == "José Ñandú Ibáñez"
    again = api.post("/appointments", {**body, "start": iso("10:00")}).json
    assert again["patient_id"] == booked["patient_id"]


def test_nobody_is_made_when_the_booking_is_refused(api, north):
    api.post("/appointments", visit(north))
    body = {**visit(north), "patient": {"full_name": "Nobody Yet", "phone": "3007654329"}}
    del body["patient_id"]
    assert api.post("/appointments", body).status_code == 409
    assert api.get("/patients", q="Nobody Yet").json["items"] == []


def test_the_same_key_books_once_and_answers_alike(api, north):
    first = api.post("/appointments", visit(north), headers={"Idempotency-Key": "k1"})
    again = api.post("/appointments", visit(north), headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert first.headers["ETag"] == again.headers["ETag"]
    assert first.headers["X-Request-Id"] == again.headers["X-Request-Id"]
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_key_may_stand_in_the_body(api, north):
    first = api.post("/appointments", visit(north, idempotency_key="k2"))
    again = api.post("/appointments", visit(north), headers={"Idempotency-Key": "k2"})
    assert first.data == again.data


def test_a_key_is_not_for_another_request(api, north):
    api.post("/appointments", visit(north), headers={"Idempotency-Key": "k3"})
    other = api.post("/appointments", visit(north, "10:00"), headers={"Idempotency-Key": "k3"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_refusal_is_answered_again_under_its_key(api, north):
    booked = api.post("/appointments", visit(north)).json
    refused = api.post("/appointments", visit(north, patient="dora"), headers={"Idempotency-Key": "k4"})
    assert refused.status_code == 409
    api.post(f"/appointments/{booked['id']}/cancel")
    again = api.post("/appointments", visit(north, patient="dora"), headers={"Idempotency-Key": "k4"})
    assert again.data == refused.data
    assert again.status_code == 409


def test_a_key_stays_with_its_visit_when_the_kept_answer_is_gone(api, north, superuser):
    first = api.post("/appointments", visit(north), headers={"Idempotency-Key": "k5"}).json
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM idempotency_key")
    api.post(f"/appointments/{first['id']}/confirm")
    again = api.post("/appointments", visit(north), headers={"Idempotency-Key": "k5"})
    assert again.status_code == 201
    assert (again.json["id"], again.json["status"]) == (first["id"], "confirmed")


def test_a_patient_is_not_in_two_places_at_once(api, north):
    api.post("/appointments", visit(north))
    token = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": working_day().isoformat()}
    assert api.post("/appointments", token).status_code == 201
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json
    api.post(
        f"/doctors/{other['id']}/availability",
        {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"},
    )
    busy = api.post("/appointments", {**visit(north), "doctor_id": other["id"]})
    assert (busy.status_code, busy.json["code"]) == (409, "patient_busy")
    allowed = api.post("/appointments", {**visit(north), "doctor_id": other["id"], "allow_overlap": True})
    assert allowed.status_code == 201


def test_overbooking_takes_a_place_beyond_the_capacity_with_a_reason(api, north):
    api.post("/appointments", visit(north))
    nameless = api.post("/appointments", visit(north, patient="dora", overbook=True))
    assert nameless.json["errors"][0]["pointer"] == "/overbook_reason"
    over = api.post("/appointments", visit(north, patient="dora", overbook=True, overbook_reason="urgent"))
    assert over.status_code == 201
    assert over.json["overbooked"] is True


def test_overbooking_needs_the_right(api_of, north):
    plain = api_of("north", ["appointments:read", "appointments:write", "patients:read"])
    over = plain.post("/appointments", visit(north, overbook=True, overbook_reason="urgent"))
    assert over.status_code == 403


def test_keys_without_override_are_bound_by_the_notice(api_of, north, api):
    plain = api_of("north", ["appointments:write", "schedule:read"])
    tomorrow = today() + timedelta(days=1)
    hours = {"weekday": tomorrow.weekday(), "start_time": "13:00", "end_time": "14:00", "slot_minutes": 30}
    assert api.post(f"/doctors/{north.bose}/availability", hours).status_code == 201
    service = api.post(
        "/services", {"name": "Planned", "duration_minutes": 30, "min_notice_minutes": 4320}
    ).json
    body = visit(north, service_id=service["id"]) | {"start": f"{tomorrow}T13:00:00"}
    bound = plain.post("/appointments", body)
    assert (bound.status_code, bound.json["code"]) == (422, "min_notice")
    assert api.post("/appointments", body).status_code == 201


def test_tokens_are_numbers_in_order_up_to_the_cap(api, north):
    day = working_day().isoformat()
    people = [
        api.post("/patients", {"full_name": f"Person {n}", "phone": f"30011100{n:02d}"}).json["id"]
        for n in range(11)
    ]
    answers = [
        api.post("/appointments", {"patient_id": id, "doctor_id": str(north.tok), "date": day})
        for id in people
    ]
    assert [answer.json.get("token") for answer in answers[:10]] == list(range(1, 11))
    assert (answers[10].status_code, answers[10].json["code"]) == (409, "day_full")
    assert "alternatives" not in answers[10].json or isinstance(answers[10].json["alternatives"], list)


def test_an_approval_is_pending_for_patients_and_booked_by_staff(api, api_of, north):
    service = api.post(
        "/services", {"name": "Surgery talk", "duration_minutes": 30, "requires_approval": True}
    ).json
    plain = api_of("north", ["appointments:write"])
    asked = plain.post("/appointments", visit(north, service_id=service["id"]))
    assert asked.json["status"] == "pending"
    assert (
        api.post("/appointments", visit(north, "10:00", "dora", service_id=service["id"])).json["status"]
        == "booked"
    )


def test_a_booking_is_on_record_and_announced(api, north, superuser):
    booked = api.post("/appointments", visit(north)).json
    with psycopg.connect(superuser) as connection:
        acts = connection.execute(
            "SELECT act, patient_id FROM audit_event WHERE object_id = %s", [booked["id"]]
        ).fetchall()
        events = connection.execute(
            "SELECT type FROM outbox_event WHERE object_id = %s", [booked["id"]]
        ).fetchall()
    assert acts == [("appointment.book", north.carla)]
    assert events == [("appointment.booked",)]


# -- two at once ------------------------------------------------------------------------------------------------------


def _book(north, patient):
    with entering.acting_in("north"):
        return actions.book(
            asked=Asked(patient_id=patient, doctor_id=north.bose, start=at("09:30")), by=SYSTEM
        )


@pytest.mark.race
def test_one_place_has_one_winner_however_many_ask(app, north, api, at_once):
    people = [
        api.post("/patients", {"full_name": f"Racer {n}", "phone": f"30022200{n:02d}"}).json["id"]
        for n in range(16)
    ]
    answers = at_once(16, lambda n: _book(north, people[n]))
    won = [answer for answer in answers if not isinstance(answer, Exception)]
    assert len(won) == 1
    assert {type(answer) for answer in answers if isinstance(answer, Exception)} == {SlotTaken}
    assert _places(north) == 1


def _places(north):
    with entering.acting_in("north"):
        return db.row(
            "SELECT count(*) AS n FROM appointment WHERE tenant_id = %(tenant)s AND doctor_id = %(d)s",
            d=north.bose,
        ).n


@pytest.mark.race
def test_without_the_lock_the_cap_would_break(app, north, api, at_once):
    """The control: the same race for the last place of a day, with the doctor-day's lock left out."""
    api.put(f"/doctors/{north.tok}/days/{working_day()}", {"max_appointments": 1})
    people = [
        api.post("/patients", {"full_name": f"Racer {n}", "phone": f"30033300{n:02d}"}).json["id"]
        for n in range(8)
    ]

    def ask(n):
        with entering.acting_in("north"):
            asked = Asked(patient_id=people[n], doctor_id=north.tok, date=working_day())
            return actions.book(asked=asked, by=Actor("system"))

    kept = at_once(8, ask)
    assert sum(not isinstance(answer, Exception) for answer in kept) == 1

    barrier = threading.Barrier(8)
    insert = inserting.insert

    def late(*args, **more):
        barrier.wait(10)
        return insert(*args, **more)

    api.put(f"/doctors/{north.tok}/days/{working_day(1)}", {"max_appointments": 1})

    def ask_unlocked(n):
        with entering.acting_in("north"):
            asked = Asked(patient_id=people[n], doctor_id=north.tok, date=working_day(1))
            return actions.book(asked=asked, by=Actor("system"))

    unlocked = locks.DAY.replace("FOR NO KEY UPDATE", "")
    with patch.object(locks, "DAY", unlocked), patch.object(inserting, "insert", late):
        broken = at_once(8, ask_unlocked)
    # All eight were let in by the rules; only the database's own promise stopped seven of them.
    assert not barrier.broken
    assert sum(not isinstance(answer, Exception) for answer in broken) == 1


def test_the_database_keeps_the_promise_when_the_rules_are_left_out(in_north, north):
    """The control of the rules: an engine that agrees to everything sells no place twice, and the refusal is ours."""
    _book(north, north.carla)
    agreed = rules.Place(working_day(), at("09:30"), at("10:00"), BOGOTA, north.main)
    with patch.object(rules, "timed", lambda *_: agreed), pytest.raises(SlotTaken) as refused:
        _book(north, north.dora)
    assert len(refused.value.extra["alternatives"]) == 3
    assert _places(north) == 1
