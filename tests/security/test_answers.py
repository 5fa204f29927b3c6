"""What every answer carries in production: cookies that hold to their host, headers on files too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import password
from tests.clients import FreshClient


@pytest.fixture
def in_production(app: Any, server: dict[str, str], database: str) -> Any:
    """The application as it runs behind a proxy that does not say whether people came by https."""
    from clinic import create_app
    from config import Settings

    settings = Settings(
        environment="production",
        base_domain="clinics.example",
        database_url=server["app"].format(database),
        secret_key="q8Zk3-" * 8 + "abcdefghijkl",
        master_api_key="w7Yj2_" * 8 + "abcdefghijkl",
    )
    made = create_app(settings, TESTING=True)
    made.test_client_class = FreshClient
    return made.test_client()


def cookies(answer: Any) -> dict[str, str]:
    return {line.split("=", 1)[0]: line for line in answer.headers.getlist("Set-Cookie")}


def test_every_cookie_of_production_is_bound_to_https_and_to_its_host(in_production: Any) -> None:
    """Clinics are neighbours under one domain: a cookie without ``__Host-`` can be planted from next door."""
    host = "http://north.clinics.example"
    page = in_production.get("/login?lang=es", base_url=host)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    state = cookies(page)["__Host-state"].split(";")[0].split("=", 1)[1]
    ana = {"email": "ana@north.example", "password": password("ana"), "csrf_token": token}
    answer = in_production.post(
        "/login", base_url=host, data=ana, headers={"Cookie": f"__Host-state={state}"}
    )
    assert answer.status_code == 303
    given = cookies(page) | cookies(answer)
    assert set(given) == {"__Host-state", "__Host-session", "language"}
    for line in given.values():
        assert "Secure" in line
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        assert "Path=/" in line
        assert "Domain" not in line


def test_what_is_of_the_demo_does_not_exist_in_production(in_production: Any) -> None:
    for path in ("/demo/enter", "/styleguide", "/styleguide/people"):
        for method in ("GET", "POST"):
            answer = in_production.open(path, method=method, base_url="http://north.clinics.example")
            assert answer.status_code in (400, 404, 405), (method, path)
    assert "demo" not in in_production.get("/", base_url="http://clinics.example").text.lower()


@pytest.mark.parametrize("path", ["/static/app.css", "/static/icons.svg", "/static/nothing.css"])
def test_a_file_is_as_well_guarded_as_a_page(app: Any, path: str) -> None:
    answer = app.test_client().get(path, base_url="http://north.localhost")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_another_page_cannot_read_any_answer(app: Any, north: Any) -> None:
    """No answer allows another origin, whatever origin asks."""
    for path in (
        "/login",
        "/book",
        "/theme.css",
        "/api/docs",
        "/api/v1/openapi.json",
        "/api/v1/locations",
        "/health",
    ):
        for method in ("GET", "OPTIONS"):
            answer = app.test_client().open(
                path,
                method=method,
                base_url="http://north.localhost",
                headers={
                    "Origin": "https://evil.example",
                    "Access-Control-Request-Method": "POST",
                    "X-Api-Key": north.api_key,
                },
            )
            assert not [name for name, _value in answer.headers if name.startswith("Access-Control-Allow")]
