"""API.md §4: settings and lookups; §3: API keys."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clients import Api
from tests.contract.asking import ids, made, ok, refused

SETTINGS = (
    "name logo_url color timezone country currency languages min_notice_minutes max_days_ahead cancel_notice_minutes"
    " hold_minutes max_open_bookings_per_patient max_appointments_per_doctor_per_day late_grace_minutes"
    " walk_in_max_wait_minutes morning_ends afternoon_ends reminder_minutes_before quiet_hours allowed_origins"
    " portal_open retention"
).split()


def test_every_setting_is_there(api):
    assert set(SETTINGS) <= ok(api.get("/settings")).keys()


def test_the_defaults_are_those_of_the_contract(api):
    said = ok(api.get("/settings"))
    assert (said["hold_minutes"], said["late_grace_minutes"], said["walk_in_max_wait_minutes"]) == (5, 15, 60)
    assert (said["morning_ends"], said["afternoon_ends"]) == ("12:00", "18:00")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Clínica Ñ"), ("logo_url", "https://example.org/l.png"), ("color", "#112233"),
        ("timezone", "America/Lima"), ("country", "PE"), ("currency", "PEN"), ("languages", ["es", "en"]),
        ("min_notice_minutes", 30), ("max_days_ahead", 90), ("cancel_notice_minutes", 60), ("hold_minutes", 9),
        ("max_open_bookings_per_patient", 4), ("max_appointments_per_doctor_per_day", 30), ("late_grace_minutes", 5),
        ("walk_in_max_wait_minutes", 45), ("morning_ends", "13:00"), ("afternoon_ends", "19:00"),
        ("reminder_minutes_before", [1440, 60]), ("quiet_hours", {"from": "21:00", "to": "08:00"}),
        ("allowed_origins", ["https://www.example.org"]), ("portal_open", False), ("retention", {"audit": 400}),
    ],
)  # fmt: skip
def test_a_setting_is_changed_and_stays(api, api_of, name, value):
    before = ok(api_of("south").get("/settings"))
    assert ok(api.patch("/settings", {name: value}))[name] == value
    assert ok(api.get("/settings"))[name] == value
    assert ok(api_of("south").get("/settings")) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color", "red"), ("timezone", "Moon"), ("country", "XX"), ("currency", "X"), ("languages", []),
        ("min_notice_minutes", -1), ("max_days_ahead", 0), ("hold_minutes", 0), ("morning_ends", "25:00"),
        ("quiet_hours", {"from": "21:00"}), ("allowed_origins", ["x"]), ("portal_open", "yes"), ("name", ""),
        ("hold_minutes", 10**12), ("retention", {"audit": -1}), ("name", None), ("logo_url", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_422(api, name, value):
    before = ok(api.get("/settings"))
    refused(api.patch("/settings", {name: value, "late_grace_minutes": 1}), 422)
    assert ok(api.get("/settings")) == before


@pytest.mark.parametrize("name", ["reminder_minutes_before", "allowed_origins", "retention"])
def test_null_empties_a_setting_that_may_be_empty(api, name):
    ok(api.patch("/settings", {name: {"visits": 30} if name == "retention" else []}))
    assert not ok(api.patch("/settings", {name: None}))[name]
    refused(api.patch("/settings", {"languages": None}), 422, at="/languages")


def test_settings_need_admin(api_of):
    for method, body in (("GET", None), ("PATCH", {"hold_minutes": 6})):
        refused(
            api_of("north", scopes=["schedule:read", "schedule:write"]).open(method, "/settings", body), 403
        )


def test_the_cap_of_the_settings_is_that_of_token_doctors(api, north):
    day = "2031-01-07"
    assert ok(api.get(f"/doctors/{north.tok}/days/{day}"))["remaining"] == 10
    assert ok(api.get(f"/doctors/{north.bose}/days/{day}"))["remaining"] is None
    ok(api.patch("/settings", {"max_appointments_per_doctor_per_day": 3}))
    assert ok(api.get(f"/doctors/{north.tok}/days/{day}"))["remaining"] == 3


# -- lookups ----------------------------------------------------------------------------------------------------------

OWN = ("document_types", "genders", "appointment_types", "cancel_reasons", "insurers")
READ_ONLY = ("appointment_statuses", "modalities")


def test_every_list_is_there(api):
    assert {item["kind"] for item in ok(api.get("/lookups"))["items"]} == {*OWN, *READ_ONLY}


@pytest.mark.parametrize("kind", OWN)
def test_a_list_takes_values_of_the_tenants_own(api, api_of, kind):
    before = len(ok(api.get(f"/lookups/{kind}"))["items"])
    value = made(api, f"/lookups/{kind}", {"code": "own", "label": "Ours"})
    assert value.items() >= {"code": "own", "label": "Ours", "is_system": False, "kind": kind}.items()
    assert len(ok(api.get(f"/lookups/{kind}"))["items"]) == before + 1
    assert value["id"] not in ids(api_of("south").get(f"/lookups/{kind}"))
    refused(api.post(f"/lookups/{kind}", {"code": "own", "label": "Again"}), 409, "code_taken")
    assert ok(api.patch(f"/lookups/{kind}/{value['id']}", {"label": "New"}))["label"] == "New"
    assert api.delete(f"/lookups/{kind}/{value['id']}").status_code == 204


@pytest.mark.parametrize("kind", READ_ONLY)
def test_what_the_application_works_by_is_read_only(api, kind):
    values = ok(api.get(f"/lookups/{kind}"))["items"]
    assert values
    answer = api.post(f"/lookups/{kind}", {"code": "own", "label": "Ours"})
    assert answer.status_code in (403, 405, 409, 422)
    for method in ("PATCH", "DELETE"):
        body = {"label": "x"} if method == "PATCH" else None
        assert api.open(method, f"/lookups/{kind}/{values[0]['id']}", body).status_code in (
            403,
            405,
            409,
            422,
        )


def test_the_statuses_and_modalities_are_those_of_the_contract(api):
    codes = {kind: {item["code"] for item in ok(api.get(f"/lookups/{kind}"))["items"]} for kind in READ_ONLY}
    assert codes["modalities"] == {"in_person", "video", "phone", "home"}
    assert codes["appointment_statuses"] == {
        "pending", "booked", "confirmed", "checked_in", "in_progress", "completed", "cancelled", "rejected", "no_show",
    }  # fmt: skip


def test_system_values_stay(api):
    system = next(item for item in ok(api.get("/lookups/genders"))["items"] if item["is_system"])
    assert api.patch(f"/lookups/genders/{system['id']}", {"label": "x"}).status_code in (403, 409)
    assert api.delete(f"/lookups/genders/{system['id']}").status_code in (403, 409)


def test_an_unknown_list_is_404(api):
    refused(api.get("/lookups/nothing"), 404, "not_found")
    refused(api.post("/lookups/nothing", {"code": "x", "label": "x"}), 404, "not_found")


# -- API keys (§3) ----------------------------------------------------------------------------------------------------


def test_a_keys_secret_is_shown_once(api):
    key = made(api, "/api-keys", {"name": "Website"})
    assert key.keys() >= {"id", "name", "prefix", "secret"}
    assert key["secret"].startswith(key["prefix"])
    for said in (ok(api.get(f"/api-keys/{key['id']}")), *ok(api.get("/api-keys"))["items"]):
        assert "secret" not in said or not said["secret"]
        assert key["secret"] not in str(said)
        assert said.keys() >= {"id", "name", "prefix", "last_used_at", "requests_30d"}


def test_scopes_left_out_are_the_read_scopes(app, api):
    key = made(api, "/api-keys", {"name": "x"})
    weak = Api(app, "north.localhost", key["secret"])
    for path in ("/patients", "/doctors", "/appointments"):
        ok(weak.get(path))
    refused(weak.post("/patients", {}), 403)
    refused(weak.get("/settings"), 403)


def test_never_more_than_the_callers_own(api_of):
    weak = api_of("north", scopes=["admin", "patients:read"])
    answer = weak.post("/api-keys", {"name": "x", "scopes": ["patients:write"]})
    assert answer.status_code in (403, 422), answer.json
    made(weak, "/api-keys", {"name": "x", "scopes": ["patients:read"]})
    key = made(weak, "/api-keys", {"name": "x"})["id"]
    assert ok(weak.get(f"/api-keys/{key}"))["scopes"] == ["patients:read"]
    refused(api_of("north", scopes=["admin"]).post("/api-keys", {"name": "x"}), 403)


@pytest.mark.parametrize(
    "body",
    [{"name": "x", "scopes": ["everything"]}, {"name": "x", "scopes": []}, {},
     {"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, {"name": "x", "expires_at": "x"}],
)  # fmt: skip
def test_a_key_that_cannot_be_is_422(api, body):
    refused(api.post("/api-keys", body), 422)


def test_a_key_that_has_run_out_is_unknown(app, api, superuser):
    import psycopg

    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = made(api, "/api-keys", {"name": "x", "expires_at": soon})
    ok(Api(app, "north.localhost", key["secret"]).get("/doctors"))
    with psycopg.connect(superuser) as connection:
        connection.execute(
            "UPDATE api_key SET expires_at = now() - interval '1 second' WHERE id = %s", [key["id"]]
        )
    refused(Api(app, "north.localhost", key["secret"]).get("/doctors"), 401)


def test_rotating_kills_the_old_secret_at_once_or_after_a_grace(app, api):
    key = made(api, "/api-keys", {"name": "x"})
    old = Api(app, "north.localhost", key["secret"])
    new = ok(api.post(f"/api-keys/{key['id']}/rotate", {"grace_seconds": 60}))
    assert new["id"] == key["id"]
    ok(old.get("/doctors"))
    ok(Api(app, "north.localhost", new["secret"]).get("/doctors"))
    newest = ok(api.post(f"/api-keys/{key['id']}/rotate"))
    refused(Api(app, "north.localhost", new["secret"]).get("/doctors"), 401)
    ok(Api(app, "north.localhost", newest["secret"]).get("/doctors"))


def test_a_revoked_key_is_refused_from_the_next_request_on(app, api):
    key = made(api, "/api-keys", {"name": "x"})
    mine = Api(app, "north.localhost", key["secret"])
    ok(mine.get("/doctors"))
    ok(api.post(f"/api-keys/{key['id']}/revoke"))
    refused(mine.get("/doctors"), 401)
    assert api.post(f"/api-keys/{key['id']}/rotate").status_code in (409, 410, 422)


def test_a_use_is_seen_within_a_second(app, api):
    key = made(api, "/api-keys", {"name": "x"})
    assert ok(api.get(f"/api-keys/{key['id']}"))["last_used_at"] is None
    ok(Api(app, "north.localhost", key["secret"]).get("/doctors"))
    said: dict[str, Any] = {}
    for _ in range(30):
        said = ok(api.get(f"/api-keys/{key['id']}"))
        if said["last_used_at"]:
            break
        time.sleep(0.1)
    assert said["last_used_at"]
    assert said["requests_30d"] == 1
