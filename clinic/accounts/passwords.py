"""Passwords: how they are kept and compared (argon2id, RFC 9106), and what one must be like.

Nobody learns from an answer, or from its time, whether an address is known: one hash is computed in every case. A hash
takes tens of mebibytes, so only a few are computed at once; who waits too long is asked to come again.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from clinic.core.errors import Unavailable
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Parsed, Wrong
from clinic.core.text import CONTROL

SHORTEST, LONGEST = 8, 200
AT_ONCE = 3
PATIENCE = 10
"""Seconds to wait for one's turn."""

STRONG = PasswordHasher()
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For tests, where nobody attacks and hundreds sign in."""

_hasher = STRONG
_turns = threading.BoundedSemaphore(AT_ONCE)


def use(hasher: PasswordHasher) -> None:
    """Hash with these parameters from now on. What was hashed with others is still understood."""
    global _hasher
    _hasher = hasher


def hash(password: str) -> str:
    """*password* as it is kept."""
    with _turn():
        return _hasher.hash(_plain(password))


def matches(kept: str | None, given: str) -> bool:
    """Whether *given* is the password that is *kept*; False for None, in the same time."""
    with _turn():
        try:
            _hasher.verify(kept or _nobodys(_hasher), _plain(given))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Whether a kept password should be hashed anew, with today's parameters."""
    return _hasher.check_needs_rehash(kept)


def sound(password: str) -> str:
    """A password that may be chosen: 8 to 200 characters, as typed. ``Wrong`` otherwise (NIST SP 800-63B §5.1.1)."""
    if CONTROL.search(password):
        raise Wrong("control_character", _("This contains a character that cannot be used."))
    if len(password) < SHORTEST:
        message = (
            _("Use at least %(least)s characters.", least=SHORTEST) if password else _("This is required.")
        )
        raise Wrong("too_short" if password else "required", message)
    if len(password) > LONGEST:
        raise Wrong("too_long", _("Use at most %(limit)s characters.", limit=LONGEST))
    return password


Password = Annotated[
    str, Parsed(sound, {"format": "password", "minLength": SHORTEST, "maxLength": LONGEST, "writeOnly": True})
]


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Unavailable
    try:
        yield
    finally:
        _turns.release()


def _plain(password: str) -> bytes:
    """The same bytes for the same characters, however a keyboard composes them (RFC 8265 §4.2.2)."""
    return unicodedata.normalize("NFC", password[: 10 * LONGEST]).encode("utf-8", "replace")


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    """The hash of a password that nobody has."""
    return hasher.hash(secrets.token_bytes(32))
