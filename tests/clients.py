"""Clients of the tests: the JSON API of a clinic, and browsers of people who are signed in."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import password
from tests.pages import PageClient


class FreshClient(FlaskClient):
    """Each request in a context of its own, as in life: nothing of the test, or of the request before, leaks into it.

    Flask would let them share the test's application context, and with it ``g``, the session and its transaction.
    """

    def open(self, *args: Any, **more: Any) -> TestResponse:
        return Context().run(super().open, *args, **more)


class Api:
    """One credential at one host. ``post("/patients", {...})`` answers werkzeug's response; ``.json`` is the body."""

    def __init__(self, app: Flask, host: str, key: str | None, *, prefix: str = "/api/v1") -> None:
        self.client, self.host, self.key, self.prefix = app.test_client(), host, key, prefix

    def open(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"X-Api-Key": self.key} if self.key else {}
        headers |= more.pop("headers", {})
        if body is not None:
            more["json"] = body
        return self.client.open(
            self.prefix + path, method=method, base_url=f"http://{self.host}", headers=headers, **more
        )

    def get(self, path: str, **query: Any) -> TestResponse:
        headers = query.pop("headers", {})
        return self.open("GET", path, query_string=query, headers=headers)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.open("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.open("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.open("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.open("DELETE", path, **more)


def key_of(slug: str, scopes: list[str]) -> str:
    """A fresh key of a clinic with these scopes."""
    from clinic.accounts.keys import create_key
    from clinic.core.access import SYSTEM
    from clinic.core.entering import acting_in

    with acting_in(slug):
        return create_key(name="test", scopes=scopes, by=SYSTEM).secret


def browser(app: Flask, slug: str, name: str | None) -> PageClient:
    """A browser at a clinic; with *name*, that person is signed in."""
    client = PageClient(app, f"{slug}.localhost")
    if name is not None:
        page = client.get("/login")
        client.post_form(page, {"email": f"{name}@{slug}.example", "password": password(name)}, form="login")
    return client
