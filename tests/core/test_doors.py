"""The doors: which host, who knocks, what they may; and what every answer carries, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import db
from clinic.core.entering import acting_in
from tests.conftest import MASTER

NORTH, PLATFORM = "http://north.localhost", "http://localhost"


def open_(app: Any, url: str, method: str = "GET", **more: Any) -> Any:
    host, _, path = url.removeprefix("http://").partition("/")
    return app.test_client().open(f"/{path}", method=method, base_url=f"http://{host}", **more)


# -- which host ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "nowhere.localhost",
        "a.north.localhost",
        "north.example.org",
        "127.0.0.1",
        "localhost.evil.org",
        "northlocalhost",
    ],
)
def test_there_is_no_clinic_at_an_unknown_host(app: Any, host: str) -> None:
    page = open_(app, f"http://{host}/login")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is no clinic at this address" in page.text
    answer = open_(app, f"http://{host}/api/v1/locations")
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (
        404,
        "application/problem+json",
        "unknown_clinic",
    )


@pytest.mark.parametrize(
    "host", ["NORTH.localhost", "north.localhost.", "north.localhost:8000", "North.LocalHost:80"]
)
def test_a_host_is_known_in_any_spelling(app: Any, host: str) -> None:
    assert open_(app, f"http://{host}/login").status_code == 200


@pytest.mark.parametrize("path", ["/desk", "/login", "/my/visits"])
def test_the_platforms_host_has_no_clinics_pages(app: Any, path: str) -> None:
    answer = open_(app, PLATFORM + path)
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)


def test_a_suspended_clinic_says_so_before_anything_else(app: Any, platform: Any, north: Any) -> None:
    platform.patch(f"/tenants/{north.id}", {"status": "suspended"})
    for path, method in (("/login", "GET"), ("/nowhere", "GET"), ("/logout", "POST")):
        assert open_(app, NORTH + path, method).status_code == 403
    for key in (north.api_key, "wrong"):
        answer = open_(app, f"{NORTH}/api/v1/nowhere", headers={"X-Api-Key": key})
        assert (answer.status_code, answer.json["code"]) == (403, "tenant_suspended")


# -- who knocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", [("X-Api-Key", "{}"), ("Authorization", "Bearer {}"), ("Authorization", "bearer  {}")]
)
def test_a_key_comes_in_either_header(app: Any, north: Any, header: tuple[str, str]) -> None:
    name, form = header
    assert (
        open_(app, f"{NORTH}/api/v1/locations", headers={name: form.format(north.api_key)}).status_code == 200
    )


@pytest.mark.parametrize(
    "headers", [{}, {"X-Api-Key": "ck_north_wrong"}, {"Authorization": "Basic eDp5"}, {"X-Api-Key": MASTER}]
)
def test_without_a_key_of_this_clinic_nothing_is_answered(app: Any, headers: dict[str, str]) -> None:
    for path in ("/api/v1/locations", "/api/v1/nowhere"):
        answer = open_(app, NORTH + path, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_master_key_opens_the_platform_alone(app: Any, platform: Any, north: Any) -> None:
    assert platform.get("/tenants").status_code == 200
    assert open_(app, f"{NORTH}/api/v1/admin/tenants", headers={"X-Api-Key": MASTER}).status_code == 404
    assert (
        open_(app, f"{NORTH}/api/v1/admin/tenants", headers={"X-Api-Key": north.api_key}).status_code == 404
    )
    for key in (north.api_key, "", MASTER + "x"):
        assert open_(app, f"{PLATFORM}/api/v1/admin/tenants", headers={"X-Api-Key": key}).status_code == 401


def test_no_master_key_is_no_way_in(app: Any) -> None:
    from clinic import create_app
    from tests.clients import FreshClient

    bare = create_app(app.config["SETTINGS"], TESTING=True, MASTER_API_KEY=None)
    bare.test_client_class = FreshClient
    for headers in ({}, {"X-Api-Key": ""}, {"X-Api-Key": "None"}):
        assert open_(bare, f"{PLATFORM}/api/v1/admin/tenants", headers=headers).status_code == 401


# -- in which order ------------------------------------------------------------------------------------------


def test_checks_come_in_the_order_of_the_contract(app: Any, north: Any, api_of: Any) -> None:
    reader = api_of("north", scopes=["queue:read"])
    url = f"{NORTH}/api/v1/locations"
    bad: dict[str, Any] = {"data": "{", "headers": {"Content-Type": "text/plain"}}

    def ask(at: str, key: str | None, method: str = "POST", **more: Any) -> tuple[int, str]:
        headers = more.pop("headers", {}) | ({"X-Api-Key": key} if key else {})
        answer = open_(app, at, method, headers=headers, **more)
        return answer.status_code, answer.json["code"]

    assert ask("http://nowhere.localhost/api/v1/locations", None, **bad) == (404, "unknown_clinic")
    assert ask(url, None, **bad) == (401, "unauthorized")
    assert ask(url, reader.key, **bad) == (403, "forbidden")
    assert ask(f"{url}/x/y", north.api_key, **bad) == (404, "not_found")
    assert ask(url, north.api_key, "PUT", **bad) == (405, "method_not_allowed")
    huge: dict[str, Any] = {"data": "x" * (1024 * 1024 + 1), "headers": {"Content-Type": "text/plain"}}
    assert ask(url, north.api_key, **huge) == (413, "too_large")
    assert ask(url, north.api_key, **bad) == (415, "unsupported_media_type")
    assert ask(url, north.api_key, data="{", headers={"Content-Type": "application/json"}) == (
        400,
        "malformed",
    )
    assert ask(url, north.api_key, json={"name": 1, "timezone": "UTC"}) == (422, "invalid_type")


def test_405_says_what_is_allowed(app: Any, north: Any) -> None:
    answer = open_(app, f"{NORTH}/api/v1/locations", "PUT", headers={"X-Api-Key": north.api_key})
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_trailing_slash_is_the_same_path(app: Any, north: Any) -> None:
    assert open_(app, f"{NORTH}/api/v1/locations/", headers={"X-Api-Key": north.api_key}).status_code == 200


def test_a_refused_right_is_on_record(app: Any, api_of: Any) -> None:
    api_of("north", scopes=["queue:read"]).get("/locations")
    with acting_in("north"):
        (row,) = db.rows(
            "SELECT actor_kind, details FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'access.denied'"
        )
    assert (row.actor_kind, row.details) == ("key", {"right": "schedule.read"})


# -- what every answer carries -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "method", "status"),
    [
        (f"{NORTH}/login", "GET", 200),
        (f"{NORTH}/login", "POST", 400),
        (f"{NORTH}/", "GET", 302),
        (f"{NORTH}/nowhere", "GET", 404),
        (f"{NORTH}/login", "DELETE", 405),
        (f"{NORTH}/api/v1/locations", "GET", 401),
        (f"{NORTH}/api/docs", "GET", 200),
        (f"{NORTH}/api/v1/openapi.json", "GET", 200),
        (f"{NORTH}/theme.css", "GET", 200),
        (f"{PLATFORM}/", "GET", 200),
        (f"{PLATFORM}/api/v1/admin/tenants", "GET", 401),
        ("http://nowhere.localhost/", "GET", 404),
        ("http://127.0.0.1/health", "GET", 200),
    ],
)
def test_every_answer_carries_the_headers_that_protect(app: Any, url: str, method: str, status: int) -> None:
    answer = open_(app, url, method)
    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["X-Request-Id"]
    assert "Cache-Control" in answer.headers
    assert "Strict-Transport-Security" not in answer.headers


def test_https_is_kept(app: Any) -> None:
    answer = app.test_client().get("/login", base_url="https://north.localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_nothing_about_a_clinic_is_kept_by_a_browser(app: Any, north: Any) -> None:
    for url in (f"{NORTH}/login", f"{NORTH}/api/v1/locations"):
        assert open_(app, url, headers={"X-Api-Key": north.api_key}).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1.2:3_4", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("<i>", False)],
)
def test_a_sane_request_id_is_taken_another_is_made(app: Any, given: str, kept: bool) -> None:
    answer = open_(app, f"{NORTH}/api/v1/locations", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
