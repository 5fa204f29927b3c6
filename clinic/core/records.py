"""Records that people set up (rooms, visit types, weekly hours …): all of them are found, listed, made, changed, taken
away and brought back in the same way (API.md §1, *partial change* and *deleting*).

A room of the house makes one ``Records`` for each of its kinds and says what is special in up to three places:
``fill`` (what the fields mean), ``link`` (what stands in other tables), ``around`` (what to lock, and what to look at
afterwards). ``core.resources`` hangs their JSON routes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from clinic.core import audit, custom, db, external
from clinic.core.access import Actor
from clinic.core.db import Versioned
from clinic.core.errors import Conflict, FieldError, Invalid, NotFound, Stale
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id

M = TypeVar("M", bound=Versioned)
Fields = Mapping[str, Any]


class CodeTaken(Conflict):
    """``extra["existing_id"]``: which record has the code."""

    code = "code_taken"
    title = _("Another record has this code.")


def unknown_id(*pointers: str) -> Invalid:
    """Ids that do not exist here, or are another clinic's: 422 for both alike, at each of *pointers*."""
    message = str(_("Nothing here has this id."))
    return Invalid([FieldError(pointer, "unknown_id", message) for pointer in pointers])


def must_exist(model: type[Versioned], given: Mapping[str, uuid.UUID | None]) -> None:
    """``unknown_id`` at each pointer of *given* whose id is no active record; None is no id."""
    wanted = {id for id in given.values() if id is not None}
    if not wanted:
        return
    known = set(db.session.scalars(select(model.id).where(model.id.in_(wanted), model.is_active)))
    missing = [pointer for pointer, id in given.items() if id is not None and id not in known]
    if missing:
        raise unknown_id(*missing)


def numbered(pointer: str, ids: Iterable[uuid.UUID] | None) -> dict[str, uuid.UUID | None]:
    """The ids of a list, each with its pointer: ``/service_ids/0`` …"""
    return {f"{pointer}/{place}": id for place, id in enumerate(ids or ())}


class Records(Generic[M]):
    """The records of one kind.

    *order*: the columns that a list is sorted by (the id comes last by itself). *refers*: columns that hold the id of
    another record, which must exist. *outside*: whether records carry ``external_ids``; *custom*: the kind whose schema
    holds for their ``custom_fields``.
    """

    def __init__(
        self,
        model: type[M],
        *,
        order: Sequence[InstrumentedAttribute[Any]],
        refers: Mapping[str, type[Versioned]] | None = None,
        outside: bool = False,
        custom: str | None = None,
    ) -> None:
        self.model = model
        self.kind: str = model.__tablename__  # type: ignore[attr-defined]
        self.refers = dict(refers or {})
        self.outside = outside
        self.custom = custom
        self._key: list[Any] = [*order, model.id]

    # Found and listed

    def one(self, id: uuid.UUID, *, locked: bool = False) -> M:
        """One record, deleted ones too; ``NotFound``. *locked*: until the transaction ends."""
        query = select(self.model).where(self.model.id == id).execution_options(populate_existing=True)
        found = db.session.scalars(query.with_for_update(key_share=True) if locked else query).one_or_none()
        if found is None:
            raise NotFound
        return found

    def page(
        self,
        filters: Fields | None = None,
        *,
        limit: int,
        after: Sequence[Any] | None = None,
        include_inactive: bool = False,
    ) -> Sequence[M]:
        """Up to *limit* + 1 records (the one too many says that there is a next page) after the sort key *after*.

        Raises ``Invalid`` for an unknown id among the filters.
        """
        where = self.where({name: value for name, value in (filters or {}).items() if value is not None})
        query = select(self.model).where(*where).order_by(*self._key).limit(limit + 1)
        if not include_inactive:
            query = query.where(self.model.is_active)
        if after is not None:
            last = [literal(value, column.type) for value, column in zip(after, self._key, strict=True)]
            query = query.where(tuple_(*self._key) > tuple_(*last))
        return db.session.scalars(query.execution_options(populate_existing=True)).all()

    def key(self, record: M) -> list[Any]:
        """The sort key of a record, for ``core.cursor``."""
        return [getattr(record, column.key) for column in self._key]

    @property
    def key_types(self) -> list[type]:
        return [column.type.python_type for column in self._key]

    # Made, changed, taken away, brought back

    @db.action
    def add(self, *, fields: Fields, force: bool = False, by: Actor) -> M:
        """Make a record. Raises what ``fill``, ``link`` and ``around`` refuse, ``Invalid`` for an unknown id."""
        record = self.model(id=new_id(), is_active=True)  # type: ignore[call-arg]
        self._fill(record, fields)
        with self.around(record, act="create", force=force, by=by):
            db.session.add(record)
            db.session.flush()
            self._link(record, fields)
        return self._done("create", record, fields, by)

    @db.action
    def change(
        self, id: uuid.UUID, *, fields: Fields, version: int | None = None, force: bool = False, by: Actor
    ) -> M:
        """Change these fields. ``Stale`` if *version* is no longer the record's."""
        with self.around(self.one(id), act="change", force=force, by=by):
            record = self._locked(id, version)
            if not fields:
                return record
            with db.session.no_autoflush:
                self._fill(record, fields)
            record.version += 1
            db.session.flush()
            self._link(record, fields)
        return self._done("change", record, fields, by)

    @db.action
    def remove(self, id: uuid.UUID, *, version: int | None = None, force: bool = False, by: Actor) -> M:
        """Take a record away: it stays, inactive, and can be restored. Twice is harmless."""
        return self._turn("remove", id, version, force, by)

    @db.action
    def restore(self, id: uuid.UUID, *, version: int | None = None, force: bool = False, by: Actor) -> M:
        """Bring a record back. Twice is harmless."""
        return self._turn("restore", id, version, force, by)

    # What is special

    def where(self, filters: Fields) -> Iterator[ColumnElement[bool]]:
        """The conditions of *filters*: a column's name and the value that it must have."""
        for name, value in filters.items():
            if name == "external_id":
                yield self.model.id == external.find(self.kind, value)
            else:
                must_exist(self.refers[name], {f"/{name}": value}) if name in self.refers else None
                yield getattr(self.model, name) == value

    def fill(self, record: M, fields: Fields) -> None:
        """Put *fields* into the record's columns, or refuse them. Nothing has been written yet."""
        for name, value in fields.items():
            setattr(record, name, value)

    def link(self, record: M, fields: Fields) -> None:
        """Write what stands in other tables. The record has been written."""

    @contextmanager
    def around(self, record: M, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        """Around every write (*act*: create, change, remove, restore): before it the locks, after it a last look."""
        yield

    # How

    def _fill(self, record: M, fields: Fields) -> None:
        for name, model in self.refers.items():
            must_exist(model, {f"/{name}": fields.get(name)})
        if fields.get("code"):
            self.refuse_taken_code(record.id, fields["code"])
        if self.custom and "custom_fields" in fields:
            custom.check(self.custom, fields["custom_fields"])
        self.fill(record, {name: value for name, value in fields.items() if name != "external_ids"})

    def refuse_taken_code(self, id: uuid.UUID, code: str) -> None:
        """``CodeTaken`` if another active record has this code, in capitals or not."""
        table: Any = self.model
        same = func.lower(table.code) == code.lower()
        holder = db.session.scalar(select(table.id).where(same, table.is_active, table.id != id))
        if holder is not None:
            raise CodeTaken(extra={"existing_id": holder})

    def _link(self, record: M, fields: Fields) -> None:
        if self.outside and "external_ids" in fields:
            external.put(self.kind, record.id, fields["external_ids"])
        self.link(record, fields)

    def _locked(self, id: uuid.UUID, version: int | None) -> M:
        record = self.one(id, locked=True)
        if version is not None and record.version != version:
            raise Stale
        return record

    def _turn(self, act: str, id: uuid.UUID, version: int | None, force: bool, by: Actor) -> M:
        active = act == "restore"
        with self.around(self.one(id), act=act, force=force, by=by):
            record = self._locked(id, version)
            if record.is_active == active:
                return record
            if active and getattr(record, "code", None):
                self.refuse_taken_code(id, record.code)  # type: ignore[attr-defined]
            record.is_active = active
            record.version += 1
            db.session.flush()
        return self._done(act, record, {}, by)

    def _done(self, act: str, record: M, fields: Fields, by: Actor) -> M:
        audit.record(f"{self.kind}.{act}", self.kind, record.id, by=by, details={"fields": sorted(fields)})
        db.session.refresh(record)
        return record
