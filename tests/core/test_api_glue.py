"""What a route may count on, and what a caller gets when it does not fit: the order of checks of API.md §1."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, g
from pydantic import BaseModel

from clinic.core import body as carried
from clinic.core import idempotency, tenancy
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint
from clinic.core.errors import Refusal
from clinic.core.schema import Body, Partial
from tests.core.toy import ANA, KEY, NOBODY, Client, GuestChange, toy_app

PEOPLE = "/api/v1/people"
JSON = {**KEY, "Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024


@pytest.fixture
def app() -> Flask:
    return toy_app()


@pytest.fixture
def client(app: Flask) -> Client:
    return app.test_client()


def refused(answer: Any, status: int, code: str, *pointers: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    if pointers:
        assert [error["pointer"] for error in answer.json["errors"]] == list(pointers)


# -- the order ---------------------------------------------------------------------------------------------------


def test_the_first_thing_wrong_is_what_is_said(client: Client) -> None:
    bad: dict[str, Any] = {"data": b"{" * (MEBIBYTE + 1), "content_type": "text/plain"}
    refused(client.post(f"{PEOPLE}?x=1", **bad), 401, "unauthorized")
    refused(client.post("/api/v1/nowhere?x=1", **bad), 401, "unauthorized")
    refused(client.post("/api/v1/nowhere?x=1", headers=KEY, **bad), 404, "not_found")
    refused(client.put(f"{PEOPLE}?x=1", headers=KEY, **bad), 405, "method_not_allowed")
    refused(client.post(f"{PEOPLE}?x=1", headers=KEY, **bad), 413, "too_large")
    bad["data"] = b"{"
    refused(client.post(f"{PEOPLE}?x=1", headers=KEY, **bad), 415, "unsupported_media_type")
    bad["content_type"] = "application/json"
    refused(client.post(f"{PEOPLE}?x=1", headers=KEY, **bad), 400, "malformed")
    bad["data"] = b"{}"
    refused(client.post(f"{PEOPLE}?x=1", headers=KEY, **bad), 422, "validation_error", "/name", "/x")


def test_a_trailing_slash_is_the_same_path(client: Client) -> None:
    for path in (PEOPLE, f"{PEOPLE}/{ANA}", "/api/v1/openapi.json", "/api/docs"):
        assert client.get(path + "/", headers=KEY).data == client.get(path, headers=KEY).data
    assert client.post(f"{PEOPLE}/", json={"name": "Bo"}, headers=KEY).status_code == 201


def test_two_slashes_are_another_path(client: Client) -> None:
    refused(client.get("/api/v1//people", headers=KEY), 404, "not_found")


@pytest.mark.parametrize("id", ["x", "1", str(NOBODY), str(ANA).replace("-", ""), "%00", "null"])
def test_what_is_no_id_is_answered_as_an_unknown_one(client: Client, id: str) -> None:
    refused(client.get(f"{PEOPLE}/{id}", headers=KEY), 404, "not_found")


def test_a_path_with_a_control_character_finds_nothing(client: Client) -> None:
    refused(client.get(f"{PEOPLE}/by-name/Ana%00", headers=KEY), 404, "not_found")
    assert client.get(f"{PEOPLE}/by-name/Ana%20000", headers=KEY).status_code == 200


def test_405_names_the_methods_that_are_answered(client: Client) -> None:
    answer = client.put(PEOPLE, headers=KEY)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert "PUT" not in answer.headers["Allow"]


# -- 413, 415, 400 -----------------------------------------------------------------------------------------------


def test_a_body_may_have_one_mebibyte_and_not_a_byte_more(client: Client) -> None:
    room = MEBIBYTE - len(b'{"name": ""}')
    for size, status in ((room, 422), (room + 1, 413)):
        sent = b'{"name": "' + b"a" * size + b'"}'
        assert client.post(PEOPLE, data=sent, headers=JSON).status_code == status


def test_a_body_that_hides_its_length_is_measured(client: Client) -> None:
    answer = client.post(
        PEOPLE,
        input_stream=io.BytesIO(b" " * (MEBIBYTE + 1)),
        headers={**JSON, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    refused(answer, 413, "too_large")


def test_a_chunked_body_is_read(client: Client) -> None:
    answer = client.post(
        PEOPLE,
        input_stream=io.BytesIO(b'{"name": "Bo"}'),
        headers={**JSON, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 201


def test_a_get_with_an_enormous_body_is_refused_too(client: Client) -> None:
    refused(client.get(PEOPLE, data=b" " * (MEBIBYTE + 1), headers=KEY), 413, "too_large")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "",
        "application/jsonx",
    ],
)
def test_a_body_is_json_by_name(client: Client, kind: str) -> None:
    answer = client.post(PEOPLE, data=b'{"name": "Bo"}', headers=KEY, content_type=kind)
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
)
def test_json_has_several_names(client: Client, kind: str) -> None:
    assert client.post(PEOPLE, data=b'{"name": "Bo"}', headers=KEY, content_type=kind).status_code == 201


def test_a_compressed_body_is_refused(client: Client) -> None:
    answer = client.post(PEOPLE, data=b"{}", headers={**JSON, "Content-Encoding": "gzip"})
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "sent",
    [
        b"{",
        b"name=Bo",
        b"{'name': 'Bo'}",
        b'{"name": "Bo"} {}',
        b'{"name": "\xff"}',
        b'{"name": "B\no"}',
        b'{"weight": NaN}',
        b'{"weight": 1e999}',
        b'{"weight": 01}',
        b"\xef\xbb\xbf{}",
        b"[" * 5000,
        b'{"custom_fields": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
    ],
)
def test_what_is_not_json_is_malformed(client: Client, sent: bytes) -> None:
    refused(client.post(PEOPLE, data=sent, headers=JSON), 400, "malformed")


# -- 422 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"[]", b"null", b'"Bo"', b"1", b"true"])
def test_a_body_is_an_object(client: Client, sent: bytes) -> None:
    answer = client.post(PEOPLE, data=sent, headers=JSON)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "")


def test_an_unknown_field_is_refused_wherever_it_stands(client: Client) -> None:
    sent = {"name": "Bo", "role": "owner", "address": {"street": "A", "zip": "1"}}
    refused(client.post(PEOPLE, json=sent, headers=KEY), 422, "unknown_field", "/address/zip", "/role")
    refused(client.get(f"{PEOPLE}?nmae=Bo", headers=KEY), 422, "unknown_field", "/nmae")


def test_a_view_without_a_query_takes_no_parameter(client: Client) -> None:
    refused(client.get(f"{PEOPLE}/{ANA}?x=1", headers=KEY), 422, "unknown_field", "/x")


def test_a_view_without_a_body_takes_nothing_or_an_empty_object(client: Client) -> None:
    path = f"{PEOPLE}/{ANA}/greet"
    assert client.post(path, headers=KEY).status_code == 200
    assert client.post(path, headers=JSON).status_code == 200
    assert client.post(path, json={}, headers=KEY).status_code == 200
    refused(client.post(path, json={"x": 1}, headers=KEY), 422, "unknown_field", "/x")
    refused(client.post(path, data=b"{", headers=JSON), 400, "malformed")


def test_an_empty_body_is_told_what_is_missing(client: Client) -> None:
    refused(client.post(PEOPLE, headers=KEY), 422, "required", "/name")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("vip", "true", "invalid_type"),
        ("vip", 1, "invalid_type"),
        ("weight", "70", "invalid_type"),
        ("weight", True, "invalid_type"),
        ("weight", 70.5, "invalid_type"),
        ("name", 5, "invalid_type"),
        ("name", None, "required"),
        ("name", "  ", "required"),
        ("name", "a" * 101, "too_long"),
        ("notes", "a" * 4001, "too_long"),
        ("birth_date", 0, "invalid_date"),
        ("birth_date", "0", "invalid_date"),
        ("birth_date", "2026-02-30", "invalid_date"),
        ("seen_at", 0, "invalid_time"),
        ("seen_at", "0", "invalid_time"),
        ("seen_at", "2026-11-23", "invalid_time"),
        ("doctor_id", "x", "invalid_id"),
        ("doctor_id", 5, "invalid_id"),
        ("gender", "F", "invalid_choice"),
        ("tags", ["a"] * 6, "too_long"),
        ("tags", "a", "invalid_type"),
        ("custom_fields", [], "invalid_type"),
        ("custom_fields", {"a": "x" * 17_000}, "too_long"),
        ("custom_fields", {"a": 2**70}, "out_of_range"),
        ("custom_fields", {"a": [[[[[[[[[[1]]]]]]]]]]}, "too_deep"),
        ("idempotency_key", "a" * 256, "too_long"),
    ],
)
def test_nothing_is_converted_and_nothing_is_endless(
    client: Client, field: str, value: Any, code: str
) -> None:
    sent = json.dumps({"name": "Bo", field: value})
    refused(client.post(PEOPLE, data=sent, headers=JSON), 422, code, f"/{field}")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("nickname", "\b"),
        ("nickname", "\x7f"),
        ("nickname", "B\x85o"),
        ("name", "Bo\0"),
        ("notes", "\x1b[2J"),
        ("notes", "\x7f"),
        ("name", "B\x85o"),
        ("notes", "\b"),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_a_character_that_nobody_can_type_is_refused(
    client: Client, field: str, text: str, escaped: bool
) -> None:
    written = "".join(f"\\u{ord(letter):04x}" for letter in text) if escaped or min(text) < " " else text
    other = '"name": "Bo", ' if field != "name" else ""
    answer = client.post(PEOPLE, data=f'{{{other}"{field}": "{written}"}}'.encode(), headers=JSON)
    refused(answer, 422, "control_character", f"/{field}")


@pytest.mark.parametrize("escape", [rb"\b", rb"\f"])
def test_a_short_escape_is_a_control_character_too(client: Client, escape: bytes) -> None:
    answer = client.post(PEOPLE, data=b'{"name": "Bo", "nickname": "%b"}' % escape, headers=JSON)
    refused(answer, 422, "control_character", "/nickname")


def test_half_a_character_is_refused(client: Client) -> None:
    for sent in (b'{"name": "\\ud800"}', b'{"name": "\\ude00 Bo"}'):
        refused(client.post(PEOPLE, data=sent, headers=JSON), 422, "control_character", "/name")


def test_a_control_character_is_found_in_the_clinics_own_fields(client: Client) -> None:
    for own, pointer in (({"a/b": ["x", "\0"]}, "/a~1b/1"), ({"a\0": 1}, "")):
        answer = client.post(PEOPLE, json={"name": "Bo", "custom_fields": own}, headers=KEY)
        refused(answer, 422, "control_character", f"/custom_fields{pointer}")


def test_an_escaped_escape_is_just_text(client: Client) -> None:
    answer = client.post(PEOPLE, data=rb'{"name": "C:\\u0000", "notes": "a\\b"}', headers=JSON)
    assert (answer.status_code, answer.json["name"]) == (201, r"C:\u0000")


@pytest.mark.parametrize("name", ["Ñuño 👩‍👩‍👧 Íñigo", "O’Brien-Smith", "李", "a" * 100])
def test_a_name_is_kept_as_typed(client: Client, name: str) -> None:
    assert client.post(PEOPLE, json={"name": f"  {name} \n"}, headers=KEY).json["name"] == name


def test_notes_keep_their_lines(client: Client) -> None:
    answer = client.post(PEOPLE, json={"name": "Bo", "notes": "one\r\n\ttwo\n"}, headers=KEY)
    assert answer.json["notes"] == "one\n\ttwo"
    refused(client.post(PEOPLE, json={"name": "B\no"}, headers=KEY), 422, "control_character", "/name")


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("limit=1&limit=2", "repeated", "/limit"),
        ("word=%00", "control_character", "/word"),
        ("q=" + "a" * 201, "too_long", "/q"),
        ("status=lost", "invalid_choice", "/status/0"),
        ("vip=2", "invalid_type", "/vip"),
        ("since=0", "invalid_time", "/since"),
        ("since=2026-02-30", "invalid_date", "/since"),
        ("expand=secrets", "unknown_expand", "/expand"),
        ("expand=", "unknown_expand", "/expand"),
        ("cursor=x", "invalid_cursor", "/cursor"),
    ],
)
def test_a_query_is_checked(client: Client, query: str, code: str, pointer: str) -> None:
    refused(client.get(f"{PEOPLE}?{query}", headers=KEY), 422, code, pointer)


@pytest.mark.parametrize(
    "query",
    [
        "vip=true",
        "vip=0",
        "status=new&status=old",
        "expand=friend,doctor",
        "expand=friend&expand=doctor",
        "since=2026-11-23",
        "since=2026-11-23T09:00:00%2B02:00",
        "since=2026-11-23T09:00:00+02:00",
        "cursor=",
        "q=",
    ],
)
def test_a_query_is_understood(client: Client, query: str) -> None:
    assert client.get(f"{PEOPLE}?{query}", headers=KEY).status_code == 200


# -- partial change ----------------------------------------------------------------------------------------------


def test_a_partial_body_knows_what_was_given() -> None:
    assert GuestChange.model_validate_json('{"notes": null, "vip": true}').given() == {
        "notes": None,
        "vip": True,
    }
    assert GuestChange.model_validate_json("{}").given() == {}


def test_null_clears_only_what_may_be_empty(client: Client) -> None:
    path = f"{PEOPLE}/{ANA}"
    assert client.patch(path, json={"notes": None}, headers=KEY).status_code == 200
    refused(client.patch(path, json={"name": None}, headers=KEY), 422, "required", "/name")


def test_what_is_left_out_of_a_change_stays(client: Client) -> None:
    path = f"{PEOPLE}/{ANA}"
    client.patch(path, json={"notes": "hi", "vip": True}, headers=KEY)
    answer = client.patch(path, json={"name": "Ana María"}, headers=KEY)
    assert (answer.json["name"], answer.json["notes"], answer.json["vip"]) == ("Ana María", "hi", True)


def test_a_partial_body_leaves_its_parent_whole() -> None:
    class Whole(Body):
        name: str

    class Part(Whole, Partial):
        pass

    assert Whole.model_fields["name"].is_required()
    assert not Part.model_fields["name"].is_required()


# -- answers -----------------------------------------------------------------------------------------------------


def test_nothing_to_say_is_204_without_a_body(client: Client) -> None:
    answer = client.delete(f"{PEOPLE}/{ANA}?force=true", headers=KEY)
    assert (answer.status_code, answer.data, "Content-Type" in answer.headers) == (204, b"", False)


def test_a_created_record_says_where_it_is(client: Client) -> None:
    made = client.post(PEOPLE, json={"name": "Bo"}, headers=KEY)
    assert client.get(made.headers["Location"], headers=KEY).json == made.json


def test_a_plain_dict_gets_the_routes_usual_status(client: Client) -> None:
    assert client.post("/api/v1/keys", headers=KEY).status_code == 201


def test_an_answer_unlike_its_document_is_a_fault_in_tests(app: Flask) -> None:
    app.extensions["people"][ANA]["age"] = 5
    assert app.test_client().get(f"{PEOPLE}/{ANA}", headers=KEY).status_code == 500
    app.config["CHECK_ANSWERS"] = False
    assert app.test_client().get(f"{PEOPLE}/{ANA}", headers=KEY).status_code == 200


def test_a_view_without_a_right_cannot_be_hung() -> None:
    api = ApiBlueprint("forgetful", __name__)
    with pytest.raises(TypeError, match="says no right"):

        @api.get("/all")
        def every() -> None: ...


def test_two_models_of_one_name_cannot_be_documented() -> None:
    api = ApiBlueprint("double", __name__)

    def model() -> type[BaseModel]:
        class Doubled(Body):
            pass

        return Doubled

    def hang(path: str) -> None:
        @api.get(path, answers=model(), endpoint=path[1:])
        @allow("patients.read")
        def view() -> None: ...

    hang("/one")
    with pytest.raises(TypeError, match="two models are called Doubled"):
        hang("/two")


# -- idempotency -------------------------------------------------------------------------------------------------


class Keeper:
    """Keeps answers as ``core.idempotency`` does, in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, idempotency.Answer]] = {}

    def once(
        self, key: str, fingerprint: bytes, *, by: Any, do: Callable[[], Any], refuse: Callable[[Any], Any]
    ) -> Any:
        if key in self.kept:
            first, answer = self.kept[key]
            if first != fingerprint:
                raise idempotency.KeyReused
            return idempotency.Answer(answer.status, answer.body, answer.headers, replayed=True)
        try:
            answer = do()
        except Refusal as refusal:
            if not refusal.stored:
                raise
            answer = refuse(refusal)
        self.kept[key] = fingerprint, answer
        return answer


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    keeper = Keeper()
    monkeypatch.setattr(idempotency, "once", keeper.once)
    monkeypatch.setattr(tenancy, "current", lambda: object())
    return keeper


def test_the_same_key_is_answered_the_same(client: Client, keeper: Keeper) -> None:
    headers = {**KEY, "Idempotency-Key": "k1"}
    first, again = (client.post(PEOPLE, json={"name": "Bo"}, headers=headers) for _ in range(2))
    assert (again.status_code, again.data) == (201, first.data)
    for name in ("ETag", "Location", "Content-Type", "X-Request-Id"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_refusal_is_kept_too(client: Client, keeper: Keeper) -> None:
    headers = {**KEY, "Idempotency-Key": "k1"}
    first, again = (client.post(PEOPLE, json={"name": "Ana 000"}, headers=headers) for _ in range(2))
    refused(first, 409, "name_taken")
    assert (again.status_code, again.data, again.content_type) == (
        409,
        first.data,
        "application/problem+json",
    )


def test_a_validation_error_is_not_kept(client: Client, keeper: Keeper) -> None:
    headers = {**KEY, "Idempotency-Key": "k1"}
    refused(client.post(PEOPLE, json={"name": ""}, headers=headers), 422, "required")
    assert client.post(PEOPLE, json={"name": "Bo"}, headers=headers).status_code == 201


def test_another_request_under_the_key_is_refused(client: Client, keeper: Keeper) -> None:
    headers = {**KEY, "Idempotency-Key": "k1"}
    client.post(PEOPLE, json={"name": "Bo"}, headers=headers)
    refused(client.post(PEOPLE, json={"name": "Bob"}, headers=headers), 422, "idempotency_key_reused")


def test_the_body_field_means_the_same_as_the_header(client: Client, keeper: Keeper) -> None:
    first = client.post(PEOPLE, json={"name": "Bo", "idempotency_key": "k1"}, headers=KEY)
    again = client.post(PEOPLE, json={"name": "Bo"}, headers={**KEY, "Idempotency-Key": "k1"})
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")


@pytest.mark.parametrize(
    ("header", "field"), [("", None), ("a" * 256, None), ("a", "b"), (None, ""), ("a\x85", None)]
)
def test_a_key_has_1_to_255_characters(
    client: Client, keeper: Keeper, header: str | None, field: str | None
) -> None:
    headers = KEY if header is None else {**KEY, "Idempotency-Key": header}
    sent = {"name": "Bo"} | ({} if field is None else {"idempotency_key": field})
    refused(
        client.post(PEOPLE, json=sent, headers=headers), 422, "invalid_idempotency_key", "/idempotency_key"
    )


def test_an_answer_without_a_body_is_kept_as_such(client: Client, keeper: Keeper) -> None:
    path = f"{PEOPLE}/{ANA}/greet"
    first, again = (client.post(path, headers={**KEY, "Idempotency-Key": "k1"}) for _ in range(2))
    assert (again.status_code, again.data) == (first.status_code, first.data)


@pytest.mark.parametrize("path", ["/api/v1/keys", "/api/v1/admin/bootstrap"])
def test_secrets_and_the_operators_calls_are_never_kept(client: Client, keeper: Keeper, path: str) -> None:
    assert client.post(path, headers={**KEY, "Idempotency-Key": "a" * 300}).status_code < 300
    assert not keeper.kept


def fingerprint_of(path: str = "/a", sent: Any = None, **more: Any) -> bytes:
    with Flask(__name__).test_request_context(path, method=more.pop("method", "POST"), **more):
        g.sent = {} if sent is None else sent
        return carried.fingerprint()


def test_the_fingerprint_is_of_what_is_asked() -> None:
    asked = fingerprint_of("/a?x=1&y=2", {"a": 1, "b": [1, {"c": 2, "d": 3}]})
    assert asked == fingerprint_of(
        "/a/?y=2&x=1", {"b": [1, {"d": 3, "c": 2}], "a": 1, "idempotency_key": "k"}
    )
    for other in (
        fingerprint_of("/b?x=1&y=2", {"a": 1, "b": [1, {"c": 2, "d": 3}]}),
        fingerprint_of("/a?x=1&y=3", {"a": 1, "b": [1, {"c": 2, "d": 3}]}),
        fingerprint_of("/a?x=1&y=2", {"a": 1, "b": [{"c": 2, "d": 3}, 1]}),
        fingerprint_of("/a?x=1&y=2", {"a": 1, "b": [1, {"c": 2, "d": 3}]}, method="PUT"),
    ):
        assert other != asked
    assert len(asked) == 32
