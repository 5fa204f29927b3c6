"""What somebody typed into the search box, read as what it may mean.

A *reading* is a list of terms, all of which must fit a patient. A *term* is what one piece of the text may be: spans of
tokens (``tokens``), any of which will do, the likeliest first. ``300 123 4567`` is a phone, the beginning or the end of
one, a document with spaces, a file number; ``23/11/80`` is a birth date besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

import phonenumbers
from babel import Locale, UnknownLocaleError

from clinic.core.fields import email_key
from clinic.core.text import CONTROL, document_key
from clinic.patients import tokens
from clinic.patients.names import SIGNS, words

LONGEST, MOST_TERMS = 200, 8
LETTERS = 4
LAST = "\U0010ffff"
"""Comes after every character."""
FIRST_YEAR = 1850
TAIL_FROM = 3
FEW_DIGITS = 5
"""Numbers side by side are several only if each is as long as this; else they are one, written with spaces."""
NUMBER = re.compile(r"[+#]?[\d\s().,\-–/]*\d[\d\s().,\-–/]*")

Span = tuple[str, str]
"""All tokens from the first, included, to the second, excluded."""


@dataclass(frozen=True, slots=True)
class Term:
    """One piece of what was typed.

    *word*: it is a word of a name, folded. *meant*: words of which it may be a misspelling.
    """

    spans: tuple[Span, ...]
    word: str | None = None
    meant: tuple[str, ...] = ()


Reading = tuple[Term, ...]


def prefix(token: str) -> Span:
    """All tokens that begin with *token*."""
    return token, token + LAST


def exactly(token: str) -> Span:
    """That one token."""
    return token, token + "\x01"


def readings(typed: str, *, country: str, locale: str, today: date) -> list[Reading]:
    """What *typed* may mean, the likeliest first; nothing for a text without a letter or digit.

    *country* (ISO 3166) tells how phones are written, *locale* and country how dates are.
    """
    reader = _Reader(country, _date_order(locale, country), today)
    pieces = tokens.western(CONTROL.sub(" ", typed[:LONGEST])).split()
    joined = _numbers_joined(pieces)
    found = [reader.as_document(pieces), reader.terms(joined), reader.terms(_long_numbers(joined))]
    if not any(NUMBER.fullmatch(piece) and len(piece) < FEW_DIGITS for piece in pieces):
        found.insert(2, reader.terms(pieces))
    return [*dict.fromkeys(tuple(reading) for reading in found if reading)]


def day_in(text: str, *, country: str, locale: str, today: date) -> date | None:
    """The past day that *text* names, in ISO or as the clinic writes dates; None if it names none."""
    if not NUMBER.fullmatch(text.strip()):
        return None
    reader = _Reader(country, _date_order(locale, country), today)
    return next(reader.dates(tokens.western(text)), None)


def _long_numbers(pieces: list[str]) -> list[str]:
    """``CC 1020304050``: the number alone, where what stands beside it may be the kind of document."""
    numbers = [piece for piece in pieces if NUMBER.fullmatch(piece)]
    others = [piece for piece in pieces if piece not in numbers]
    if any(len(piece) < FEW_DIGITS for piece in numbers) or any(len(piece) > LETTERS for piece in others):
        return []
    return numbers


def _numbers_joined(pieces: Iterable[str]) -> list[str]:
    """Pieces that are numbers and stand side by side as one: ``(300) 123 4567``."""
    runs = groupby(pieces, key=lambda piece: bool(NUMBER.fullmatch(piece)) or piece in ("+", "#"))
    return [piece for is_number, run in runs for piece in (["".join(run)] if is_number else run)]


@dataclass(frozen=True, slots=True)
class _Reader:
    country: str
    order: str
    today: date

    def terms(self, pieces: Iterable[str]) -> list[Term]:
        found = [term for piece in pieces for term in self._terms_of(piece)]
        spoken = [term for term in found if not (term.word or "").startswith(SIGNS)] or found
        if len(spoken) == 1:
            return [self._alone(spoken[0])]
        # A number tells more than a word, a long word more than a short one.
        return sorted(spoken, key=lambda term: -len(term.word or LAST * LONGEST))[:MOST_TERMS]

    def as_document(self, pieces: list[str]) -> list[Term]:
        """All pieces as one document with spaces in it: ``AB 123 456 K``."""
        text = "".join(pieces)
        letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
        if len(pieces) < 2 or not digits or not 0 < letters <= LETTERS:
            return []
        return [Term((prefix(tokens.document(document_key(text))),))]

    def _terms_of(self, piece: str) -> Iterator[Term]:
        if piece.find("@") > 0:
            yield Term((prefix(tokens.email(email_key(piece))),))
        elif NUMBER.fullmatch(piece):
            yield Term(tuple(dict.fromkeys(self._number(piece))))
        elif any(letter.isdigit() for letter in piece):
            key, spoken = document_key(piece), words(piece)
            spans = [prefix(tokens.document(key)), prefix(tokens.email(email_key(piece)))]
            yield Term((*([prefix(spoken[0])] if len(spoken) == 1 else []), *spans))
        else:
            for word in words(piece):
                word = word[: tokens.LONGEST]
                yield Term((prefix(word),), word)

    def _alone(self, term: Term) -> Term:
        """A single word may also be the beginning of a document or of an e-mail address."""
        if term.word is None:
            return term
        return Term(
            (*term.spans, prefix(tokens.document(term.word)), prefix(tokens.email(term.word))), term.word
        )

    def _number(self, text: str) -> Iterator[Span]:
        digits = "".join(letter for letter in text if letter.isdigit())
        if text.startswith("#"):
            yield exactly(tokens.numbered(int(digits)))
            return
        for day in self.dates(text):
            yield exactly(tokens.born(day))
        for number in self._phones(text):
            yield exactly(tokens.backwards(number))
        if len(digits) <= 10:
            yield exactly(tokens.numbered(int(digits)))
        yield prefix(tokens.document(digits))
        for beginning in self._beginnings(text, digits):
            yield prefix(tokens.forwards(beginning))
        if len(digits) >= TAIL_FROM:
            yield prefix(tokens.backwards(digits))
        yield prefix(digits)
        yield prefix(tokens.email(digits))

    def _phones(self, text: str) -> Iterator[str]:
        """A whole phone number as it is stored (E.164)."""
        try:
            number = phonenumbers.parse(f"+{text[2:]}" if text.startswith("00") else text, self.country)
        except phonenumbers.NumberParseException:
            return
        if phonenumbers.is_possible_number(number):
            yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def _beginnings(self, text: str, digits: str) -> Iterator[str]:
        """The beginning of a phone without its country code or trunk zero."""
        yield digits
        if digits.startswith("0"):
            yield digits.lstrip("0")
        abroad = digits.lstrip("0")
        codes = range(1, 4) if text.startswith(("+", "00")) else ()
        home = str(phonenumbers.country_code_for_region(self.country))
        for length in codes:
            if abroad[length:] and int(abroad[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
                yield abroad[length:]
        if not codes and digits.startswith(home) and len(digits) > len(home) + TAIL_FROM:
            yield digits[len(home) :]

    def dates(self, text: str) -> Iterator[date]:
        """Every day that *text* may mean, the likeliest first."""
        parts = re.findall(r"\d+", text)
        if len(parts) == 3:
            yield from self._dated(parts)
        elif len(parts) == 1 and len(parts[0]) == 8:
            whole = parts[0]
            yield from self._dated([whole[:4], whole[4:6], whole[6:]])
            yield from self._dated([whole[:2], whole[2:4], whole[4:]])

    def _dated(self, parts: list[str]) -> Iterator[date]:
        """The day in the clinic's order; if that is no day, in another."""
        year_first = len(parts[0]) == 4
        orders = ["ymd"] if year_first else [self.order, *({"dmy", "mdy"} - {self.order})]
        for order in orders:
            named = dict(zip(order, parts, strict=True))
            days = [day for year in _years(named["y"]) if (day := _day(year, named["m"], named["d"]))]
            possible = [day for day in days if day.year >= FIRST_YEAR and day <= self.today]
            if possible:
                yield from possible
                return


def _years(text: str) -> tuple[int, ...]:
    if len(text) == 4:
        return (int(text),)
    return (2000 + int(text), 1900 + int(text)) if len(text) == 2 else ()


def _day(year: int, month: str, day: str) -> date | None:
    if len(month) > 2 or len(day) > 2:
        return None
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _date_order(locale: str, country: str) -> str:
    """``dmy``, ``mdy`` or ``ymd``: how short dates are written there."""
    language = locale.replace("_", "-").split("-")[0] or "en"
    for name in (f"{language}_{country}", f"und_{country}"):
        try:
            pattern = str(Locale.parse(name).date_formats["short"].pattern)
        except (UnknownLocaleError, ValueError, KeyError):
            continue
        return "".join(letter for letter, _run in groupby(pattern.lower()) if letter in "dmy")
    return "dmy"
