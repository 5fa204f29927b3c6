"""Moving a visit: the same appointment, another place."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from clinic.booking import holds, moves
from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.core.errors import Invalid
from tests.booking.times import at, iso, working_day


def booked(api, north, start="09:30", patient="carla"):
    body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(start)}
    return api.post("/appointments", body).json


def test_moves_to_a_free_start_and_frees_the_old_one(api, north):
    visit = booked(api, north)
    api.post(f"/appointments/{visit['id']}/confirm")
    moved = api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("11:00")})
    assert moved.status_code == 200
    assert (moved.json["id"], moved.json["start"], moved.json["status"]) == (
        visit["id"],
        iso("11:00"),
        "booked",
    )
    assert moved.json["confirmed_at"] is None
    assert booked(api, north, "09:30", "dora")["status"] == "booked"


def test_refuses_a_taken_start_and_keeps_the_old_one(api, north):
    visit = booked(api, north)
    booked(api, north, "10:00", "dora")
    refused = api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("10:00")})
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert len(refused.json["alternatives"]) == 3
    assert api.get(f"/appointments/{visit['id']}").json["start"] == iso("09:30")


def test_moves_by_half_a_visit_over_itself(api, north):
    """The visit that is moved is not in its own way."""
    visit = booked(api, north)
    same = api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("09:30")})
    assert same.status_code == 200


def test_the_days_keep_count(api, north, superuser):
    visit = booked(api, north)
    api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("09:30", 1)})
    with psycopg.connect(superuser) as connection:
        counts: dict[Any, int] = dict(connection.execute("SELECT date, booked FROM doctor_day").fetchall())
    assert counts == {working_day(): 0, working_day(1): 1}


def test_a_stale_version_is_refused(api, north):
    visit = booked(api, north)
    api.post(f"/appointments/{visit['id']}/confirm")
    stale = api.post(
        f"/appointments/{visit['id']}/reschedule", {"start": iso("11:00")}, headers={"If-Match": '"1"'}
    )
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")


def test_a_cancelled_visit_does_not_move(api, north):
    visit = booked(api, north)
    api.post(f"/appointments/{visit['id']}/cancel")
    refused = api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("11:00")})
    assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")


def test_another_clinics_visit_is_not_found(api, api_of, north):
    visit = booked(api, north)
    assert (
        api_of("south").post(f"/appointments/{visit['id']}/reschedule", {"start": iso("11:00")}).status_code
        == 404
    )


@pytest.mark.race
def test_one_patient_moved_across_doctors_by_many_never_deadlocks(api, app, north, at_once, server):
    weekday = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    doctors = [str(north.bose)]
    for number in range(2):
        other = api.post("/doctors", {"full_name": f"Other {number}", "slot_minutes": 30}).json["id"]
        api.post(f"/doctors/{other}/availability", weekday)
        doctors.append(other)
    visit = booked(api, north)
    starts = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]

    def move(number):
        with entering.acting_in("north"):
            return moves.move(
                id=visit["id"], start=at(starts[number % 6]), doctor_id=doctors[number % 3], by=SYSTEM
            )

    answers = at_once(16, move)
    # Nobody said which version they had seen, so nobody's was stale: the visit is followed to where it went.
    wrong = [answer for answer in answers if isinstance(answer, Exception)]
    assert not wrong, wrong
    with open(server["log"]) as log:
        assert "deadlock" not in log.read()


@pytest.mark.parametrize("verb", ["move", "hold"])
def test_nobody_comes_to_a_doctor_who_left_meanwhile(api, app, north, verb):
    """Between our first look and the lock the doctor is given up: what was seen before does not count."""
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json["id"]
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{other}/availability", hours)
    visit = booked(api, north)
    place = holds if verb == "hold" else moves
    statements = place.loading.whose

    def left(**asked):
        seen = statements(**asked)
        if api.get(f"/doctors/{other}").json["is_active"]:
            assert api.delete(f"/doctors/{other}").status_code == 204
        return seen

    def come():
        if verb == "hold":
            return holds.hold(doctor_id=other, start=at("10:00"), by=SYSTEM)
        return moves.move(id=visit["id"], start=at("10:00"), doctor_id=other, by=SYSTEM)

    with (
        patch.object(place.loading, "whose", left),
        entering.acting_in("north"),
        pytest.raises(Invalid) as refused,
    ):
        come()
    assert refused.value.errors[0].pointer == "/doctor_id"
