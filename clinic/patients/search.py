"""The search for patients: a reading of what was typed (``reading``) becomes statements on the token table.

The rarest term finds rows by a range of the index; the other words are asked of the words that the row itself carries,
and only numbers and dates beside it are looked up. Which term is rarest is counted first, no further than ``ENOUGH``.
All of it are index-only scans: 0.2 to 1 ms among 200,000 patients, whatever is typed (``bench/search.py``).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinic.core import db
from clinic.core.errors import Invalid, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.patients import tokens
from clinic.patients.names import one_slip
from clinic.patients.reading import Reading, Term, exactly, prefix

ENOUGH = 100
"""How far the matches of a term are counted: beyond, any driver fills a page quickly."""
MOST_WORDS = 200
NOBODY = uuid.UUID(int=0)

Place = tuple[int, int, int, str, uuid.UUID]
"""Where a page ended: reading, its driving term, span, token, patient."""
PLACE: tuple[type, ...] = (int, int, int, str, uuid.UUID)
Point = tuple[int, str, uuid.UUID]
"""Where in a term: span, token, patient."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to answer of each patient found: ``columns`` of ``p``, conditions on ``p`` and on ``{id}``, parameters."""

    columns: str
    where: Sequence[str] = ()
    whose: Sequence[str] = ()
    params: Mapping[str, Any] | None = None


COUNT = """
(SELECT count(*) FROM (SELECT FROM (VALUES {spans}) AS span (low, high)
  CROSS JOIN LATERAL (SELECT FROM patient_token d
    WHERE d.tenant_id = %(tenant)s AND d.token >= span.low AND d.token < span.high LIMIT {enough}) f LIMIT {enough}) c)
"""
# No order on the outside: a lateral join goes through the spans one by one, each comes in order, and what is not needed
# to fill the page is not read. Sorting the whole would read them all first.
FIND = """
SELECT span.place AS span, f.* FROM (VALUES {spans}) AS span (place, low, after, high)
 CROSS JOIN LATERAL (
    SELECT d.token, p.* FROM patient_token d
     {probes}
     CROSS JOIN LATERAL (SELECT {columns} FROM patient p
        WHERE p.tenant_id = %(tenant)s AND p.id = d.patient_id {where} LIMIT 1) p
     WHERE d.tenant_id = %(tenant)s AND (d.token, d.patient_id) > (span.low COLLATE "C", span.after)
       AND d.token < span.high {words} {once}
     ORDER BY d.token, d.patient_id LIMIT {limit}) f
 LIMIT {limit}
"""
# Whoever fits an earlier span, or this one by an earlier token, stands there already.
ONCE = """
AND NOT coalesce((SELECT true FROM (VALUES {spans}) AS earlier (place, low, high)
  CROSS JOIN LATERAL (SELECT FROM patient_token e
    WHERE e.tenant_id = %(tenant)s AND e.patient_id = d.patient_id AND e.token >= earlier.low
      AND e.token < CASE earlier.place WHEN span.place THEN d.token ELSE earlier.high END LIMIT 1) f
  WHERE earlier.place <= span.place LIMIT 1), false)
"""
PROBE = """
CROSS JOIN LATERAL (SELECT FROM patient_token x
  WHERE x.tenant_id = %(tenant)s AND x.patient_id = d.patient_id AND ({spans}) LIMIT 1) probe_{number}
"""
MEANT = """
SELECT DISTINCT span.term, s.word
  FROM unnest(%(terms)s::int[], %(lows)s::text[], %(highs)s::text[]) AS span (term, low, high)
 CROSS JOIN LATERAL (SELECT n.word FROM name_slip n
    WHERE n.tenant_id = %(tenant)s AND n.slip >= span.low AND n.slip < span.high LIMIT {most}) s
"""


def found(
    readings: Sequence[Reading], asked: Asked, *, limit: int, after: Place | None = None
) -> tuple[list[Any], Place | None]:
    """Up to *limit* patients who fit the first reading that anybody fits, and where the page ended if there are more.

    Rows hold ``asked.columns`` besides ``span`` and ``token``; they come in the order of the spans, then of the tokens,
    so that whole words stand before longer ones. When nobody fits any reading, words that are one slip of the finger
    away are taken.
    """
    if after is not None:
        return _next_page(readings, asked, limit, after)
    counts: list[list[int]] = []
    for number, terms in enumerate(readings):
        counts.append(_counted(terms))
        if min(counts[-1]):
            driver = _rarest(counts[-1])
            rows, last = _page(terms, driver, asked, limit)
            if rows:
                return rows, (number, driver, *last) if last else None
    for terms, counted in zip(readings, counts, strict=True):
        rows = _with_a_slip(terms, counted, asked, limit)
        if rows:
            return rows, None
    return [], None


def _next_page(
    readings: Sequence[Reading], asked: Asked, limit: int, after: Place
) -> tuple[list[Any], Place | None]:
    number, driver, span, token, id = after
    if not (0 <= number < len(readings) and 0 <= driver < len(readings[number])):
        raise _bad_cursor()
    if not 0 <= span < len(readings[number][driver].spans):
        raise _bad_cursor()
    rows, last = _page(readings[number], driver, asked, limit, (span, token, id))
    return rows, (number, driver, *last) if last else None


def _bad_cursor() -> Invalid:
    return invalid("/cursor", "invalid_cursor", _("This is not a cursor of this list."))


def _rarest(counted: list[int]) -> int:
    """Which term drives; among the frequent ones the first, which is a number or the longest word."""
    return counted.index(min(counted))


def _page(
    terms: Reading, driver: int, asked: Asked, limit: int, after: Point | None = None
) -> tuple[list[Any], Point | None]:
    """Who fits, each once, and where the page ended if there are more."""
    rows: dict[uuid.UUID, Any] = {}
    while True:
        wanted = limit + 1 - len(rows)
        answered = _fitting(terms, driver, asked, wanted, after)
        for row in answered:
            rows.setdefault(row.id, row)
        shown = list(rows.values())
        if len(rows) > limit:
            last = shown[limit - 1]
            return shown[:limit], (last.span, last.token, last.id)
        if len(answered) < wanted:
            return shown, None
        # One patient by two spans (a phone and a document that begin alike) leaves room on the page.
        after = (answered[-1].span, answered[-1].token, answered[-1].id)


def _fitting(terms: Reading, driver: int, asked: Asked, limit: int, after: Point | None) -> list[Any]:
    others = [term for number, term in enumerate(terms) if number != driver]
    params: dict[str, Any] = dict(asked.params or {})
    spans = [(place, low, high) for place, (low, high) in enumerate(terms[driver].spans)]
    ahead = [(place, low, NOBODY, high) for place, low, high in spans]
    if after:
        place, token, id = after
        ahead = [(place, token, id, spans[place][2]), *ahead[place + 1 :]]
    # The many words that a misspelling may mean fill one page; there the rows themselves are compared.
    once = ONCE.format(spans=_rows("all", ("int", "text", "text"), spans, params))
    sql = FIND.format(
        # Limit and spans are written out: a prepared plan that does not know how many would read and sort whole spans.
        limit=int(limit),
        spans=_rows("span", ("int", "text", "uuid", "text"), ahead, params),
        once="" if terms[driver].meant else once,
        columns=asked.columns,
        where="".join(f" AND {condition}" for condition in asked.where),
        probes="".join(
            _probe(number, term, params) for number, term in enumerate(others) if term.word is None
        ),
        words="".join(
            _asked_of_the_row(number, term, params) for number, term in enumerate(others) if term.word
        )
        + "".join(f" AND {condition.format(id='d.patient_id')}" for condition in asked.whose),
    )
    return db.rows(sql, **params)


def _rows(name: str, types: Sequence[str], rows: Sequence[Sequence[Any]], params: dict[str, Any]) -> str:
    """*rows* as a list of ``VALUES`` with *params*."""
    written = []
    for number, row in enumerate(rows):
        names = [f"{name}_{number}_{place}" for place in range(len(types))]
        params.update(zip(names, row, strict=True))
        written.append(
            "(" + ", ".join(f"%({each})s::{kind}" for each, kind in zip(names, types, strict=True)) + ")"
        )
    return ", ".join(written)


def _counted(terms: Reading) -> list[int]:
    """How many tokens there are of each term, up to ``ENOUGH``. A single term is not counted, it is looked up."""
    if len(terms) == 1:
        return [ENOUGH]
    params: dict[str, Any] = {}
    counts = []
    for number, term in enumerate(terms):
        spans = _rows(f"term_{number}", ("text", "text"), term.spans, params)
        counts.append(f"{COUNT.format(spans=spans, enough=ENOUGH)} AS c{number}")
    return list(db.row("SELECT " + ", ".join(counts), **params))


def _probe(number: int, term: Term, params: dict[str, Any]) -> str:
    spans = []
    for place, (low, high) in enumerate(term.spans):
        name = f"p{number}_{place}"
        params |= {f"{name}_low": low, f"{name}_high": high}
        spans.append(f"x.token >= %({name}_low)s AND x.token < %({name}_high)s")
    return PROBE.format(number=number, spans=" OR ".join(spans))


def _asked_of_the_row(number: int, term: Term, params: dict[str, Any]) -> str:
    params[f"word_{number}"] = f" {term.word}"
    asked = f"strpos(' ' || d.words, %(word_{number})s) > 0"
    if not term.meant:
        return f" AND {asked}"
    params[f"meant_{number}"] = list(term.meant)
    return f" AND ({asked} OR string_to_array(d.words, ' ') && %(meant_{number})s::text[])"


def _with_a_slip(terms: Reading, counted: list[int], asked: Asked, limit: int) -> list[Any]:
    """Who fits if a finger slipped: in the words that nobody bears, or else in any."""
    wrong = [number for number, count in enumerate(counted) if not count or len(terms) == 1]
    meant = _meant(terms, wrong or range(len(terms)))
    if meant == terms:
        return []
    counted = _counted(meant)
    return _page(meant, _rarest(counted), asked, limit)[0] if min(counted) else []


def _meant(terms: Reading, numbers: Iterable[int]) -> Reading:
    """*terms*; those of these *numbers* with the words of the clinic's names that begin as they do, but for a slip."""
    spans = [
        # Of three letters nearly any word is one slip away: those are meant to be whole.
        (number, *(exactly if len(word) == tokens.SLIPS_FROM else prefix)(slip))
        for number in numbers
        if (word := terms[number].word)
        for slip in sorted(tokens.slips(word))
    ]
    if not spans:
        return terms
    numbered, lows, highs = (list(column) for column in zip(*spans, strict=True))
    found: dict[int, list[str]] = {}
    for row in db.rows(MEANT.format(most=MOST_WORDS), terms=numbered, lows=lows, highs=highs):
        if _begins_like(row.word, terms[row.term].word or ""):
            found.setdefault(row.term, []).append(row.word)
    return tuple(
        replace(term, spans=(*term.spans, *map(exactly, sorted(words))), meant=tuple(sorted(words)))
        if (words := found.get(number))
        else term
        for number, term in enumerate(terms)
    )


def _begins_like(word: str, typed: str) -> bool:
    if len(typed) == tokens.SLIPS_FROM:
        return one_slip(typed, word)
    return any(one_slip(typed, word[:length]) for length in range(len(typed) - 1, len(typed) + 2))
