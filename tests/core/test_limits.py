"""Limits: counted exactly where something is guessed, in leases of a score where something is asked too fast."""

from __future__ import annotations

import time
from typing import Any

import pytest
from limits import parse

from clinic.core import aside, limits
from clinic.core import windows as storages
from clinic.core.limits import Limits
from clinic.core.windows import Leases, Windows
from tests.clients import Api, FreshClient


@pytest.fixture
def windows(app: Any) -> Windows:
    found: Limits = app.extensions["limits"]
    limits.forgive()
    return found.windows


@pytest.fixture
def three_a_minute(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_KEY", parse("3/minute"))
    windows.reset()


def test_a_caller_knows_what_is_left(api: Any, three_a_minute: None) -> None:
    first, second = api.get("/locations"), api.get("/locations")
    assert [answer.headers["RateLimit-Limit"] for answer in (first, second)] == ["3", "3"]
    assert [answer.headers["RateLimit-Remaining"] for answer in (first, second)] == ["2", "1"]
    assert 1 <= int(first.headers["RateLimit-Reset"]) <= 60


def test_who_asks_too_fast_is_told_when_to_come_again(api: Any, api_of: Any, three_a_minute: None) -> None:
    other = api_of("north", scopes=["schedule:read"])
    statuses = [api.get("/locations").status_code for _ in range(5)]
    assert statuses == [200] * 3 + [429] * 2
    refused = api.get("/locations")
    assert (refused.json["code"], refused.mimetype) == ("rate_limited", "application/problem+json")
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert other.get("/locations").status_code == 200, "another key has a window of its own"


def test_an_address_has_a_window_too(
    api: Any, api_of: Any, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_ADDRESS", parse("3/minute"))
    keys = [api, api_of("north", scopes=["schedule:read"])]
    assert [keys[turn % 2].get("/locations").status_code for turn in range(4)] == [200, 200, 200, 429]


def test_a_refused_credential_takes_nobodys_tokens(app: Any, api: Any, three_a_minute: None) -> None:
    for _ in range(5):
        assert Api(app, "north.localhost", "wrong").get("/locations").status_code == 401
    assert api.get("/locations").headers["RateLimit-Remaining"] == "2"


def test_pages_carry_no_such_headers(page: Any) -> None:
    assert "RateLimit-Limit" not in page().get("/login").response.headers


def test_limits_that_are_off_say_so_and_count_nothing(
    app: Any, north: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    from clinic import create_app

    unlimited = create_app(app.config["SETTINGS"], TESTING=True, RATE_LIMITS=False)
    unlimited.test_client_class = FreshClient
    assert '"rate_limits":"off"' in capfd.readouterr().err
    answer = Api(unlimited, "north.localhost", north.api_key).get("/locations")
    assert (answer.status_code, "RateLimit-Limit" in answer.headers) == (200, False)


def test_a_window_ends_and_begins_anew(windows: Windows) -> None:
    assert [windows.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    aside.row(windows.pool, "UPDATE rate_window SET expires_at = now() - interval '1 second'")
    assert windows.get("a") == 0
    assert windows.incr("a", 60) == 1
    assert windows.get_expiry("a") == pytest.approx(time.time() + 60, abs=2)


def test_what_succeeded_is_given_back_but_never_below_nothing(windows: Windows) -> None:
    windows.incr("a", 60, 2)
    assert [windows.incr("a", 60, -1) for _ in range(3)] == [1, 0, 0]
    assert windows.incr("b", 60, -1) == 0


def test_old_windows_are_swept_out(windows: Windows) -> None:
    for number in range(3):
        windows.incr(f"old-{number}", 60)
    aside.row(windows.pool, "UPDATE rate_window SET expires_at = now() - interval '1 second'")
    windows.incr("new", 60)
    assert aside.row(windows.pool, "SELECT count(*) FROM rate_window").count == 1


def test_the_table_names_nobody(windows: Windows) -> None:
    windows.incr("sign_in:ana@north.example:127.0.0.1", 60)
    found = aside.row(windows.pool, "SELECT w::text AS line FROM rate_window w")
    assert "ana" not in found.line
    assert "127.0.0.1" not in found.line


@pytest.mark.race
def test_every_try_counts_however_many_come_at_once(windows: Windows, at_once: Any) -> None:
    assert sorted(at_once(12, lambda _number: windows.incr("a", 60))) == list(range(1, 13))


def test_a_process_asks_the_database_once_in_a_score(windows: Windows, statements: Any) -> None:
    mine = Leases(windows)
    with statements(aside=True) as sent:
        counts = [mine.incr("a", 60) for _ in range(40)]
    assert counts == list(range(1, 41))
    assert len([line for line in sent if "INSERT INTO rate_window" in line]) == 2


def test_two_processes_share_a_window(windows: Windows) -> None:
    mine, theirs = Leases(windows, 5), Leases(windows, 5)
    counts = [process.incr("a", 60) for _ in range(5) for process in (mine, theirs)]
    assert sorted(counts) == list(range(1, 11))
    assert mine.incr("a", 60) == 11


@pytest.mark.race
def test_threads_that_lease_at_once_use_what_each_took(windows: Windows, at_once: Any) -> None:
    mine = Leases(windows, 5)
    first = at_once(8, lambda _number: mine.incr("a", 60))
    taken = windows.get("a")
    rest = [mine.incr("a", 60) for _ in range(taken - len(first))]
    assert sorted(first + rest) == list(range(1, taken + 1))
    assert mine.incr("a", 60) == taken + 1


def test_a_lease_ends_with_its_window(windows: Windows) -> None:
    mine = Leases(windows)
    assert (mine.incr("a", 60), mine.incr("a", 60)) == (1, 2)
    mine.leases["a"].ends = time.monotonic()
    windows.reset()
    assert mine.incr("a", 60) == 1


def test_leases_are_not_remembered_for_ever(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storages, "MANY_LEASES", 3)
    mine = Leases(windows)
    for number in range(3):
        mine.incr(f"old-{number}", 60)
        mine.leases[f"old-{number}"].ends = time.monotonic()
    mine.incr("new", 60)
    assert list(mine.leases) == ["new"]


def test_a_try_counts_although_the_request_is_taken_back(app: Any, windows: Windows) -> None:
    from clinic.core import db
    from clinic.core.entering import acting_in

    with acting_in("north"), app.test_request_context("/login", base_url="http://north.localhost"):
        limits.attempt("sign_in", account="ana@north.example")
        db.session.rollback()
    assert aside.row(windows.pool, "SELECT count(*), sum(count)::int AS tries FROM rate_window") == (3, 3)
