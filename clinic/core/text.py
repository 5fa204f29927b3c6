"""Text as people type it: kept as typed, outer white space aside; never cut, never with characters nobody can type.

``fold`` is the form that searches compare, ``document_key`` the form that documents compare.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Wrong

# Unicode category Cc, and lone halves of a surrogate pair, which are no text at all.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Letters that decompose into nothing simpler, as people who lack the key type them.
LETTERS = str.maketrans(
    {
        "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "œ": "oe", "æ": "ae", "þ": "th",
        "ŧ": "t", "ĸ": "k", "ʼ": "'", "’": "'", "‘": "'", "ß": "ss",
    }
)  # fmt: skip


def line(text: str, limit: int, least: int = 0) -> str:
    """One line of text, at most *limit* characters, outer white space stripped.

    ``Wrong``: ``too_long``, ``required`` (shorter than *least*), ``control_character`` (line breaks too).
    """
    text = _measured(text.strip(), limit, least)
    if CONTROL.search(text):
        raise Wrong("control_character")
    return text


def lines(text: str, limit: int, least: int = 0) -> str:
    """Text of several lines: as ``line``, but breaks and tabs stay. Breaks become ``\\n``."""
    text = _measured(text.strip().replace("\r\n", "\n").replace("\r", "\n"), limit, least)
    if CONTROL_BUT_BREAKS.search(text):
        raise Wrong("control_character")
    return text


def _measured(text: str, limit: int, least: int) -> str:
    if len(text) > limit:
        raise Wrong("too_long", _("Use at most %(limit)s characters.", limit=limit))
    if len(text) < least:
        message = _("Use at least %(least)s characters.", least=least) if text else _("This is required.")
        raise Wrong("too_short" if text else "required", message)
    return text


@dataclass(frozen=True)
class Text:
    """Text in a body or a query: ``Annotated[str, Text(500)]``; ``Text(4000, breaks=True)`` for several lines."""

    limit: int
    least: int = 0
    breaks: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        parse = lines if self.breaks else line
        said = {"maxLength": self.limit, "minLength": self.least} if self.least else {"maxLength": self.limit}
        # The parser measures, since it strips and joins breaks first; the document is told in words.
        return core_schema.no_info_after_validator_function(
            lambda text: parse(text, self.limit, self.least),
            core_schema.str_schema(max_length=1024 * 1024),
            metadata={"pydantic_js_updates": said},
        )


def fold(text: str) -> str:
    """The form that searches compare: no accents, no case, single spaces. ``"Ñáñez  Groß"`` → ``"nanez gross"``."""
    apart = unicodedata.normalize("NFKD", text).casefold().translate(LETTERS)
    apart = unicodedata.normalize("NFKD", apart)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def document_key(text: str) -> str:
    """The form that document numbers compare: without case, spaces, dots and dashes (API.md §5)."""
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKC", text).casefold()
        if letter not in ".−" and not letter.isspace() and unicodedata.category(letter) not in ("Pd", "Cf")
    )
