"""Text statements over one connection, as few words as it takes: all of them out at once, all answers in at once.

psycopg's own pipeline makes a cursor for each statement, sends each by itself and looks after each whether anything has
come back; the work was four fifths of a round trip's (170 µs of CPU for four statements, 23 here). So this speaks to
``psycopg.pq``, its documented layer over libpq, with psycopg's own adaptation of values; what it knows about a
connection (which statements are prepared, how their rows are made) lives as long as the connection.
"""

from __future__ import annotations

import re
import select
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

PLACE = re.compile(r"%(?:\((\w+)\)s|%)")
PREPARED_MOST = 200
"""So many statements a connection keeps prepared; the one that was not used for longest goes."""
COUNTED_MOST = 2_000

COMMAND_OK, TUPLES_OK, SYNCED = (
    pq.ExecStatus.COMMAND_OK,
    pq.ExecStatus.TUPLES_OK,
    pq.ExecStatus.PIPELINE_SYNC,
)
PLAN_IS_OLD = "0A000"

RowMaker = Callable[[Any], Any]
Key = tuple[bytes, tuple[int, ...] | None]


class Asked(NamedTuple):
    """A statement with its values as they travel."""

    sql: bytes
    values: Sequence[Any] | None = None
    types: tuple[int, ...] | None = None
    formats: Sequence[Any] | None = None


class Prepared:
    """A statement that the server knows by name; ``rows`` makes its rows, once it is known how."""

    __slots__ = ("name", "rows")

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.rows: RowMaker | None = None


Step = Key | tuple[()] | None
"""What the next result is of: a statement (None), the preparing of one (its key), or the frame around them."""
FRAME: tuple[()] = ()


class Line:
    """What is known about one connection. One thread at a time, and never while a cursor of it is at work."""

    def __init__(self, connection: psycopg.Connection[Any], threshold: int | None) -> None:
        """*threshold*: so many times a statement is sent whole before it is prepared; None: always whole (behind a
        transaction pooler, where the next transaction is another server's).
        """
        self.connection = connection
        self._pgconn = connection.pgconn
        self._threshold = threshold
        self._adapt = Transformer(connection)
        self._ready = select.poll()
        self._ready.register(self._pgconn.socket, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._pgconn.socket, select.POLLIN | select.POLLOUT)
        self._prepared: OrderedDict[Key, Prepared] = OrderedDict()
        self._counts: dict[Key, int] = {}
        self._named = 0

    def send(self, statements: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[Any]]:
        """Send *statements* in one round trip, begin a transaction if none is open; answer the rows of each.

        Rows are named tuples. Raises the ``psycopg.Error`` of the first that failed; none after it was done.
        """
        asked = [self._asked(sql, params) for sql, params in statements]
        try:
            answered, failed = self._exchange(asked)
        except BaseException:
            self._pgconn.finish()  # lost or interrupted halfway: nobody can tell whose answer comes next
            raise
        if failed is not None:
            if failed.sqlstate == PLAN_IS_OLD:
                # A table was changed under a prepared statement: everything is prepared anew, from the next time on.
                self._prepared.clear()
            raise failed
        try:
            return [self._rows(result, known) for result, known in answered]
        finally:
            self._adapt.set_pgresult(None)

    def _asked(self, sql: str, params: Mapping[str, Any]) -> Asked:
        text, names = compiled(sql)
        if not names:
            return Asked(text)
        values = self._adapt.dump_sequence([params[name] for name in names], [PyFormat.AUTO] * len(names))
        return Asked(text, values, self._adapt.types, self._adapt.formats)

    def _exchange(
        self, asked: Sequence[Asked]
    ) -> tuple[list[tuple[Any, Prepared | None]], psycopg.Error | None]:
        """Each statement's result with how it is prepared, or why there are none."""
        pgconn = self._pgconn
        opening = not self.connection.autocommit and pgconn.transaction_status == pq.TransactionStatus.IDLE
        pgconn.enter_pipeline_mode()
        steps: list[Step] = []
        known: list[Prepared | None] = []
        if opening:
            pgconn.send_query_params(b"BEGIN", None)
            steps.append(FRAME)
        for each in asked:
            plan = self._plan(each, steps)
            known.append(plan)
            if plan is None:
                pgconn.send_query_params(each.sql, each.values, each.types, each.formats)
            else:
                pgconn.send_query_prepared(plan.name, each.values, each.formats)
            steps.append(None)
        pgconn.pipeline_sync()
        self._flush()
        results, failed = self._collect(steps)
        pgconn.exit_pipeline_mode()
        return list(zip(results, known, strict=False)), failed

    # -- preparing ------------------------------------------------------------------------------------------------

    def _plan(self, asked: Asked, steps: list[Step]) -> Prepared | None:
        """How this statement is prepared, if it is; sends what must be said before."""
        if self._threshold is None:
            return None
        key = (asked.sql, asked.types)
        found = self._prepared.get(key)
        if found is not None:
            self._prepared.move_to_end(key)
            return found
        count = self._counts.get(key, 0)
        if count < self._threshold:
            if len(self._counts) >= COUNTED_MOST:
                self._counts.clear()
            self._counts[key] = count + 1
            return None
        self._named += 1
        if len(self._prepared) >= PREPARED_MOST:
            _key, oldest = self._prepared.popitem(last=False)
            self._pgconn.send_query_params(b"DEALLOCATE " + oldest.name, None)
            steps.append(FRAME)
        made = self._prepared[key] = Prepared(b"clinic_%d" % self._named)
        self._pgconn.send_prepare(made.name, asked.sql, asked.types)
        steps.append(key)
        return made

    # -- the wire -------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Everything out; what comes back meanwhile is taken in, or both sides would wait for each other."""
        while self._pgconn.flush():
            if any(events & select.POLLIN for _, events in self._both.poll()):
                self._pgconn.consume_input()

    def _next(self) -> Any:
        while self._pgconn.is_busy():
            self._ready.poll()
            self._pgconn.consume_input()
        return self._pgconn.get_result()

    def _collect(self, steps: Sequence[Step]) -> tuple[list[Any], psycopg.Error | None]:
        """The results of the statements, in order, up to the end of the pipeline; and the first failure."""
        results: list[Any] = []
        failed: psycopg.Error | None = None
        for step in steps:
            result = self._next()
            if result is None:
                raise failed or psycopg.OperationalError("the connection is lost")
            if result.status not in (COMMAND_OK, TUPLES_OK):
                # The first that fails says why; those after it are only told that they were skipped.
                failed = failed or errors.error_from_result(result, encoding="utf-8")
                if step:
                    self._prepared.pop(step, None)
            elif step is None:
                results.append(result)
            while self._next() is not None:
                pass
        end = self._next()
        if end is None or end.status != SYNCED:
            raise failed or psycopg.OperationalError("the connection is lost")
        return results, failed

    def _rows(self, result: Any, known: Prepared | None) -> list[Any]:
        if result.nfields == 0:
            return []
        make = known.rows if known is not None else None
        if make is None:
            make = row_maker(tuple(result.fname(column) for column in range(result.nfields)))
            if known is not None:
                known.rows = make
        self._adapt.set_pgresult(result)
        return self._adapt.load_rows(0, result.ntuples, make)


@lru_cache(maxsize=1024)
def compiled(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """*sql* with ``$1``, ``$2`` … for its ``%(name)s``, and the names in that order; ``%%`` is a percent sign."""
    names: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        return f"${names.setdefault(found[1], len(names) + 1)}"

    return PLACE.sub(place, sql).encode(), tuple(names)


@lru_cache(maxsize=1024)
def row_maker(columns: tuple[bytes | None, ...]) -> RowMaker:
    """Makes named tuples with these columns; a name that is none in Python becomes its place (``_0``)."""
    names = [(name or b"").decode() for name in columns]
    return partial(tuple.__new__, namedtuple("Row", names, rename=True))
