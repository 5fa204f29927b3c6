"""API.md §2: the platform host."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Api
from tests.contract.asking import UNKNOWN, ids, made, ok, refused


def tenant(**more: Any) -> dict[str, Any]:
    owner = {"name": "Olivia Owner", "email": "olivia@new.example"}
    return {
        "name": "New Clinic",
        "slug": "newone",
        "timezone": "America/Lima",
        "country": "PE",
        "owner": owner,
        **more,
    }


def test_bootstrap_says_what_it_made_and_again_makes_nothing(platform):
    first, second = ok(platform.post("/bootstrap")), ok(platform.post("/bootstrap"))
    assert first.keys() == second.keys()
    assert not any(second["lookups"].values())


def test_a_tenant_comes_with_its_owner_and_a_key_of_every_scope(app, platform):
    said = made(platform, "/tenants", tenant())
    assert said.keys() == {"tenant", "owner", "api_key"}
    assert said["api_key"].keys() >= {"id", "name", "prefix", "secret"}
    assert said["api_key"]["secret"].startswith("ck_")
    assert said["api_key"]["secret"].startswith(said["api_key"]["prefix"])
    assert (said["owner"]["email"], said["owner"]["role"]) == ("olivia@new.example", "owner")
    assert said["tenant"]["slug"] == "newone"
    assert said["tenant"]["timezone"] == "America/Lima"
    assert said["tenant"]["status"] == "active"
    api = Api(app, "newone.localhost", said["api_key"]["secret"])
    for path in ("/patients", "/doctors", "/appointments", "/settings", "/api-keys"):
        ok(api.get(path))
    made(api, "/doctors", {"full_name": "First Doctor"})
    assert ok(api.get("/settings"))["country"] == "PE"


@pytest.mark.parametrize(
    "slug", ["", "-a", "a-", "a_b", "A.b", "a" * 64, "1abc", "www", "api", "admin", "localhost", "ä", "a b"]
)
def test_a_slug_is_an_rfc_1035_label_and_no_reserved_word(platform, slug):
    refused(platform.post("/tenants", tenant(slug=slug)), 422, at="/slug")


@pytest.mark.parametrize("slug", ["a", "a" * 63, "north-2", "n0rth"])
def test_a_label_is_a_slug(platform, slug):
    made(platform, "/tenants", tenant(slug=slug))


def test_a_slug_that_is_taken_is_409(platform):
    refused(platform.post("/tenants", tenant(slug="north")), 409, "slug_taken")


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"timezone": "Moon/Base"}, "/timezone"), ({"country": "XX"}, "/country"), ({"name": ""}, "/name"),
        ({"currency": "ABCD"}, "/currency"), ({"locale": "12"}, "/locale"), ({"owner": {"name": "O"}}, "/owner/email"),
        ({"owner": {"name": "O", "email": "x"}}, "/owner/email"), ({"zzz": 1}, "/zzz"),
        ({"owner": {"name": "O", "email": "o@n.example", "password": "short"}}, "/owner/password"),
        ({"owner": None}, "/owner"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_422_at_its_field(platform, more, at):
    refused(platform.post("/tenants", tenant(**more)), 422, at=at)


def test_locale_currency_and_password_may_be_given(platform):
    owner = {"name": "O", "email": "o@n.example", "password": "a long enough password"}
    said = made(platform, "/tenants", tenant(locale="es", currency="USD", owner=owner))
    assert (said["tenant"]["locale"], said["tenant"]["currency"]) == ("es", "USD")
    assert "password" not in said["owner"]


def test_tenants_are_listed_in_pages(platform, north, south):
    every = ids(platform.get("/tenants"))
    assert {str(north.id), str(south.id)} <= set(every)
    first = ok(platform.get("/tenants", limit=1))
    assert ids(platform.get("/tenants", limit=1, cursor=first["next_cursor"])) == every[1:2]
    refused(platform.get("/tenants", nothing=1), 422, "unknown_field")


def test_a_tenant_is_read_and_renamed(platform, api, north):
    got = platform.get(f"/tenants/{north.id}")
    version = ok(got)["version"]
    assert got.headers["ETag"] == f'"{version}"'
    assert platform.get(f"/tenants/{north.id}", headers={"If-None-Match": f'"{version}"'}).status_code == 304
    done = ok(platform.patch(f"/tenants/{north.id}", {"name": "Other"}, headers={"If-Match": f'"{version}"'}))
    assert (done["name"], done["version"]) == ("Other", version + 1)
    refused(platform.patch(f"/tenants/{north.id}", {"name": "X"}, headers={"If-Match": f'"{version}"'}), 412)
    assert ok(api.get("/settings"))["name"] == "Other"
    refused(platform.get(f"/tenants/{UNKNOWN}"), 404)
    refused(platform.patch(f"/tenants/{UNKNOWN}", {"name": "X"}), 404)
    refused(platform.patch(f"/tenants/{north.id}", {"slug": "x"}), 422, "unknown_field", "/slug")


def test_a_suspended_tenant_answers_403_and_keeps_its_data(app, platform, api, north):
    ok(platform.patch(f"/tenants/{north.id}", {"status": "suspended"}))
    refused(api.get(f"/patients/{north.carla}"), 403, "tenant_suspended")
    page = app.test_client().get("/", base_url="http://north.localhost")
    assert page.status_code == 403
    ok(platform.patch(f"/tenants/{north.id}", {"status": "active"}))
    ok(api.get(f"/patients/{north.carla}"))
    refused(platform.patch(f"/tenants/{north.id}", {"status": "gone"}), 422, "invalid_choice", "/status")


@pytest.mark.parametrize("path", ["/tenants", "/bootstrap", f"/tenants/{UNKNOWN}", "/nothing"])
def test_without_the_master_key_nothing_is_answered(app, path):
    for given in (None, "x"):
        client = Api(app, "localhost", given, prefix="/api/v1/admin")
        refused(client.get(path), 401, "unauthorized")


def test_the_platform_host_has_no_clinics_routes(platform, app):
    for path in ("/patients", "/doctors", "/slots"):
        assert Api(app, "localhost", platform.key).get(path).status_code in (403, 404)


def test_methods_that_are_not_there_are_405(platform):
    assert "POST" in platform.open("PUT", "/tenants").headers["Allow"]
    refused(platform.open("DELETE", "/tenants"), 405)


def test_a_trailing_slash_is_the_same_path(platform):
    assert ok(platform.get("/tenants/")) == ok(platform.get("/tenants"))
    ok(platform.post("/bootstrap/"))
