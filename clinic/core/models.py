"""Tables of the plumbing: what was done, what others shall hear, what was answered, what comes next."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from clinic.core.db import Base, Identified, OfTenant


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "xid8"


class AuditEvent(Identified, Base):
    """One act or one look. Append-only. ``xid`` lets the sealer chain rows of finished transactions only."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("audit_event_by_time", "tenant_id", "at", "id"),
        Index(
            "audit_event_by_patient",
            "tenant_id",
            "patient_id",
            "at",
            postgresql_where=text("patient_id IS NOT NULL"),
        ),
        Index("audit_event_by_actor", "tenant_id", "actor_id", "at"),
        Index("audit_event_by_xid", "tenant_id", "xid"),
    )
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[uuid.UUID | None]
    session_id: Mapped[uuid.UUID | None]
    act: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[uuid.UUID | None]
    patient_id: Mapped[uuid.UUID | None]
    object_ids: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    reason: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(INET)


class AuditSeal(OfTenant, Base):
    """A link of the hash chain over finished audit rows. A table of its own: audit rows are never updated."""

    __tablename__ = "audit_seal"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    before_xid: Mapped[int] = mapped_column(Xid8)
    count: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


FREES_A_PLACE = (
    "type IN ('appointment.cancelled', 'appointment.rejected', 'appointment.no_show', 'appointment.moved',"
    " 'appointment.undone', 'place.freed')"
)


class OutboxEvent(Identified, Base):
    """Something that others shall hear, written in the transaction of the verb that did it.

    ``offered_at``: of one that frees a place, when the waiting list was asked who wants it.
    """

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("outbox_event_due", "tenant_id", "at", postgresql_where=text("relayed_at IS NULL")),
        Index("outbox_event_by_object", "tenant_id", "object_id", "at"),
        Index("outbox_event_freeing", "at", postgresql_where=text(f"offered_at IS NULL AND {FREES_A_PLACE}")),
    )
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    type: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[uuid.UUID]
    object_version: Mapped[int]
    previous: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    relayed_at: Mapped[datetime | None]
    offered_at: Mapped[datetime | None]


class IdempotencyKey(OfTenant, Base):
    """The first answer to a caller's key, kept byte for byte."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_by_age", "tenant_id", "created_at"),)
    caller: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Counter(OfTenant, Base):
    """The last human number given out of a kind (file numbers, ticket letters). Locked by its update."""

    __tablename__ = "counter"
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class ExternalId(OfTenant, Base):
    """What another system calls one of our objects."""

    __tablename__ = "external_id"
    __table_args__ = (Index("external_id_by_object", "tenant_id", "kind", "object_id"),)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    system: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    object_id: Mapped[uuid.UUID]


class RateWindow(Base):
    """How often something was tried in a window of time (global, unlogged: a crash forgives).

    ``key`` is a hash: it names no address and no person.
    """

    __tablename__ = "rate_window"
    __table_args__ = (Index("rate_window_by_end", "expires_at"), {"prefixes": ["UNLOGGED"]})
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime]


class Heartbeat(Base):
    """When a process that nobody calls was last alive (global): the worker."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
