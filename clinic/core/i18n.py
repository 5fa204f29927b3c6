"""Languages: every string for people goes through gettext; English, Spanish and French from the start.

Who decides, in this order: the signed-in person's language, ``?lang=`` (kept in a cookie), the browser's
``Accept-Language`` among the clinic's languages, the clinic's own locale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, refresh
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as _lazy_gettext
from flask_babel import ngettext as _ngettext

from clinic.core import tenancy, told, translations

__all__ = [
    "LANGUAGES", "gettext", "init", "language", "lazy_gettext", "locale", "ngettext", "offered", "refresh", "speaking",
]  # fmt: skip

gettext: Callable[..., str] = _gettext
ngettext: Callable[..., str] = _ngettext
lazy_gettext: Callable[..., Any] = _lazy_gettext  # a string that is translated when it is read

LANGUAGES = {"en": "English", "es": "Español", "fr": "Français"}
"""The languages that the application speaks, each by its own name. The first one is the language of the source."""

COOKIE = "language"
YEAR = 365 * 24 * 3600

# English of no country in particular writes "23 Nov 2026", which nobody outside the United States misreads.
WORLDWIDE = {"en": "en_001"}


def init(app: Flask) -> None:
    """Set up translations and formats. Catalogues are compiled here if nobody has done so before."""
    Babel(
        app,
        default_locale="en",
        default_translation_directories=str(translations.ready()),
        locale_selector=_select,
    )
    app.after_request(_remember)


def locale() -> Locale:
    """Language and formats of this request or job."""
    return get_locale() or Locale.parse("en")


def language() -> str:
    """The language code of this request or job: ``en``, ``es`` or ``fr``."""
    return str(locale().language)


def offered() -> list[str]:
    """The languages that this clinic offers, as codes; all of them on the platform's own host."""
    tenant = tenancy.current()
    chosen = [code for code in tenant.languages if code in LANGUAGES] if tenant else []
    return chosen or list(LANGUAGES)


@contextmanager
def speaking(code: str | None) -> Iterator[None]:
    """``with speaking(patient.preferred_language):`` – for messages to somebody else than the reader of the page."""
    with force_locale(_formats(_known(code) or _default())):
        yield


def _select() -> Locale:
    return _parsed(_formats(_chosen() or _default()))


@lru_cache(maxsize=64)
def _parsed(name: str) -> Locale:
    # Kept: reading a name goes through every locale that Babel knows, and each request asks several times.
    return Locale.parse(name)


def _chosen() -> str | None:
    """What the person asked for, among what is offered."""
    if not has_request_context():
        return None
    person = getattr(g.get("actor"), "language", None)
    browsers = request.accept_languages.values()  # best first
    for wish in (person, request.args.get("lang"), request.cookies.get(COOKIE), *browsers):
        if (code := _known(wish)) in offered():
            return code
    return None


def _default() -> str:
    tenant = tenancy.current()
    own = _known(tenant.locale) if tenant else None
    return own if own in offered() else offered()[0]


def _known(wish: str | None) -> str | None:
    """The language code in ``es``, ``es_CO`` or ``es-CO``, if we speak it."""
    code = (wish or "").replace("-", "_").split("_")[0].lower()
    return code if code in LANGUAGES else None


def _formats(code: str) -> str:
    """The locale that writes dates and numbers as people of the clinic's country do in this language."""
    tenant = tenancy.current()
    if tenant:
        own = tenant.locale.replace("-", "_")
        for candidate in (own if own.startswith(f"{code}_") else None, f"{code}_{tenant.country}"):
            if candidate and _exists(candidate):
                return candidate
    return WORLDWIDE.get(code, code)


@lru_cache(maxsize=512)
def _exists(name: str) -> bool:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def _remember(response: Response) -> Response:
    """Keep a choice made with ``?lang=`` for a year."""
    if request.method == "GET" and (code := _known(request.args.get("lang"))) in offered():
        response.set_cookie(
            COOKIE, str(code), max_age=YEAR, secure=told.is_secure(), httponly=True, samesite="Lax"
        )
    return response
