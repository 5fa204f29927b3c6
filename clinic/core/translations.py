"""The catalogues: strings are collected from code and templates, translated by people, compiled by machines.

``clinic/translations/<language>/LC_MESSAGES/messages.po`` is kept in the repository, the ``.mo`` beside it is not: it
is made when it is missing or older, so a fresh clone speaks every language, and an image may compile it when built.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "clinic" / "translations"
DOMAIN = "messages"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}

# One fixed date: a catalogue changes when a string changes, not because somebody looked.
FIXED = datetime(2026, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


def catalogues(home: Path = HOME) -> list[Path]:
    """The ``.po`` file of each language."""
    return sorted(home.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def strings(root: Path = ROOT) -> Catalog:
    """Every string for people in code and templates."""
    with (HOME / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    places = (root / "clinic", root / "templates")  # and not the virtual environment beside them

    def inside(folder: str | os.PathLike[str]) -> bool:
        return any(Path(folder).is_relative_to(place) for place in places)

    found = Catalog(project="clinic", charset="utf-8", creation_date=FIXED, revision_date=FIXED)
    for name, line, message, comments, context in extract_from_dir(
        root, methods, options, KEYWORDS, ("Translators:",), strip_comment_tags=True, directory_filter=inside
    ):
        found.add(message, None, [(Path(name).as_posix(), line)], auto_comments=comments, context=context)
    return found


def extract(root: Path = ROOT, home: Path = HOME) -> dict[str, list[str]]:
    """Bring every catalogue up to date; answers what is still untranslated, per language.

    A string that changed is untranslated again: a guess that looks translated is worse than an empty line.
    """
    template = strings(root)
    missing: dict[str, list[str]] = {}
    for path in catalogues(home):
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.creation_date = catalogue.revision_date = FIXED
        catalogue.obsolete.clear()
        catalogue.header_comment = (
            f"# {catalogue.locale_identifier}: translate msgstr, keep what stands in %(…)s."
        )
        catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = ""
        fill = partial(write_po, catalog=catalogue, width=110, sort_by_file=True, include_lineno=False)
        _write(path, fill)
        missing[str(catalogue.locale)] = untranslated(catalogue)
    return missing


def read(path: Path) -> Catalog:
    """The catalogue in one ``.po`` file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=DOMAIN)


def untranslated(catalogue: Catalog) -> list[str]:
    """The strings that nobody has translated yet (of a plural, the singular)."""
    found = []
    for message in catalogue:
        texts = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            found.append(message.id[0] if isinstance(message.id, (list, tuple)) else message.id)
    return found


def compile(home: Path = HOME, target: Path | None = None) -> list[Path]:
    """Write the ``.mo`` of every catalogue, beside it or under *target*; answers the files written."""
    written = []
    for path in catalogues(home):
        place = (target or home) / path.relative_to(home).with_suffix(".mo")
        place.parent.mkdir(parents=True, exist_ok=True)
        catalogue = read(path)
        _write(place, partial(write_mo, catalog=catalogue))
        written.append(place)
    return written


def ready(home: Path = HOME) -> Path:
    """A folder whose compiled catalogues are current: the home, or a temporary one where the home is read-only."""
    if all(_current(path) for path in catalogues(home)):
        return home
    try:
        compile(home)
    except OSError:
        elsewhere = Path(tempfile.mkdtemp(prefix="clinic-translations-"))
        log.info("catalogues are compiled into a temporary folder")
        compile(home, elsewhere)
        return elsewhere
    return home


def _current(path: Path) -> bool:
    compiled = path.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime_ns >= path.stat().st_mtime_ns


def _write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Two processes may start at once: each writes a file of its own, the last one takes the name."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
