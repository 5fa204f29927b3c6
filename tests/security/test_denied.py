"""A right that is refused is on record, whoever refuses it: the door, or the verb behind it (RULES §5)."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from flask import g

from clinic.core import db, doors
from clinic.core.access import Actor
from clinic.core.entering import acting_in
from tests.booking.times import iso


def refusals() -> list[tuple[str, str]]:
    with acting_in("north"):
        rows = db.rows(
            "SELECT actor_kind, details FROM audit_event"
            " WHERE tenant_id = %(tenant)s AND act = 'access.denied' ORDER BY id"
        )
    return [(row.actor_kind, row.details["right"]) for row in rows]


@pytest.fixture
def as_tok(app, north):
    """The JSON door believes that it is Dr Tok."""
    tok = Actor("user", north.tok, "doctor", doctor_id=north.tok, name="Dr Tok")
    check = doors._check_right

    def told():
        g.actor = tok
        return check()

    with patch.object(doors, "_check_right", told):
        yield


def test_what_the_verb_refuses_is_on_record(as_tok, api, north):
    answer = api.post(
        "/appointments",
        {"doctor_id": str(north.bose), "patient_id": str(north.carla), "start": iso("09:30")},
    )
    assert answer.status_code == 403
    assert api.get(f"/doctors/{north.bose}/queue").status_code == 403
    assert api.post(f"/doctors/{north.bose}/queue/call-next").status_code == 403
    assert refusals() == [("user", "appointments.book"), ("user", "queue.read"), ("user", "queue.serve")]


def test_what_the_door_refuses_is_on_record_once(api_of):
    assert api_of("north", scopes=["queue:read"]).get("/locations").status_code == 403
    assert refusals() == [("key", "schedule.read")]


def test_what_the_verb_records_itself_is_on_record_once(as_tok, api, north):
    answer = api.post(
        f"/doctors/{north.bose}/availability", {"weekday": 6, "start_time": "09:00", "end_time": "10:00"}
    )
    assert answer.status_code == 403
    assert len(refusals()) == 1


def test_a_key_that_asks_for_more_than_it_has_is_on_record(api_of):
    admin = api_of("north", scopes=["admin"])
    answer = admin.post("/api-keys", {"name": "more", "scopes": ["patients:read"]})
    assert answer.json["code"] == "scopes_exceeded"
    assert refusals() == [("key", "keys.write")]
