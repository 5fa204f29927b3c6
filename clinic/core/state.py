"""What a browser keeps for us between pages, signed: who a visitor is, a form's token, a message for the next page.

Calls of the JSON face have none: they neither read it nor pay for its signature.
"""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

API = "/api/"


class StateOfPages(SecureCookieSessionInterface):
    """Flask's signed cookie, for pages alone. Writing to it from a JSON view is a ``RuntimeError``."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith(API) else super().open_session(app, request)
