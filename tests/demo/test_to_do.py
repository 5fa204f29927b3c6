"""What waits for the demo's desk: a request with its answers, and people on the waiting list."""

from __future__ import annotations

from typing import Any

from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.demo import to_do
from clinic.schedule.directory import services
from tests.booking.times import BOGOTA, today


def test_a_request_and_three_who_wait(api: Any, in_north: Any) -> None:
    north = in_north
    fields = {
        "name": "Surgery",
        "duration_minutes": 30,
        "requires_approval": True,
        "questions": to_do.QUESTIONS,
    }
    surgery = services.add(fields=fields, by=SYSTEM).id
    api.post("/specialties", {"name": "Cardiology", "code": "cardiology"})
    people = [north.carla, north.dora, north.emil, north.carla, north.dora]
    to_do.make(north.bose, surgery, people, BOGOTA, today())
    db.settle()
    (visit,) = api.get("/appointments").json["items"]
    assert (visit["status"], visit["patient_id"]) == ("pending", str(north.dora))
    assert visit["intake_answers"] == {"where": "Shoulder", "side": "left", "thinners": False}
    wishes = api.get("/waitlist").json["items"]
    assert [wish["part_of_day"] for wish in wishes] == ["morning", None, "evening"]
    assert wishes[1]["specialty"] == "cardiology"
