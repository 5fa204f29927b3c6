"""Tables of the register."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from clinic.core.db import Base, OfTenant, Versioned, belongs_to

NO_LIST = text("'[]'")
NO_FIELDS = text("'{}'")


class Patient(Versioned, Base):
    """A person the clinic cares for. Names are kept as typed; ``name_key`` is the folded full name."""

    __tablename__ = "patient"
    __table_args__ = (
        Index(
            "patient_one_per_document",
            "tenant_id",
            "document_type",
            "document_key",
            unique=True,
            postgresql_where=text("is_active AND document_key IS NOT NULL"),
        ),
        UniqueConstraint("tenant_id", "file_number", name="patient_one_per_file_number"),
        Index(
            "patient_one_per_user",
            "tenant_id",
            "user_id",
            unique=True,
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index("patient_by_phone", "tenant_id", "phone", postgresql_where=text("phone IS NOT NULL")),
        Index("patient_by_email", "tenant_id", "email_key", postgresql_where=text("email_key IS NOT NULL")),
        Index("patient_by_name", "tenant_id", "name_key", "id"),
        Index("patient_by_change", "tenant_id", "updated_at", "id"),
        CheckConstraint("name_key <> ''", name="has_a_name"),
        belongs_to("user_account", "user_id"),
    )
    file_number: Mapped[int]
    first_name: Mapped[str | None] = mapped_column(Text)
    middle_name: Mapped[str | None] = mapped_column(Text)
    last_name: Mapped[str | None] = mapped_column(Text)
    second_last_name: Mapped[str | None] = mapped_column(Text)
    full_name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)
    birth_date: Mapped[date | None]
    birth_date_is_estimated: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")
    gender: Mapped[str | None] = mapped_column(Text)
    document_type: Mapped[str | None] = mapped_column(Text)
    document_number: Mapped[str | None] = mapped_column(Text)
    document_key: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    phone_alt: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    email_key: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    blood_group: Mapped[str | None] = mapped_column(Text)
    allergies: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default=NO_LIST)
    emergency_contact: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    insurer: Mapped[str | None] = mapped_column(Text)
    insurer_number: Mapped[str | None] = mapped_column(Text)
    consents: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=NO_LIST)
    preferred_language: Mapped[str | None] = mapped_column(Text)
    preferred_channel: Mapped[str | None] = mapped_column(Text)
    needs: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    confidential: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    notes: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=NO_FIELDS)
    user_id: Mapped[uuid.UUID | None]
    merged_into_id: Mapped[uuid.UUID | None]
    erased_at: Mapped[datetime | None]


class PatientToken(OfTenant, Base):
    """One word, phone, number or date by which a patient is found (``tokens``): searched by prefix range (RULES §1.9).

    ``words`` holds all words of the name, so that the rarest of several words finds the row and the others are asked of
    the row itself: an index-only scan, no second look.
    """

    __tablename__ = "patient_token"
    __table_args__ = (
        belongs_to("patient"),
        Index("patient_token_by_token", "tenant_id", "token", "patient_id", postgresql_include=["words"]),
    )
    patient_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)


class NameSlip(OfTenant, Base):
    """A word that occurs in names here, under itself and under each form of it with one letter left out.

    It finds the word that was meant when a finger slipped. Kept for words, not for patients: a clinic of 200,000
    patients has some ten thousand words. A word that no patient bears any more goes with its last bearer.
    """

    __tablename__ = "name_slip"
    slip: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    word: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)


class Guardian(OfTenant, Base):
    """Who answers for a patient: may they book for them, may they see the record."""

    __tablename__ = "guardian"
    __table_args__ = (
        belongs_to("patient"),
        belongs_to("patient", "guardian_id", name="guardian_is_a_patient"),
        Index("guardian_by_guardian", "tenant_id", "guardian_id"),
    )
    patient_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    guardian_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    relation: Mapped[str | None] = mapped_column(Text)
    may_book: Mapped[bool] = mapped_column(default=True, server_default="true")
    may_see: Mapped[bool] = mapped_column(default=True, server_default="true")
