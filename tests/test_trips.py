"""How often the hot calls ask the database: as often for many rows as for few (issue 2, *Figures*; RULES §7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from clinic.core.pipeline import Line
from tests.booking.times import iso, today, working_day
from tests.contract.asking import made, ok
from tests.watching import watch

STARTS = ("09:00", "09:30", "10:00", "10:30", "11:00")
MOST = {
    "day list": (6, 3),
    "slots of a day": (6, 2),
    "slots of all": (6, 4),
    "search": (6, 4),
    "queue": (6, 4),
}
"""Statements beside entering, and round trips in all."""


def asked(call: Callable[[], Any]) -> tuple[int, int]:
    """Statements beside entering, and round trips, of a call that answers well."""
    trips = 0
    send = Line.send

    def counted(self: Line, statements: Any) -> Any:
        nonlocal trips
        trips += 1
        return send(self, statements)

    with patch.object(Line, "send", counted), watch() as seen:
        ok(call())
    return len(seen.queries), trips


@pytest.fixture
def calls(api: Any, north: Any) -> dict[str, Callable[[], Any]]:
    doctor, day = str(north.bose), working_day().isoformat()
    return {
        "day list": lambda: api.get("/appointments", doctor_id=doctor, date=day),
        "slots of a day": lambda: api.get("/slots", doctor_id=doctor, date=day),
        "slots of all": lambda: api.get("/slots", date=day),
        "search": lambda: api.get("/patients", q="carla"),
        "queue": lambda: api.get(f"/doctors/{north.tok}/queue", date=f"{today()}"),
    }


def test_lists_ask_as_often_for_many_rows_as_for_few(
    api: Any, north: Any, calls: dict[str, Callable[[], Any]]
) -> None:
    def visit(patient: str, start: str) -> None:
        made(api, "/appointments", {"patient_id": patient, "doctor_id": str(north.bose), "start": iso(start)})

    def arrive(patient: str) -> None:
        made(api, "/checkins", {"patient_id": patient, "doctor_id": str(north.tok), "walk_in": True})

    def person(number: int) -> str:
        found: str = made(
            api, "/patients", {"full_name": f"Carla Also {number}", "phone": f"+57300111220{number}"}
        )["id"]
        return found

    first = person(0)
    visit(first, STARTS[0])
    arrive(first)
    few = {name: asked(call) for name, call in calls.items()}
    for number, start in enumerate(STARTS[1:], 1):
        patient = person(number)
        visit(patient, start)
        arrive(patient)
    many = {name: asked(call) for name, call in calls.items()}
    assert few == many
    beyond = {
        name: found for name, found in many.items() if found[0] > MOST[name][0] or found[1] > MOST[name][1]
    }
    assert beyond == {}


def test_a_booking_is_four_round_trips(api: Any, north: Any) -> None:
    """Entering; whose time; the locks and what stands under them; the writes with their COMMIT."""
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    api.get("/slots", date=working_day().isoformat())
    trips = []
    send = Line.send

    def counted(self: Line, statements: Any) -> Any:
        trips.append([sql.split()[0] for sql, _params in statements])
        return send(self, statements)

    with patch.object(Line, "send", counted):
        ok(api.post("/appointments", body), 201)
    assert len(trips) == 4, trips
    assert trips[-1][0] == "INSERT"
    assert trips[-1][-1] == "COMMIT"
