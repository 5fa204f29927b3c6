"""What the tests of the contract say often: ask, expect what was promised, and times that suit whatever hour it is."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.booking.times import iso

UNKNOWN = str(uuid.UUID(int=7 << 76 | 2 << 62 | 42))
"""An id that nothing has: a well-formed UUID version 7."""

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def refused(answer: Any, status: int, code: str | None = None, at: str | None = None) -> dict[str, Any]:
    """The problem document of a refusal with this status and code, and an error *at* this pointer."""
    assert (answer.status_code, (answer.json or {}).get("code", code)) == (
        status,
        code or answer.json["code"],
    ), answer.json
    assert answer.mimetype == "application/problem+json"
    said: dict[str, Any] = answer.json
    assert said.keys() >= MEMBERS
    assert said["status"] == status
    assert said["request_id"] == answer.headers["X-Request-Id"]
    if at is not None:
        assert at in [error["pointer"] for error in said["errors"]], said
    for error in said.get("errors", ()):
        assert error.keys() == {"pointer", "code", "message"}
    return said


def ok(answer: Any, status: int = 200) -> Any:
    """The body of an answer that says yes."""
    assert answer.status_code == status, answer.json
    return answer.json


def made(api: Any, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """What ``POST`` made: 201."""
    said: dict[str, Any] = ok(api.post(path, body, **more), 201)
    return said


def ids(answer: Any) -> list[str]:
    """The ids of a list, in order."""
    return [item["id"] for item in ok(answer)["items"]]


def booked(api: Any, north: Any, clock: str = "09:30", patient: str = "carla", **more: Any) -> dict[str, Any]:
    """A visit at Dr Bose's on the working day."""
    body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), **more}
    if not body.keys() & {"start", "date", "slot"}:
        body["start"] = iso(clock)
    return made(api, "/appointments", body)


def person(api: Any, number: int, **more: Any) -> str:
    """Another patient's id."""
    body = {"full_name": f"Person {number}", "phone": f"+57300444{number:04d}", **more}
    return str(made(api, "/patients", body)["id"])


def noon_zone() -> str:
    """A time zone in which it is now between 11:30 and 12:30: there, today has room for tests on both sides."""
    now = datetime.now(UTC)
    hours = round((now.hour + now.minute / 60) - 12)
    return "Etc/GMT" if hours == 0 else f"Etc/GMT{hours:+d}"


def noon_now() -> datetime:
    """Now, on the clock of ``noon_zone``."""
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(noon_zone()))


def every_day(api: Any, doctor: str, start: str, end: str, **more: Any) -> None:
    """The same hours on all seven days."""
    for weekday in range(7):
        made(
            api,
            f"/doctors/{doctor}/availability",
            {"weekday": weekday, "start_time": start, "end_time": end, **more},
        )


def next_weekday(day: date, weekday: int) -> date:
    """The first such weekday after *day*."""
    return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)
