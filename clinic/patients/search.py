"""The search for patients: a reading of what was typed (``reading``) becomes statements on the token table.

The rarest term finds rows by a range of the index; the other words are asked of the words that the row itself carries,
and only numbers and dates beside it are looked up. Which term is rarest is counted first, no further than ``ENOUGH``.
All of it are index-only scans: 0.2 to 1 ms among 200,000 patients, whatever is typed (``bench/search.py``).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
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
SELECT DISTINCT s.word FROM unnest(%(lows)s::text[], %(highs)s::text[]) AS span (low, high)
 CROSS JOIN LATERAL (SELECT n.word FROM name_slip n
    WHERE n.tenant_id = %(tenant)s AND n.slip >= span.low AND n.slip < span.high LIMIT %(most)s) s
"""


def found(
    readings: Sequence[Reading], asked: Asked, *, limit: int, after: Place | None = None
) -> tuple[list[Any], Place | None]:
    """Up to *limit* patients that fit, the likeliest first, and where the page ended if there are more.

    Rows hold ``asked.columns`` besides ``span`` and ``token``. When nobody fits the words as they stand, those that are
    one slip of the finger away are taken.
    """
    rows: list[Any] = []
    seen: set[uuid.UUID] = set()
    first = after[0] if after else 0
    for number, terms in enumerate(readings[first:], first):
        place = after if after and number == first else None
        while len(rows) <= limit:
            wanted = limit + 1 - len(rows)
            page = _fitting(terms, asked, wanted, place)
            rows += [(number, row) for row in page if row.id not in seen]
            seen.update(row.id for row in page)
            if len(page) < wanted:
                break
            place = (number, page[-1].span - 1, page[-1].token, page[-1].id)
        if len(rows) > limit:
            number, last = rows[limit - 1]
            return [row for _number, row in rows[:limit]], (number, last.span - 1, last.token, last.id)
    if not rows and after is None:
        return _with_a_slip(readings, asked, limit), None
    return [row for _number, row in rows], None


def _fitting(terms: Reading, asked: Asked, limit: int, after: Place | None = None) -> list[Any]:
    driver = terms[0]
    if len(terms) > 1:
        counted = _counted(terms)
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


def _with_a_slip(readings: Sequence[Reading], asked: Asked, limit: int) -> list[Any]:
    for terms in readings:
        meant = tuple(_meant(term) for term in terms)
        if meant != terms and (rows := _fitting(meant, asked, limit)):
            return rows
    return []


def _meant(term: Term) -> Term:
    """*term* with all words of this clinic's names that begin, but for one slip, as it does."""
    typed = term.word
    if typed is None or not tokens.slippery(typed):
        return term
    # Of three letters any other word is one slip away: take those that are meant to be whole.
    whole = len(typed) == tokens.SLIPS_FROM
    spans = [exactly(slip) if whole else prefix(slip) for slip in tokens.slips(typed)]
    candidates = db.rows(
        MEANT, lows=[low for low, _ in spans], highs=[high for _, high in spans], most=MOST_WORDS
    )
    meant = sorted(row.word for row in candidates if _begins_like(row.word, typed, whole=whole))
    return replace(term, spans=(*term.spans, *map(exactly, meant)), meant=tuple(meant))


def _begins_like(word: str, typed: str, *, whole: bool) -> bool:
    if whole:
        return one_slip(typed, word)
    return any(one_slip(typed, word[:length]) for length in range(len(typed) - 1, len(typed) + 2))
