"""The database: one engine, two ways in.

The ORM session serves settings and rare forms. The hot verbs send prebuilt text statements in pipelines (``send``) on
the very same transaction: a booking is a handful of round trips, not twelve (RULES §7).

A verb is a function marked ``@action``: it runs in one transaction, is tried again when the database found a deadlock,
and what it asked to happen ``after_commit`` happens only then. A verb that calls a verb joins its transaction.

Tenancy under everything: ``after_begin`` names the clinic to the database as the first statement of a transaction
(row-level security reads it), and every ORM statement is narrowed to the clinic besides.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import psycopg
from flask import current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from psycopg.types.json import set_json_dumps
from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, Uuid, event, func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)

from clinic.core import json, tenancy
from clinic.core.errors import MEANINGS, Conflict, Refusal, Unavailable
from clinic.core.ids import new_id
from clinic.core.pipeline import Line

set_json_dumps(json.kept)
for kind in ("json", "jsonb"):
    psycopg.adapters.register_loader(kind, json.Found)

P = ParamSpec("P")
T = TypeVar("T")
Statement = tuple[str, Mapping[str, Any]]

LINE, NOTES, OVER = "line", "notes", "over"
COMMIT: Statement = ("COMMIT", {})
RETRIED = {"40001", "40P01"}  # serialization failure, deadlock detected
LOCK_TIMEOUT = "55P03"
AWAY = {"57P01", "57P02", "57P03", "08000", "08003", "08006", "08001", "53300"}


class Base(DeclarativeBase):
    """All tables. Names are singular; a constraint's name is a sentence."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_of_%(referred_table_name)s",
            "ix": "%(table_name)s_by_%(column_0_N_name)s",
            "uq": "%(table_name)s_one_per_%(column_0_N_name)s",
            "ck": "%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {uuid.UUID: Uuid, datetime: DateTime(timezone=True)}


class OfTenant:
    """Mixin: a row that belongs to one clinic. Primary key ``(tenant_id, id)``; foreign keys are composite."""

    tenant_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=lambda: tenancy.require().id, sort_order=-2
    )


class Identified(OfTenant):
    """Mixin: a clinic's row with an id of its own."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


class Versioned(Identified):
    """Mixin: a row that people change. ``version`` counts the changes (``If-Match``); deleting is soft."""

    version: Mapped[int] = mapped_column(default=1, server_default="1", sort_order=91)
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true", sort_order=92)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=93)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.now(), sort_order=94
    )


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()
session = db.session


@event.listens_for(Session, "after_begin")
def _name_the_clinic(_session: Session, transaction: Any, connection: Any) -> None:
    tenant = tenancy.current()
    if tenant is not None and not transaction.nested:
        connection.exec_driver_sql("SELECT set_tenant(%s)", (tenant.id,))


@event.listens_for(Session, "do_orm_execute")
def _narrow_to_the_clinic(state: ORMExecuteState) -> None:
    tenant = tenancy.current()
    if tenant is not None and not state.is_column_load and not state.is_relationship_load:
        tenant_id = tenant.id
        state.statement = state.statement.options(
            with_loader_criteria(OfTenant, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)
        )


# -- text statements ---------------------------------------------------------------------------------------------


def driver() -> psycopg.Connection[Any]:
    """The psycopg connection under the session's transaction, which is begun if there is none."""
    return _line().connection


def _line() -> Line:
    """The same with what is known about it, which outlives the transaction."""
    info = session().info
    if OVER in info:
        raise RuntimeError("a statement after the last one: its transaction has been committed")
    known: Line | None = info.get(LINE)
    if known is None:
        pooled = session.connection().connection
        known = pooled.info.get(LINE)
        if known is None:
            connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
            known = pooled.info[LINE] = Line(connection, current_app.config["PREPARE_THRESHOLD"])
        info[LINE] = known
    return known


@event.listens_for(Session, "after_transaction_end")
def _let_go(ended: Session, transaction: Any) -> None:
    if transaction.parent is None:
        for name in (LINE, NOTES, OVER):
            ended.info.pop(name, None)


def send(*statements: Statement, last: bool = False) -> list[list[Any]]:
    """Send text statements in one pipeline (one round trip); answer each one's rows as named tuples.

    ``%(tenant)s`` is filled in by itself: every statement on a clinic's table names it (RULES §1.7).

    *last*: the verb says nothing after this, so its COMMIT goes along and whoever waits for its locks waits a round
    trip less. Only where no answer can make the verb change its mind: what must not be kept must fail in the pipeline,
    which skips all that follows. A verb that was called by another one is committed by that one, as ever. Who only
    reads may say it too, with what it noted so far.
    """
    if last and _depth.get() <= 1:
        info = session().info
        answers = _sent((*statements, *info.pop(NOTES, ()), COMMIT))
        info[OVER] = True
        return answers[: len(statements)]
    return _sent(statements)


def _sent(statements: Sequence[Statement]) -> list[list[Any]]:
    line = _line()
    tenant = tenancy.current()
    tenant_id = tenant.id if tenant else None
    return line.send([(sql, {"tenant": tenant_id, **params}) for sql, params in statements])


def note(statement: Statement) -> None:
    """Send *statement* together with the COMMIT of what only reads: no round trip of its own. In a verb, at once.

    If it cannot be written the answer does not leave (``settle``).
    """
    if _depth.get():
        send(statement)
    else:
        session().info.setdefault(NOTES, []).append(statement)


@event.listens_for(Session, "before_commit")
def _send_the_notes(ending: Session) -> None:
    if notes := ending.info.pop(NOTES, None):
        ending.flush()
        _sent((*notes, COMMIT))


def rows(sql: str, **params: Any) -> list[Any]:
    """The rows of one text statement."""
    return send((sql, params))[0]


def row(sql: str, **params: Any) -> Any:
    """The first row of one text statement, or None."""
    found = send((sql, params))[0]
    return found[0] if found else None


def values(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """A multi-row ``VALUES`` list with its parameters, for bulk inserts (RULES §1.10)."""
    params: dict[str, Any] = {}
    lines = []
    for number, record in enumerate(records):
        names = []
        for column in columns:
            name = f"{column}_{number}"
            params[name] = record[column]
            names.append(f"%({name})s")
        lines.append("(" + ", ".join(names) + ")")
    return "VALUES " + ", ".join(lines), params


# -- verbs -------------------------------------------------------------------------------------------------------

_depth: ContextVar[int] = ContextVar("depth", default=0)
_after: ContextVar[list[Callable[[], None]] | None] = ContextVar("after", default=None)


def action(verb: Callable[P, T]) -> Callable[P, T]:
    """Mark a verb: one transaction, tried again on a deadlock, refused in our words.

    A refusal or a fault rolls everything back. Constraint names become refusals by ``errors.means``.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if depth := _depth.get():
            deeper = _depth.set(depth + 1)
            try:
                return verb(*args, **kwargs)
            finally:
                _depth.reset(deeper)
        for attempt in range(4):
            token, waiting = _depth.set(1), _after.set([])
            try:
                answer = verb(*args, **kwargs)
                session.commit()
                callbacks = _after.get() or []
            except Refusal:
                take_back()
                raise
            except (DBAPIError, psycopg.Error) as error:
                take_back()
                state, constraint = diagnose(error)
                if state in RETRIED and attempt < 3:
                    time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - jitter, not a secret
                    continue
                raise translated(error, state, constraint) from None
            except BaseException:
                take_back()
                raise
            finally:
                _depth.reset(token)
                _after.reset(waiting)
            for callback in callbacks:
                callback()
            return answer
        raise Unavailable

    run.is_action = True  # type: ignore[attr-defined]
    return run


def settle(*, well: bool = True) -> None:
    """Before the answer leaves: write what was noted, and end a transaction that only read.

    By COMMIT, if all went *well*; else whoever takes the connection back takes that back too.
    """
    if NOTES in session().info or (well and session().in_transaction()):
        session.commit()


def forget() -> None:
    """Begin with a clean slate: nothing open, nothing asked for (threads serve many requests)."""
    session().info.pop(NOTES, None)
    _depth.set(0)
    _after.set(None)


def take_back() -> None:
    """Roll the open transaction back, also when its connection is gone."""
    try:
        session.rollback()
    except (DBAPIError, psycopg.Error):
        session().invalidate()


def hang_up() -> None:
    """The server went away under us: forget every idle connection to it. The next statement gets a fresh one."""
    session().invalidate()
    db.engine.dispose(close=False)


def after_commit(callback: Callable[[], None]) -> None:
    """Ask for *callback* once the running verb's transaction is committed."""
    waiting = _after.get()
    if waiting is None:
        raise RuntimeError("after_commit outside a verb")
    waiting.append(callback)


class savepoint:  # noqa: N801 - reads as a word: `with savepoint():`
    """``with savepoint():`` – what happens inside is taken back if it raises, the transaction goes on."""

    def __enter__(self) -> None:
        send(("SAVEPOINT here", {}))

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            send(("RELEASE SAVEPOINT here", {}))
        else:
            session.expire_all()
            send(("ROLLBACK TO SAVEPOINT here", {}))


def diagnose(error: BaseException) -> tuple[str | None, str | None]:
    """SQLSTATE and constraint name of a database error, whichever way in it came by.

    Through Citus the diagnosis names no constraint; then the name is read from the message, less its shard suffix.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if constraint is None and state is not None and state.startswith("23"):
        message = str(cause)
        constraint = next(
            (name for name in MEANINGS if f'"{name}"' in message or f'"{name}_' in message), None
        )
    return state, constraint


def translated(error: BaseException, state: str | None, constraint: str | None) -> BaseException:
    """The database's no in our words. Its own text never reaches an answer or a log (RULES §2)."""
    if constraint in MEANINGS:
        return MEANINGS[constraint]()
    if state == LOCK_TIMEOUT or state in RETRIED or state in AWAY or (state is None and is_disconnect(error)):
        return Unavailable()
    if state == "23505":
        return Conflict()
    return DatabaseFault(state, constraint)


def is_database_error(error: BaseException) -> bool:
    """Whether the database said no, by either way in."""
    return isinstance(error, DBAPIError | psycopg.Error)


def is_disconnect(error: BaseException) -> bool:
    """Whether the server went away under us."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and (
        state is None or state in AWAY
    )


class DatabaseFault(Exception):
    """A database error that is our fault. Says its SQLSTATE and constraint, never a value."""

    def __init__(self, state: str | None, constraint: str | None) -> None:
        super().__init__(f"SQLSTATE {state}, constraint {constraint}")


def belongs_to(table: str, *columns: str, name: str | None = None) -> ForeignKeyConstraint:
    """A composite foreign key ``(tenant_id, x_id) → (tenant_id, id)``: one clinic's row never points at another's."""
    column = columns[0] if columns else f"{table}_id"
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], name=name)
