"""Every no of the JSON face is a problem document with a stable code (API.md §1, *errors*)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from flask import Flask
from pydantic import Field, TypeAdapter, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestTimeout

from clinic.core.errors import FieldError, Invalid, Refusal, Unauthorized, Unavailable, Unprocessable
from clinic.core.parsing import MESSAGES, Wrong
from clinic.core.problem import content, from_http_exception, problem
from clinic.core.validation import CODES, field_errors
from tests.core.toy import KEY, Client, toy_app


@pytest.fixture(scope="module")
def app() -> Flask:
    return toy_app()


@pytest.fixture
def client(app: Flask) -> Client:
    return app.test_client()


@pytest.fixture
def said(app: Flask) -> Any:
    """A function from a refusal to its document."""

    def say(refusal: Refusal) -> dict[str, Any]:
        with app.test_request_context():
            return content(refusal)

    return say


def test_says_what_rfc_9457_asks_for(client: Client) -> None:
    answer = client.get("/api/v1/nowhere", headers=KEY)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "/api/docs#not_found",
        "title": "Nothing here has that name.",
        "status": 404,
        "detail": "Nothing here has that name.",
        "code": "not_found",
        "request_id": "toy-1",
    }


def test_what_a_refusal_adds_never_replaces_a_member(said: Any) -> None:
    document = said(
        Unprocessable("No.", code="past", extra={"alternatives": [], "status": 200, "code": "fine"})
    )
    assert (document["status"], document["code"], document["alternatives"]) == (422, "past", [])


def test_the_code_of_a_validation_is_the_fields_own_if_they_agree(said: Any) -> None:
    phone, other = FieldError("/phone", "invalid_phone", "No."), FieldError("/name", "required", "No.")
    assert said(Invalid([phone]))["code"] == "invalid_phone"
    mixed = said(Invalid([phone, other]))
    assert mixed["code"] == "validation_error"
    assert mixed["errors"][1] == {"pointer": "/name", "code": "required", "message": "No."}


def test_a_refusal_keeps_its_headers(app: Flask) -> None:
    with app.test_request_context():
        assert problem(Unavailable()).headers["Retry-After"] == "2"


def test_401_says_how_to_authenticate(app: Flask) -> None:
    with app.test_request_context():
        assert problem(Unauthorized()).headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (MethodNotAllowed(valid_methods=["GET"]), 405, "method_not_allowed"),
        (RequestTimeout(), 408, "request_timeout"),
    ],
)
def test_werkzeugs_no_is_said_in_our_words(error: HTTPException, status: int, code: str) -> None:
    refusal = from_http_exception(error)
    assert (refusal.status, refusal.code) == (status, code)
    assert refusal.headers.get("Allow") == ("GET" if status == 405 else None)
    assert "Content-Type" not in refusal.headers


def test_a_fault_tells_nothing_of_itself(client: Client) -> None:
    answer = client.get("/api/v1/fault", headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "Carla" not in answer.text
    assert "RuntimeError" not in answer.text


def wrong(kind: Any, sent: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(sent)
    return [(error.pointer, error.code) for error in field_errors(caught.value, sent)]


@pytest.mark.parametrize(
    ("kind", "sent", "code"),
    [
        (Annotated[str, Field(max_length=2)], "abc", "too_long"),
        (Annotated[str, Field(min_length=2)], "a", "too_short"),
        (Annotated[str, Field(min_length=2)], "", "required"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "too_long"),
        (Annotated[int, Field(le=3)], 4, "out_of_range"),
        (Annotated[str, Field(pattern="^a$")], "b", "invalid_format"),
        (Literal["a"], "b", "invalid_choice"),
        (int, "x", "invalid_type"),
        (bool, [], "invalid_type"),
        (int, None, "required"),
        (date, "x", "invalid_date"),
        (dict[str, int], [], "invalid_type"),
    ],
)
def test_every_fault_of_a_field_has_a_stable_code(kind: Any, sent: Any, code: str) -> None:
    assert wrong(kind, sent) == [("", code)]


def test_every_code_has_a_sentence() -> None:
    assert set(CODES.values()) <= set(MESSAGES)


def test_a_pointer_leads_into_what_was_sent_not_into_our_types() -> None:
    kind = dict[str, list[int | Annotated[list[int], Field(max_length=1)]]]
    assert wrong(kind, {"a/b~c": [1, "x"]}) == [("/a~1b~0c/1", "invalid_type")]


def test_a_union_speaks_of_a_field_once() -> None:
    assert wrong(int | Literal["a"], "x") == [("", "invalid_type")]


def test_a_message_never_repeats_what_was_sent(client: Client) -> None:
    marker = "Zzyzx-4711"
    body = {
        "name": marker * 20,
        "phone": marker,
        "email": marker,
        "birth_date": marker,
        "gender": marker,
        "doctor_id": marker,
        "weight": marker,
        "seen_at": marker,
        "tags": [marker + " "],
        "vip": marker,
    }
    answer = client.post("/api/v1/people", json=body, headers=KEY)
    assert answer.status_code == 422
    assert len(answer.json["errors"]) == 9  # a tag may well be called that
    assert marker not in answer.text


def test_a_message_names_the_limit(client: Client) -> None:
    answer = client.post("/api/v1/people", json={"name": "Ana", "weight": 501}, headers=KEY)
    assert answer.json["errors"] == [
        {"pointer": "/weight", "code": "out_of_range", "message": "Use 500 at most."}
    ]


def test_a_wrong_without_a_sentence_must_be_in_the_table() -> None:
    with pytest.raises(KeyError):
        Wrong("no_such_code")
