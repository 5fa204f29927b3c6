"""Answers that carry their version, and requests that are conditional on it (RFC 9110 §13).

A single object's ``ETag`` is its ``version``; a list that screens poll has an opaque one. ``If-None-Match`` saves the
body (304), ``If-Match`` saves somebody else's change: the verb compares and raises ``Stale``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from clinic.core.json import dumps

# A compressing proxy may mark its copies: "7" becomes "7:br" or "7-gzip". It is still version 7.
ENTITY_TAG = re.compile(r'(?:W/)?"?([^",\s]*?)(?:[:-](?:br|gzip|zstd|deflate))?"?')
NO_VERSION = -1


def answer(
    body: Any,
    *,
    version: int | None = None,
    etag: str | None = None,
    status: int = 200,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """*body* (a dict, a model or ready JSON bytes) as an answer.

    ``version``: of the one object answered; ``etag``: an opaque string for a list. A GET whose ``If-None-Match`` names
    it is answered 304 without a body, save with ``expand``: what is expanded has versions of its own.
    """
    tag = f'"{version}"' if version is not None else f'"{etag}"' if etag is not None else None
    if tag and status == 200 and request.method in ("GET", "HEAD") and _has(tag):
        response = Response(status=304)
    else:
        response = Response(
            body if isinstance(body, bytes) else dumps(body), status, mimetype="application/json"
        )
    if tag:
        response.headers["ETag"] = tag
    if location:
        response.headers["Location"] = location
    if headers:
        response.headers.update(headers)
    return response


def polled(draw: Callable[[], str], *, version: str) -> Response:
    """A part of a page that screens ask for again and again: drawn only if it is no longer *version*, else 304.

    Names of patients stay in no cache: the page itself keeps the tag and sends it along.
    """
    tag = f'"{version}"'
    response = Response(status=304) if _has(tag) else Response(draw(), mimetype="text/html")
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-store"
    return response


def unmarked(response: Response) -> Response:
    """After our own compressing: the ``ETag`` is the version that it was, which callers compare and send back."""
    tag = response.headers.get("ETag")
    if tag and "Content-Encoding" in response.headers and (found := ENTITY_TAG.fullmatch(tag)):
        response.headers["ETag"] = f'"{found.group(1)}"'
    return response


def _has(tag: str) -> bool:
    wanted = request.headers.get("If-None-Match")
    if wanted is None or "expand" in request.args:
        return False
    return wanted.strip() == "*" or tag.strip('"') in _tags(wanted)


def _tags(header: str) -> list[str]:
    return [found.group(1) for part in header.split(",") if (found := ENTITY_TAG.fullmatch(part.strip()))]


def expected_version() -> int | None:
    """The version that ``If-Match`` asks for; None without one, and for ``*``.

    What cannot be a version is answered as ``NO_VERSION``, which no record has: the verb will say ``Stale``.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = _tags(header)
    return int(tags[0]) if len(tags) == 1 and tags[0].isascii() and tags[0].isdigit() else NO_VERSION
