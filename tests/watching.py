"""Every statement that is sent, by either way in: psycopg's cursors are watched, below the ORM, and ``send``'s line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

from clinic.core.pipeline import Line

ENTERING = ("FROM enter(", "set_tenant(", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "BEGIN")


class Seen(list[str]):
    """The statements, in order."""

    @property
    def queries(self) -> list[str]:
        """Those beside entering, the frame of the transaction and what a new connection asks about its server."""
        return [
            sql
            for sql in self
            if sql != ";" and not sql.startswith("Composed(") and not any(word in sql for word in ENTERING)
        ]


@contextmanager
def watch(*, aside: bool = False) -> Iterator[Seen]:
    """``with watch() as seen:`` – what is sent meanwhile in transactions.

    What goes *aside*, each statement by itself, only on request: limits lease their tokens and keys note their uses
    now and then.
    """
    seen = Seen()
    execute, send = psycopg.Cursor.execute, Line.send

    def watched(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if aside or not self.connection.autocommit:
            seen.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(self, query, *args, **kwargs)

    def told(self: Line, statements: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[Any]]:
        seen.extend(sql for sql, _params in statements)
        return send(self, statements)

    with patch.object(psycopg.Cursor, "execute", watched), patch.object(Line, "send", told):
        yield seen
