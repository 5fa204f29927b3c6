"""Forms on pages: one that creates something does so once, and one that stood open for too long loses nothing.

A form with ``ui.idempotency()`` in it carries a key of its own, made with the page. A view answers it through ``once``:

    return pages.once(lambda: redirect(url_for("day.shown", …book(…)), 303))
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NoReturn

from flask import Response, g, make_response, request
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from clinic.core import idempotency
from clinic.core.access import Actor
from clinic.core.body import KEY_LENGTH
from clinic.core.errors import Refusal
from clinic.core.i18n import lazy_gettext as _
from clinic.core.json import canonical
from clinic.core.text import CONTROL

KEY, TOKEN = "idempotency_key", "csrf_token"
KEPT = re.compile(r"content-type|location|hx-[a-z-]+", re.IGNORECASE)


class PageTooOld(Refusal):
    code, status = "page_too_old", 422
    title = _("This page was open for too long. Please look it over and send it again.")


class SentBefore(Refusal):
    code, status = "sent_before", 422
    title = _("This form was sent once already, with other answers. If you mean it, send it again.")


def once(do: Callable[[], Any], *, by: Actor | None = None) -> Response:
    """Answer a form that creates something: sent twice, it is done once and answered alike.

    *do* calls the verb and answers a view's answer (a redirect, a fragment with its ``HX-`` headers), in the verb's
    transaction. What it refuses is raised as ever and nothing of it is kept: the form that is shown again has a fresh
    key. Raises ``SentBefore`` for other answers under the key of a form that was done (somebody went back a page),
    ``InProgress``. A form without a key is simply done. *by*: whose form it is, if not the signed-in person's: visitors
    are many, and none of them is given another's answer.
    """
    key = request.form.get(KEY, "")
    if not 1 <= len(key) <= KEY_LENGTH or CONTROL.search(key):
        return make_response(do())
    try:
        given = idempotency.once(
            key, _fingerprint(), by=by or g.actor, do=lambda: _to_keep(make_response(do())), refuse=_raised
        )
    except idempotency.KeyReused:
        raise SentBefore from None
    return Response(given.body, given.status, headers=given.headers)


def too_old() -> PageTooOld | None:
    """What is the matter with a form whose token is of an ended session, or forged; None: nothing.

    For views that are exempt from the check which stands before all others, because they show the form again with all
    that was typed: ``app.extensions["csrf"].exempt(view)``. Nothing may be done before this was asked.
    """
    try:
        validate_csrf(request.form.get(TOKEN))
    except ValidationError:
        return PageTooOld()
    return None


def _fingerprint() -> bytes:
    """Two forms with the same one ask for the same: path and every field but token and key."""
    fields = sorted(
        (name, value) for name, value in request.form.items(multi=True) if name not in (KEY, TOKEN)
    )
    return sha256(b"\n".join((request.path.encode(), canonical(fields)))).digest()


def _to_keep(response: Response) -> idempotency.Answer:
    headers = {name: value for name, value in response.headers if KEPT.fullmatch(name)}
    return idempotency.Answer(response.status_code, response.get_data(), headers)


def _raised(refusal: Refusal) -> NoReturn:
    raise refusal
