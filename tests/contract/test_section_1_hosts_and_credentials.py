"""API.md §1: host, order of checks, credentials, request id, limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Api
from tests.contract.asking import UNKNOWN, ids, made, ok, refused


def plain(app: Any, url: str, host: str = "north.localhost", **headers: str) -> Any:
    return app.test_client().get(url, base_url=f"http://{host}", headers=headers)


# -- host -----------------------------------------------------------------------------------------------------------


def test_the_tenant_is_the_subdomain(app, api, api_of, north, south):
    assert str(north.carla) in ids(api.get("/patients"))
    assert str(south.pierre) in ids(api_of("south").get("/patients"))


@pytest.mark.parametrize("parameter", ["tenant", "tenant_id", "clinic"])
def test_the_tenant_is_never_a_parameter(api, south, parameter):
    refused(api.get("/patients", **{parameter: str(south.id)}), 422, "unknown_field", f"/{parameter}")
    refused(api.post("/patients", {"full_name": "A B", "phone": "3001112233", parameter: str(south.id)}), 422)


@pytest.mark.parametrize("path", ["/patients", "/doctors", "/appointments", "/slots/days"])
def test_a_trailing_slash_is_the_same_path(api, path):
    query = {"date": "2030-01-07"} if path == "/slots/days" else {}
    assert api.get(path, **query).json == api.get(f"{path}/", **query).json


def test_a_trailing_slash_is_the_same_path_for_one_record_and_a_change(api, north):
    assert api.get(f"/patients/{north.carla}/").json["id"] == str(north.carla)
    made(api, "/patients/", {"full_name": "Slash Slash", "phone": "3001112233"})
    assert api.patch(f"/patients/{north.carla}/", {"city": "Cali"}).json["city"] == "Cali"
    assert api.post(f"/doctors/{north.bose}/queue/call-next/").status_code == 204
    document = {"document_type": "CC", "document_number": "1/7"}
    for kind in ("patients", "doctors"):
        id = made(api, f"/{kind}", {"full_name": "A B", **document})["id"]
        assert ok(api.get(f"/{kind}/by-document/CC/1/7/"))["id"] == id


# -- order of checks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["nobody.localhost", "a.north.localhost", "example.org"])
def test_first_comes_the_host(app, host):
    refused(plain(app, "/api/v1/nothing", host), 404, "unknown_clinic")


def test_then_whether_the_clinic_is_open(app, platform, north):
    ok(platform.patch(f"/tenants/{north.id}", {"status": "suspended"}))
    refused(plain(app, "/api/v1/nothing"), 403, "tenant_suspended")


@pytest.mark.parametrize(
    "path", ["patients", "nothing", f"patients/{UNKNOWN}", "slots", "appointments/x", "settings"]
)
def test_then_who_asks(app, path):
    answer = plain(app, f"/api/v1/{path}")
    refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_then_whether_they_may_before_whether_it_is_there(api_of):
    weak = api_of("north", scopes=["queue:read"])
    refused(weak.get(f"/patients/{UNKNOWN}"), 403, "forbidden")
    refused(weak.open("POST", "/patients", data=b"{", content_type="text/plain"), 403, "forbidden")


def test_then_whether_it_is_there_before_what_was_sent(api):
    refused(api.get("/nothing"), 404, "not_found")
    refused(api.open("POST", "/nothing", data=b"{", content_type="text/plain"), 404, "not_found")
    refused(api.open("PUT", "/patients", data=b"{", content_type="text/plain"), 405, "method_not_allowed")
    big = b" " * (1024 * 1024 + 1)
    refused(api.open("POST", "/patients", data=big, content_type="text/plain"), 413, "too_large")
    refused(
        api.open("POST", "/patients", data=b"{", content_type="text/plain"), 415, "unsupported_media_type"
    )
    refused(api.open("POST", "/patients", data=b"{", content_type="application/json"), 400, "malformed")
    refused(api.post("/patients", {}), 422)


BAD: dict[str, Any] = {
    "malformed": {"data": b"{", "content_type": "application/json"},
    "another type": {"data": b"{", "content_type": "text/plain"},
    "too large": {"data": b" " * (1024 * 1024 + 1), "content_type": "application/json"},
    "an unknown field": {"data": b'{"nothing": 1}', "content_type": "application/json"},
    "an unknown parameter": {"query_string": {"nothing": "1"}},
}


@pytest.mark.parametrize("bad", BAD)
def test_a_record_that_is_not_there_is_404_whatever_was_sent(app, api, platform, bad):
    asked = 0
    for rule in app.url_map.iter_rules():
        named = rule.rule.startswith("/api/v1/") and "<" in rule.rule and "by-document" not in rule.rule
        if not named:
            continue
        path = rule.rule.removeprefix("/api/v1").replace("<uuid:id>", UNKNOWN)
        path = path.replace("<kind>", "insurers" if UNKNOWN in path else "nothing").replace(
            "<on>", "2030-01-07"
        )
        ask = platform if path.startswith("/admin") else api
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if (method == "GET" and bad != "an unknown parameter") or "visit-note" in path:
                continue
            refused(ask.open(method, path.removeprefix("/admin"), **BAD[bad]), 404, "not_found")
            asked += 1
    assert asked > 30


def test_a_record_that_is_there_is_told_what_is_wrong_with_what_was_sent(api, north):
    path = f"/patients/{north.carla}"
    refused(api.open("PATCH", path, data=b"{", content_type="text/plain"), 415)
    refused(api.open("PATCH", path, data=b"{", content_type="application/json"), 400)
    refused(api.patch(path, {"nothing": 1}), 422, "unknown_field", "/nothing")
    refused(api.get(path, nothing="1"), 422, "unknown_field", "/nothing")


def test_405_says_what_is_allowed(api, north):
    answer = api.open("DELETE", "/patients")
    refused(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
    one = api.open("PUT", f"/patients/{north.carla}")
    refused(one, 405)
    assert {"GET", "PATCH", "DELETE"} <= set(one.headers["Allow"].replace(" ", "").split(","))


def test_head_is_get_without_a_body(api, north):
    for path in ("/patients", f"/patients/{north.carla}", f"/doctors/{north.bose}/queue"):
        head, get = api.open("HEAD", path), api.get(path)
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers.get("ETag") == get.headers.get("ETag")


def test_options_says_what_is_allowed(api):
    answer = api.open("OPTIONS", "/patients")
    assert answer.status_code in (200, 204)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


# -- credentials ----------------------------------------------------------------------------------------------------


def test_a_key_comes_in_either_header(app, north):
    assert north.api_key.startswith("ck_")
    assert plain(app, "/api/v1/doctors", **{"X-Api-Key": north.api_key}).status_code == 200
    assert plain(app, "/api/v1/doctors", Authorization=f"Bearer {north.api_key}").status_code == 200


@pytest.mark.parametrize("given", ["", "ck_", "ck_nobody", "Basic abc", "x" * 5000])
def test_a_key_that_is_none_is_refused(app, given):
    refused(plain(app, "/api/v1/doctors", **{"X-Api-Key": given}), 401, "unauthorized")
    refused(plain(app, "/api/v1/doctors", Authorization=given), 401, "unauthorized")


def test_a_key_is_unknown_on_another_tenants_host(app, north):
    refused(
        plain(app, "/api/v1/doctors", "south.localhost", **{"X-Api-Key": north.api_key}), 401, "unauthorized"
    )
    refused(plain(app, "/api/v1/admin/tenants", "localhost", **{"X-Api-Key": north.api_key}), 401)


def test_the_master_key_opens_the_platform_host_alone(app, platform):
    assert platform.get("/tenants").status_code == 200
    refused(plain(app, "/api/v1/doctors", **{"X-Api-Key": platform.key}), 401, "unauthorized")
    refused(plain(app, "/api/v1/admin/tenants", **{"X-Api-Key": platform.key}), 404, "not_found")


def test_the_session_cookie_of_the_pages_is_not_accepted(page):
    answer = page("ana").client.get("/api/v1/doctors", base_url="http://north.localhost")
    refused(answer, 401, "unauthorized")


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("patients:read", "/patients"),
        ("patients:lookup", "/patients"),
        ("schedule:read", "/doctors"),
        ("schedule:read", "/slots/next"),
        ("appointments:read", "/appointments"),
        ("queue:read", "/doctors/{bose}/queue"),
        ("admin", "/settings"),
        ("admin", "/api-keys"),
    ],
)
def test_a_scope_opens_what_is_its_own_and_nothing_else(api_of, north, scope, path):
    every = ["patients:read", "schedule:read", "appointments:read", "queue:read", "admin"]
    where = path.format(bose=north.bose)
    assert api_of("north", scopes=[scope]).get(where).status_code == 200
    others = [each for each in every if each.split(":")[0] != scope.split(":")[0]]
    refused(api_of("north", scopes=others).get(where), 403, "forbidden")


def test_lookup_answers_id_first_name_and_age_only(api_of, north):
    for item in ok(api_of("north", scopes=["patients:lookup"]).get("/patients", q="Carla"))["items"]:
        assert item.keys() == {"id", "first_name", "age"}


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        (["schedule:read"], "POST", "/slots"),
        (["appointments:read"], "POST", "/appointments"),
        (["appointments:read"], "POST", "/holds"),
        (["queue:read"], "POST", "/checkins"),
        (["patients:read"], "POST", "/patients"),
        (["schedule:read"], "POST", "/doctors"),
        (["schedule:write"], "PATCH", "/settings"),
        (["schedule:write"], "POST", "/api-keys"),
    ],
)
def test_reading_is_not_writing(api_of, scopes, method, path):
    refused(api_of("north", scopes=scopes).open(method, path, {}), 405 if path == "/slots" else 403)


# -- request id, limits ---------------------------------------------------------------------------------------------


def test_a_sane_request_id_is_taken(api):
    assert api.get("/doctors", headers={"X-Request-Id": "abc-123"}).headers["X-Request-Id"] == "abc-123"
    answer = api.get(f"/doctors/{UNKNOWN}", headers={"X-Request-Id": "abc-124"})
    assert refused(answer, 404)["request_id"] == "abc-124"


@pytest.mark.parametrize("given", ["", "a b", "ä", "x" * 500, "<script>"])
def test_another_is_made(api, given):
    made_up = api.get("/doctors", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert made_up
    assert made_up != given


def test_a_caller_sees_what_is_left(api):
    headers = api.get("/doctors").headers
    assert int(headers["RateLimit-Limit"]) > 0
    assert int(headers["RateLimit-Remaining"]) >= 0
    assert int(headers["RateLimit-Reset"]) >= 0


def test_a_refusal_tells_no_secret(app):
    answer = plain(app, "/api/v1/doctors", **{"X-Api-Key": "ck_secret_words"})
    assert b"secret_words" not in answer.get_data()
    assert "Traceback" not in answer.get_data(as_text=True)


def test_every_host_of_a_clinic_answers_json_to_the_api(app):
    client = Api(app, "north.localhost", None)
    refused(client.get("/patients"), 401)
