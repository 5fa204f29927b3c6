"""The application against its own document: what fits the schema is answered as the schema says, and never with 5xx.

Bounded and the same every time: a few examples for each call from a fixed seed, with a key of every scope. Ids in
paths and bodies are sometimes real, so that calls come further than to "there is nothing by this id".
"""

from __future__ import annotations

from contextvars import Context
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.booking.times import iso, today
from tests.contract.asking import booked, made

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
QUIET = settings(
    derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def real(api, north) -> dict[str, str]:
    """An id of each kind of thing that stands in North, by where it is read or what a field calls it."""
    doctor, day = str(north.bose), "2031-01-07"
    visit = booked(api, north)["id"]
    walk_in = {"patient_id": str(north.dora), "doctor_id": str(north.tok), "walk_in": True}
    entry = made(api, "/checkins", walk_in)["id"]
    hold = made(api, "/holds", {"doctor_id": doctor, "start": iso("11:00")})["id"]
    room = made(api, "/rooms", {"location_id": str(north.main), "name": "One"})["id"]
    session = {"doctor_id": doctor, "start": f"{day}T09:00:00", "duration_minutes": 60}
    return {
        "patients": str(north.carla), "patient_id": str(north.carla), "doctors": doctor, "doctor_id": doctor,
        "locations": str(north.main), "location_id": str(north.main), "services": str(north.visit),
        "service_id": str(north.visit), "specialties": str(north.general), "rooms": room, "room_id": room,
        "appointments": visit, "appointment_id": visit, "holds": hold, "hold_id": hold,
        "checkins": entry, "queue": entry,
        "availability": str(north.bose_hours_0),
        "sessions": made(api, "/sessions", session)["id"],
        "overrides": made(api, f"/doctors/{doctor}/overrides", {"date": day})["id"],
        "blocked-times": made(api, f"/doctors/{doctor}/blocked-times", {"start": "2031-02-07", "all_day": True})["id"],
        "closures": made(api, "/closures", {"start": "2031-03-07", "all_day": True})["id"],
        "api-keys": made(api, "/api-keys", {"name": "other"})["id"],
    }  # fmt: skip


def make_real(case: Any, real: dict[str, str]) -> None:
    """Real ids in place of made-up ones, where the names tell which."""
    kind = case.path.removeprefix("/api/v1/").split("/")[0]
    if case.path_parameters and kind in real and "id" in case.path_parameters:
        case.path_parameters["id"] = real[kind]
    if case.path_parameters and "on" in case.path_parameters:
        case.path_parameters["on"] = today().isoformat()
    for part in (case.body, case.query):
        if isinstance(part, dict):
            part.update({name: real[name] for name in part if name in real and part[name] is not None})


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_application_does_what_its_document_says(app, north, real, mode):
    faults: list[str] = []
    headers = {"X-Api-Key": north.api_key, "Accept-Encoding": "identity"}

    def ask(operation: Any) -> None:
        @settings(QUIET, max_examples=EXAMPLES[mode])
        @given(case=operation.as_strategy(generation_mode=mode), with_real_ids=st.booleans())
        def try_it(case: Any, with_real_ids: bool) -> None:
            if with_real_ids:
                make_real(case, real)
            response = case.call(headers=headers, base_url="http://north.localhost")
            case.validate_response(response, checks=CHECKS, headers=headers)

        try:
            try_it()
        except Unsatisfiable:  # nothing in this call can be wrong
            assert mode is GenerationMode.NEGATIVE
        except (Exception, BaseExceptionGroup) as fault:  # noqa: BLE001 – each fault is told, with its call
            faults.append(f"{operation.label}\n{fault}"[:1500])

    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        if "/admin/" not in operation.path:
            Context().run(ask, operation)
    assert not faults, "\n\n".join(faults)
