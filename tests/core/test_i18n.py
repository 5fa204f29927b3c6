"""English, Spanish and French: who decides which, nothing is left untranslated, and a fresh clone speaks all."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import string
from collections.abc import Callable
from pathlib import Path

import flask_babel
import pytest
from babel.messages.catalog import Catalog, Message
from flask import Flask, request

from clinic.core import i18n, jinja, tenancy, translations
from clinic.core.access import Actor
from clinic.core.ids import new_id
from tests.core.shell import NORTH, make_shell

PERCENT = re.compile(r"%\((\w+)\)[sd]")


def language_of(app: Flask, address: str = "/login", **headers: str) -> str:
    with app.test_request_context(
        address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    ):
        app.preprocess_request()
        return i18n.language()


def test_the_persons_language_comes_first() -> None:
    actor = Actor("user", new_id(), "doctor", name="Sven", language="fr")
    assert (
        language_of(make_shell(actor=actor), "/login?lang=es", Cookie="language=en", Accept_Language="es")
        == "fr"
    )


def test_then_what_was_chosen_then_the_browsers_then_the_clinics() -> None:
    app = make_shell(dataclasses.replace(NORTH, locale="es_CO"))
    assert language_of(app, "/login?lang=fr", Cookie="language=en", Accept_Language="en") == "fr"
    assert language_of(app, "/login", Cookie="language=en", Accept_Language="fr") == "en"
    assert language_of(app, "/login", Accept_Language="de, fr-CA;q=0.8, en;q=0.5") == "fr"
    assert language_of(app, "/login", Accept_Language="de") == "es"


def test_only_what_the_clinic_offers_is_spoken() -> None:
    app = make_shell(languages=["es", "xx"])
    assert language_of(app, "/login?lang=fr", Accept_Language="en, fr") == "es"
    assert language_of(app, "/login?lang=../../etc") == "es"


def test_a_choice_is_kept_in_a_cookie() -> None:
    client = make_shell().test_client()
    client.get("/login?lang=es")
    cookie = client.get_cookie("language")
    assert cookie
    assert (cookie.value, cookie.http_only, cookie.same_site) == ("es", True, "Lax")
    client.get("/login?lang=xx")
    assert client.get_cookie("language") == cookie, "nobody speaks xx"


@pytest.mark.parametrize(
    ("locale", "country", "lang", "formats"),
    [
        ("en", "CO", "en", "en_001"),
        ("en", "US", "en", "en_US"),
        ("es", "CO", "es", "es_CO"),
        ("es-MX", "CO", "es", "es_MX"),
        ("fr", "FR", "es", "es"),
        ("fr", "CA", "fr", "fr_CA"),
    ],
)
def test_dates_are_written_as_in_the_clinics_country(
    locale: str, country: str, lang: str, formats: str
) -> None:
    app = make_shell(dataclasses.replace(NORTH, locale=locale, country=country))
    with app.test_request_context(f"/login?lang={lang}"):
        app.preprocess_request()
        assert str(i18n.locale()) == formats


def test_a_job_speaks_the_language_of_whom_it_writes_to() -> None:
    app = make_shell(dataclasses.replace(NORTH, locale="es_CO"))
    with app.app_context():
        tenancy._current.set(dataclasses.replace(NORTH, locale="es_CO"))
        with i18n.speaking("fr"):
            assert i18n.gettext("Sign out") == "Se déconnecter"
        with i18n.speaking(None):
            assert i18n.gettext("Sign out") == "Cerrar sesión"
    tenancy.leave()


def test_a_request_in_another_language_answers_in_it() -> None:
    answer = make_shell().test_client().get("/login", headers={"Accept-Language": "fr"})
    assert "Aller au contenu" in answer.get_data(as_text=True)


def test_the_link_to_another_language_keeps_the_page() -> None:
    app = make_shell()
    with app.test_request_context("/names?a=1&a=2&b=%26x&lang=en"):
        address = jinja.language_url("es")
    with app.test_request_context(address):
        assert request.path == "/names"
        assert request.args.to_dict(flat=False) == {"a": ["1", "2"], "b": ["&x"], "lang": ["es"]}


# --- the catalogues ---


def texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (list, tuple)) else [str(message.string)]


def placeholders(text: str) -> set[str]:
    """The names that code fills in: ``%(name)s`` and ``{name}``."""
    return set(PERCENT.findall(text)) | {
        name for _, name, _, _ in string.Formatter().parse(text) if name is not None
    }


@pytest.fixture(params=translations.catalogues(), ids=lambda path: path.parts[-3])
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return translations.read(request.param)


def test_there_is_a_catalogue_for_each_language_but_the_sources() -> None:
    assert [path.parts[-3] for path in translations.catalogues()] == sorted(set(i18n.LANGUAGES) - {"en"})


def test_nothing_is_left_untranslated(catalogue: Catalog) -> None:
    assert translations.untranslated(catalogue) == []


def test_the_catalogue_knows_every_string_and_no_other(catalogue: Catalog) -> None:
    known = {message.id for message in catalogue if message.id}
    used = {message.id for message in translations.strings() if message.id}
    assert used - known == set(), "run: python -m clinic translations"
    assert known - used == set(), "run: python -m clinic translations"


def test_translations_fill_in_what_the_string_does(catalogue: Catalog) -> None:
    wrong = []
    for message in catalogue:
        ids = message.id if isinstance(message.id, (list, tuple)) else [message.id]
        wanted = placeholders(str(ids[-1]))
        wrong += [text for text in texts(message) if message.id and text and placeholders(text) != wanted]
    assert wrong == []


def copy(tmp_path: Path) -> Path:
    home = tmp_path / "translations"
    shutil.copytree(translations.HOME, home, ignore=shutil.ignore_patterns("*.mo"))
    return home


def test_a_fresh_clone_compiles_and_compiles_again_what_changed(tmp_path: Path) -> None:
    home = copy(tmp_path)
    assert translations.ready(home) == home
    compiled = sorted(home.rglob("*.mo"))
    assert len(compiled) == len(i18n.LANGUAGES) - 1
    before = [path.stat().st_mtime_ns for path in compiled]
    translations.ready(home)
    assert [path.stat().st_mtime_ns for path in compiled] == before, "what is current is left alone"
    source = compiled[0].with_suffix(".po")
    os.utime(source, ns=(before[0] + 10**9, before[0] + 10**9))
    os.utime(compiled[0], ns=(before[0] - 10**9, before[0] - 10**9))
    translations.ready(home)
    assert compiled[0].stat().st_mtime_ns != before[0] - 10**9


def test_an_image_that_cannot_be_written_speaks_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy(tmp_path)
    write = translations._write

    def read_only(path: Path, fill: object) -> None:
        if path.is_relative_to(home):
            raise PermissionError
        write(path, fill)  # type: ignore[arg-type]

    monkeypatch.setattr(translations, "_write", read_only)
    elsewhere = translations.ready(home)
    assert elsewhere != home
    assert len(list(elsewhere.rglob("*.mo"))) == len(i18n.LANGUAGES) - 1
    assert list(home.rglob("*.mo")) == []


def test_extracting_finds_what_nobody_translated_and_keeps_the_rest(tmp_path: Path) -> None:
    home = copy(tmp_path)
    root = tmp_path / "root"
    (root / "clinic").mkdir(parents=True)
    (root / "templates").mkdir()
    (root / ".venv/clinic").mkdir(parents=True)
    (root / "clinic/new.py").write_text('_("A wholly new sentence.")\nlazy_gettext("Sign out")\n', "utf-8")
    (root / "templates/new.html").write_text('{{ ngettext("%(num)d cat", "%(num)d cats", 2) }}', "utf-8")
    (root / ".venv/clinic/theirs.py").write_text('_("Not ours")', "utf-8")
    missing = translations.extract(root, home)
    assert missing == {language: ["A wholly new sentence.", "%(num)d cat"] for language in ("es", "fr")}
    spanish = translations.read(home / "es/LC_MESSAGES/messages.po")
    assert spanish["Sign out"].string == "Cerrar sesión"
    assert len([message for message in spanish if message.id]) == 3, (
        "strings that nobody says any more are gone"
    )
    once = (home / "es/LC_MESSAGES/messages.po").read_bytes()
    translations.extract(root, home)
    assert (home / "es/LC_MESSAGES/messages.po").read_bytes() == once


# --- sentences of a page ---


def test_what_is_filled_in_is_escaped_and_the_sentence_is_not() -> None:
    app = make_shell()
    with app.test_request_context("/login?lang=es"):
        app.preprocess_request()
        said = app.jinja_env.from_string("{{ _('%(day)s, %(time)s', day='<b>', time='09:30') }}")
        assert said.render() == "&lt;b&gt;, 09:30"
        assert (
            app.jinja_env.from_string("{{ ngettext('%(num)d visit', '%(num)d visits', 2) }}").render()
            == "2 citas"
        )


def test_a_sentence_is_found_once_however_often_a_page_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_shell()
    asked: list[object] = []

    def looking(real: Callable[[], object] = flask_babel.get_translations) -> object:
        asked.append(real())
        return asked[-1]

    monkeypatch.setattr(i18n, "get_translations", looking)
    with app.test_request_context("/login?lang=es"):
        app.preprocess_request()
        before = len(asked)
        assert {i18n.gettext("Sign out") for _ in range(100)} == {"Cerrar sesión"}
        assert len(asked) - before <= 1
        with i18n.speaking("fr"):
            assert i18n.gettext("Sign out") == "Se déconnecter", "and another language is another sentence"
        assert i18n.gettext("Sign out") == "Cerrar sesión"
