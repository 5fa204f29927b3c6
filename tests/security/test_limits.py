"""How often somebody may try, however they change what they are called."""

from __future__ import annotations

from typing import Any

import pytest
from limits import parse

from clinic.core import limits
from tests.clients import FreshClient

NORTH = "http://north.localhost"


@pytest.fixture(autouse=True)
def forgiven(app: Any) -> None:
    limits.forgive()


def tries(client: FreshClient, count: int, **more: Any) -> list[int]:
    """The statuses of *count* wrong passwords for Ana."""
    page = client.get("/login", base_url=NORTH)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"email": "ana@north.example", "password": "guess", "csrf_token": token}
    answers = [
        client.post("/login", base_url=NORTH, data=form, **each(number, more)) for number in range(count)
    ]
    return [answer.status_code for answer in answers]


def each(number: int, more: dict[str, Any]) -> dict[str, Any]:
    return {name: of(number) for name, of in more.items()}


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"]
)
def test_a_header_is_no_address_where_no_proxy_is_trusted(app: Any, header: str) -> None:
    said = tries(app.test_client(), 12, headers=lambda number: {header: f"203.0.113.{number}"})
    assert said == [401] * 10 + [429] * 2


def test_a_machine_has_all_addresses_of_its_network(app: Any) -> None:
    """IPv6 gives every machine 2^64 of them: none of these is a fresh start."""
    said = tries(
        app.test_client(), 12, environ_overrides=lambda number: {"REMOTE_ADDR": f"2001:db8::{number:x}"}
    )
    assert said == [401] * 10 + [429] * 2


def test_the_neighbours_network_is_another(app: Any) -> None:
    said = tries(
        app.test_client(), 12, environ_overrides=lambda number: {"REMOTE_ADDR": f"2001:db8:0:{number:x}::1"}
    )
    assert said == [401] * 12


@pytest.mark.parametrize("spelling", ["ANA@north.example", "Ana@North.Example", " ana@north.example "])
def test_another_spelling_is_the_same_account(app: Any, spelling: str) -> None:
    client = app.test_client()
    assert tries(client, 10) == [401] * 10
    page = client.get("/login", base_url=NORTH)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"email": spelling, "password": "guess", "csrf_token": token}
    assert client.post("/login", base_url=NORTH, data=form).status_code == 429


def test_a_visitor_does_not_have_us_work_out_times_without_end(app: Any, page: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "PER_VISITOR", parse("5/minute"))
    ana = page("ana")
    limits.forgive()
    client = app.test_client()
    answers = [client.get("/book/doctors", base_url=NORTH) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get("/health", base_url=NORTH).status_code == 200
    assert ana.client.get("/desk", base_url=NORTH).status_code == 200, "who is signed in is no visitor"
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.get("/book/doctors", base_url=NORTH, environ_overrides=elsewhere).status_code == 200
