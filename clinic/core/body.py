"""What a request carries, read in the order of API.md §1: 413, 415, 400, and only then 422.

Reading is strict: UTF-8 JSON as RFC 8259 has it (no ``NaN``), no control characters or half surrogates in any text,
nothing of the wrong kind. The same bytes give the fingerprint that an idempotency key is held to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from hashlib import sha256
from typing import Any

import orjson
from flask import Response, g, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from clinic.core.errors import FieldError, Invalid, Malformed, TooLarge, UnsupportedType, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.json import canonical
from clinic.core.parsing import wrong_at
from clinic.core.text import CONTROL, CONTROL_BUT_BREAKS
from clinic.core.validation import control_characters

LIMIT = 1024 * 1024
PIECE, WORTH_READING = 64 * 1024, 8 * LIMIT
KEY_LENGTH = 255

# In JSON a control character below U+0020 can only come escaped; the others come as themselves too. Whether an escape
# is itself escaped (``\\u0000``) is for the slow look to find out.
SUSPECT = re.compile(rb"\\u00[01][0-9a-fA-F]|\\u00[789][0-9a-fA-F]|\\[bf]|\x7f|\xc2[\x80-\x9f]")


def read() -> tuple[bytes, Any]:
    """The request's JSON body, raw and parsed; ``(b"{}", {})`` when nothing was sent.

    Raises ``TooLarge``, ``UnsupportedType``, ``Malformed`` and, for control characters, ``Invalid``.
    """
    raw = _bytes()
    if not raw:
        # Nothing sent is an empty request: fine where nothing is needed, and else the fields say what is missing.
        return b"{}", {}
    if not (request.mimetype == "application/json" or request.mimetype.endswith("+json")):
        raise UnsupportedType(headers={"Accept": "application/json"})
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedType(_("Send the body uncompressed."), headers={"Accept-Encoding": "identity"})
    try:
        sent = orjson.loads(raw)
    except ValueError:
        _refuse_half_characters(raw)
        raise Malformed(_("The body is not JSON.")) from None
    if SUSPECT.search(raw):
        _refuse_characters(sent)
    g.sent = sent
    return raw, sent


def _bytes() -> bytes:
    if too_large():
        raise TooLarge
    # A chunked body is cut off at the limit without a word; one byte more tells that it was longer.
    request.max_content_length = LIMIT + 1
    try:
        raw = request.get_data()
    except RequestEntityTooLarge:
        raise TooLarge from None
    except ClientDisconnected:
        raise Malformed(_("The body broke off.")) from None
    if len(raw) > LIMIT:
        raise TooLarge
    return raw


def thrown_away(response: Response) -> Response:
    """After a refusal: what is still coming of the body is read and dropped, as far as that is worth it.

    A server that answers while it is sent to closes the connection, and a client then sees that instead of the answer,
    or finds it closed when it asks for the next thing.
    """
    coming = request.content_length or "Transfer-Encoding" in request.headers
    if response.status_code >= 400 and coming:
        # Whoever has begun to read knows where the body ends. The server's own stream may wait for ever beyond that.
        begun = request.__dict__.get("stream")
        stream = request.environ["wsgi.input"] if begun is None else begun
        left = min(request.content_length or WORTH_READING, WORTH_READING)
        try:
            while left > 0 and (piece := stream.read(min(left, PIECE))):
                left -= len(piece)
        except (OSError, ValueError, RuntimeError, HTTPException):
            pass  # they went away, or sent too much: nobody is left to be told
    return response


def too_large() -> bool:
    """Whether the request says that its body is over the limit."""
    length = request.content_length
    return length is not None and length > LIMIT


def _refuse_characters(sent: Any) -> None:
    try:
        found = control_characters(sent, CONTROL_BUT_BREAKS)
    except RecursionError:
        raise Malformed(_("The body is nested too deeply.")) from None
    if found:
        raise Invalid([wrong_at(at, "control_character") for at in found])


def _refuse_half_characters(raw: bytes) -> None:
    """A lone surrogate is JSON by its grammar, but no text: 422 at its field, as other characters nobody can type."""
    try:
        _refuse_characters(json.loads(raw.decode("utf-8"), parse_constant=_no_constant))
    except (ValueError, RecursionError):
        return


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def read_query(lists: Collection[str]) -> dict[str, str | list[str]]:
    """The query's parameters; those named in *lists* may be repeated and come as lists.

    Raises ``Invalid``: ``repeated`` for another one given twice, ``control_character``.
    """
    given: dict[str, str | list[str]] = {}
    wrong: list[FieldError] = []
    for name, values in request.args.lists():
        code = None
        if any(CONTROL.search(value) for value in values) or CONTROL.search(name):
            code = "control_character"
        elif name in lists:
            given[name] = values
        elif len(values) > 1:
            code = "repeated"
        else:
            given[name] = values[0]
        if code:
            at = CONTROL.sub("", name).replace("~", "~0").replace("/", "~1")
            wrong.append(wrong_at(f"/{at}", code))
    if wrong:
        raise Invalid(wrong)
    return given


# -- idempotency -------------------------------------------------------------------------------------------------


def idempotency_key(in_body: str | None = None) -> str | None:
    """The key of this request: the header, or *in_body* (``/appointments``), or None.

    Raises ``Invalid`` with ``invalid_idempotency_key`` for one that is not 1–255 characters, and for two that differ.
    """
    key = request.headers.get("Idempotency-Key", in_body)
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_LENGTH or CONTROL.search(key):
        raise Invalid(wrong_at("/idempotency_key", "invalid_idempotency_key"))
    if in_body is not None and in_body != key:
        message = _("The idempotency keys in header and body differ.")
        raise invalid("/idempotency_key", "invalid_idempotency_key", message)
    return key


def canonical_body() -> bytes:
    """The body as sorted JSON without its ``idempotency_key``; ``b"{}"`` when nothing was sent."""
    sent = g.get("sent", {})
    if isinstance(sent, dict) and "idempotency_key" in sent:
        sent = {name: value for name, value in sent.items() if name != "idempotency_key"}
    return canonical(sent)


def fingerprint() -> bytes:
    """SHA-256 of method, path, query and canonical body: two requests with the same one ask for the same."""
    query = canonical(sorted(request.args.items(multi=True)))
    parts = (request.method.encode(), request.path.rstrip("/").encode(), query, canonical_body())
    return sha256(b"\n".join(parts)).digest()
