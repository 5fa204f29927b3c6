"""ETag, If-None-Match and If-Match (API.md §1, *caching* and *partial change*)."""

from __future__ import annotations

import pytest
from flask import Flask

from clinic.core.conditional import NO_VERSION, answer, expected_version
from tests.core.toy import ANA, KEY, Client, toy_client

PATH = f"/api/v1/people/{ANA}"


@pytest.fixture
def client() -> Client:
    return toy_client()


def test_an_object_carries_its_version_as_etag(client: Client) -> None:
    assert client.get(PATH, headers=KEY).headers["ETag"] == '"1"'
    changed = client.patch(PATH, json={"notes": "hi"}, headers=KEY)
    assert (changed.headers["ETag"], changed.json["version"]) == ('"2"', 2)


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', '"7", "1"', "*", '"1:gzip"', '"1-br"'])
def test_what_the_caller_has_is_not_sent_again(client: Client, known: str) -> None:
    again = client.get(PATH, headers={**KEY, "If-None-Match": known})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("known", ['"2"', "", "x", '"11"'])
def test_what_the_caller_has_not_is_sent(client: Client, known: str) -> None:
    assert client.get(PATH, headers={**KEY, "If-None-Match": known}).status_code == 200


def test_an_expanded_answer_is_always_sent() -> None:
    app = Flask(__name__)
    with app.test_request_context("/?expand=patient", headers={"If-None-Match": '"1"'}):
        assert answer({}, version=1).status_code == 200
    with app.test_request_context("/", headers={"If-None-Match": '"1"'}):
        assert answer({}, version=1).status_code == 304


def test_a_change_is_never_answered_304() -> None:
    with Flask(__name__).test_request_context("/", method="PATCH", headers={"If-None-Match": '"1"'}):
        assert answer({}, version=1).status_code == 200


def test_a_list_has_an_opaque_etag() -> None:
    with Flask(__name__).test_request_context("/", headers={"If-None-Match": '"2026-11-23.7"'}):
        assert answer({}, etag="2026-11-23.8").headers["ETag"] == '"2026-11-23.8"'
        assert answer({}, etag="2026-11-23.7").status_code == 304


def test_a_change_to_the_version_seen_is_made(client: Client) -> None:
    assert client.patch(PATH, json={"vip": True}, headers={**KEY, "If-Match": '"1"'}).status_code == 200


def test_a_change_to_an_older_version_is_refused(client: Client) -> None:
    client.patch(PATH, json={"vip": True}, headers=KEY)
    late = client.patch(PATH, json={"vip": False}, headers={**KEY, "If-Match": '"1"'})
    assert (late.status_code, late.json["code"]) == (412, "stale_version")
    assert client.get(PATH, headers=KEY).json["vip"] is True


@pytest.mark.parametrize(
    ("header", "version"),
    [
        (None, None),
        ("*", None),
        ('"3"', 3),
        ('W/"3"', 3),
        ("3", 3),
        ('"3:br"', 3),
        ('"x"', NO_VERSION),
        ('"-1"', NO_VERSION),
        ('"3", "4"', NO_VERSION),
        ("", NO_VERSION),
        ('"٣"', NO_VERSION),
    ],
)
def test_reads_the_version_that_if_match_asks_for(header: str | None, version: int | None) -> None:
    headers = {} if header is None else {"If-Match": header}
    with Flask(__name__).test_request_context("/", headers=headers):
        assert expected_version() == version
