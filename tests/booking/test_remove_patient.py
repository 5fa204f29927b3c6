"""A patient leaves the clinic, with the visits that were to come."""

from __future__ import annotations

import pytest

from clinic.booking import actions, leaving
from clinic.booking.asking import Asked
from clinic.core import db, entering
from clinic.core.access import SYSTEM
from tests.booking.times import at, iso, today


@pytest.fixture
def visits(api, north):
    """Two visits of Carla to come, and one that was called off."""
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose)}
    timed = api.post("/appointments", {**body, "start": iso("09:30")}).json["id"]
    token = api.post("/appointments", {**body, "doctor_id": str(north.tok), "date": str(today())}).json["id"]
    gone = api.post("/appointments", {**body, "start": iso("10:30")}).json["id"]
    api.post(f"/appointments/{gone}/cancel", {"reason": "mistake"})
    return timed, token, gone


def test_with_visits_to_come_nobody_leaves(api, north, visits):
    refused = api.delete(f"/patients/{north.carla}")
    assert refused.status_code == 409
    assert set(refused.json["appointment_ids"]) == set(visits[:2])
    assert api.get(f"/patients/{north.carla}").json["is_active"] is True


def test_unless_they_are_called_off(api, north, visits):
    left = api.delete(f"/patients/{north.carla}?cancel_appointments=true")
    assert (left.status_code, left.data) == (204, b"")
    assert api.get(f"/patients/{north.carla}").json["is_active"] is False
    reasons = [api.get(f"/appointments/{id}").json for id in visits]
    assert [visit["status"] for visit in reasons] == ["cancelled"] * 3
    assert [visit["cancel_reason"] for visit in reasons] == ["clinic", "clinic", "mistake"]
    (day,) = api.get(f"/doctors/{north.tok}/days", **{"from": str(today()), "to": str(today())}).json["items"]
    assert day["booked"] == 0
    again = api.delete(f"/patients/{north.carla}?cancel_appointments=true")
    assert again.status_code == 204


def test_without_visits_the_word_changes_nothing(api, north):
    assert api.delete(f"/patients/{north.dora}?cancel_appointments=true").status_code == 204
    assert api.delete(f"/patients/{north.emil}?cancel_appointments=false").status_code == 204


def test_a_stale_version_calls_nothing_off(api, north, visits):
    headers = {"If-Match": '"9"'}
    assert api.delete(f"/patients/{north.carla}?cancel_appointments=true", headers=headers).status_code == 412
    assert api.get(f"/appointments/{visits[0]}").json["status"] == "booked"


def test_who_may_not_call_visits_off(api_of, json_as, north, visits):
    writer = api_of("north", ["patients:write"])
    assert writer.delete(f"/patients/{north.carla}?cancel_appointments=true").status_code == 403
    for who in ("bose", "carla"):
        assert json_as(who).delete(f"/patients/{north.carla}?cancel_appointments=true").status_code == 403
    assert json_as("ana").delete(f"/patients/{north.carla}?cancel_appointments=true").status_code == 204


def test_another_clinics_patient_is_not_found(api, south):
    assert api.delete(f"/patients/{south.pierre}?cancel_appointments=true").status_code == 404


@pytest.mark.race
def test_nobody_books_for_who_is_leaving(app, north, at_once):
    """Whoever comes first wins; nobody is gone with a visit to come."""

    def work(number):
        with entering.acting_in("north"):
            if number == 0:
                return leaving.remove_patient(id=north.dora, cancel_appointments=True, by=SYSTEM)
            asked = Asked(patient_id=north.dora, doctor_id=north.bose, start=at("09:30", number))
            return actions.book(asked=asked, by=SYSTEM)

    answers = at_once(6, work)
    assert answers[0] is None
    with entering.acting_in("north"):
        left = db.row(
            "SELECT count(*) AS n FROM appointment WHERE tenant_id = %(tenant)s AND patient_id = %(id)s"
            " AND status = 'booked'",
            id=north.dora,
        )
    assert left.n == 0
