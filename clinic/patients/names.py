"""People's names: kept as typed, compared without accents, case and punctuation.

Nothing here decides what a name may be. Two surnames, one name, emoji and any script are names.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from clinic.core.text import fold

# Small words that belong to the surname after them: "de la Cruz", "van der Berg", "al Rashid".
PARTICLES = frozenset(
    "de del la las lo los y e da das do dos di du des le van von der den ter ten al el bin ibn ben".split()
)

# Where a person has two surnames, the father's and the mother's, and goes by the first of them.
TWO_SURNAMES = frozenset("AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE".split())

SIGNS = "~"
"""Marks a word without a letter or digit."""


class Parts(NamedTuple):
    """A full name taken apart."""

    first_name: str | None
    middle_name: str | None
    last_name: str | None
    second_last_name: str | None


def full_name(parts: Sequence[str | None]) -> str:
    """The parts in the order in which they are spoken."""
    return " ".join(part for part in parts if part)


def split(name: str, country: str = "") -> Parts:
    """A guess at the parts of a full name, for the fields that want them; the name itself stays as typed.

    Particles go with the surname that follows. In a *country* (ISO 3166) of two surnames the last two words are
    surnames from three words on, elsewhere the last one is.
    """
    words: list[str] = []
    waiting: list[str] = []
    for place, word in enumerate(name.split()):
        waiting.append(word)
        if place == 0 or fold(word) not in PARTICLES:
            words.append(" ".join(waiting))
            waiting = []
    if waiting:  # a name that ends in a particle: it is a word after all
        words.append(" ".join(waiting))
    if len(words) < 2:
        return Parts(name or None, None, None, None)
    surnames = 2 if len(words) > 2 and country in TWO_SURNAMES else 1
    given, family = words[:-surnames], words[-surnames:]
    return Parts(given[0], " ".join(given[1:]) or None, family[0], family[1] if surnames > 1 else None)


def words(text: str) -> list[str]:
    """The folded words of *text*: punctuation parts them, apostrophes do not. ``"O'Neil-Ñáñez"`` → oneil, nanez.

    A text without a single letter or digit (an emoji) is one word marked ``~``, so that it can be found too.
    """
    folded = fold(text).replace("'", "")
    apart = "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in folded).split()
    if not apart and text.strip():
        return [SIGNS + "".join(text.split())]
    return apart


def name_key(text: str) -> str:
    """The form in which two names are the same: folded words in their order. Empty only for an empty name."""
    return " ".join(words(text))


def alike(one: str, other: str) -> bool:
    """Whether two name keys may well be one person: every word of the shorter is in the longer, give or take a slip.

    "Maria Gomez" is like "Maria Fernanda Gomes Ruiz"; "Luis Gomez" is not like "Ana Gomez".
    """
    fewer, more = sorted((one.split(), other.split()), key=len)
    left = list(more)
    for word in fewer:
        match = next((each for each in left if each == word), None) or next(
            (each for each in left if min(len(each), len(word)) > 3 and one_slip(word, each)), None
        )
        if match is None:
            return False
        left.remove(match)
    return bool(fewer)


def one_slip(typed: str, word: str) -> bool:
    """Whether one slip of the finger lies between two words: a letter more, less or other, or two swapped."""
    if typed == word:
        return True
    shorter, longer = sorted((typed, word), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    start = next((place for place, letter in enumerate(shorter) if letter != longer[place]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[start:] == longer[start + 1 :]
    if shorter[start + 1 :] == longer[start + 1 :]:
        return True
    swapped = shorter[start : start + 2] == longer[start : start + 2][::-1]
    return swapped and shorter[start + 2 :] == longer[start + 2 :]
