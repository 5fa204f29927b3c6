"""API keys: made with their scopes, rotated with or without grace, revoked from one request to the next."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinic.accounts import keys
from clinic.core import db
from clinic.core.access import READ_SCOPES, SYSTEM
from clinic.core.entering import acting_in
from tests.clients import Api


def opens(app: Any, secret: str, host: str = "north.localhost") -> int:
    return Api(app, host, secret).get("/locations").status_code


def made(api: Any, **given: Any) -> Any:
    answer = api.post("/api-keys", {"name": "Laboratory", **given})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_key_opens_what_its_scopes_say(app: Any, api: Any) -> None:
    key = made(api)
    assert key["scopes"] == list(READ_SCOPES)
    assert key["secret"].startswith("ck_north_")
    assert key["secret"].startswith(key["prefix"])
    assert opens(app, key["secret"]) == 200
    reader: Any = Api(app, "north.localhost", key["secret"])
    refused = reader.post("/locations", {"name": "X", "timezone": "UTC"})
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_the_secret_is_shown_once_and_kept_nowhere(api: Any, superuser: str) -> None:
    import psycopg

    key = made(api)
    assert "secret" not in api.get(f"/api-keys/{key['id']}").json
    random = key["secret"].removeprefix(key["prefix"])
    with psycopg.connect(superuser) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            found = connection.execute(f"SELECT 1 FROM {table} t WHERE t::text LIKE %s", [f"%{random}%"])
            assert found.fetchall() == [], table


def test_lists_the_newest_first_without_secrets(api: Any) -> None:
    first, second = made(api, name="One"), made(api, name="Two")
    items = api.get("/api-keys").json["items"]
    assert [item["name"] for item in items] == ["Two", "One", "North Clinic"]
    page = api.get("/api-keys", limit=1).json
    after = api.get("/api-keys", limit=1, cursor=page["next_cursor"]).json
    assert [page["items"][0]["id"], after["items"][0]["id"]] == [second["id"], first["id"]]


def test_never_more_scopes_than_the_caller(api_of: Any) -> None:
    admin = api_of("north", scopes=["admin", "queue:read"])
    refused = admin.post("/api-keys", {"name": "X", "scopes": ["queue:read", "patients:read"]})
    assert (refused.status_code, refused.json["code"]) == (403, "scopes_exceeded")
    assert admin.post("/api-keys", {"name": "X", "scopes": ["queue:read"]}).status_code == 201


def test_nobody_rotates_a_key_that_can_do_more_than_they(api_of: Any, api: Any) -> None:
    strong = api.get("/api-keys").json["items"][-1]["id"]
    refused = api_of("north", scopes=["admin"]).post(f"/api-keys/{strong}/rotate")
    assert (refused.status_code, refused.json["code"]) == (403, "scopes_exceeded")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "required", "/name"),
        ({"name": "X", "scopes": ["everything"]}, "invalid_choice", "/scopes/0"),
        ({"name": "X", "scopes": []}, "too_short", "/scopes"),
        ({"name": "X", "expires_at": "2020-01-01T00:00:00Z"}, "past", "/expires_at"),
        ({"name": "X", "expires_at": "2030-01-01"}, "invalid_time", "/expires_at"),
        ({"name": "X", "expires_at": "2020-01-01T00:00:00"}, "past", "/expires_at"),
    ],
)
def test_says_what_is_wrong(api: Any, body: dict[str, Any], code: str, pointer: str) -> None:
    answer = api.post("/api-keys", body)
    assert answer.status_code == 422
    assert [(error["code"], error["pointer"]) for error in answer.json["errors"]] == [(code, pointer)]


def test_rotating_ends_the_old_secret_at_once(app: Any, api: Any) -> None:
    old = made(api)
    new = api.post(f"/api-keys/{old['id']}/rotate").json
    assert new["id"] == old["id"]
    assert (opens(app, old["secret"]), opens(app, new["secret"])) == (401, 200)


def test_rotating_with_grace_lets_both_open_for_a_while(app: Any, api: Any) -> None:
    old = made(api)
    new = api.post(f"/api-keys/{old['id']}/rotate", {"grace_seconds": 60}).json
    assert (opens(app, old["secret"]), opens(app, new["secret"])) == (200, 200)
    with acting_in("north"):
        db.rows("UPDATE api_key SET old_until = now() WHERE tenant_id = %(tenant)s")
        db.session.commit()
    assert (opens(app, old["secret"]), opens(app, new["secret"])) == (401, 200)


def test_a_revoked_key_is_refused_from_the_next_request_on(app: Any, api: Any) -> None:
    old = made(api)
    new = api.post(f"/api-keys/{old['id']}/rotate", {"grace_seconds": 60}).json
    answer = api.post(f"/api-keys/{old['id']}/revoke")
    assert (answer.status_code, answer.json["is_active"]) == (200, False)
    assert (opens(app, old["secret"]), opens(app, new["secret"])) == (401, 401)
    assert api.post(f"/api-keys/{old['id']}/revoke").status_code == 200, "twice is harmless"
    again = api.post(f"/api-keys/{old['id']}/rotate")
    assert (again.status_code, again.json["code"]) == (409, "key_revoked")
    assert old["id"] not in {item["id"] for item in api.get("/api-keys").json["items"]}
    assert old["id"] in {item["id"] for item in api.get("/api-keys", include_inactive="true").json["items"]}


def test_a_key_ends_at_its_time(app: Any, north: Any) -> None:
    with acting_in("north"):
        key = keys.create_key(name="X", expires_at=datetime.now(UTC) + timedelta(hours=1), by=SYSTEM)
        assert opens(app, key.secret) == 200
        db.rows(
            "UPDATE api_key SET expires_at = now() WHERE tenant_id = %(tenant)s AND id = %(id)s", id=key.id
        )
        db.session.commit()
    assert opens(app, key.secret) == 401


def test_a_key_is_unknown_on_another_clinics_host(app: Any, north: Any, south: Any) -> None:
    assert opens(app, north.api_key, "south.localhost") == 401
    assert opens(app, south.api_key, "south.localhost") == 200


def test_another_clinics_key_is_not_found(api: Any, api_of: Any) -> None:
    theirs = made(api_of("south"))["id"]
    for call in (
        api.get(f"/api-keys/{theirs}"),
        api.post(f"/api-keys/{theirs}/revoke"),
        api.post(f"/api-keys/{theirs}/rotate"),
    ):
        assert (call.status_code, call.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("scope", ["patients:write", "schedule:write"])
def test_only_admin_sees_keys(api_of: Any, scope: str) -> None:
    assert api_of("north", scopes=[scope]).get("/api-keys").status_code == 403


def test_a_use_is_noted_within_a_second(app: Any, api: Any) -> None:
    key = made(api)
    client = Api(app, "north.localhost", key["secret"])
    for _ in range(3):
        client.get("/locations")
    patience = time.monotonic() + 5
    while (shown := api.get(f"/api-keys/{key['id']}").json)[
        "requests_30d"
    ] < 3 and time.monotonic() < patience:
        time.sleep(0.05)
    assert shown["requests_30d"] == 3
    assert shown["last_used_at"] is not None


def test_no_idempotency_key_keeps_a_secret(api: Any) -> None:
    first, second = (
        api.post("/api-keys", {"name": "X"}, headers={"Idempotency-Key": "once"}).json["secret"]
        for _ in range(2)
    )
    assert first != second
