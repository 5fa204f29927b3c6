"""API.md §8: the OpenAPI document, the docs page, health; and that the document promises no more than it holds."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.contract.asking import ok
from tests.core.endless import endless

ROOT = Path(__file__).parents[2]


@pytest.fixture
def document(app) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json", base_url="http://north.localhost")
    said: dict[str, Any] = ok(answer)
    return said


@pytest.mark.parametrize("host", ["north.localhost", "localhost"])
def test_the_document_and_the_docs_need_no_sign_in(app, host):
    client = app.test_client()
    said = ok(client.get("/api/v1/openapi.json", base_url=f"http://{host}"))
    assert said["openapi"].startswith("3.1")
    page = client.get("/api/docs", base_url=f"http://{host}")
    assert page.status_code == 200
    assert page.mimetype == "text/html"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_other_addresses_lead_to_the_docs(app, path):
    answer = app.test_client().get(path, base_url="http://north.localhost")
    assert answer.status_code in (301, 302, 307, 308)
    assert answer.headers["Location"].endswith("/api/docs")


def test_every_asset_of_the_docs_is_from_this_server(app):
    html = app.test_client().get("/api/docs", base_url="http://north.localhost").get_data(as_text=True)
    for address in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert not re.match(r"(https?:)?//", address), address


def test_nothing_in_it_is_endless(document):
    assert endless(document) == []


def test_every_operation_says_what_is_refused_and_how(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["tags"]
            for status, answer in operation["responses"].items():
                answer = (
                    document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
                    if "$ref" in answer
                    else answer
                )
                assert answer["description"]
                if status >= "400":
                    assert "application/problem+json" in answer["content"], (method, path, status)


@cache
def promised() -> frozenset[tuple[str, str]]:
    """The calls that API.md names in its tables, as far as they exist yet, with ids as ``{}``."""
    calls = """
        POST /admin/bootstrap; POST /admin/tenants; GET /admin/tenants; GET /admin/tenants/{}; PATCH /admin/tenants/{};
        POST /api-keys; GET /api-keys; GET /api-keys/{}; POST /api-keys/{}/rotate; POST /api-keys/{}/revoke;
        GET /settings; PATCH /settings; GET /locations/{}/doctors; GET /doctors/by-document/{}/{};
        GET /doctors/{}/availability; POST /doctors/{}/availability; GET /availability/{}; PATCH /availability/{};
        DELETE /availability/{}; GET /doctors/{}/overrides; POST /doctors/{}/overrides; DELETE /overrides/{};
        GET /doctors/{}/blocked-times; POST /doctors/{}/blocked-times; GET /blocked-times/{}; PATCH /blocked-times/{};
        DELETE /blocked-times/{}; GET /closures; POST /closures; DELETE /closures/{}; POST /sessions; GET /sessions;
        DELETE /sessions/{}; GET /doctors/{}/days/{}; PUT /doctors/{}/days/{}; GET /doctors/{}/days; GET /lookups;
        GET /lookups/{}; POST /lookups/{}; PATCH /lookups/{}/{}; DELETE /lookups/{}/{}; POST /patients; GET /patients;
        GET /patients/{}; PATCH /patients/{}; DELETE /patients/{}; POST /patients/{}/restore;
        GET /patients/by-document/{}/{}; GET /patients/{}/appointments; GET /slots; GET /doctors/{}/slots;
        GET /slots/days; GET /slots/next; GET /doctors/{}/check-availability; POST /holds; POST /holds/{}/extend;
        DELETE /holds/{}; POST /appointments; GET /appointments; GET /appointments/{}; GET /appointments/{}/history;
        PATCH /appointments/{}; DELETE /appointments/{}; GET /appointments/{}.ics; POST /appointments/{}/undo;
        POST /checkins; GET /checkins/{}; GET /doctors/{}/queue; POST /doctors/{}/queue/call-next;
        GET /custom-fields/{}; PUT /custom-fields/{}; POST /appointments/group; POST /appointments/series;
        POST /appointments/reassign; POST /proposals/{}/confirm; DELETE /proposals/{}; POST /waitlist; GET /waitlist;
        DELETE /waitlist/{}; GET /appointments/{}/visit-note; PUT /appointments/{}/visit-note
    """
    found = {tuple(call.split()) for call in calls.replace("\n", " ").split(";") if call.strip()}
    for kind in ("locations", "specialties", "rooms", "services", "doctors"):
        found |= {("GET", f"/{kind}"), ("POST", f"/{kind}"), ("POST", f"/{kind}/{{}}/restore")}
        found |= {(method, f"/{kind}/{{}}") for method in ("GET", "PATCH", "DELETE")}
    for step in "approve reject confirm start complete cancel no-show reschedule restore".split():
        found.add(("POST", f"/appointments/{{}}/{step}"))
    for step in "call start serve skip requeue leave priority transfer".split():
        found.add(("POST", f"/queue/{{}}/{step}"))
    return frozenset(found)  # type: ignore[arg-type]


def test_every_call_of_the_contract_is_in_the_document(document):
    known = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/api/v1")))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert promised() - known == set()


def test_the_document_holds_no_secret_and_no_path_of_a_machine(document):
    text = json.dumps(document)
    assert "/home/" not in text
    assert "/work" not in text
    assert str(ROOT) not in text


def test_health_says_no_more_than_its_state(app):
    said = app.test_client().get("/health", base_url="http://10.1.2.3").get_data(as_text=True)
    assert len(said) < 200
