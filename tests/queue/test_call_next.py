"""Calling the next one, and the rest of the day."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.queue import actions
from tests.booking.times import today


@pytest.fixture
def three(api, north):
    """Three people wait at Dr Tok's, in this order."""
    entries = []
    for number in range(3):
        patient = api.post(
            "/patients", {"full_name": f"Waiting {number}", "phone": f"30055500{number:02d}"}
        ).json["id"]
        body = {"patient_id": patient, "doctor_id": str(north.tok), "date": today().isoformat()}
        visit = api.post("/appointments", body).json["id"]
        entries.append(api.post("/checkins", {"appointment_id": visit}).json["id"])
    return entries


def test_calls_in_order_and_then_nobody(api, north, three):
    called = [api.post(f"/doctors/{north.tok}/queue/call-next").json["id"] for _ in three]
    assert called == three
    assert api.post(f"/doctors/{north.tok}/queue/call-next").status_code == 204


def test_urgent_goes_first_and_says_why(api, north, three):
    nameless = api.post(f"/queue/{three[2]}/priority", {"priority": "urgent"})
    assert nameless.json["errors"][0]["pointer"] == "/reason"
    api.post(f"/queue/{three[2]}/priority", {"priority": "urgent", "reason": "chest pain"})
    queue = api.get(f"/doctors/{north.tok}/queue").json["items"]
    assert [entry["id"] for entry in queue] == [three[2], three[0], three[1]]
    assert [entry["queue_position"] for entry in queue] == [3, 1, 2]
    assert "urgent" in queue[0]["why"]


def test_call_start_serve_moves_the_visit_along(api, north, three):
    entry = api.post(f"/doctors/{north.tok}/queue/call-next").json
    assert entry["status"] == "called"
    assert api.post(f"/queue/{entry['id']}/start").json["status"] == "in_room"
    assert api.get(f"/appointments/{entry['appointment_id']}").json["status"] == "in_progress"
    assert api.post(f"/queue/{entry['id']}/serve").json["status"] == "served"
    assert api.get(f"/appointments/{entry['appointment_id']}").json["status"] == "completed"


def test_a_served_one_cannot_be_called(api, north, three):
    for name in ("start", "serve"):
        api.post(f"/queue/{three[0]}/{name}")
    refused = api.post(f"/queue/{three[0]}/call")
    assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")


def test_skipped_and_back_keeps_the_number(api, north, three):
    assert api.post(f"/queue/{three[0]}/skip").json["status"] == "skipped"
    back = api.post(f"/queue/{three[0]}/requeue").json
    assert (back["status"], back["queue_position"]) == ("waiting", 1)


def test_leaving_cancels_the_visit(api, north, three):
    left = api.post(f"/queue/{three[0]}/leave").json
    assert left["status"] == "left"
    visit = api.get(f"/appointments/{left['appointment_id']}").json
    assert (visit["status"], visit["cancel_reason"]) == ("cancelled", "left_before_seen")


def test_a_transfer_takes_the_other_queues_next_number_and_keeps_the_ticket(api, north, three):
    ticket = api.get(f"/checkins/{three[0]}").json["ticket"]
    moved = api.post(f"/queue/{three[0]}/transfer", {"doctor_id": str(north.bose)}).json
    assert (moved["doctor_id"], moved["queue_position"], moved["ticket"]) == (str(north.bose), 1, ticket)


def test_an_unchanged_queue_is_304(api, north, three):
    first = api.get(f"/doctors/{north.tok}/queue")
    again = api.get(f"/doctors/{north.tok}/queue", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def _call(north):
    with entering.acting_in("north"):
        return actions.call_next(doctor_id=north.tok, by=SYSTEM)


@pytest.mark.race
def test_two_callers_never_get_the_same_person(app, north, three, at_once):
    called = at_once(3, lambda _n: _call(north))
    assert {str(entry.id) for entry in called} == set(three)


@pytest.mark.race
def test_without_the_lock_they_would(app, north, three, at_once):
    """The control: without FOR UPDATE SKIP LOCKED everybody is given the first in line."""
    import threading

    barrier = threading.Barrier(3)
    move = actions._move

    def late(*args):
        barrier.wait(10)
        return move(*args)

    careless = actions.NEXT.replace("FOR UPDATE OF e SKIP LOCKED", "")
    with patch.object(actions, "NEXT", careless), patch.object(actions, "_move", late):
        called = at_once(3, lambda _n: _call(north))
    assert len({getattr(entry, "id", None) for entry in called}) == 1
