"""A refusal as ``application/problem+json`` (RFC 9457): the JSON face of every no.

``type`` leads to the sentence on that code in the docs page; ``code`` is what machines read; nothing that was sent
comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Response, g
from werkzeug.exceptions import HTTPException

from clinic.core.errors import Malformed, NotAllowed, NotFound, Refusal, TooLarge, TooMany, UnsupportedType
from clinic.core.json import dumps

MEDIA_TYPE = "application/problem+json"
BY_STATUS: dict[int, type[Refusal]] = {
    refusal.status: refusal
    for refusal in (Malformed, NotFound, NotAllowed, TooLarge, UnsupportedType, TooMany)
}


def content(refusal: Refusal) -> dict[str, Any]:
    """The document's members. A refusal's own ``extra`` stands beside them, never in their place."""
    said: dict[str, Any] = {
        **refusal.extra,
        "type": f"/api/docs#{refusal.code}",
        "title": str(refusal.title),
        "status": refusal.status,
        "detail": str(refusal.detail),
        "code": refusal.code,
        "request_id": g.get("request_id"),
    }
    if refusal.errors:
        said["errors"] = [
            {"pointer": error.pointer, "code": error.code, "message": str(error.message)}
            for error in refusal.errors
        ]
    return said


def problem(refusal: Refusal) -> Response:
    """*refusal* as an answer, with its own headers; 401 says how to authenticate (RFC 9110 §11.6.1)."""
    response = Response(dumps(content(refusal)), refusal.status, mimetype=MEDIA_TYPE)
    response.headers.update(refusal.headers)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response.headers.setdefault("WWW-Authenticate", 'Bearer realm="clinic"')
    return response


def from_http_exception(error: HTTPException) -> Refusal:
    """Werkzeug's no in our words, with its headers (``Allow`` on 405)."""
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    known = BY_STATUS.get(status)
    if known is not None:
        return known(headers=headers)
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Refused"
    refusal = Refusal(f"{phrase}.", code=phrase.lower().replace(" ", "_").replace("-", "_"), headers=headers)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        refusal.code = "internal_error"
    refusal.status, refusal.title = status, f"{phrase}."
    return refusal


def all_refusals(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every kind of refusal that the loaded rooms know, for the docs page."""
    for kind in base.__subclasses__():
        yield kind
        yield from all_refusals(kind)
