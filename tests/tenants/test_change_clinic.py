"""The operator's list of clinics: read, renamed, suspended; and the page on the bare domain."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core.ids import new_id
from tests.pages import PageClient


def test_lists_every_clinic_by_slug(platform: Any) -> None:
    page = platform.get("/tenants", limit=1).json
    assert [item["slug"] for item in page["items"]] == ["north"]
    rest = platform.get("/tenants", cursor=page["next_cursor"]).json
    assert ([item["slug"] for item in rest["items"]], rest["next_cursor"]) == (["south"], None)


def test_renames_a_clinic(platform: Any, api: Any, north: Any) -> None:
    changed = platform.patch(f"/tenants/{north.id}", {"name": "Norte"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json["name"], changed.json["version"]) == (200, "Norte", 2)
    assert api.get("/settings").json["name"] == "Norte"
    assert (
        platform.patch(f"/tenants/{north.id}", {"name": "X"}, headers={"If-Match": '"1"'}).status_code == 412
    )


def test_a_suspended_clinic_is_shut_and_keeps_its_data(
    platform: Any, api: Any, page: Any, north: Any
) -> None:
    assert platform.patch(f"/tenants/{north.id}", {"status": "suspended"}).json["status"] == "suspended"
    refused = api.get("/locations")
    assert (refused.status_code, refused.json["code"]) == (403, "tenant_suspended")
    assert "not available" in page().get("/login", status=403).h1
    assert [item["slug"] for item in platform.get("/tenants", status="suspended").json["items"]] == ["north"]
    assert platform.patch(f"/tenants/{north.id}", {"status": "active"}).status_code == 200
    assert api.get("/locations").status_code == 200


@pytest.mark.parametrize("given", [{"status": "deleted"}, {"slug": "west"}, {"name": ""}, {"name": None}])
def test_says_what_is_wrong(platform: Any, north: Any, given: dict[str, Any]) -> None:
    assert platform.patch(f"/tenants/{north.id}", given).status_code == 422


def test_an_unknown_clinic_is_not_found(platform: Any) -> None:
    assert platform.get(f"/tenants/{new_id()}").status_code == 404
    assert platform.patch(f"/tenants/{new_id()}", {"name": "X"}).status_code == 404
    assert platform.get("/tenants/north").status_code == 404


def test_the_bare_domain_has_a_page_of_its_own_and_nothing_private(app: Any, north: Any) -> None:
    page = PageClient(app, "localhost").get("/")
    assert page.h1 == "Appointments for clinics"
    assert "North" not in page.html


def test_a_clinics_start_page_is_its_portal(page: Any) -> None:
    answer = page().client.get("/", base_url="http://north.localhost")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/book")
