"""The document says what the routes do, and is open to everybody (API.md §8)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from pydantic import BaseModel
from schemathesis.specs.openapi.checks import positive_data_acceptance

from clinic.core import openapi
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint
from clinic.core.schema import Body
from tests.core.endless import endless
from tests.core.toy import ROOT, Client, toy_app, toy_client

STATIC = ROOT / "static"


@pytest.fixture(scope="module")
def client() -> Client:
    return toy_client()


@pytest.fixture(scope="module")
def document(client: Client) -> Any:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_is_openapi_3_1_and_names_what_it_describes(document: Any) -> None:
    assert (document["openapi"], document["info"]["title"]) == ("3.1.0", "Clinic API")
    assert document["tags"] == [{"name": "people", "description": "Those who come and go."}]


def test_every_route_of_the_api_is_in_it_and_nothing_else(document: Any) -> None:
    assert set(document["paths"]) == {
        "/api/v1/people",
        "/api/v1/people/{id}",
        "/api/v1/people/{id}/greet",
        "/api/v1/people/by-name/{name}",
        "/api/v1/keys",
        "/api/v1/admin/bootstrap",
        "/api/v1/open",
        "/api/v1/fault",
    }


def test_a_route_says_what_it_does_and_who_may(document: Any) -> None:
    create = document["paths"]["/api/v1/people"]["post"]
    assert create["summary"] == "Enter a person."
    assert "Twice the same name is refused." in create["description"]
    assert "`patients:write`" in create["description"]
    assert "`name_taken` (409)" in create["description"]


def test_a_refusal_is_a_problem_document(document: Any) -> None:
    create = document["paths"]["/api/v1/people"]["post"]["responses"]
    assert {"201", "400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"} <= set(create)
    assert create["409"] == {"$ref": "#/components/responses/Conflict"}
    for response in document["components"]["responses"].values():
        assert list(response["content"]) == ["application/problem+json"]
        assert response["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


def test_who_needs_which_credential(document: Any) -> None:
    paths = document["paths"]
    assert document["security"] == [{"bearer": []}, {"api_key": []}]
    assert "security" not in paths["/api/v1/people"]["get"]
    assert paths["/api/v1/open"]["get"]["security"] == []
    assert paths["/api/v1/admin/bootstrap"]["post"]["security"] == [{"master_key": []}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "api_key", "master_key"}


@pytest.mark.parametrize(
    ("path", "method", "parameter"),
    [
        ("/api/v1/people", "post", "IdempotencyKey"),
        ("/api/v1/people/{id}", "get", "IfNoneMatch"),
        ("/api/v1/people/{id}", "patch", "IfMatch"),
        ("/api/v1/people/{id}", "delete", "IfMatch"),
        ("/api/v1/keys", "post", None),
    ],
)
def test_the_headers_that_a_call_understands(
    document: Any, path: str, method: str, parameter: str | None
) -> None:
    named = [part["$ref"] for part in document["paths"][path][method]["parameters"] if "$ref" in part]
    assert named == ([f"#/components/parameters/{parameter}"] if parameter else [])


def test_a_body_is_required_where_a_field_is(document: Any) -> None:
    paths = document["paths"]
    assert paths["/api/v1/people"]["post"]["requestBody"]["required"] is True
    assert paths["/api/v1/people/{id}"]["patch"]["requestBody"]["required"] is False
    assert "requestBody" not in paths["/api/v1/people/{id}/greet"]["post"]


def test_a_change_promises_null_only_where_null_is_taken(document: Any) -> None:
    change = document["components"]["schemas"]["GuestChange"]
    assert change["properties"]["name"] == {
        "maxLength": 100,
        "minLength": 1,
        "title": "Name",
        "type": "string",
    }
    assert {"type": "null"} in change["properties"]["notes"]["anyOf"]
    assert "required" not in change


def test_parameters_are_said_as_a_query_can_say_them(document: Any) -> None:
    said = {part.get("name"): part for part in document["paths"]["/api/v1/people"]["get"]["parameters"]}
    assert said["q"]["schema"] == {"maxLength": 200, "type": "string"}
    assert said["limit"]["schema"] == {"default": 50, "maximum": 200, "minimum": 1, "type": "integer"}
    assert (said["expand"]["style"], said["expand"]["explode"]) == ("form", False)
    assert said["expand"]["schema"]["items"]["enum"] == ["friend", "doctor"]
    assert "null" not in json.dumps(list(said.values()))


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: Any) -> None:
    text = json.dumps(document)
    for kind, parts in document["components"].items():
        for name in parts if kind == "schemas" else ():
            assert f'"#/components/schemas/{name}"' in text
    for reference in {part.split('"')[0] for part in text.split('"$ref": "#/components/')[1:]}:
        kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_two_applications_have_two_documents() -> None:
    app = Flask("other")
    api = ApiBlueprint("others", __name__)

    @api.get("/others")
    @allow("patients.read")
    def others() -> None: ...

    app.register_blueprint(api)
    assert list(openapi.document(app)["paths"]) == ["/api/v1/others"]
    assert list(openapi.document(app)["components"]["schemas"]) == ["Problem", "ProblemField"]
    for app in [toy_app(), toy_app()]:
        again = openapi.document(app)
        assert "/api/v1/people" in again["paths"]
        assert "GuestAddress" in again["components"]["schemas"]


def test_every_text_and_number_has_a_limit(document: Any) -> None:
    assert endless(document) == []


def test_a_text_a_number_or_a_date_without_a_limit_is_found() -> None:
    class Open(BaseModel):
        text: str

    class Loose(Body):
        inner: Open
        numbers: list[int]
        day: date | None = None

    app = Flask("loose")
    api = ApiBlueprint("loose", __name__)
    api.post("/loose", endpoint="loose")(allow("patients.write")(_takes(Loose)))
    app.register_blueprint(api)
    where = "POST /api/v1/loose"
    assert endless(openapi.document(app)) == [
        f"{where}/day",
        f"{where}/inner",
        f"{where}/inner/text",
        f"{where}/numbers",
    ]


def _takes(model: type[Body]) -> Any:
    def view(body: Any) -> None: ...

    view.__annotations__ = {"body": model, "return": None}
    return view


# -- the page ----------------------------------------------------------------------------------------------------


def test_the_page_is_open_and_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_the_page_has_a_place_for_every_code(client: Client) -> None:
    page = client.get("/api/docs").text
    for code in ("stale_version", "idempotency_in_progress", "invalid_phone", "name_taken"):
        assert page.count(f'id="{code}"') == 1


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_other_addresses_lead_to_the_page(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/api/docs")


# -- the document against the routes -----------------------------------------------------------------------------

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", toy_app())


@schema.auth()
class Key:
    """The toy's key on every call, save where schemathesis takes it away to see what happens."""

    def get(self, case: Any, context: Any) -> str:
        return "ck_toy"

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "X-Api-Key": data}


@schema.exclude(path="/api/v1/fault").parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_routes_do_what_the_document_says(case: Any) -> None:
    # What fits the document can still be refused by a rule that no schema says: a cursor of another list, a phone.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
