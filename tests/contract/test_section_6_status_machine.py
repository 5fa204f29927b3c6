"""API.md §6: what a visit's steps lead to, from where; undo; places that are given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.booking.times import iso, today, working_day
from tests.contract.asking import booked, every_day, made, noon_now, noon_zone, ok, refused

CALLS = ("approve", "reject", "confirm", "start", "complete", "cancel", "no-show", "reschedule", "restore")
STEPS = {
    "confirm": "confirmed", "start": "in_progress", "cancel": "cancelled", "no-show": "no_show", "reschedule": "booked",
}  # fmt: skip
ALLOWED: dict[str, dict[str, str]] = {
    "pending": {"approve": "booked", "reject": "rejected", "cancel": "cancelled", "reschedule": "pending"},
    "booked": STEPS,
    "confirmed": STEPS,
    "checked_in": {"cancel": "cancelled", "no-show": "no_show"},
    "in_progress": {"complete": "completed"},
    "completed": {},
    "cancelled": {"restore": "booked"},
    "rejected": {"restore": "booked"},
    "no_show": {"restore": "booked"},
}  # fmt: skip


@pytest.fixture
def doctor(api) -> str:
    """Somebody who receives all day, today too, where it is about noon."""
    place = made(api, "/locations", {"name": "Noon", "timezone": noon_zone()})["id"]
    id = made(api, "/doctors", {"full_name": "Noon Doctor", "slot_minutes": 30, "location_ids": [place]})[
        "id"
    ]
    every_day(api, id, "00:00", "00:00", ends_next_day=True, location_id=place)
    return str(id)


def later(minutes: int = 60) -> str:
    """A time of the grid today, at least so many minutes from now."""
    now = noon_now() + timedelta(minutes=minutes)
    return (now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)).isoformat()


@pytest.fixture
def visit_in(api, api_of, north, doctor, superuser):
    """``visit_in("checked_in")``: a visit of today in that status, led there by calls."""

    def lead(status: str) -> dict[str, Any]:
        body = {"patient_id": str(north.carla), "doctor_id": doctor, "start": later()}
        client = api
        if status in ("pending", "rejected"):
            ok(api.patch(f"/services/{north.visit}", {"requires_approval": True}))
            client = api_of("north", scopes=["appointments:write"])
            body["service_id"] = str(north.visit)
        visit = made(client, "/appointments", body)
        path = f"/appointments/{visit['id']}"
        ways: dict[str, list[str]] = {
            "pending": [], "booked": [], "confirmed": ["confirm"], "checked_in": ["in"], "in_progress": ["start"],
            "completed": ["start", "complete"], "cancelled": ["cancel"], "rejected": ["reject"], "no_show": ["no-show"],
        }  # fmt: skip
        for step in ways[status]:
            if step == "in":
                made(api, "/checkins", {"appointment_id": visit["id"]})
            else:
                ok(api.post(f"{path}/{step}"))
        said: dict[str, Any] = ok(api.get(path))
        assert said["status"] == status
        return said

    return lead


def take(api: Any, visit: dict[str, Any], call: str) -> Any:
    body = {"start": later(300)} if call == "reschedule" else None
    return api.post(f"/appointments/{visit['id']}/{call}", body)


@pytest.mark.parametrize("status", sorted(ALLOWED))
def test_from_each_status_exactly_the_steps_of_the_table(api, visit_in, status):
    visit = visit_in(status)
    for call in (each for each in CALLS if each not in ALLOWED[status]):
        if (status, call) == ("checked_in", "start"):
            continue  # begins at the queue
        refused(take(api, visit, call), 409, "invalid_transition")
        assert ok(api.get(f"/appointments/{visit['id']}"))["status"] == status


@pytest.mark.parametrize(
    ("status", "call"), [(status, call) for status in sorted(ALLOWED) for call in sorted(ALLOWED[status])]
)
def test_each_step_leads_where_the_table_says(api, visit_in, status, call):
    visit = visit_in(status)
    assert ok(take(api, visit, call))["status"] == ALLOWED[status][call]


def test_a_move_is_the_same_visit_at_a_new_time_and_clears_the_confirmation(api, north):
    visit = booked(api, north, "09:00")
    confirmed = ok(api.post(f"/appointments/{visit['id']}/confirm"))
    assert confirmed["confirmed_at"]
    moved = ok(api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("11:00")}))
    assert (moved["id"], moved["start"], moved["status"], moved["confirmed_at"]) == (
        visit["id"],
        iso("11:00"),
        "booked",
        None,
    )
    booked(api, north, "09:00", "dora")


def test_a_move_may_be_to_another_doctor(api, north, doctor):
    visit = booked(api, north, "09:00")["id"]
    start = f"{working_day()}T10:00:00+00:00"
    moved = ok(api.post(f"/appointments/{visit}/reschedule", {"start": start, "doctor_id": doctor}))
    assert moved["doctor_id"] == doctor
    booked(api, north, "09:00", "dora")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"start": iso("14:00")}, 422, "outside_hours"), ({"start": iso("09:10")}, 422, "off_grid"), ({}, 422, "required"),
     ({"start": "2020-01-06T09:00:00"}, 422, "past"), ({"start": iso("10:00")}, 409, "slot_taken")],
)  # fmt: skip
def test_a_move_is_refused_as_a_booking_would_be(api, north, body, status, code):
    visit = booked(api, north, "09:00")
    booked(api, north, "10:00", "dora")
    said = refused(api.post(f"/appointments/{visit['id']}/reschedule", body), status, code)
    if status == 409:
        assert len(said["alternatives"]) == 3
    assert ok(api.get(f"/appointments/{visit['id']}"))["start"] == iso("09:00")


def test_a_visit_is_started_on_its_day_only(api, north):
    visit = booked(api, north)["id"]
    refused(api.post(f"/appointments/{visit}/start"), 422, "not_today")


def test_no_show_has_no_time_condition(api, north):
    visit = booked(api, north)["id"]
    assert ok(api.post(f"/appointments/{visit}/no-show"))["status"] == "no_show"


def test_a_cancellation_says_when_why_and_who(api, north):
    code = ok(api.get("/lookups/cancel_reasons"))["items"][0]["code"]
    for clock, reason, patient in (
        ("09:00", code, "carla"),
        ("10:00", "a dog ate the car", "dora"),
        ("11:00", None, "emil"),
    ):
        visit = booked(api, north, clock, patient)["id"]
        said = ok(api.post(f"/appointments/{visit}/cancel", {"reason": reason} if reason else None))
        assert said["cancel_reason"] == reason
        assert said["cancelled_at"]
        assert said["cancelled_by"]


@pytest.mark.parametrize("nothing", ["", "   ", None])
def test_a_reason_of_nothing_is_none(api, north, nothing):
    visit = booked(api, north)
    assert ok(api.post(f"/appointments/{visit['id']}/cancel", {"reason": nothing}))["cancel_reason"] is None


# -- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_a_place_is_free_at_once_and_restored_only_if_it_still_is(api, north, status):
    step = {"cancelled": "cancel", "no_show": "no-show"}[status]
    visit = booked(api, north, "09:00")["id"]
    ok(api.post(f"/appointments/{visit}/{step}"))
    assert iso("09:00") in [
        slot["start"] for slot in ok(api.get("/slots", date=working_day().isoformat()))["items"]
    ]
    back = ok(api.post(f"/appointments/{visit}/restore"))
    assert (back["status"], back["cancelled_at"], back["cancel_reason"]) == ("booked", None, None)
    ok(api.post(f"/appointments/{visit}/{step}"))
    booked(api, north, "09:00", "dora")
    refused(api.post(f"/appointments/{visit}/restore"), 409, "slot_taken")
    assert ok(api.get(f"/appointments/{visit}"))["status"] == status


@pytest.mark.parametrize(
    "status", ["pending", "booked", "confirmed", "checked_in", "in_progress", "completed"]
)
def test_these_hold_their_place_and_count(api, visit_in, north, status):
    visit = visit_in(status)
    day = ok(api.get(f"/doctors/{visit['doctor_id']}/days/{visit['date']}"))
    assert day["booked"] == 1
    body = {"patient_id": str(north.dora), "doctor_id": visit["doctor_id"], "start": visit["start"]}
    refused(api.post("/appointments", body), 409, "slot_taken")


@pytest.mark.parametrize("status", ["cancelled", "rejected", "no_show"])
def test_these_do_not(api, visit_in, north, status):
    visit = visit_in(status)
    day = ok(api.get(f"/doctors/{visit['doctor_id']}/days/{visit['date']}"))
    assert day["booked"] == 0
    made(
        api,
        "/appointments",
        {"patient_id": str(north.dora), "doctor_id": visit["doctor_id"], "start": visit["start"]},
    )


def test_who_comes_after_all_is_checked_in_beyond_the_capacity_if_need_be(api, visit_in, north):
    visit = visit_in("no_show")
    made(
        api,
        "/appointments",
        {"patient_id": str(north.dora), "doctor_id": visit["doctor_id"], "start": visit["start"]},
    )
    made(api, "/checkins", {"appointment_id": visit["id"]})
    now = ok(api.get(f"/appointments/{visit['id']}"))
    assert (now["status"], now["overbooked"]) == ("checked_in", True)


def test_who_comes_after_all_keeps_their_place_if_it_is_free(api, visit_in):
    visit = visit_in("no_show")
    made(api, "/checkins", {"appointment_id": visit["id"]})
    now = ok(api.get(f"/appointments/{visit['id']}"))
    assert (now["status"], now["overbooked"]) == ("checked_in", False)


# -- undo -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["confirmed", "checked_in", "in_progress", "cancelled", "rejected", "no_show"]
)
def test_undo_takes_back_the_last_step(api, visit_in, status):
    visit = visit_in(status)
    back = ok(api.post(f"/appointments/{visit['id']}/undo"))
    assert back["status"] == ("pending" if status == "rejected" else "booked")
    refused(api.post(f"/appointments/{visit['id']}/undo"), 409, "nothing_to_undo")


def test_undo_takes_back_a_completion_and_an_approval(api, visit_in):
    done = visit_in("completed")
    assert ok(api.post(f"/appointments/{done['id']}/undo"))["status"] == "in_progress"


def test_undo_takes_back_a_move(api, north):
    visit = booked(api, north, "09:00")["id"]
    ok(api.post(f"/appointments/{visit}/reschedule", {"start": iso("11:00")}))
    assert ok(api.post(f"/appointments/{visit}/undo"))["start"] == iso("09:00")
    ok(api.post(f"/appointments/{visit}/reschedule", {"start": iso("11:00")}))
    booked(api, north, "09:00", "dora")
    refused(api.post(f"/appointments/{visit}/undo"), 409, "slot_taken")


def test_the_booking_itself_is_not_undone(api, north):
    refused(api.post(f"/appointments/{booked(api, north)['id']}/undo"), 409, "nothing_to_undo")


def test_an_undo_comes_within_ten_minutes(api, north, superuser):
    visit = booked(api, north)["id"]
    ok(api.post(f"/appointments/{visit}/confirm"))
    with psycopg.connect(superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE appointment_history SET at = at - interval '11 minutes'")
    refused(api.post(f"/appointments/{visit}/undo"), 409, "nothing_to_undo")


def test_undoing_a_cancellation_needs_the_place(api, north):
    visit = booked(api, north, "09:00")["id"]
    ok(api.post(f"/appointments/{visit}/cancel"))
    booked(api, north, "09:00", "dora")
    refused(api.post(f"/appointments/{visit}/undo"), 409, "slot_taken")


def test_undo_of_a_check_in_leads_back_to_the_state_before(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": today().isoformat()}
    visit = made(api, "/appointments", body)["id"]
    ok(api.post(f"/appointments/{visit}/confirm"))
    made(api, "/checkins", {"appointment_id": visit})
    assert ok(api.post(f"/appointments/{visit}/undo"))["status"] == "confirmed"
    assert ok(api.get(f"/doctors/{north.tok}/queue"))["items"] == []
