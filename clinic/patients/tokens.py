"""What a patient is found by: words, numbers and dates as plain texts that an index finds by their beginning.

Under row-level security no index serves LIKE or a similarity (RULES §1.9), so everything is made comparable by ``=``
and by prefix range beforehand. A token's first character says what it is: a word of the name has no mark; ``*`` marks a
document, ``#`` a file number, ``@`` an e-mail address, ``=`` a birth date, ``>`` a phone without its country code, and
``<`` a phone from its last digit to its first, because people remember its end.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import phonenumbers

from clinic.patients.names import words

LONGEST = 40
"""Characters of a word or number that are compared."""
SHORT = 3
"""A word of so many letters may be written as one with the next."""
MOST_WORDS, MOST_TEXT = 24, 400
SLIPS_FROM, SLIPS_TO = 3, 20
"""Words of so many letters are found with a slip of the finger."""


def of(
    *,
    spoken: Sequence[str],
    file_number: int | None = None,
    birth_date: date | None = None,
    document_key: str | None = None,
    phones: Iterable[str | None] = (),
    email_key: str | None = None,
) -> list[str]:
    """All tokens of one patient, sorted. *spoken*: the ``name_words``; *phones* in E.164."""
    found = set(spoken)
    if file_number is not None:
        found.add(numbered(file_number))
    if birth_date is not None:
        found.add(born(birth_date))
    if document_key:
        found.add(document(document_key))
    if email_key:
        found.add(email(email_key))
    for number in phones:
        if number:
            found.update((forwards(national(number)), backwards(number)))
    return sorted(found)


def name_words(names: Iterable[str | None]) -> list[str]:
    """The words of a name and of its parts, each once: as spoken, then as people write them together.

    What an apostrophe holds together is one word, and what stands after it another: ``O'Neil`` is oneil and neil.
    """
    spoken: dict[str, None] = {}
    for name in names:
        if name:
            spoken.update(dict.fromkeys(words(name)))
            apart = name.replace("'", " ").replace("’", " ")
            if apart != name:
                spoken.update(dict.fromkeys(word for word in words(apart) if len(word) > SHORT))
    found = list(spoken)[:MOST_WORDS]
    return list(dict.fromkeys(word[:LONGEST] for word in (*found, *_joined(found))))


def _joined(spoken: Sequence[str]) -> Iterator[str]:
    """Short words as one with what follows them: ``delacruz``, ``mcdonald``, ``vanderberg``."""
    for start, word in enumerate(spoken):
        run, after = word, iter(spoken[start + 1 :])
        while len(word) <= SHORT and (word := next(after, "")):
            run += word
        if run != spoken[start]:
            yield run


def kept(spoken: Sequence[str]) -> str:
    """All words of a name as one text, kept beside each token (``PatientToken.words``)."""
    return " ".join(spoken)[:MOST_TEXT]


def document(key: str) -> str:
    """The token of a document's number (``text.document_key``), of whichever type."""
    return f"*{western(key)[:LONGEST]}"


def western(text: str) -> str:
    """*text* with the digits of any script as 0 … 9."""
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)


def numbered(file_number: int | str) -> str:
    """The token of a file number."""
    return f"#{file_number}"


def email(key: str) -> str:
    """The token of an e-mail address (``fields.email_key``)."""
    return f"@{key[:254]}"


def born(day: date) -> str:
    """The token of a birth date."""
    return f"={day.isoformat()}"


def national(e164: str) -> str:
    """A phone's digits without its country code: what people write at home."""
    return phonenumbers.national_significant_number(phonenumbers.parse(e164))


def forwards(digits: str) -> str:
    """The token of a phone's ``national`` digits, or the beginning of it."""
    return f">{digits}"


def backwards(digits: str) -> str:
    """The token of a phone in E.164 by its end, or the beginning of it: ``backwards("4567")`` begins ``<7654``."""
    return "<" + digits.lstrip("+")[::-1]


def slips(word: str) -> set[str]:
    """*word* and all forms of it with one letter left out.

    Two words are one slip apart (a letter more, less or other, or two swapped) only if they share such a form.
    """
    if not slippery(word):
        return set()
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def slippery(word: str) -> bool:
    """Whether a word is looked for with a slip: neither very short nor very long, and no number."""
    return SLIPS_FROM <= len(word) <= SLIPS_TO and not any(letter.isdigit() for letter in word)
