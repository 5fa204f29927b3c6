"""Languages: every string for people goes through gettext; English, Spanish and French from the start.

Who decides, in this order: the signed-in person's language, ``?lang=`` (kept in a cookie), the browser's
``Accept-Language`` among the clinic's languages, the clinic's own locale.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, get_translations, refresh
from flask_babel.speaklater import LazyString
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from clinic.core import tenancy, told, translations

__all__ = [
    "LANGUAGES", "formats_of", "gettext", "init", "language", "lazy_gettext", "locale", "ngettext", "offered",
    "refresh", "speaking",
]  # fmt: skip

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
    app.jinja_env.globals.update(_=_in_a_page, gettext=_in_a_page, ngettext=_number_in_a_page)
    app.after_request(_remember)


# --- sentences: a page asks for hundreds of them, so that each costs no more than a look into a dict ---


class Sentences(dict[str, str]):
    """The sentences of one language as they were asked for; those of a page are markup already."""

    def __init__(self, catalogue: Any) -> None:
        super().__init__()
        self._catalogue = catalogue
        self.marked = Marked(self)

    def __missing__(self, text: str) -> str:
        said = self[text] = str(self._catalogue.gettext(text))
        return said

    def number(self, one: str, many: str, number: int) -> str:
        """The plural form that *number* takes."""
        return str(self._catalogue.ngettext(one, many, number))


class Marked(dict[str, Markup]):
    """The same for pages: translators' words are no more escaped than those of the template around them."""

    def __init__(self, sentences: Sentences) -> None:
        super().__init__()
        self._sentences = sentences

    def __missing__(self, text: str) -> Markup:
        said = self[text] = Markup(self._sentences[text])  # noqa: S704 - our own sentence
        return said


@lru_cache(maxsize=64)
def _of(catalogue: Any) -> Sentences:
    return Sentences(catalogue)


def _sentences() -> Sentences:
    """Those of the language of this request or job, found once as long as it does not change."""
    try:
        spoken = g._flask_babel
        chosen, found = spoken.sentences
        if chosen is spoken.babel_locale:
            return found  # type: ignore[no-any-return]
    except (AttributeError, RuntimeError):  # asked for the first time, or outside of any request and job
        pass
    found = _of(get_translations())
    if (chosen := get_locale()) is not None:
        g._flask_babel.sentences = chosen, found
    return found


def gettext(text: str, /, **filled: Any) -> str:
    """*text* in the language of this request or job, with ``%(name)s`` filled in."""
    said = _sentences()[text]
    return said % filled if filled else said


def ngettext(one: str, many: str, /, num: int, **filled: Any) -> str:
    """The same with the plural form that *num* takes, which is filled in as ``%(num)d``."""
    return _sentences().number(one, many, num) % {"num": num, **filled}


def lazy_gettext(text: str, /, **filled: Any) -> Any:
    """A sentence that is translated when it is read."""
    return LazyString(gettext, text, **filled)


@pass_eval_context
def _in_a_page(context: EvalContext, text: str, /, **filled: Any) -> str:
    sentences = _sentences()
    said = sentences.marked[text] if context.autoescape else sentences[text]
    return said % filled if filled else said


@pass_eval_context
def _number_in_a_page(context: EvalContext, one: str, many: str, /, num: int, **filled: Any) -> str:
    said = _sentences().number(one, many, num)
    return (Markup(said) if context.autoescape else said) % {"num": num, **filled}  # noqa: S704


def locale() -> Locale:
    """Language and formats of this request or job."""
    try:
        chosen = (
            g._flask_babel.babel_locale
        )  # what get_locale() answers, without its detours: lists ask a hundred times
    except (AttributeError, RuntimeError):
        chosen = None
    return chosen or get_locale() or _parsed("en")


def formats_of(spoken: Locale) -> str:
    """The name of a locale, as Babel's functions take it: ``es_CO``."""
    return _named(spoken.language, spoken.territory, spoken.script, spoken.variant)


@lru_cache(maxsize=64)
def _named(language: str, territory: str | None, script: str | None, variant: str | None) -> str:
    return str(Locale(language, territory, script, variant))


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
