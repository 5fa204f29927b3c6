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
from clinic.patients import tokens
from clinic.patients.names import one_slip
from clinic.patients.reading import Reading, Term, exactly, prefix

ENOUGH = 100
"""How far the matches of a term are counted: beyond, any driver fills a page quickly."""
MOST_WORDS = 200
NOBODY = uuid.UUID(int=0)

Place = tuple[int, int, str, uuid.UUID]
"""Where a page ended: reading, span, token, patient."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to answer of each patient found: ``columns`` of ``p``, conditions on ``p`` and on ``{id}``, parameters."""

    columns: str
    where: Sequence[str] = ()
    whose: Sequence[str] = ()
    params: Mapping[str, Any] | None = None


COUNT = """
(SELECT count(*) FROM (SELECT FROM unnest(%({lows})s::text[], %({highs})s::text[]) AS span (low, high)
  CROSS JOIN LATERAL (SELECT FROM patient_token d
    WHERE d.tenant_id = %(tenant)s AND d.token >= span.low AND d.token < span.high LIMIT {enough}) f LIMIT {enough}) c)
"""
FIND = """
SELECT span.place AS span, f.* FROM
  unnest(%(firsts)s::text[], %(lows)s::text[], %(highs)s::text[], %(after)s::uuid[])
  WITH ORDINALITY AS span (first, low, high, after, place)
 CROSS JOIN LATERAL (
    SELECT d.token, p.* FROM patient_token d
     {probes}
      LEFT JOIN LATERAL (SELECT true AS found FROM patient_token e
        WHERE e.tenant_id = %(tenant)s AND e.patient_id = d.patient_id AND e.token >= span.first
          AND e.token < d.token LIMIT 1) before ON true
     CROSS JOIN LATERAL (SELECT {columns} FROM patient p
        WHERE p.tenant_id = %(tenant)s AND p.id = d.patient_id {where} LIMIT 1) p
     WHERE d.tenant_id = %(tenant)s AND (d.token, d.patient_id) > (span.low COLLATE "C", span.after)
       AND d.token < span.high AND before.found IS NULL {words}
     ORDER BY d.token, d.patient_id LIMIT %(limit)s) f
 ORDER BY span.place, f.token, f.id LIMIT %(limit)s
"""
PROBE = """
CROSS JOIN LATERAL (SELECT FROM patient_token x
  WHERE x.tenant_id = %(tenant)s AND x.patient_id = d.patient_id AND ({spans}) LIMIT 1) probe_{number}
"""
MEANT = """
SELECT DISTINCT span.term, s.word
  FROM unnest(%(terms)s::int[], %(lows)s::text[], %(highs)s::text[]) AS span (term, low, high)
 CROSS JOIN LATERAL (SELECT n.word FROM name_slip n
    WHERE n.tenant_id = %(tenant)s AND n.slip >= span.low AND n.slip < span.high LIMIT %(most)s) s
"""


def found(
    readings: Sequence[Reading], asked: Asked, *, limit: int, after: Place | None = None
) -> tuple[list[Any], Place | None]:
    """Up to *limit* patients who fit the first reading that anybody fits, and where the page ended if there are more.

    Rows hold ``asked.columns`` besides ``span`` and ``token``; they come in the order of the spans, then of the tokens,
    so that whole words stand before longer ones. When nobody fits any reading, words that are one slip of the finger
    away are taken.
    """
    counts: list[list[int]] = []
    for number, terms in enumerate(readings):
        if after is None or number == after[0]:
            counts.append(_counted(terms))
            rows, last = _page(terms, counts[-1], asked, limit, after)
            if rows or after:
                return rows, (number, last.span - 1, last.token, last.id) if last else None
    if after is None:
        for terms, counted in zip(readings, counts, strict=True):
            rows = _with_a_slip(terms, counted, asked, limit)
            if rows:
                return rows, None
    return [], None


def _page(
    terms: Reading, counted: list[int], asked: Asked, limit: int, after: Place | None
) -> tuple[list[Any], Any]:
    """Who fits, each once, and the last row of the page if there are more."""
    rows: dict[uuid.UUID, Any] = {}
    while True:
        wanted = limit + 1 - len(rows)
        answered = _fitting(terms, counted, asked, wanted, after)
        for row in answered:
            rows.setdefault(row.id, row)
        shown = list(rows.values())
        if len(rows) > limit:
            return shown[:limit], shown[limit - 1]
        if len(answered) < wanted:
            return shown, None
        # One patient by two spans (a phone and a document that begin alike) leaves room on the page.
        after = (0, answered[-1].span - 1, answered[-1].token, answered[-1].id)


def _fitting(
    terms: Reading, counted: list[int], asked: Asked, limit: int, after: Place | None = None
) -> list[Any]:
    if not min(counted):
        return []
    # The rarest; among the frequent ones the first, which is a number or the longest word.
    driver = terms[counted.index(min(counted))]
    others = [term for term in terms if term is not driver]
    spans = driver.spans[after[1] :] if after else driver.spans
    skipped = len(driver.spans) - len(spans)
    params: dict[str, Any] = {
        **(asked.params or {}),
        "limit": limit,
        "lows": [low for low, _high in spans],
        "firsts": [low for low, _high in spans],
        "highs": [high for _low, high in spans],
        "after": [NOBODY] * len(spans),
    }
    if after and spans:
        params["lows"] = [after[2], *params["lows"][1:]]
        params["after"] = [after[3], *params["after"][1:]]
    sql = FIND.format(
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
    return [row._replace(span=row.span + skipped) for row in db.rows(sql, **params)]


def _counted(terms: Reading) -> list[int]:
    """How many tokens there are of each term, up to ``ENOUGH``. A single term is not counted, it is looked up."""
    if len(terms) == 1:
        return [ENOUGH]
    params: dict[str, Any] = {}
    counts = []
    for number, term in enumerate(terms):
        lows, highs = f"lows_{number}", f"highs_{number}"
        params |= {lows: [low for low, _ in term.spans], highs: [high for _, high in term.spans]}
        counts.append(f"{COUNT.format(lows=lows, highs=highs, enough=ENOUGH)} AS c{number}")
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
    return _page(meant, _counted(meant), asked, limit, None)[0] if meant != terms else []


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
    for row in db.rows(MEANT, terms=numbered, lows=lows, highs=highs, most=MOST_WORDS):
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
