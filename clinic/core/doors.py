"""The doors: every request comes through one, and it decides who may enter.

Five doors, told apart by host and path: *platform* (bare domain, master key), *api* (a clinic's host, API key),
*staff* and *portal* (a clinic's host, session cookie), *public* (health, documents). The order of checks is API.md §1:
unknown host 404, suspended 403, then 401, 403, and only then what the route itself says.

A room hangs its faces on ``StaffPages``, ``PortalPages`` or ``core.api.ApiBlueprint``; its views say ``@allow(…)``.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import time
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Request, Response, current_app, g, redirect, request
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from wtforms import ValidationError as WTFormsValidationError

from clinic.core import audit, db, entering, log, tenancy, told
from clinic.core.access import ANONYMOUS, PLATFORM, Actor
from clinic.core.errors import Forbidden, Invalid, NotFound, Refusal, Unauthorized, Unavailable
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.parsing import wrong_at
from clinic.core.secret import hashed

ANY_HOST = ("/health/", "/static/")
API = "/api/"
PLATFORM_API = "/api/v1/admin/"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)


REQUESTS = log.get("clinic.request")
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class UnknownClinic(NotFound):
    code, title = "unknown_clinic", _("There is no clinic at this address.")


class Suspended(Forbidden):
    code, title = "tenant_suspended", _("This clinic is not open at the moment.")


class StaffPages(Blueprint):
    """Pages of those who work here. Signed-out visitors are sent to sign in and come back."""

    door = "staff"


class PortalPages(Blueprint):
    """Pages of patients and visitors; a view that needs a signed-in patient says so by its right."""

    door = "portal"


def session_cookie() -> str:
    """The session cookie's name: ``__Host-`` where the browser can hold it to that (https)."""
    return "__Host-session" if told.is_secure() else "clinic_session"


def slug_of_host() -> str | None:
    """The clinic's name in the request's host; "" on the platform's own host, None on any other."""
    host = (request.host or "").rsplit(":", 1)[0].lower().rstrip(".")
    base = str(current_app.config["BASE_DOMAIN"]).lower()
    if host == base:
        return ""
    if host.endswith("." + base):
        slug = host[: -len(base) - 1]
        return slug if "." not in slug else None
    return None


def _request() -> Request:
    """The request itself: to ask it ten things through its stand-in costs as much as finding its route."""
    return request._get_current_object()  # type: ignore[attr-defined, no-any-return]


def open_the_door() -> Any:
    """Before every request: a clean slate, then host, credential and right, in that order."""
    asked, kept = _request(), g._get_current_object()
    kept.began = time.perf_counter()
    tenancy.leave()
    db.forget()
    given = asked.headers.get("X-Request-Id", "")
    kept.request_id = given if SANE_REQUEST_ID.fullmatch(given) else new_id().hex
    log.request_id.set(kept.request_id)
    audit.address.set(_address())
    audit.refusal_told.set(False)
    kept.actor = ANONYMOUS
    kept.platform = False
    path = asked.path
    if path == "/health" or path.startswith(ANY_HOST):
        return None
    slug = slug_of_host()
    if slug is None:
        raise UnknownClinic
    answer = _platform_door() if slug == "" else _clinic_door(slug)
    if answer is None and not path.startswith(API):
        _refuse_what_cannot_be_kept()
    return answer


def _address() -> str | None:
    """The client's address; None where a proxy tells something else (``unknown``, a port, a zone)."""
    try:
        client = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return None
    return None if getattr(client, "scope_id", None) else str(client)


def _refuse_what_cannot_be_kept() -> None:
    """No database keeps the NUL character, and nobody types it. (The JSON door refuses every control character.)"""
    for name, text in request.values.items(multi=True):
        if "\0" in name or "\0" in text:
            raise Invalid(wrong_at("/" + name.replace("\0", ""), "control_character"))


def _platform_door() -> Any:
    g.platform = True
    if not (request.path.startswith(API) or request.path == "/metrics"):
        return _platform_page()
    if _is_public():
        return None
    given = request.headers.get("X-Api-Key", "")
    master = current_app.config["MASTER_API_KEY"]
    if not master or not hmac.compare_digest(given.encode(), str(master).encode()):
        raise Unauthorized
    g.actor = PLATFORM
    return _check_right()


def _platform_page() -> None:
    """The platform has a few public pages; those of a clinic are not found here."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    if _view() is not None and (not _is_public() or getattr(blueprint, "door", None) in ("staff", "portal")):
        raise NotFound


def _clinic_door(slug: str) -> Any:
    asked = _request()
    api = asked.path.startswith(API)
    cookie, key = (None, _api_key()) if api else (asked.cookies.get(session_cookie()), None)
    entered = entering.enter(
        slug,
        session_hash=hashed(cookie) if cookie else None,
        key_hash=hashed(key) if key else None,
    )
    if entered.tenant is None:
        raise UnknownClinic
    if entered.tenant.status != "active":
        raise Suspended
    if asked.path.startswith(PLATFORM_API):
        raise NotFound
    if entered.who is not None:
        who = entered.who
        g.actor = Actor(
            who.who_kind, who.who_id, who.role, frozenset(who.scopes or ()), who.patient_id, who.doctor_id,
            who.who_name, who.session_id, who.language, who.email or "",
        )  # fmt: skip
        g.session_due = who.session_due
    elif api and not _is_public():
        raise Unauthorized(headers={"WWW-Authenticate": 'Bearer realm="clinic"'})
    return _check_right()


def _api_key() -> str | None:
    given = request.headers.get("X-Api-Key")
    if given:
        return given.strip()
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def _view() -> Any:
    endpoint = request.endpoint
    return current_app.view_functions.get(endpoint) if endpoint else None


def _is_public() -> bool:
    view = _view()
    return view is not None and getattr(view, "public", False)


def _check_right() -> Any:
    view = _view()
    if view is None or getattr(view, "public", False):
        return None
    right = getattr(view, "permission", None)
    if right is None:
        raise RuntimeError(f"unguarded route {request.endpoint}")
    if g.actor.may(right):
        return None
    if g.actor.kind == "anonymous":
        if request.path.startswith(API):
            raise Unauthorized
        return to_sign_in()
    if tenancy.current() is not None:
        audit.denied(right, by=g.actor)
    raise Forbidden


KEPT_FIELDS, KEPT_LENGTH = 500, 100_000
"""How much of an interrupted form is carried along: fields, characters."""


def to_sign_in() -> Response:
    """To the sign-in page and back; an htmx request is told to go there whole (HOUSE, *Names*).

    A form that was being filled in is carried along and sent again after signing in.
    """
    if request.headers.get("HX-Request"):
        # Back to the page that the fragment is a part of.
        page = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "/")
        return Response(status=401, headers={"HX-Redirect": _sign_in_address(page)})
    if request.method != "POST":
        return redirect(_sign_in_address(request.full_path.rstrip("?")))  # type: ignore[return-value]
    fields = _typed()
    if fields:
        kept: Response = current_app.extensions["sign_in"](request.full_path.rstrip("?"), fields)
        return kept
    return redirect(_sign_in_address(request.headers.get("Referer", "/")), 303)  # type: ignore[return-value]


def _sign_in_address(back: str) -> str:
    if "://" in back:
        back = "/" + back.split("://", 1)[1].partition("/")[2]
    return f"/login?next={quote(back)}"


def _typed() -> list[tuple[str, str]]:
    """What a form of ours holds, less its token and passwords; nothing if it is not ours, or too much.

    The token is asked for here already: without it another site could have its own form sent in the person's name.
    """
    try:
        validate_csrf(request.form.get("csrf_token"))
    except WTFormsValidationError:
        return []
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and "password" not in name
    ]
    fits = len(fields) <= KEPT_FIELDS and sum(len(name) + len(value) for name, value in fields) <= KEPT_LENGTH
    return fields if fits else []


def _complete(headers: Headers) -> None:
    """Put the headers that every answer has beside those that it brings. Looks once: these lists are gone through."""
    brought = {name.lower() for name, _value in headers}
    ours = [
        *ALWAYS,
        ("Content-Security-Policy", g.get("csp") or CSP),
        ("X-Request-Id", g.get("request_id", "")),
    ]
    if not request.path.startswith("/static/"):
        ours.append(("Cache-Control", "private, no-cache" if "etag" in brought else "no-store"))
    if told.is_secure():
        ours.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    headers.extend([(name, value) for name, value in ours if name.lower() not in brought])


def close_the_door(response: Response) -> Response:
    """After every request: keep what must be kept, then headers and one line in the log."""
    db.settle(well=response.status_code < 400)
    _complete(response.headers)
    tenant, asked, now = tenancy.current(), _request(), time.perf_counter()
    REQUESTS.info(
        "request",
        method=asked.method,
        route=asked.url_rule.rule if asked.url_rule else "unknown",
        status=response.status_code,
        ms=round((now - g.get("began", now)) * 1000, 1),
        tenant=tenant.slug if tenant else None,
    )
    return response


def refused(refusal: Refusal) -> Any:
    """A refusal as this door words it: a problem document, or a page."""
    db.take_back()
    db.forget()
    _put_on_record(refusal)
    if request.path.startswith(API) or request.path.startswith("/health"):
        from clinic.core.problem import problem

        return problem(refusal)
    from clinic.core.jinja import refusal_page

    return refusal_page(refusal)


def _put_on_record(refusal: Refusal) -> None:
    """A right that a verb refused to somebody known (RULES §5); what the verb or the door recorded itself stands."""
    known = tenancy.current() is not None and g.actor.kind in ("user", "key")
    if known and isinstance(refusal, Forbidden) and not (refusal.on_record or audit.refusal_told.get()):
        audit.denied(getattr(_view(), "permission", refusal.code), by=g.actor)


def from_http(error: HTTPException) -> Refusal:
    """Werkzeug's no in our words."""
    if isinstance(getattr(error, "original_exception", None), Refusal):
        return error.original_exception  # type: ignore[attr-defined, no-any-return]
    from clinic.core.problem import from_http_exception

    return from_http_exception(error)


def _without_its_path(exc_info: Any) -> None:
    log.get("clinic.fault").error("fault", exc_info=exc_info)


def install(app: Flask) -> None:
    """Hang the doors on the application."""
    app.before_request(open_the_door)
    app.after_request(close_the_door)
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, lambda error: refused(from_http(error)))
    # What fails after the view (a commit) is none of the handlers' below, and Flask would write down its whole path.
    app.log_exception = _without_its_path  # type: ignore[method-assign]

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Any:
        if db.is_disconnect(error):
            db.hang_up()
        state, constraint = db.diagnose(error)
        said = db.translated(error, state, constraint) if db.is_database_error(error) else None
        if isinstance(said, Refusal):
            return refused(said)
        log.get("clinic.fault").error("fault", exc_info=error, code=state)
        return refused(InternalError())


class InternalError(Unavailable):
    code, status = "internal_error", 500
    title = _("Something went wrong on our side. It has been noted.")

    def __init__(self) -> None:
        super().__init__(headers={})
