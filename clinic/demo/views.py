"""What only the demo shows: its clinics on the platform's start page, and signing in there at one press.

Outside the demo nothing of this is hung on the application: the addresses do not exist.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, session

from clinic.accounts import sessions
from clinic.accounts.forms import home_of, local
from clinic.core import i18n, tenancy, told
from clinic.core.access import public
from clinic.core.doors import PortalPages, session_cookie
from clinic.demo import entering

# The second name is not this module's: what bears that is hung on every application.
bp = PortalPages("demo", "clinic.demo", url_prefix="/demo")


def register(app: Flask) -> None:
    """Hang the demo's pages, in the demo alone."""
    if app.config["ENVIRONMENT"] == "demo":
        app.register_blueprint(bp)
        app.jinja_env.globals["demo_clinics"] = clinics
        app.jinja_env.globals["demo_here"] = here


def clinics() -> list[dict[str, Any]]:
    """What the start page says of each clinic: ``name, city, zone, now`` and the addresses ``book, login, enter``.

    They lead to the port that was asked, which people really use, and keep a language that was chosen here.
    """
    chosen = request.args.get("lang") or request.cookies.get(i18n.COOKIE)
    lang = {"lang": i18n.language()} if chosen else {}
    found = []
    for door in entering.doors(_folder(), _secret()):
        plan = door.plan

        def to(path: str, host: str = f"{plan.slug}.{request.host}", **query: str) -> str:
            query |= lang
            return f"{request.scheme}://{host}{path}{'?' if query else ''}{urlencode(query)}"

        found.append(
            {
                "name": plan.name,
                "city": plan.city,
                "zone": plan.timezone,
                "now": datetime.now(UTC),
                "book": to("/book"),
                "login": to("/login"),
                "enter": {role: to("/demo/enter", token=token) for role, token in door.tokens.items()},
            }
        )
    return found


def here() -> dict[str, Any] | None:
    """How to go on from a page of a demo clinic: ``start``, the start page, and ``enter``, an address for each role."""
    tenant = tenancy.current()
    if tenant is None or tenant.slug not in entering.PLANS:
        return None
    tokens = entering.tokens(_folder(), _secret(), tenant.slug)
    return {
        "start": f"{request.scheme}://{request.host.partition('.')[2]}/",
        "enter": {role: f"/demo/enter?{urlencode({'token': token})}" for role, token in tokens.items()},
    }


@bp.get("/enter")
@public
def enter() -> Response:
    """Where a link of the start page leads. It signs nobody in: a page that does so has a button and a token of ours,
    or any other site could have a browser do it.
    """
    token = request.args.get("token", "")
    return _answer(token, _role_in(token))


@bp.post("/enter")
@public
def come_in() -> Response:
    """Sign in as the link says, with the password that the seed made, as the sign-in page would."""
    token = request.form.get("token", "")
    role = _role_in(token)
    known = entering.credentials(_folder(), tenancy.require().slug, role) if role else None
    if known is None:
        return _answer(token, None)
    signed_in = sessions.sign_in(
        email=known[0],
        password=known[1],
        user_agent=request.user_agent.string,
        previous=request.cookies.get(session_cookie()),
    )
    session.clear()
    g.pop("csrf_token", None)
    wanted = local(request.form.get("next"))
    response = make_response(redirect(wanted or home_of(signed_in.role), 303))
    response.set_cookie(
        session_cookie(), signed_in.token, path="/", secure=told.is_secure(), httponly=True, samesite="Lax"
    )
    return response


def _answer(token: str, role: str | None) -> Response:
    """The page with the button, or 410: too old, another clinic's, or nobody's."""
    start = f"{request.scheme}://{request.host.partition('.')[2]}/"
    wanted = local(request.values.get("next"))
    html = render_template("demo/enter.html", token=token, role=role, start=start, next=wanted)
    return make_response(html, 200 if role else 410)


def _role_in(token: str) -> str | None:
    return entering.role_in(_secret(), tenancy.require().id, token)


def _folder() -> Path:
    return told.settings().data_dir.resolve()


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])
