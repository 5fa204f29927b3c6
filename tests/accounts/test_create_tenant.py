"""Opening a clinic: one call, and its owner signs in, its key opens, its lists are there."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core.access import SCOPES
from tests.clients import Api
from tests.pages import PageClient

EAST = {
    "name": "East Clinic",
    "slug": "east",
    "timezone": "America/Lima",
    "country": "pe",
    "owner": {"name": "Elsa", "email": "elsa@east.example", "password": "elsa-password"},
}


def test_a_clinic_works_from_its_first_minute(app: Any, platform: Any) -> None:
    answer = platform.post("/tenants", EAST)
    assert answer.status_code == 201, answer.json
    tenant, owner, key = (answer.json[name] for name in ("tenant", "owner", "api_key"))
    assert {name: tenant[name] for name in ("slug", "timezone", "country", "currency", "status", "url")} == {
        "slug": "east",
        "timezone": "America/Lima",
        "country": "PE",
        "currency": "PEN",
        "status": "active",
        "url": "http://east.localhost",
    }
    assert (owner["role"], owner["email"]) == ("owner", "elsa@east.example")
    assert key["scopes"] == list(SCOPES)
    east: Any = Api(app, "east.localhost", key["secret"])
    (location,) = east.get("/locations").json["items"]
    assert (location["name"], location["timezone"]) == ("East Clinic", "America/Lima")
    assert "CC" in [value["code"] for value in east.get("/lookups/document_types").json["items"]]
    browser = PageClient(app, "east.localhost")
    page = browser.get("/login?next=/api/v1/openapi.json")
    browser.post_form(page, {"email": "elsa@east.example", "password": "elsa-password"})


def test_an_owner_without_a_password_cannot_sign_in_yet(app: Any, platform: Any) -> None:
    owner = {"name": "Elsa", "email": "elsa@east.example"}
    assert platform.post("/tenants", EAST | {"owner": owner}).status_code == 201
    browser = PageClient(app, "east.localhost")
    browser.post_form(
        browser.get("/login"), {"email": "elsa@east.example", "password": "elsa-password"}, status=401
    )


def test_refuses_a_name_that_is_taken(platform: Any) -> None:
    answer = platform.post("/tenants", EAST | {"slug": "north"})
    assert (answer.status_code, answer.json["code"]) == (409, "slug_taken")


@pytest.mark.race
def test_two_at_once_make_one_clinic(platform: Any, at_once: Any) -> None:
    answers = at_once(6, lambda _number: platform.post("/tenants", EAST))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert [each["slug"] for each in platform.get("/tenants").json["items"]] == ["east", "north", "south"]


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"slug": "www"}, "reserved_slug", "/slug"),
        ({"slug": "East"}, "invalid_slug", "/slug"),
        ({"slug": "-east"}, "invalid_slug", "/slug"),
        ({"slug": "east-"}, "invalid_slug", "/slug"),
        ({"slug": "e" * 64}, "invalid_slug", "/slug"),
        ({"slug": "1east"}, "invalid_slug", "/slug"),
        ({"slug": "east.west"}, "invalid_slug", "/slug"),
        ({"timezone": "Mars/Olympus"}, "unknown_time_zone", "/timezone"),
        ({"country": "XX"}, "unknown_country", "/country"),
        ({"currency": "XXXX"}, "unknown_currency", "/currency"),
        ({"owner": {"name": "Elsa", "email": "elsa"}}, "invalid_email", "/owner/email"),
        (
            {"owner": {"name": "Elsa", "email": "e@x.org", "password": "short"}},
            "too_short",
            "/owner/password",
        ),
        ({"owner": {"name": "Elsa", "email": "e@x.org", "role": "owner"}}, "unknown_field", "/owner/role"),
        ({"name": ""}, "required", "/name"),
        ({"name": "East\u0000"}, "control_character", "/name"),
        ({"colour": "red"}, "unknown_field", "/colour"),
    ],
)
def test_says_what_is_wrong(platform: Any, changed: dict[str, Any], code: str, pointer: str) -> None:
    answer = platform.post("/tenants", EAST | changed)
    assert answer.status_code == 422
    assert [(error["code"], error["pointer"]) for error in answer.json["errors"]] == [(code, pointer)]


def test_a_password_keeps_its_spaces(app: Any, platform: Any) -> None:
    password = "  correct horse  "
    platform.post("/tenants", EAST | {"owner": EAST["owner"] | {"password": password}})  # type: ignore[operator]
    browser = PageClient(app, "east.localhost")
    form = browser.get("/login?next=/api/v1/openapi.json")
    browser.post_form(form, {"email": "elsa@east.example", "password": password.strip()}, status=401)
    browser.post_form(form, {"email": "elsa@east.example", "password": password})


def test_takes_the_master_key_alone(app: Any, north: Any) -> None:
    for key in (None, "", "wrong", north.api_key):
        caller: Any = Api(app, "localhost", key, prefix="/api/v1/admin")
        answer = caller.post("/tenants", EAST)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")


def test_the_answer_is_never_kept_for_a_retry(platform: Any) -> None:
    once = {"headers": {"Idempotency-Key": "once"}}
    assert platform.post("/tenants", EAST, **once).status_code == 201
    assert platform.post("/tenants", EAST, **once).status_code == 409
