"""The steps of a visit after it was booked."""

from __future__ import annotations

import psycopg
import pytest

from clinic.booking import states, steps
from clinic.core import entering
from clinic.core.access import SYSTEM
from tests.booking.times import iso, today


@pytest.fixture
def visit(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    return api.post("/appointments", body).json["id"]


@pytest.fixture
def token(api, north):
    """A visit of today: a number at Dr Tok's."""
    body = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": today().isoformat()}
    return api.post("/appointments", body).json["id"]


def step(api, id, name, body=None):
    return api.post(f"/appointments/{id}/{name}", body)


def test_cancelling_frees_the_place_at_once(api, north, visit):
    cancelled = step(api, visit, "cancel", {"reason": "ill"})
    assert (cancelled.status_code, cancelled.json["status"], cancelled.json["cancel_reason"]) == (
        200,
        "cancelled",
        "ill",
    )
    other = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("09:30")}
    assert api.post("/appointments", other).status_code == 201


def test_delete_is_cancelling(api, visit):
    assert api.delete(f"/appointments/{visit}").json["status"] == "cancelled"


def test_cancelling_twice_is_refused_and_harmless(api, visit, superuser):
    step(api, visit, "cancel")
    assert step(api, visit, "cancel").json["code"] == "invalid_transition"
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT booked FROM doctor_day").fetchall() == [(0,)]


@pytest.mark.parametrize("status", [*states.LABELS])
@pytest.mark.parametrize("name", [*states.STEPS])
def test_the_table_says_which_step_leads_from_where(name, status):
    allowed, to = states.STEPS[name]
    if status in allowed:
        assert states.step(name, status) == (to or status)
    else:
        with pytest.raises(states.InvalidTransition):
            states.step(name, status)


def test_a_visit_is_started_on_its_day_only(api, visit, token):
    assert (step(api, visit, "start").status_code, step(api, visit, "start").json["code"]) == (
        422,
        "not_today",
    )
    assert step(api, token, "start").json["status"] == "in_progress"
    assert step(api, token, "complete").json["status"] == "completed"


def test_restoring_takes_the_place_back_if_it_is_free(api, north, visit):
    step(api, visit, "cancel")
    back = step(api, visit, "restore")
    assert (back.status_code, back.json["status"]) == (200, "booked")
    step(api, visit, "cancel")
    other = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("09:30")}
    assert api.post("/appointments", other).status_code == 201
    gone = step(api, visit, "restore")
    assert (gone.status_code, gone.json["code"]) == (409, "slot_taken")


def test_undo_takes_back_the_last_step_and_only_that(api, visit):
    step(api, visit, "confirm")
    step(api, visit, "cancel")
    assert step(api, visit, "undo").json["status"] == "confirmed"
    assert step(api, visit, "undo").json["status"] == "booked"
    nothing = step(api, visit, "undo")
    assert (nothing.status_code, nothing.json["code"]) == (409, "nothing_to_undo")


def test_undoing_a_move_goes_back_to_the_old_time(api, visit, superuser):
    step(api, visit, "reschedule", {"start": iso("11:00", 1)})
    back = step(api, visit, "undo")
    assert back.json["start"] == iso("09:30")
    with psycopg.connect(superuser) as connection:
        counts = connection.execute("SELECT booked FROM doctor_day ORDER BY date").fetchall()
    assert counts == [(1,), (0,)]


def test_undoing_a_cancellation_needs_the_place(api, north, visit):
    step(api, visit, "cancel")
    other = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("09:30")}
    api.post("/appointments", other)
    gone = step(api, visit, "undo")
    assert (gone.status_code, gone.json["code"]) == (409, "slot_taken")


def test_no_show_frees_the_place_and_coming_after_all_keeps_it_beyond(api, north, token):
    assert step(api, token, "no-show").json["status"] == "no_show"
    came = api.post("/checkins", {"appointment_id": token})
    assert came.status_code == 201
    assert api.get(f"/appointments/{token}").json["status"] == "checked_in"


def test_history_says_who_when_from_what_to_what(api, visit):
    step(api, visit, "confirm")
    steps = api.get(f"/appointments/{visit}/history").json["items"]
    assert [(each["step"], each["from_status"], each["to_status"]) for each in steps] == [
        ("book", None, "booked"),
        ("confirm", "booked", "confirmed"),
    ]


def test_only_the_desk_approves(api, api_of, north):
    service = api.post("/services", {"name": "Talk", "duration_minutes": 30, "requires_approval": True}).json[
        "id"
    ]
    plain = api_of("north", ["appointments:write"])
    body = {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": iso("09:30"),
        "service_id": service,
    }
    asked = plain.post("/appointments", body).json
    assert step(api, asked["id"], "approve").json["status"] == "booked"


def test_patients_are_bound_by_the_cut_off(api, api_of, north):
    service = api.post(
        "/services", {"name": "Strict", "duration_minutes": 30, "cancel_notice_minutes": 60 * 24 * 30}
    ).json["id"]
    body = {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": iso("09:30"),
        "service_id": service,
    }
    visit = api.post("/appointments", body).json["id"]
    plain = api_of("north", ["appointments:write"])
    late = step(plain, visit, "cancel")
    assert (late.status_code, late.json["code"]) == (422, "cancel_too_late")
    assert step(api, visit, "cancel").status_code == 200


def test_the_day_keeps_count_through_all_steps(api, visit, superuser):
    for name, count in (("no-show", 0), ("restore", 1), ("confirm", 1), ("cancel", 0), ("undo", 1)):
        assert step(api, visit, name).status_code == 200, name
        with psycopg.connect(superuser) as connection:
            assert connection.execute("SELECT booked FROM doctor_day").fetchall() == [(count,)], name


def booked_on(api, doctor, day):
    (found,) = api.get(f"/doctors/{doctor}/days", **{"from": day, "to": day}).json["items"]
    return found["booked"]


def test_taking_a_move_back_counts_the_visit_once_on_its_day(api, north, visit):
    for clock, ahead in (("10:30", 0), ("09:30", 1)):
        api.post(f"/appointments/{visit}/reschedule", {"start": iso(clock, ahead)})
        undone = step(api, visit, "undo").json
        assert undone["start"] == iso("09:30")
        assert booked_on(api, north.bose, undone["date"]) == 1
    assert booked_on(api, north.bose, iso("09:30", 1)[:10]) == 0


def test_a_hand_over_is_taken_back_by_the_queue_alone(api, north, token):
    entry = api.post("/checkins", {"appointment_id": token}).json
    other = api.post("/doctors", {"full_name": "Dr Other", "booking_mode": "token"}).json["id"]
    assert api.post(f"/queue/{entry['id']}/transfer", {"doctor_id": other}).status_code == 200
    refused = step(api, token, "undo")
    assert (refused.status_code, refused.json["code"]) == (409, "nothing_to_undo")
    assert (booked_on(api, north.tok, str(today())), booked_on(api, other, str(today()))) == (0, 1)


def test_what_was_undone_is_told(api, visit, superuser):
    step(api, visit, "confirm")
    step(api, visit, "undo")
    with psycopg.connect(superuser) as connection:
        sql = "SELECT previous FROM outbox_event WHERE object_id = %s AND type = 'appointment.undone'"
        assert connection.execute(sql, [visit]).fetchall() == [({"step": "confirm"},)]


@pytest.mark.race
def test_two_who_undo_at_once_take_back_one_step(api, north, visit, at_once):
    api.post(f"/appointments/{visit}/reschedule", {"start": iso("09:30", 1)})

    def take_back(_number):
        with entering.acting_in("north"):
            return steps.undo(id=visit, by=SYSTEM)

    answers = at_once(4, take_back)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert booked_on(api, north.bose, iso("09:30")[:10]) == 1
    assert booked_on(api, north.bose, iso("09:30", 1)[:10]) == 0
