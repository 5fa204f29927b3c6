"""The JSON routes of ``core.records``: list, make, read, change, take away, bring back (API.md §1 and §4).

    hang(api, "/rooms", rooms, one="a room", many="rooms", reply=Room, new=RoomNew, change=RoomChange,
         read="schedule.read", write="schedule.write")

What a resource cannot do, it is given no schema for: without *change* there is no ``PATCH``. Records of somebody (the
weekly hours of a doctor) are listed and made *under* them, and read and changed by an id of their own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g
from pydantic import BaseModel

from clinic.core import cursor, tenancy
from clinic.core.access import allow
from clinic.core.api import PREFIX, ApiBlueprint, answer, expected_version, page, stands
from clinic.core.errors import Refusal
from clinic.core.records import Records
from clinic.core.schema import Body, Listing, ListOf, Query

Shown = dict[str, Any]
Show = Callable[[Sequence[Any], frozenset[str]], list[Shown]]
PAGING = frozenset({"limit", "cursor", "include_inactive", "expand"})


class Listed(Listing):
    """The parameters of a list of records."""

    include_inactive: bool = False


class Forced(Query):
    """``force``: also if it takes time away from booked visits."""

    force: bool = False


class Force(Body):
    """``force``: also if it takes time away from booked visits."""

    force: bool = False


@dataclass(frozen=True, slots=True)
class Under:
    """Whose the records are: where they are listed, and the column that holds the owner's id."""

    path: str
    owners: Records[Any]
    column: str


def shown(record: Any, reply: type[BaseModel], **more: Any) -> Shown:
    """What *reply* promises of a record, times in the clinic's zone; *more* stands in place of the record's own.

    What it need not answer (``location``, with ``expand``) is left out.
    """
    return {
        name: more[name] if name in more else in_zone(getattr(record, name))
        for name, field in reply.model_fields.items()
        if name in more or field.is_required()
    }


def sent(body: Body) -> tuple[Shown, bool]:
    """The fields that were sent, bodies within the body as plain objects with all of theirs; and ``force``."""
    fields = {name: _plain(value) for name, value in body.given().items()}
    return fields, bool(fields.pop("force", False))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.model_dump() if isinstance(value, BaseModel) else value


def in_zone(value: Any) -> Any:
    return value.astimezone(tenancy.require().zone) if isinstance(value, datetime) else value


def hang(
    api: ApiBlueprint,
    path: str,
    records: Records[Any],
    *,
    one: str,
    many: str,
    reply: type[BaseModel],
    new: type[Body],
    change: type[Body] | None = None,
    listing: type[Listed] = Listed,
    reading: type[Query] = Query,
    show: Show | None = None,
    under: Under | None = None,
    read: str,
    write: str,
    refuses: Iterable[type[Refusal]] = (),
) -> None:
    """Hang the routes of *records* on *api*; *one* and *many* are what the document calls them.

    *path* leads to the records, or (*under* an owner) to one by its id. *show* makes JSON of many at once, with what is
    to be expanded; without it they are what *reply* names. ``force`` in a body or query is the verb's.
    """
    stands(f"{path}/<uuid:id>", records.one)
    listed_at = f"{under.path}/<uuid:id>{path}" if under else path
    stands_at = f"{path}/<uuid:id>"

    def as_json(found: Sequence[Any], query: Any = None) -> list[Shown]:
        if show is None:
            return [shown(record, reply) for record in found]
        return show(found, getattr(query, "expand", frozenset()))

    def answered(record: Any, query: Any = None) -> Response:
        return answer(as_json([record], query)[0], version=record.version)

    def list_many(query: Any, id: uuid.UUID | None = None) -> Any:
        whose = {under.column: under.owners.one(id).id} if under and id else {}
        found = records.page(
            {name: getattr(query, name) for name in type(query).model_fields if name not in PAGING} | whose,
            limit=query.limit,
            after=cursor.decode(query.cursor, records.key_types),
            include_inactive=query.include_inactive and not g.actor.is_patient,
        )
        body = page(found, query.limit, records.key)
        return body | {"items": as_json(body["items"], query)}

    def create(body: Any, id: uuid.UUID | None = None) -> Response:
        whose = {under.column: under.owners.one(id).id} if under and id else {}
        fields, force = sent(body)
        record = records.add(fields=fields | whose, force=force, by=g.actor)
        where = f"{PREFIX}{path}/{record.id}"
        return answer(as_json([record])[0], version=record.version, status=201, location=where)

    def read_one(id: uuid.UUID, query: Any) -> Response:
        return answered(records.one(id), query)

    def change_one(id: uuid.UUID, body: Any) -> Response:
        fields, force = sent(body)
        return answered(
            records.change(id, fields=fields, version=expected_version(), force=force, by=g.actor)
        )

    def remove(id: uuid.UUID, query: Any) -> None:
        records.remove(id, version=expected_version(), force=query.force, by=g.actor)

    def restore(id: uuid.UUID, body: Any) -> Response:
        return answered(records.restore(id, version=expected_version(), force=body.force, by=g.actor))

    def route(view: Any, method: str, rule: str, says: str, answers: Any, **takes: type) -> None:
        view.__doc__, view.__annotations__ = says, takes
        reads = method == "GET"
        options = {"methods": [method], "endpoint": view.__name__, "refuses": () if reads else tuple(refuses)}
        api.route(rule, answers=answers, **options)(allow(read if reads else write)(view))

    route(list_many, "GET", listed_at, f"List {many}.", ListOf[reply], query=listing)  # type: ignore[valid-type]
    route(create, "POST", listed_at, f"Make {one}.", {201: reply}, body=new)
    route(read_one, "GET", stands_at, f"Read {one}.", reply, query=reading)
    if change is not None:
        route(change_one, "PATCH", stands_at, f"Change {one}.", reply, body=change)
    route(remove, "DELETE", stands_at, f"Take {one} away; what is gone can be restored.", None, query=Forced)
    route(restore, "POST", f"{stands_at}/restore", f"Bring {one} back.", reply, body=Force)
