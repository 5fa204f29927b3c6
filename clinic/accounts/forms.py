"""The sign-in form, and the form that somebody was filling in when their session ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import DataRequired, Length

from clinic.core.i18n import lazy_gettext as _

NEEDED = _("This is required.")
TOO_LONG = _("This is too long.")
# A path of this host and nothing else: browsers read "//host", "/\host" and a leading tab as other hosts.
LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
NOT_BACK_TO = ("/login", "/logout")


class SignInForm(FlaskForm):
    """E-mail and password; where to go then, or what to send again then."""

    email = EmailField(
        _("E-mail address"),
        validators=[DataRequired(NEEDED), Length(max=254, message=TOO_LONG)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _("Password"),
        validators=[DataRequired(NEEDED), Length(max=1000, message=TOO_LONG)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    kept_path = HiddenField()
    kept = HiddenField()

    @property
    def onward(self) -> str | None:
        """Where the person was going, if that is a page of this host."""
        return local(self.next.data)

    @property
    def resumes(self) -> tuple[str, list[tuple[str, str]]] | None:
        """Path and fields of the form that was interrupted, if there is one and it is whole."""
        path = local(self.kept_path.data)
        try:
            fields = [(str(name), str(value)) for name, value in json.loads(self.kept.data or "null") or ()]
        except (ValueError, TypeError):
            return None
        return (path, fields) if path and fields else None


def keeping(path: str, fields: Iterable[tuple[str, str]]) -> SignInForm:
    """The sign-in form that carries an interrupted form along."""
    return SignInForm(formdata=None, kept_path=path, kept=json.dumps(list(fields)))


def local(path: Any) -> str | None:
    """*path* if it is one of this host and does not lead back to the sign-in page, else None."""
    if not isinstance(path, str) or not LOCAL.fullmatch(path) or path.startswith(NOT_BACK_TO):
        return None
    return path


def home_of(role: str | None) -> str:
    """The page that each role begins at."""
    return {"patient": "/my/visits", "doctor": "/my-day"}.get(role or "", "/desk")
