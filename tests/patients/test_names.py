"""Names are kept as typed and compared without accents, case and punctuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.patients import names

WORD = st.text("abcdeñ", min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("name", "country", "parts"),
    [
        ("Ana", "CO", ("Ana", None, None, None)),
        ("Ana Pérez", "CO", ("Ana", None, "Pérez", None)),
        ("Ana Pérez Gómez", "CO", ("Ana", None, "Pérez", "Gómez")),
        ("Ana María Pérez Gómez", "CO", ("Ana", "María", "Pérez", "Gómez")),
        ("Ana María de la Cruz Gómez", "CO", ("Ana", "María", "de la Cruz", "Gómez")),
        ("Mary Ann Smith", "US", ("Mary", "Ann", "Smith", None)),
        ("Vincent van Gogh", "NL", ("Vincent", None, "van Gogh", None)),
        ("Jean de la Fontaine", "FR", ("Jean", None, "de la Fontaine", None)),
        ("Ana de", "CO", ("Ana", None, "de", None)),
        ("De la Cruz", "CO", ("De", None, "la Cruz", None)),
        ("😀", "CO", ("😀", None, None, None)),
    ],
)
def test_takes_a_full_name_apart(name: str, country: str, parts: tuple[str | None, ...]) -> None:
    assert tuple(names.split(name, country)) == parts


@given(st.lists(WORD, min_size=1, max_size=7), st.sampled_from(["CO", "FR"]))
def test_no_word_of_a_name_is_lost(words: list[str], country: str) -> None:
    assert names.full_name(names.split(" ".join(words), country)) == " ".join(words)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ñáñez  GROSS", "nanez gross"),
        ("Groß", "gross"),
        ("O'Neil", "oneil"),
        ("O’Neil-Pérez", "oneil perez"),
        ("Jr., Martin L.", "jr martin l"),
        ("Łódź Ødegård", "lodz odegard"),
        ("王 小明", "王 小明"),
        ("नमस्ते", "नमसते"),
        ("😀 🎈", "~😀🎈"),
        ("Zoë 😀", "zoe"),
        ("—", "~—"),
    ],
)
def test_a_name_has_a_key(name: str, key: str) -> None:
    assert names.name_key(name) == key


@given(st.text(min_size=1))
def test_whatever_is_not_blank_has_a_key(name: str) -> None:
    assert bool(names.name_key(name)) == bool(name.strip())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("maria gomez", "maria gomez"),
        ("maria gomez", "gomez maria"),
        ("maria gomez", "maria fernanda gomez ruiz"),
        ("maria gomez", "maria gomes"),
        ("jhon perez", "john perez"),
    ],
)
def test_these_may_be_one_person(one: str, other: str) -> None:
    assert names.alike(one, other)
    assert names.alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ana perez", "luis perez"), ("ana perez", "eva perez"), ("ana ana", "ana perez"), ("", "ana")],
)
def test_these_are_two(one: str, other: str) -> None:
    assert not names.alike(one, other)
    assert not names.alike(other, one)


@given(
    WORD, st.integers(0, 7), st.sampled_from("abcdeñx"), st.sampled_from(["more", "less", "other", "swapped"])
)
def test_one_slip_of_the_finger_is_one_slip(word: str, place: int, letter: str, slip: str) -> None:
    place = min(place, len(word) - 1)
    before, after = word[:place], word[place + 1 :]
    typed = {
        "more": before + letter + word[place] + after,
        "less": before + after,
        "other": before + letter + after,
        "swapped": before + after[:1] + word[place] + after[1:],
    }[slip]
    assert names.one_slip(typed, word)
    assert names.one_slip(word, typed)


@pytest.mark.parametrize(
    ("typed", "word"),
    [("mrai", "maria"), ("gmez", "gomes"), ("abcd", "badc"), ("", "ab"), ("perz", "peers"), ("abc", "cba")],
)
def test_two_slips_are_too_many(typed: str, word: str) -> None:
    assert not names.one_slip(typed, word)
