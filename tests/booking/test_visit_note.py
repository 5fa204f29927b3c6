"""The doctor's note on a visit."""

from __future__ import annotations

import psycopg
import pytest

from clinic.booking import notes
from clinic.core import entering
from clinic.core.access import Actor
from clinic.core.errors import NotFound
from tests.booking.times import iso


@pytest.fixture
def visit(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    return api.post("/appointments", body).json["id"]


@pytest.fixture
def bose(json_as):
    return json_as("bose")


def path(visit):
    return f"/appointments/{visit}/visit-note"


def test_an_unwritten_note_is_empty(bose, visit):
    answer = bose.get(path(visit))
    assert (answer.status_code, answer.json["text"], answer.json["version"]) == (200, "", 0)


def test_the_doctor_writes_and_reads_it(bose, visit):
    written = bose.put(path(visit), {"text": "Knee swollen.\nRest."})
    assert (written.status_code, written.json["version"]) == (200, 1)
    assert bose.get(path(visit)).json == written.json
    assert written.json["text"] == "Knee swollen.\nRest."


def test_every_version_is_kept(bose, visit):
    for text in ("one", "two", "two", "three"):
        bose.put(path(visit), {"text": text})
    kept = bose.get(path(visit) + "/versions").json["items"]
    assert [(note["version"], note["text"]) for note in kept] == [(3, "three"), (2, "two"), (1, "one")]


def test_writing_over_somebodys_version_is_refused(bose, visit):
    bose.put(path(visit), {"text": "one"}, headers={"If-Match": '"0"'})
    stale = bose.put(path(visit), {"text": "mine"}, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert bose.put(path(visit), {"text": "mine"}, headers={"If-Match": '"1"'}).json["version"] == 2


@pytest.mark.parametrize("who", ["ana", "mia", "olga", "tok", "carla", "key"])
@pytest.mark.parametrize("method", ["get", "put"])
def test_nobody_else_reads_or_writes_it_and_the_try_is_on_record(
    api, json_as, bose, visit, superuser, who, method
):
    bose.put(path(visit), {"text": "Knee swollen."})
    caller = api if who == "key" else json_as(who)
    answer = caller.get(path(visit)) if method == "get" else caller.put(path(visit), {"text": "x"})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    with psycopg.connect(superuser) as connection:
        denied = connection.execute(
            "SELECT details FROM audit_event WHERE act = 'access.denied' ORDER BY at DESC LIMIT 1"
        ).fetchone()
    assert denied == ({"right": "appointments.note"},)
    assert bose.get(path(visit)).json["text"] == "Knee swollen."


def test_another_clinics_visit_has_none(app, north, visit):
    stranger = Actor("user", north.id, "doctor", doctor_id=north.bose)
    with entering.acting_in("south"), pytest.raises(NotFound):
        notes.read(visit, by=stranger)


def test_reading_and_writing_are_on_record_without_a_word_of_it(bose, visit, superuser):
    bose.put(path(visit), {"text": "Knee swollen."})
    bose.get(path(visit))
    with psycopg.connect(superuser) as connection:
        acts = connection.execute(
            "SELECT act, details::text FROM audit_event WHERE object_kind = 'visit_note' ORDER BY at"
        ).fetchall()
    assert acts == [("visit_note.write", "{}"), ("visit_note.read", "{}")]


def test_no_visit_or_list_shows_it(api, bose, visit):
    bose.put(path(visit), {"text": "Knee swollen."})
    for address in (f"/appointments/{visit}", "/appointments", f"/appointments/{visit}/history"):
        assert "swollen" not in api.get(address).text


@pytest.mark.race
def test_two_versions_at_once_are_both_kept(app, north, visit, at_once):
    by = Actor("user", north.bose_user, "doctor", doctor_id=north.bose)

    def write(number):
        with entering.acting_in("north"):
            return notes.write(id=visit, text=f"text {number}", by=by).number

    assert sorted(at_once(6, write)) == [1, 2, 3, 4, 5, 6]
