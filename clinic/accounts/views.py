"""Signing in and out: one page for every role of a clinic.

A form that met an ended session comes back inside the sign-in page, as hidden fields, and is sent again afterwards:
nothing that was typed is lost, and none of it stands in an address.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, make_response, redirect, render_template, request, session
from flask_login import LoginManager, UserMixin

from clinic.accounts import passwords, queries, sessions
from clinic.accounts.forms import SignInForm, home_of, keeping, local
from clinic.core import limits, told
from clinic.core.access import Actor, public
from clinic.core.doors import PortalPages, session_cookie
from clinic.core.errors import Refusal
from clinic.core.fields import email_key
from clinic.core.i18n import lazy_gettext as _
from clinic.core.secret import hashed

bp = PortalPages("accounts", __name__)


class PageTooOld(Refusal):
    code, status = "page_too_old", 400
    title = _("This page was open for too long. Please sign in once more.")


@bp.get("/login")
@public
def login() -> Any:
    """The sign-in page; who is signed in already goes on."""
    onward = local(request.args.get("next"))
    if g.actor.kind == "user":
        return redirect(onward or home_of(g.actor.role))
    return sign_in_page(SignInForm(formdata=None, next=onward))


@bp.post("/login")
@public
def sign_in() -> Any:
    """Let somebody in, and on to where they were going."""
    form = SignInForm()
    if not form.validate_on_submit():
        too_old, form.csrf_token.errors = form.csrf_token.errors, []
        return sign_in_page(form, PageTooOld() if too_old else None, status=422)
    previous = request.cookies.get(session_cookie())
    try:
        attempt = limits.attempt("sign_in", account=email_key(form.email.data))
        signed_in = sessions.sign_in(
            email=form.email.data,
            password=form.password.data,
            user_agent=request.user_agent.string,
            previous=previous,
        )
    except Refusal as refusal:
        return sign_in_page(form, refusal)
    attempt.succeeded()
    return welcome(form, signed_in, previous)


@bp.post("/logout")
@public
def sign_out() -> Response:
    """End the session here and in the browser. Who is signed out already is signed out."""
    sessions.sign_out(by=g.actor)
    session.clear()
    response = make_response(redirect("/login", 303))
    response.delete_cookie(session_cookie(), path="/", secure=told.is_secure(), httponly=True, samesite="Lax")
    return response


def sign_in_page(form: SignInForm, refusal: Refusal | None = None, *, status: int = 200) -> Response:
    """The form with what is the matter; the password is never shown again."""
    html = render_template("accounts/login.html", form=form, refusal=refusal)
    return make_response(html, refusal.status if refusal else status, refusal.headers if refusal else {})


def welcome(form: SignInForm, signed_in: sessions.SignedIn, previous: str | None) -> Response:
    """On to where somebody was going, with the cookie of a fresh session; what was interrupted is sent again."""
    # A fresh token too: whoever planted the old one (session fixation) knows nothing of the new one.
    session.clear()
    g.pop("csrf_token", None)
    if form.resumes:
        path, fields = form.resumes
        # Sent at once only for the same person: somebody else shall see whose work it is that they take on.
        owner = queries.session_owner(hashed(previous)) if previous else None
        same = owner in (None, signed_in.user_id)
        html = render_template(
            "accounts/resume.html", path=path, fields=fields, same=same, name=signed_in.name
        )
        response = make_response(html)
    else:
        response = make_response(redirect(form.onward or home_of(signed_in.role), 303))
    response.set_cookie(
        session_cookie(), signed_in.token, path="/", secure=told.is_secure(), httponly=True, samesite="Lax"
    )
    return response


# -- what the doors and other libraries ask of us ------------------------------------------------------------------


class Person(UserMixin):
    """Who is signed in, as flask-login's ``current_user`` shows them."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id, self.name, self.role, self.email = actor.id, actor.name, actor.role, actor.email


def register(app: Flask) -> None:
    """Set up what signing in needs: limits, hashes, ``current_user``, the door's way back in."""
    passwords.use(passwords.CHEAP if app.config.get("ENVIRONMENT") == "test" else passwords.STRONG)
    limits.install(app)
    people = LoginManager()
    people.session_protection = None
    people.request_loader(lambda _request: Person(g.actor) if g.actor.kind == "user" else None)
    # Not init_app: its remember-me cookie would be looked for on every answer, and we have none.
    app.login_manager = people  # type: ignore[attr-defined]
    # The form checks its own token, so that an old page is shown again and not an error.
    app.extensions["csrf"].exempt(sign_in)
    app.extensions["sign_in"] = interrupted
    app.after_request(stay_signed_in)


def interrupted(path: str, fields: list[tuple[str, str]]) -> Response:
    """The sign-in page for somebody whose form met an ended session."""
    html = render_template("accounts/login.html", form=keeping(path, fields), refusal=None)
    return make_response(html, 401)


def stay_signed_in(response: Response) -> Response:
    """After a page was opened: the session lives on. What polls, and every other fragment, does not count."""
    if (
        g.get("session_due")
        and request.method == "GET"
        and response.status_code < 400
        and response.mimetype == "text/html"
        and not request.headers.get("HX-Request")
        and not request.headers.get("X-Poll")
    ):
        sessions.stay(by=g.actor)
    return response
