"""How fast patients are found: ``python -m bench.search DATABASE_URL [clinic]``, milliseconds by what is typed.

The address is the application's role. What is typed is taken from patients of the clinic, so that each finds somebody;
the plan of each kind is checked too: index scans alone, no sequential scan, no sort of more than a page.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from clinic import create_app
from clinic.core import db, entering, tenancy
from clinic.core.access import SYSTEM
from clinic.patients import queries
from clinic.patients.names import words
from config import Settings

SAMPLE, LIMIT = 40, 20


def slipped(word: str, dice: random.Random) -> str:
    """*word* with two neighbouring letters swapped, or one left out."""
    place = dice.randrange(1, len(word) - 1)
    if dice.random() < 0.5:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + word[place + 1 :]


def long(row: Any) -> list[str]:
    return [word for word in words(row.full_name) if len(word) > 4] or ["maria"]


KINDS: dict[str, Callable[[Any, random.Random], str]] = {
    "one letter": lambda row, dice: words(row.full_name)[0][:1],
    "two letters": lambda row, dice: words(row.full_name)[0][:2],
    "three letters": lambda row, dice: words(row.full_name)[-1][:3],
    "a word": lambda row, dice: dice.choice(words(row.full_name)),
    "two and two letters": lambda row, dice: " ".join(word[:2] for word in words(row.full_name)[::-1][:2]),
    "three times two": lambda row, dice: " ".join(word[:2] for word in words(row.full_name)[:3]),
    "two words": lambda row, dice: " ".join(words(row.full_name)[::-1][:2]),
    "three words": lambda row, dice: " ".join(words(row.full_name)[:3]),
    "the whole name": lambda row, dice: row.full_name,
    "a word with a slip": lambda row, dice: slipped(dice.choice(long(row)), dice),
    "two words, one slip": lambda row, dice: f"{words(row.full_name)[0]} {slipped(long(row)[-1], dice)}",
    "phone": lambda row, dice: row.phone,
    "phone as at home": lambda row, dice: f"{row.phone[-10:-7]} {row.phone[-7:-4]} {row.phone[-4:]}",
    "end of a phone": lambda row, dice: row.phone[-4:],
    "document": lambda row, dice: row.document_number or "1",
    "half a document": lambda row, dice: (row.document_number or "12345678")[:6],
    "name and birth date": lambda row, dice: f"{words(row.full_name)[-1]} {row.birth_date or '1980-11-23'}",
    "e-mail": lambda row, dice: row.email or "carla@example.org",
    "file number": lambda row, dice: f"#{row.file_number}",
    "nobody": lambda row, dice: "xqzw kwyx",
}


def timed(typed: str) -> tuple[float, int]:
    """Milliseconds of one search in a transaction of its own, and how many it found."""
    with entering.acting_in(tenancy.require().id):
        began = time.perf_counter()
        rows, _more = queries.find(typed, limit=LIMIT, columns=queries.BRIEF, by=SYSTEM)
        took = (time.perf_counter() - began) * 1000
        db.session.commit()
        return took, len(rows)


def plans(typed: str) -> Iterator[str]:
    """The plan of each statement that the search sends."""
    sent: list[db.Statement] = []
    send = db.send

    def watched(*statements: db.Statement, last: bool = False) -> list[list[Any]]:
        sent.extend(statements)
        return send(*statements, last=last)

    db.send = watched
    try:
        queries.find(typed, limit=LIMIT, columns=queries.BRIEF, by=SYSTEM)
    finally:
        db.send = send
    for sql, params in sent:
        yield "\n".join(row[0] for row in db.rows(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", **params))


def main(url: str, clinic: str = "north") -> None:
    settings = Settings(environment="test", database_url=url, secret_key="x" * 43, master_api_key="y" * 43)
    dice = random.Random(1)
    with create_app(settings).app_context(), entering.acting_in(clinic):
        count = db.row("SELECT count(*) AS n FROM patient WHERE tenant_id = %(tenant)s").n
        rows = db.rows(
            "SELECT full_name, phone, document_number, birth_date, email, file_number FROM patient"
            " WHERE tenant_id = %(tenant)s AND phone IS NOT NULL ORDER BY id LIMIT %(n)s OFFSET %(skip)s",
            n=SAMPLE, skip=max(0, count // 2 - SAMPLE),
        )  # fmt: skip
        print(f"{count} patients, {LIMIT} a page, milliseconds")
        print(f"{'':24}{'median':>8}{'p95':>8}{'worst':>8}{'found':>8}")
        for kind, typed in KINDS.items():
            said = [typed(row, dice) for row in rows]
            for text in said[:12]:
                timed(text)
            # The best of several: what the search costs, not what else the machine was doing.
            took = [min(timed(text) for _again in range(5)) for text in said]
            times = sorted(ms for ms, _found in took)
            found = statistics.mean(bool(found) for _ms, found in took)
            print(
                f"{kind:24}{statistics.median(times):8.2f}{times[int(len(times) * 0.95)]:8.2f}{times[-1]:8.2f}"
                f"{found:8.0%}"
            )
            for plan in plans(said[0]):
                if "Seq Scan on patient" in plan or "Seq Scan on name_slip" in plan:
                    print(plan)


if __name__ == "__main__":
    main(*sys.argv[1:])
