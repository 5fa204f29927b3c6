"""The operator's commands do what the JSON calls do, and take no password on the command line."""

from __future__ import annotations

from typing import Any

from tests.clients import Api
from tests.pages import PageClient

EAST = [
    "create-tenant", "east", "--name", "East Clinic", "--timezone", "America/Lima", "--country", "PE",
    "--owner-name", "Elsa", "--owner-email", "elsa@east.example",
]  # fmt: skip


def run(app: Any, *words: str, typed: str = "") -> Any:
    return app.test_cli_runner().invoke(args=list(words), input=typed)


def test_opens_a_clinic(app: Any) -> None:
    done = run(app, *EAST, "--password-stdin", typed="elsa-password\n")
    assert done.exit_code == 0, done.output
    key = done.output.split("key")[1].strip()
    assert Api(app, "east.localhost", key).get("/locations").status_code == 200
    browser = PageClient(app, "east.localhost")
    form = browser.get("/login?next=/api/v1/openapi.json")
    browser.post_form(form, {"email": "elsa@east.example", "password": "elsa-password"})


def test_says_why_not(app: Any) -> None:
    taken = run(app, *EAST[:1], "north", *EAST[2:])
    assert taken.exit_code == 1
    assert "slug_taken" in taken.output
    assert "time zone" in run(app, *EAST, "--timezone", "Mars/Olympus").output
    assert "at least 8" in run(app, *EAST, "--password-stdin", typed="short\n").output
    assert "not_found" in run(app, "create-key", "nowhere", "--name", "X").output


def test_makes_a_key(app: Any) -> None:
    done = run(app, "create-key", "north", "--name", "Laboratory", "--scope", "queue:read")
    assert Api(app, "north.localhost", done.output.strip()).get("/locations").status_code == 403
    done = run(app, "create-key", "north", "--name", "Laboratory", "--all-scopes")
    assert Api(app, "north.localhost", done.output.strip()).get("/locations").status_code == 200


def test_makes_an_account_with_a_password_typed_twice(app: Any) -> None:
    words = ["create-user", "north", "--email", "eva@north.example", "--name", "Eva", "--role", "manager"]
    done = run(app, *words, "--ask-password", typed="eva-password\neva-password\n")
    assert done.exit_code == 0, done.output
    assert "eva-password" not in done.output
    browser = PageClient(app, "north.localhost")
    form = browser.get("/login?next=/api/v1/openapi.json")
    browser.post_form(form, {"email": "eva@north.example", "password": "eva-password"})


def test_brings_the_coded_values_into_being_once(app: Any) -> None:
    assert run(app, "bootstrap").output == "0 coded values made\n"
