"""Keeping a slot for a few minutes."""

from __future__ import annotations

import psycopg
import pytest

from clinic.booking import holds
from clinic.booking.refusals import SlotTaken
from clinic.core import entering
from clinic.core.access import Actor
from clinic.core.ids import new_id
from clinic.outreach import worker
from tests.booking.times import at, iso, working_day


@pytest.fixture
def held(api, north):
    return api.post("/holds", {"doctor_id": str(north.bose), "start": iso("09:30")}).json


def book(api, north, **more):
    return api.post(
        "/appointments",
        {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30"), **more},
    )


def test_others_see_a_held_slot_as_taken(api, api_of, north, held):
    other = api_of("north", ["schedule:read", "appointments:write"])
    starts = [
        s["start"]
        for s in other.get("/slots", doctor_id=str(north.bose), date=working_day().isoformat()).json["items"]
    ]
    assert iso("09:30") not in starts
    refused = book(other, north)
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")


def test_booking_with_it_uses_it_up(api, north, held, superuser):
    assert book(api, north, hold_id=held["id"]).status_code == 201
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT count(*) FROM hold").fetchone() == (0,)


def test_it_is_extended_once(api, held):
    longer = api.post(f"/holds/{held['id']}/extend")
    assert longer.status_code == 200
    assert longer.json["expires_at"] > held["expires_at"]
    again = api.post(f"/holds/{held['id']}/extend")
    assert (again.status_code, again.json["code"]) == (409, "already_extended")


def test_letting_go_frees_the_slot(api, api_of, north, held):
    assert api.delete(f"/holds/{held['id']}").status_code == 204
    assert book(api_of("north", ["appointments:write"]), north).status_code == 201


def test_an_expired_one_is_gone_and_in_nobodys_way(api, api_of, north, held, superuser):
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
    late = book(api, north, hold_id=held["id"])
    assert (late.status_code, late.json["code"]) == (410, "hold_expired")
    assert book(api_of("north", ["appointments:write"]), north).status_code == 201


def test_anothers_hold_is_not_found(api, api_of, held):
    assert api_of("south").delete(f"/holds/{held['id']}").status_code == 404
    assert api_of("north", ["appointments:write"]).delete(f"/holds/{held['id']}").status_code == 404


def test_the_worker_deletes_what_ran_out_in_every_clinic(app, api, held, superuser):
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
        assert worker.do_what_is_due() == 1
        assert worker.do_what_is_due() == 0
        assert connection.execute("SELECT count(*) FROM hold").fetchone() == (0,)


@pytest.mark.race
def test_one_slot_is_held_by_one(app, north, at_once):
    def hold(_number):
        with entering.acting_in("north"):
            return holds.hold(doctor_id=north.bose, start=at("09:30"), by=Actor("anonymous", id=new_id()))

    answers = at_once(12, hold)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert {type(answer) for answer in answers if isinstance(answer, Exception)} == {SlotTaken}
