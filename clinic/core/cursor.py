"""Keyset pages: a cursor is the sort key of the last row answered, wrapped so that nobody builds on its shape.

It says only where to go on, within what the caller may see anyway, so it needs no signature.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import orjson

from clinic.core.errors import Invalid
from clinic.core.parsing import wrong_at
from clinic.core.text import CONTROL

Row = TypeVar("Row")
LONGEST = 2000


def encode(values: Sequence[str | int | bool | uuid.UUID | datetime | date]) -> str:
    """The sort key *values* as an opaque text for ``?cursor=``."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).rstrip(b"=").decode()


def decode(text: str | None, types: Sequence[type]) -> tuple[Any, ...] | None:
    """The sort key in a cursor, one value for each of *types* (str, int, bool, UUID, datetime, date).

    None for no cursor or an empty one: the first page. Raises ``Invalid`` with ``invalid_cursor`` for any other text
    than we have made.
    """
    if not text:
        return None
    try:
        if len(text) > LONGEST or not text.isascii():
            raise ValueError
        values = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        if not isinstance(values, list):
            raise ValueError
        return tuple(_as(kind, value) for kind, value in zip(types, values, strict=True))
    except (ValueError, TypeError, binascii.Error):
        raise Invalid(wrong_at("/cursor", "invalid_cursor")) from None


def _as(kind: type, value: Any) -> Any:
    if kind in (int, bool):
        if type(value) is not kind or not -(2**63) <= value < 2**63:
            raise ValueError
        return value
    if not isinstance(value, str) or CONTROL.search(value):
        raise ValueError
    if kind is str:
        return value
    if kind is uuid.UUID:
        return uuid.UUID(value)
    moment = kind.fromisoformat(value)  # type: ignore[attr-defined]
    if kind is datetime and (moment.tzinfo is None or not 1 < moment.year < 9999):
        raise ValueError
    return moment


def page(
    rows: Sequence[Row],
    limit: int,
    key: Callable[[Row], Sequence[Any]],
    show: Callable[[Row], Any] | None = None,
) -> dict[str, Any]:
    """One page of a list: ``{"items": […], "next_cursor": …}``.

    *rows* are read with ``LIMIT limit + 1``: the row too many says that there is a next page. *key* gives a row's sort
    key, *show* its JSON.
    """
    kept = rows[:limit]
    return {
        "items": [show(row) for row in kept] if show else list(kept),
        "next_cursor": encode(key(kept[-1])) if len(rows) > limit else None,
    }


def part(
    rows: Sequence[Row], limit: int | None, after: str | None, name: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """Some of a list that is worked out whole, such as a queue in its order of the moment; and the next cursor.

    A page goes on behind the row that was the last one, by its *name*; if that has left meanwhile, where it stood.
    """
    last = decode(after, (str, int))
    begin = 0
    if last is not None:
        names = [name(row) for row in rows]
        begin = names.index(last[0]) + 1 if last[0] in names else max(0, last[1])
    end = len(rows) if limit is None else begin + limit
    kept = rows[begin:end]
    return kept, encode((name(kept[-1]), end - 1)) if kept and end < len(rows) else None
