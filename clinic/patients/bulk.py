"""Many patients at once, for a register that is filled for the first time: demo data of any size, later an import.

Nobody looks for duplicates, and nothing is announced: there is nobody yet to be confused or told. What is written is
what ``actions.create`` writes, in as few statements as there are kinds of rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from clinic.core import audit, clock, db, tenancy
from clinic.core.access import Actor
from clinic.core.ids import new_id
from clinic.patients import actions, record, tokens, writing
from clinic.patients.record import Fields

CHUNK = 500
TOKENS = """
INSERT INTO patient_token (tenant_id, patient_id, token, words)
SELECT %(tenant)s, t.id, t.token, t.words
  FROM unnest(%(ids)s::uuid[], %(tokens)s::text[], %(words)s::text[]) AS t (id, token, words)
"""


def enrol(people: Iterable[Fields], *, by: Actor) -> Iterator[uuid.UUID]:
    """Put *people* (clean fields, codes as the lists have them) into the register; their ids, in order.

    Each 500 are a transaction of their own. Raises what the database refuses: a document that is there already.
    """
    waiting = iter(people)
    while chunk := list(islice(waiting, CHUNK)):
        yield from enrol_chunk(chunk, by=by)


@db.action
def enrol_chunk(people: Sequence[Fields], *, by: Actor) -> list[uuid.UUID]:
    """Some hundreds of them, in one transaction."""
    _made, numbers = db.send(*actions.lock_numbers())
    now, country = clock.now(), tenancy.require().country
    rows: dict[uuid.UUID, dict[str, Any]] = {}
    for number, fields in enumerate(people, numbers[0].last + 1):
        rows[new_id()] = {"file_number": number, **record.columns(fields, now=now, country=country)}
    columns = sorted({name for row in rows.values() for name in row} - set(record.FILLED))
    index = [_tokens(id, row) for id, row in rows.items()]
    slips = {(slip, word) for _rows, spoken in index for word in spoken for slip in tokens.slips(word)}
    found = [token for token_rows, _spoken in index for token in token_rows]
    db.send(
        writing.take(numbers[0].last + len(rows)),
        *(
            writing.new_row(id, {**record.FILLED, **dict.fromkeys(columns), **row})
            for id, row in rows.items()
        ),
        (
            TOKENS,
            {name: [row[place] for row in found] for place, name in enumerate(("ids", "tokens", "words"))},
        ),
        writing.write_slips(slips),
        audit.entry("patient.enrol", "patient", by=by, object_ids=list(rows), details={"count": len(rows)}),
    )
    return list(rows)


def _tokens(id: uuid.UUID, row: dict[str, Any]) -> tuple[list[tuple[uuid.UUID, str, str]], list[str]]:
    spoken = record.words(row)
    words = tokens.kept(spoken)
    return [(id, token, words) for token in record.tokens_of(row, spoken)], spoken
