"""What the tests of the set-up say often: book somebody at Dr Bose's, block an hour, ask what stands."""

from __future__ import annotations

from typing import Any

from tests.booking.times import iso, working_day


def book(api: Any, north: Any, clock: str = "09:30", patient: str = "carla", **more: Any) -> str:
    """The id of a visit at Dr Bose's on the working day."""
    body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), **more}
    if "date" not in more:
        body.setdefault("start", iso(clock))
    answer = api.post("/appointments", body)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def needs_rescheduling(api: Any, visit: str) -> bool:
    return bool(api.get(f"/appointments/{visit}").json["needs_rescheduling"])


def affected(answer: Any, code: str = "appointments_affected") -> list[str]:
    """The visits that a refusal names."""
    assert (answer.status_code, answer.json["code"]) == (409, code), answer.json
    ids: list[str] = answer.json["appointment_ids"]
    return ids


def refused(answer: Any) -> tuple[int, str, str | None]:
    """Status, code and the first pointer of a refusal."""
    errors = answer.json.get("errors") or [{"pointer": None}]
    return answer.status_code, answer.json["code"], errors[0]["pointer"]


def cost(statements: Any, api: Any, path: str, **query: Any) -> int:
    """How many statements on the clinic's tables a read takes; limits and the uses of keys are not among them."""
    with statements() as seen:
        assert api.get(path, **query).status_code == 200
    return sum("tenant_id" in sql and "api_key" not in sql for sql in seen.queries)


def day() -> str:
    return working_day().isoformat()
