"""Signing in: by page, for every role of a clinic, throttled, and nobody learns who has an account."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.accounts import actions, passwords
from clinic.core import db, limits
from clinic.core.access import SYSTEM
from clinic.core.entering import acting_in
from tests.cast import password
from tests.pages import fields

ANA = {"email": "ana@north.example", "password": password("ana")}
WRONG = {"email": "ana@north.example", "password": "not-ana-password"}
NOBODY = {"email": "nobody@north.example", "password": "not-ana-password"}


def acts(slug: str = "north") -> list[tuple[str, Any]]:
    """What the record says about sessions, in order: act and whose."""
    with acting_in(slug):
        rows = db.rows(
            "SELECT act, object_id FROM audit_event"
            " WHERE tenant_id = %(tenant)s AND act LIKE 'session.%%' ORDER BY at, id"
        )
    return [(row.act, row.object_id) for row in rows]


def try_to(client: Any, given: dict[str, str], status: int) -> Any:
    return client.post_form(client.get("/login"), given, status=status)


def signs_in(client: Any, given: dict[str, str] = ANA, at: str = "/login") -> Any:
    """The answer itself, redirect and all."""
    answer = sends(client, client.get(at), given)
    assert answer.status_code == 303
    return answer


def sends(client: Any, page: Any, given: dict[str, str]) -> Any:
    """What the server answers to the form on *page*, seen as it came."""
    values = dict(fields(page.form())) | given
    return client.client.post("/login", base_url=f"http://{client.host}", data=values)


@pytest.mark.parametrize(
    ("name", "home"),
    [("ana", "/desk"), ("mia", "/desk"), ("olga", "/desk"), ("bose", "/my-day"), ("carla", "/my/visits")],
)
def test_each_role_begins_at_its_own_page(page: Any, north: Any, name: str, home: str) -> None:
    if name == "carla":
        with acting_in("north"):
            actions.create_user(
                email="carla@north.example",
                name="Carla",
                role="patient",
                password=password("carla"),
                by=SYSTEM,
            )
    answer = signs_in(page(), {"email": f"{name}@north.example", "password": password(name)})
    assert answer.headers["Location"] == home


def test_the_address_compares_without_case(page: Any) -> None:
    assert signs_in(page(), {"email": "ANA@North.Example", "password": password("ana")})


def test_goes_on_to_where_somebody_was_going(page: Any) -> None:
    answer = signs_in(page(), at="/login?next=/patients%3Fq=mar%C3%ADa%2520p")
    assert answer.headers["Location"] == "/patients?q=mar%C3%ADa%20p"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "",
        "/login",
    ],
)
def test_goes_nowhere_else(page: Any, elsewhere: str) -> None:
    client = page()
    answer = sends(client, client.get("/login"), {**ANA, "next": elsewhere})
    assert answer.headers["Location"] == "/desk"


def test_the_cookie_is_for_this_host_and_no_script(page: Any) -> None:
    cookies = [
        line for line in signs_in(page()).headers.getlist("Set-Cookie") if line.startswith("clinic_session=")
    ]
    (cookie,) = cookies
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_the_cookie_is_bound_to_https_where_there_is_https(app: Any) -> None:
    client = app.test_client()
    host = "https://north.localhost"
    html = client.get("/login", base_url=host).text
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/login", base_url=host, data={**ANA, "csrf_token": token}, headers={"Referer": host + "/login"}
    )
    (cookie,) = [
        line for line in answer.headers.getlist("Set-Cookie") if "ession=" in line and "Secure" in line
    ]
    assert cookie.startswith("__Host-session=")


def test_a_planted_token_is_worth_nothing_afterwards(page: Any) -> None:
    client = page()
    before = client.get("/login")
    signs_in(client)
    assert sends(client, before, ANA).status_code == 400


def test_unknown_and_wrong_are_answered_alike(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes: list[str] = []
    plain = passwords._hasher

    class Counting:
        def verify(self, kept: str, given: bytes) -> bool:
            hashes.append(kept)
            return plain.verify(kept, given)

        def __getattr__(self, name: str) -> Any:
            return getattr(plain, name)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    wrong = try_to(page(), WRONG, 401)
    unknown = try_to(page(), NOBODY, 401)
    assert wrong.errors == unknown.errors == ["The e-mail address or the password is wrong."]
    assert len(hashes) == 2, "one hash each: the time tells nothing either"


def test_what_was_typed_stays_but_the_password(page: Any) -> None:
    again = try_to(page(), WRONG, 401)
    assert again.find("[name=email]").get("value") == "ana@north.example"
    assert not again.find("[name=password]").get("value", "")
    assert "not-ana-password" not in again.html


def test_says_what_is_missing(page: Any) -> None:
    assert try_to(page(), {"email": "", "password": ""}, 422).errors == ["This is required."] * 2


def test_a_page_that_was_open_too_long_is_shown_again(page: Any) -> None:
    client = page()
    form = client.get("/login")
    client.client.delete_cookie("clinic_state", domain="north.localhost")
    again = client.post_form(form, ANA, status=400)
    assert "open for too long" in again.errors[0]
    assert sends(client, again, {"password": password("ana")}).status_code == 303


@pytest.mark.parametrize("kind", ["shut", "without a password"])
def test_an_account_that_nobody_may_use_is_like_no_account(page: Any, north: Any, kind: str) -> None:
    with acting_in("north"):
        if kind == "shut":
            actions.deactivate(north.ana_user, by=SYSTEM)
        else:
            actions.create_user(email="eva@north.example", name="Eva", role="receptionist", by=SYSTEM)
    given = ANA if kind == "shut" else {"email": "eva@north.example", "password": "None"}
    assert try_to(page(), given, 401).errors == ["The e-mail address or the password is wrong."]


def test_the_record_holds_every_coming_failure_and_going(page: Any, north: Any) -> None:
    client = page()
    try_to(client, NOBODY, 401)
    try_to(client, WRONG, 401)
    signs_in(client)
    assert acts() == [
        ("session.refuse", None),
        ("session.refuse", north.ana_user),
        ("session.begin", north.ana_user),
    ]


# -- throttled ------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _fresh_windows(app: Any) -> None:
    limits.forgive()


@pytest.mark.parametrize("given", [WRONG, NOBODY])
def test_guessing_is_slowed_down_alike_for_known_and_unknown(page: Any, given: dict[str, str]) -> None:
    client = page()
    form = client.get("/login")
    for _ in range(10):
        client.post_form(form, given, status=401)
    last = client.post_form(form, given, status=429)
    assert last.errors == ["Too many requests. Wait a moment."]
    assert 1 <= int(last.response.headers["Retry-After"]) <= 60
    other = {"email": "mia@north.example", "password": password("mia")}
    assert signs_in(page(), other), "others at the same address sign in as ever"


def test_the_right_password_does_not_help_a_guesser(page: Any) -> None:
    client = page()
    form = client.get("/login")
    for _ in range(10):
        client.post_form(form, WRONG, status=401)
    client.post_form(form, ANA, status=429)


def test_whoever_knows_their_password_is_never_slowed_down(page: Any) -> None:
    for _ in range(15):
        assert signs_in(page())


def test_one_address_cannot_try_every_account(page: Any) -> None:
    client = page()
    form = client.get("/login")
    statuses = []
    for number in range(65):
        answer = client.client.post(
            "/login",
            base_url="http://north.localhost",
            data={
                "email": f"p{number}@x.org",
                "password": "x",
                "csrf_token": form.find("[name=csrf_token]").get("value"),
            },
        )
        statuses.append(answer.status_code)
    assert statuses == [401] * 60 + [429] * 5


@pytest.mark.race
def test_guesses_at_once_are_no_way_around(page: Any, at_once: Any) -> None:
    browsers = [page() for _ in range(16)]
    forms = [browser.get("/login") for browser in browsers]
    answers = at_once(16, lambda number: sends(browsers[number], forms[number], WRONG).status_code)
    assert sorted(answers) == [401] * 10 + [429] * 6
