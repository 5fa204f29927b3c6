"""Patterns that a clinic writes and we match: only those that never keep a process busy (custom fields, API.md §1).

Python's matcher tries all ways in which a pattern may fit. What can fit in too many ways is refused when it is written:
``(a+)+$`` against thirty letters would take minutes, and every clinic would wait for them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as sre  # type: ignore[attr-defined, unused-ignore]
from re import _parser  # type: ignore[attr-defined, unused-ignore]
from typing import Any

LONGEST_TEXT = 128
"""Characters of a text that a pattern is matched against; a longer one does not match."""
LONGEST_PATTERN = 500
MOST_WAYS = 3_000_000
ONE_CHARACTER = {sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.CATEGORY, sre.AT}
REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}


class Untamed(Exception):
    """The pattern looks back, ahead, or fits in more ways than can be counted."""


@lru_cache(maxsize=1024)
def is_tame(pattern: str) -> bool:
    """Whether matching *pattern* against a text of ``LONGEST_TEXT`` characters always ends soon."""
    if len(pattern) > LONGEST_PATTERN:
        return False
    try:
        parsed = list(_parser.parse(pattern))
        starts = 1 if parsed and parsed[0] == (sre.AT, sre.AT_BEGINNING) else LONGEST_TEXT
        return _ways(parsed) * starts <= MOST_WAYS
    except (Untamed, re.error, RecursionError, OverflowError):
        return False


def matches(pattern: str, text: str) -> bool:
    """Whether a tame *pattern* is found in *text*."""
    return len(text) <= LONGEST_TEXT and is_tame(pattern) and re.search(pattern, text) is not None


def _ways(sequence: Any) -> int:
    """In how many ways a sequence may fit at one place, at most."""
    ways = 1
    for kind, told in sequence:
        ways *= _ways_of(kind, told)
        if ways > MOST_WAYS:
            raise Untamed
    return ways


def _ways_of(kind: Any, told: Any) -> int:
    if kind in ONE_CHARACTER:
        return 1
    if kind is sre.SUBPATTERN:
        return _ways(told[-1])
    if kind is sre.ATOMIC_GROUP:
        return _ways(told)
    if kind is sre.BRANCH:
        return sum(_ways(branch) for branch in told[1])
    if kind not in REPEATS:
        raise Untamed  # looks back or ahead, or at what another part found
    least, most, repeated = told
    least, most = min(int(least), LONGEST_TEXT), min(int(most), LONGEST_TEXT)
    once = _ways(repeated)
    if most <= 1:
        return once + 1 - least
    if once > 1:  # each time in several ways: they multiply
        raise Untamed
    return most - least + 1
