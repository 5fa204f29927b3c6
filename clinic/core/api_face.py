"""The API's document to fetch, and a page to read and try it: open to everybody, nothing loaded from elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, url_for

from clinic.core import openapi
from clinic.core.access import public
from clinic.core.conditional import answer
from clinic.core.errors import Refusal
from clinic.core.parsing import MESSAGES
from clinic.core.problem import all_refusals

SWAGGER = "vendor/swagger-ui-dist-5.35.0"
# The viewer takes its pictures from its own style sheet, as data.
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)

docs = Blueprint("docs", __name__)


@docs.get("/api/v1/openapi.json", strict_slashes=False)
@public
def document() -> Response:
    """The OpenAPI document."""
    return answer(openapi.document(current_app._get_current_object()))  # type: ignore[attr-defined]


@docs.get("/api/docs", strict_slashes=False)
@public
def page() -> Response:
    """The document to read and to try, and the meaning of every code."""
    kinds: dict[str, type[Refusal]] = {}
    for kind in all_refusals():
        kinds.setdefault(kind.code, kind)
    html = render_template(
        "api/docs.html",
        refusals=[kinds[code] for code in sorted(kinds)],
        field_codes=[(code, MESSAGES[code]) for code in sorted(MESSAGES.keys() - kinds.keys())],
        swagger=SWAGGER,
        document=url_for("docs.document"),
    )
    return Response(html, headers={"Content-Security-Policy": CSP})


@docs.get("/docs", strict_slashes=False)
@docs.get("/redoc", endpoint="redoc", strict_slashes=False)
@public
def elsewhere() -> Any:
    """Where people who know other APIs look for the docs."""
    return redirect(url_for("docs.page"))
