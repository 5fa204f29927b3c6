"""Settings: read with their defaults, changed by an owner, one by one or together."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import tenancy
from clinic.core.entering import acting_in


def test_every_setting_has_a_value_from_the_start(api: Any) -> None:
    found = api.get("/settings")
    assert found.status_code == 200
    assert found.json["name"] == "North Clinic"
    assert {name: found.json[name] for name in tenancy.DEFAULTS} == tenancy.DEFAULTS
    assert found.headers["ETag"] == f'"{found.json["version"]}"'


def test_a_change_holds_from_the_next_request_on(api: Any, north: Any) -> None:
    changed = api.patch(
        "/settings", {"hold_minutes": 7, "quiet_hours": {"from": "20:00", "to": "08:00"}, "name": "Norte"}
    )
    assert changed.status_code == 200
    assert {name: changed.json[name] for name in ("hold_minutes", "quiet_hours", "name", "color")} == {
        "hold_minutes": 7,
        "quiet_hours": {"from": "20:00", "to": "08:00"},
        "name": "Norte",
        "color": "#0f766e",
    }
    assert api.get("/settings").json == changed.json
    with acting_in("north") as clinic:
        assert (clinic.name, clinic.setting("hold_minutes")) == ("Norte", 7)
        assert clinic.setting("quiet_hours") == {"from": "20:00", "to": "08:00"}


def test_null_clears_what_may_be_empty(api: Any) -> None:
    api.patch("/settings", {"max_appointments_per_doctor_per_day": 12, "logo_url": "https://x.org/logo.svg"})
    cleared = api.patch("/settings", {"max_appointments_per_doctor_per_day": None, "logo_url": None}).json
    assert (cleared["max_appointments_per_doctor_per_day"], cleared["logo_url"]) == (None, None)
    assert api.patch("/settings", {"hold_minutes": None}).status_code == 422


def test_a_change_is_made_to_the_version_that_was_seen(api: Any) -> None:
    seen = api.get("/settings").headers["ETag"]
    assert api.patch("/settings", {"color": "#ABCDEF"}, headers={"If-Match": seen}).json["color"] == "#abcdef"
    stale = api.patch("/settings", {"color": "#000000"}, headers={"If-Match": seen})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")


def test_changing_nothing_is_no_change(api: Any) -> None:
    before = api.get("/settings").json["version"]
    assert api.patch("/settings", {"hold_minutes": 5}).json["version"] == before
    assert api.patch("/settings", {}).json["version"] == before


@pytest.mark.parametrize(
    ("given", "code", "pointer"),
    [
        ({"hold_minutes": 0}, "out_of_range", "/hold_minutes"),
        ({"hold_minutes": "5"}, "invalid_type", "/hold_minutes"),
        ({"color": "red"}, "invalid_color", "/color"),
        ({"timezone": "Mars"}, "unknown_time_zone", "/timezone"),
        ({"languages": []}, "too_short", "/languages"),
        ({"languages": ["english"]}, "invalid_language", "/languages/0"),
        ({"morning_ends": "25:00"}, "invalid_time", "/morning_ends"),
        ({"morning_ends": "18:30"}, "out_of_order", "/afternoon_ends"),
        ({"quiet_hours": {"from": "20:00"}}, "required", "/quiet_hours/to"),
        ({"quiet_hours": {"from": "20:00", "to": "08:00", "on": 1}}, "unknown_field", "/quiet_hours/on"),
        ({"allowed_origins": ["https://x.org/path"]}, "invalid_origin", "/allowed_origins/0"),
        ({"logo_url": "javascript:alert(1)"}, "invalid_url", "/logo_url"),
        ({"retention": {"audit": 0}}, "out_of_range", "/retention/audit"),
        ({"slug": "west"}, "unknown_field", "/slug"),
        ({"version": 3}, "unknown_field", "/version"),
    ],
)
def test_says_what_is_wrong_and_changes_nothing(
    api: Any, given: dict[str, Any], code: str, pointer: str
) -> None:
    before = api.get("/settings").json
    answer = api.patch("/settings", given | {"name": "Other"})
    assert answer.status_code == 422
    assert [(error["code"], error["pointer"]) for error in answer.json["errors"]] == [(code, pointer)]
    assert api.get("/settings").json == before


def test_admin_alone_sees_and_changes_them(api_of: Any) -> None:
    other = api_of("north", scopes=["schedule:read", "schedule:write"])
    assert other.get("/settings").status_code == 403
    assert other.patch("/settings", {"hold_minutes": 7}).status_code == 403


def test_another_clinic_keeps_its_own(api: Any, api_of: Any) -> None:
    api.patch("/settings", {"hold_minutes": 7, "name": "Norte"})
    south = api_of("south").get("/settings").json
    assert (south["hold_minutes"], south["name"]) == (5, "South Clinic")
