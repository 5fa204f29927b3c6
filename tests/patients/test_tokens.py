"""What a patient is found by."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.patients import tokens
from clinic.patients.names import one_slip

WORD = st.text("abcdeghimnorsuz", min_size=3, max_size=12)
LETTER = st.sampled_from("abcdeghimnorsuzx")


@given(WORD, LETTER, st.integers(0, 12), st.sampled_from(["more", "less", "other", "swapped"]))
def test_words_one_slip_apart_share_a_form(word: str, letter: str, place: int, slip: str) -> None:
    place = min(place, len(word) - 1)
    before, after = word[:place], word[place + 1 :]
    typed = {
        "more": before + letter + word[place:],
        "less": before + after,
        "other": before + letter + after,
        "swapped": before + after[:1] + word[place] + after[1:],
    }[slip]
    if tokens.slippery(typed) and tokens.slippery(word):
        assert tokens.slips(typed) & tokens.slips(word)


@given(WORD, WORD)
def test_words_that_share_no_form_are_not_one_slip_apart(one: str, other: str) -> None:
    if not tokens.slips(one) & tokens.slips(other):
        assert not one_slip(one, other)


@given(WORD)
def test_a_word_of_n_letters_has_at_most_n_forms_besides_itself(word: str) -> None:
    forms = tokens.slips(word)
    assert word in forms
    assert 1 < len(forms) <= len(word) + 1
    assert all(len(form) == len(word) - 1 for form in forms - {word})


def test_numbers_and_very_long_words_are_not_found_with_a_slip() -> None:
    assert tokens.slips("ward7") == tokens.slips("ab") == tokens.slips("a" * 21) == set()


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_name_makes_words_that_fit_the_index(name: str, part: str) -> None:
    words = tokens.name_words([name, part, None])
    assert bool(words) == bool((name + part).strip())
    assert all(0 < len(word) <= tokens.LONGEST for word in words)
    assert len(words) == len(set(words)) <= 2 * tokens.MOST_WORDS
    assert len(tokens.kept(words)) <= tokens.MOST_TEXT


@given(st.lists(WORD, min_size=1, max_size=5))
def test_accents_case_and_order_change_no_word(names: list[str]) -> None:
    plain = " ".join(names)
    shouted = " ".join(name.upper() + "\N{COMBINING ACUTE ACCENT}" for name in reversed(names))
    long = {word for word in tokens.name_words([plain]) if len(word) > tokens.SHORT}
    assert set(names) <= set(tokens.name_words([plain]))
    assert {word for word in long if word in names} <= set(
        tokens.name_words([unicodedata.normalize("NFC", shouted)])
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("De la Cruz", ["de", "la", "cruz", "delacruz", "lacruz"]),
        ("Vincent van der Berg", ["vincent", "van", "der", "berg", "vanderberg", "derberg"]),
        ("Mc Donald", ["mc", "donald", "mcdonald"]),
        ("O'Neil", ["oneil", "neil"]),
        ("Ana Pérez-Gómez", ["ana", "perez", "gomez", "anaperez"]),
    ],
)
def test_words_that_people_write_as_one(name: str, words: list[str]) -> None:
    assert tokens.name_words([name]) == words


def test_everything_else_by_which_a_patient_is_found() -> None:
    assert tokens.of(
        spoken=["ana"],
        file_number=17,
        birth_date=date(1980, 11, 23),
        document_key="ab123",
        phones=["+573001234567", None, "+33612345678"],
        email_key="ana@example.org",
    ) == sorted(
        [
            "ana", "#17", "=1980-11-23", "*ab123", "@ana@example.org",
            ">3001234567", "<765432100375", ">612345678", "<87654321633",
        ]
    )  # fmt: skip


def test_digits_of_every_script_are_the_same() -> None:
    assert tokens.document("ab١٢٣") == tokens.document("ab123") == "*ab123"


@given(st.text(min_size=1, max_size=60))
def test_a_document_of_any_length_fits_the_index(key: str) -> None:
    assert len(tokens.document(key)) <= tokens.LONGEST + 1
