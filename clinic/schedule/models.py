"""Tables of the schedule."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from clinic.core.db import Base, OfTenant, Versioned, belongs_to

NO_LIST = text("'[]'")
NO_FIELDS = text("'{}'")
EMPTY = text("'{}'")
MODALITIES = ("in_person", "video", "phone", "home")


def _one_per_code(table: str) -> Index:
    """No two active records share a code, in capitals or not."""
    name, given = f"{table}_one_per_code", text("is_active AND code IS NOT NULL")
    return Index(name, "tenant_id", text("lower(code)"), unique=True, postgresql_where=given)


class Specialty(Versioned, Base):
    """A field of medicine that the clinic offers."""

    __tablename__ = "specialty"
    __table_args__ = (_one_per_code("specialty"),)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


class Room(Versioned, Base):
    """A room or device that a visit may need."""

    __tablename__ = "room"
    __table_args__ = (belongs_to("location"),)
    location_id: Mapped[uuid.UUID]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)


class Service(Versioned, Base):
    """A visit type: how long, with what around it, who may book it."""

    __tablename__ = "service"
    __table_args__ = (
        _one_per_code("service"),
        CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name="lasts"),
        CheckConstraint("modality IN ('in_person', 'video', 'phone', 'home')", name="modality_known"),
    )
    name: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    duration_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    buffer_after_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    capacity: Mapped[int | None]
    modality: Mapped[str] = mapped_column(Text, default="in_person", server_default="in_person")
    online_bookable: Mapped[bool] = mapped_column(default=True, server_default="true")
    requires_approval: Mapped[bool] = mapped_column(default=False, server_default="false")
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    currency: Mapped[str | None] = mapped_column(Text)
    min_notice_minutes: Mapped[int | None]
    max_days_ahead: Mapped[int | None]
    cancel_notice_minutes: Mapped[int | None]
    room_kind: Mapped[str | None] = mapped_column(Text)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=NO_LIST)
    color: Mapped[str | None] = mapped_column(Text)


class Doctor(Versioned, Base):
    """Somebody whose time is booked. ``ticket_prefix`` begins the numbers on the wall."""

    __tablename__ = "doctor"
    __table_args__ = (
        _one_per_code("doctor"),
        Index(
            "doctor_one_per_document",
            "tenant_id",
            "document_type",
            "document_key",
            unique=True,
            postgresql_where=text("is_active AND document_key IS NOT NULL"),
        ),
        Index(
            "doctor_one_per_user",
            "tenant_id",
            "user_id",
            unique=True,
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        CheckConstraint("booking_mode IN ('timed', 'token')", name="booking_mode_known"),
        CheckConstraint(
            "queue_order IS NULL OR queue_order IN ('arrival', 'appointment')", name="queue_order_known"
        ),
        belongs_to("user_account", "user_id"),
    )
    first_name: Mapped[str | None] = mapped_column(Text)
    last_name: Mapped[str | None] = mapped_column(Text)
    full_name: Mapped[str] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    document_type: Mapped[str | None] = mapped_column(Text)
    document_number: Mapped[str | None] = mapped_column(Text)
    document_key: Mapped[str | None] = mapped_column(Text)
    license_number: Mapped[str | None] = mapped_column(Text)
    qualifications: Mapped[str | None] = mapped_column(Text)
    experience_years: Mapped[int | None]
    bio: Mapped[str | None] = mapped_column(Text)
    photo_url: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY)
    booking_mode: Mapped[str] = mapped_column(Text, default="timed", server_default="timed")
    queue_order: Mapped[str | None] = mapped_column(Text)
    slot_minutes: Mapped[int | None]
    max_appointments_per_day: Mapped[int | None]
    ticket_prefix: Mapped[str] = mapped_column(Text)
    user_id: Mapped[uuid.UUID | None]
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=NO_FIELDS)


class DoctorSpecialty(OfTenant, Base):
    __tablename__ = "doctor_specialty"
    __table_args__ = (
        belongs_to("doctor"),
        belongs_to("specialty"),
        Index("doctor_specialty_by_specialty", "tenant_id", "specialty_id"),
    )
    doctor_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    specialty_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class DoctorLocation(OfTenant, Base):
    """Where a doctor receives; none: anywhere."""

    __tablename__ = "doctor_location"
    __table_args__ = (
        belongs_to("doctor"),
        belongs_to("location"),
        Index("doctor_location_by_location", "tenant_id", "location_id"),
    )
    doctor_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    location_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class DoctorService(OfTenant, Base):
    """Which visit types a doctor offers; none: all."""

    __tablename__ = "doctor_service"
    __table_args__ = (
        belongs_to("doctor"),
        belongs_to("service"),
        Index("doctor_service_by_service", "tenant_id", "service_id"),
    )
    doctor_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    service_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class Availability(Versioned, Base):
    """One weekly rule, in wall-clock times of its location. ``weekday`` 0 = Monday."""

    __tablename__ = "availability"
    __table_args__ = (
        belongs_to("doctor"),
        belongs_to("location"),
        Index("availability_by_doctor", "tenant_id", "doctor_id", "weekday"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("ends_next_day OR end_time > start_time", name="ends_after_it_starts"),
        CheckConstraint("every_weeks >= 1", name="every_weeks_counts"),
        CheckConstraint("capacity >= 1", name="has_room"),
    )
    doctor_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    start_time: Mapped[time]
    end_time: Mapped[time]
    ends_next_day: Mapped[bool] = mapped_column(default=False, server_default="false")
    slot_minutes: Mapped[int | None]
    capacity: Mapped[int] = mapped_column(default=1, server_default="1")
    service_ids: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    every_weeks: Mapped[int] = mapped_column(default=1, server_default="1")
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=NO_FIELDS)


class DateOverride(Versioned, Base):
    """The hours of one date in place of the weekly ones; no intervals: closed that day."""

    __tablename__ = "date_override"
    __table_args__ = (
        belongs_to("doctor"),
        belongs_to("location"),
        Index(
            "date_override_one_per_date",
            "tenant_id",
            "doctor_id",
            "date",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )
    doctor_id: Mapped[uuid.UUID]
    date: Mapped[date]
    intervals: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=NO_LIST)
    location_id: Mapped[uuid.UUID | None]


class OneOffSession(Versioned, Base):
    """Hours on top of the weekly ones, once."""

    __tablename__ = "one_off_session"
    __table_args__ = (
        belongs_to("doctor"),
        belongs_to("location"),
        Index("one_off_session_by_doctor", "tenant_id", "doctor_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        CheckConstraint("capacity >= 1", name="has_room"),
    )
    doctor_id: Mapped[uuid.UUID]
    location_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    slot_minutes: Mapped[int | None]
    capacity: Mapped[int] = mapped_column(default=1, server_default="1")
    service_ids: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid))


class BlockedTime(Versioned, Base):
    """Time that a doctor does not offer. A repeating one repeats its wall-clock time (``rrule``, RFC 5545).

    ``until_at`` is the instant after which it no longer reaches: the index finds what touches a window.
    """

    __tablename__ = "blocked_time"
    __table_args__ = (
        belongs_to("doctor"),
        Index("blocked_time_by_doctor", "tenant_id", "doctor_id", "until_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
    )
    doctor_id: Mapped[uuid.UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    until_at: Mapped[datetime]
    all_day: Mapped[bool] = mapped_column(default=False, server_default="false")
    reason: Mapped[str | None] = mapped_column(Text)
    rrule: Mapped[str | None] = mapped_column(Text)
    custom_fields: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=NO_FIELDS)


class Closure(Versioned, Base):
    """A location, or the whole clinic, is closed."""

    __tablename__ = "closure"
    __table_args__ = (
        belongs_to("location"),
        Index("closure_by_end", "tenant_id", "until_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
    )
    location_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    until_at: Mapped[datetime]
    all_day: Mapped[bool] = mapped_column(default=False, server_default="false")
    reason: Mapped[str | None] = mapped_column(Text)
    rrule: Mapped[str | None] = mapped_column(Text)


class DoctorDay(OfTenant, Base):
    """One doctor's day: presence, cap, counters. It is what people queue for: locked by its update (RULES §2.4).

    ``max_appointments`` is the day's own cap; ``cap`` the one in force when somebody last booked; ``excess`` how many
    visits stand above it, by overbooking or by lowering the cap.
    """

    __tablename__ = "doctor_day"
    __table_args__ = (
        belongs_to("doctor"),
        CheckConstraint("booked BETWEEN 0 AND cap + excess", name="within_cap"),
        CheckConstraint("excess >= 0", name="excess_counts"),
    )
    doctor_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    date: Mapped[date] = mapped_column(primary_key=True)
    is_present: Mapped[bool] = mapped_column(default=True, server_default="true")
    notes: Mapped[str | None] = mapped_column(Text)
    max_appointments: Mapped[int | None]
    delay_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    cap: Mapped[int | None]
    booked: Mapped[int] = mapped_column(default=0, server_default="0")
    excess: Mapped[int] = mapped_column(default=0, server_default="0")
    last_token: Mapped[int] = mapped_column(default=0, server_default="0")
    last_position: Mapped[int] = mapped_column(default=0, server_default="0")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
