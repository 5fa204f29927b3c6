"""A session lives on while pages are opened, and ends when it must: on the server, at once, on this host alone."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.accounts import actions
from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.core.entering import acting_in
from tests.cast import password
from tests.pages import fields

HOST = "http://north.localhost"


def sessions(
    sql: str = "SELECT *, expires_at - last_seen_at AS lives FROM user_session WHERE tenant_id = %(tenant)s",
) -> Any:
    with acting_in("north"):
        rows = db.rows(sql)
        db.session.commit()
    return rows


def seen(ago: str) -> None:
    """Let the last page have been opened so long *ago*."""
    sessions(
        f"UPDATE user_session SET last_seen_at = now() - interval '{ago}',"
        f" expires_at = expires_at - interval '{ago}' WHERE tenant_id = %(tenant)s"
    )


def lives() -> float:
    """Seconds from now to the session's end."""
    (row,) = sessions(
        "SELECT extract(epoch FROM expires_at - now())::float8 AS seconds FROM user_session"
        " WHERE tenant_id = %(tenant)s AND revoked_at IS NULL"
    )
    return float(row.seconds)


def is_in(client: Any) -> bool:
    return bool(client.client.get("/small-desk", base_url=HOST).status_code == 200)


def test_a_page_lets_the_session_live_on(desk: Any) -> None:
    client = desk("ana")
    seen("11 hours 59 minutes")
    assert is_in(client)
    assert lives() == pytest.approx(12 * 3600, abs=60)


def test_at_most_one_write_a_minute(desk: Any, statements: Any) -> None:
    client = desk("ana")
    with statements() as sent:
        assert is_in(client)
    assert not [line for line in sent if "UPDATE user_session" in line]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/small-desk/part", {"HX-Request": "true"}),
        ("/small-desk/part", {"X-Poll": "1"}),
        ("/nowhere", {}),
    ],
)
def test_what_polls_or_fails_does_not_count(desk: Any, path: str, headers: dict[str, str]) -> None:
    client = desk("ana")
    seen("2 hours")
    before = lives()
    client.client.get(path, base_url=HOST, headers=headers)
    assert lives() <= before


def test_who_stays_away_is_signed_out(desk: Any) -> None:
    client = desk("ana")
    seen("12 hours 1 minute")
    assert not is_in(client)


def test_no_session_lives_for_ever(desk: Any) -> None:
    client = desk("ana")
    sessions("UPDATE user_session SET created_at = now() - interval '60 days' WHERE tenant_id = %(tenant)s")
    seen("2 minutes")
    assert is_in(client)
    assert not is_in(client)


def test_signing_out_ends_it_on_the_server(desk: Any) -> None:
    client = desk("ana")
    cookie = client.client.get_cookie("clinic_session", domain="north.localhost").value
    token = dict(fields(client.get("/small-desk").form()))["csrf_token"]
    answer = client.client.post("/logout", base_url=HOST, data={"csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    client.client.set_cookie("clinic_session", cookie, domain="north.localhost")
    assert not is_in(client)


def test_signing_out_twice_is_harmless(desk: Any) -> None:
    client = desk()
    token = dict(fields(client.get("/login").form()))["csrf_token"]
    assert client.client.post("/logout", base_url=HOST, data={"csrf_token": token}).status_code == 303


def test_signing_in_again_ends_the_session_before(desk: Any) -> None:
    client = desk("ana")
    token = dict(fields(client.get("/small-desk").form()))["csrf_token"]
    mia = {"email": "mia@north.example", "password": password("mia"), "csrf_token": token}
    assert client.client.post("/login", base_url=HOST, data=mia).status_code == 303
    alive = sessions("SELECT user_id FROM user_session WHERE tenant_id = %(tenant)s AND revoked_at IS NULL")
    assert len(alive) == 1


@pytest.mark.parametrize("verb", ["set_role", "deactivate", "set_password"])
def test_what_changes_an_account_ends_its_sessions_at_once(desk: Any, north: Any, verb: str) -> None:
    client = desk("ana")
    assert is_in(client)
    given = {"set_role": {"role": "manager"}, "set_password": {"password": "another-password"}}.get(verb, {})
    with acting_in("north"):
        getattr(actions, verb)(north.ana_user, **given, by=SYSTEM)
    assert not is_in(client)


def test_the_cookie_opens_nothing_on_another_host(desk: Any) -> None:
    ana, sven = desk("ana"), desk("sven", "south")
    cookie = ana.client.get_cookie("clinic_session", domain="north.localhost").value
    assert sven.client.get("/small-desk", base_url="http://south.localhost").status_code == 200
    sven.client.set_cookie("clinic_session", cookie, domain="south.localhost")
    assert sven.client.get("/small-desk", base_url="http://south.localhost").status_code == 302


def test_the_cookie_opens_no_json(desk: Any) -> None:
    answer = desk("olga").client.get("/api/v1/locations", base_url=HOST)
    assert answer.status_code == 401


def test_current_user_is_who_is_signed_in(small_desk: Any, north: Any) -> None:
    from flask import g
    from flask_login import current_user

    from clinic.core.access import ANONYMOUS, Actor

    with small_desk.test_request_context("/", base_url=HOST):
        g.actor = ANONYMOUS
        assert not current_user.is_authenticated
    with small_desk.test_request_context("/", base_url=HOST):
        g.actor = Actor("user", north.ana_user, "receptionist", name="Ana")
        assert current_user.is_authenticated
        assert current_user.name == "Ana"
