"""What a JSON body about a visit looks like, and what is answered."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from clinic.booking.asking import Asked
from clinic.core import body as carried
from clinic.core.errors import invalid
from clinic.core.fields import Code, DocumentNumber, FreeObject, Line, Modality, Note, Positive
from clinic.core.i18n import lazy_gettext as _
from clinic.core.schema import Body, Expand, Listing, ListOf, Query, Record, Reply
from clinic.core.times import Date, DateOrInstant, WallOrInstant
from clinic.patients.schemas import NewPatient
from clinic.schedule import slots
from clinic.tenants.schemas import WebAddress

Status = Literal[
    "pending",
    "booked",
    "confirmed",
    "checked_in",
    "in_progress",
    "completed",
    "cancelled",
    "rejected",
    "no_show",
]
Source = Literal["desk", "portal", "api", "walk_in", "waitlist"]
Key = Annotated[str, Field(min_length=1, max_length=255)]
ExternalIds = dict[Code, Line]


class Document(Body):
    """An identity paper."""

    document_type: Code
    document_number: DocumentNumber


class VisitAsked(Body):
    """A visit that is asked for: who, whose time, and when (``start``, ``slot`` or, for tokens, ``date``)."""

    patient_id: uuid.UUID | None = None
    patient: NewPatient | None = None
    patient_document: Document | None = None
    doctor_id: uuid.UUID | None = None
    doctor_document: Document | None = None
    start: WallOrInstant | None = None
    slot: Annotated[str, Field(max_length=500)] | None = None
    date: Date | None = None
    end: WallOrInstant | None = None
    duration_minutes: Annotated[Positive, Field(le=1440)] | None = None
    hold_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    service_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    room_id: uuid.UUID | None = None
    modality: Modality | None = None
    appointment_type: Code | None = None
    reason: Note | None = None
    notes: Note | None = None
    meeting_url: WebAddress | None = None
    intake_answers: FreeObject | None = None
    source: Source | None = None
    overbook: bool = False
    overbook_reason: Line | None = None
    allow_overlap: bool = False
    external_ids: ExternalIds = {}
    custom_fields: FreeObject = {}

    def asked(self, **more: Any) -> Asked:
        """The same as a verb takes it, with what else is known. A slot stands for doctor, start, type and location.

        Raises ``Invalid`` where two parts of it contradict each other.
        """
        when = slots.unseal(self.slot) if self.slot is not None else {}
        for name, value in when.items():
            own = getattr(self, name)
            if own is not None and own != value:
                raise invalid(f"/{name}", "contradicts_slot", _("This is not what the slot says."))
        if self.start is not None and self.date is not None:
            raise invalid("/date", "contradicts_start", _("Give a start or a date, not both."))
        start = when.get("start") or self.start
        if self.end is not None and self.duration_minutes is not None and not self._lasts_as_said(start):
            raise invalid("/duration_minutes", "contradicts_end", _("Give an end or a duration, not both."))
        if sum(given is not None for given in (self.patient_id, self.patient, self.patient_document)) > 1:
            raise invalid("/patient_id", "too_many_patients", _("Say once who the visit is for."))
        return Asked(
            doctor_id=when.get("doctor_id") or self.doctor_id,
            doctor_document=_pair(self.doctor_document),
            patient_id=self.patient_id,
            patient=self.patient.given() if self.patient else None,
            patient_document=_pair(self.patient_document),
            start=start,
            date=self.date,
            end=self.end,
            minutes=self.duration_minutes if self.end is None else None,
            hold_id=self.hold_id,
            session_id=self.session_id,
            service_id=when.get("service_id") or self.service_id,
            location_id=when.get("location_id") or self.location_id,
            room_id=self.room_id,
            source=self.source,
            overbook=self.overbook,
            overbook_reason=self.overbook_reason,
            allow_overlap=self.allow_overlap,
            modality=self.modality,
            appointment_type=self.appointment_type,
            reason=self.reason,
            notes=self.notes,
            meeting_url=self.meeting_url,
            intake_answers=self.intake_answers,
            external_ids=self.external_ids,
            custom_fields=self.custom_fields if "custom_fields" in self.model_fields_set else None,
            **more,
        )

    def _lasts_as_said(self, start: datetime | None) -> bool:
        """Whether end and duration say the same; times on different clocks are not compared."""
        if start is None or self.end is None or (start.tzinfo is None) != (self.end.tzinfo is None):
            return False
        return self.end - start == timedelta(minutes=self.duration_minutes or 0)


class NewAppointment(VisitAsked):
    """A visit to book. Its key stays with it for good."""

    idempotency_key: Key | None = None

    def asked(self, **more: Any) -> Asked:
        """The same as a verb takes it, with the request's key."""
        return super().asked(
            idempotency_key=carried.idempotency_key(self.idempotency_key),
            idempotency_hash=carried.fingerprint(),
            **more,
        )


def _pair(document: Document | None) -> tuple[str, str] | None:
    return (document.document_type, document.document_number) if document else None


class Cancelling(Body):
    """Why, as a code or in free words."""

    reason: Line | None = None


class Rescheduling(Body):
    """The new start, by another doctor if one is named; or a slot."""

    start: WallOrInstant | None = None
    slot: Annotated[str, Field(max_length=500)] | None = None
    doctor_id: uuid.UUID | None = None

    def where(self) -> tuple[datetime, uuid.UUID | None]:
        """Start and doctor; 422 if neither start nor slot is given."""
        if self.slot is not None:
            found = slots.unseal(self.slot)
            return found["start"], found["doctor_id"]
        if self.start is None:
            raise invalid("/start", "required", _("Say when: a start or a slot."))
        return self.start, self.doctor_id


class AppointmentsAsked(Listing):
    """Filters of the list of visits. A date is the whole local day; instants are half-open."""

    from_: DateOrInstant | None = Field(None, alias="from")
    to: DateOrInstant | None = None
    date: Date | None = None
    doctor_id: uuid.UUID | None = None
    patient_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    service_id: uuid.UUID | None = None
    series_id: uuid.UUID | None = None
    status: list[Status] = []
    needs_rescheduling: bool | None = None
    updated_since: WallOrInstant | None = None
    external_id: Line | None = None
    expand: Expand[Literal["patient", "doctor", "service", "location"]] = frozenset()


class One(Query):
    """Parameters of one visit."""

    expand: Expand[Literal["patient", "doctor", "service", "location"]] = frozenset()


class Stayed(Reply):
    """A visit of a series that did not take the step of the others."""

    appointment_id: uuid.UUID
    start: datetime
    code: str
    detail: str
    alternatives: list[dict[str, Any]]


class Others(Reply):
    """What became of the other visits of a series."""

    changed: list[uuid.UUID]
    refused: list[Stayed]


class Appointment(Record):
    """A visit. Times carry the offset of its location's zone; a token or walk-in has a date and no start."""

    patient_id: uuid.UUID
    doctor_id: uuid.UUID
    location_id: uuid.UUID | None
    service_id: uuid.UUID | None
    room_id: uuid.UUID | None
    session_id: uuid.UUID | None
    series_id: uuid.UUID | None
    start: datetime | None
    end: datetime | None
    date: date
    token: int | None
    status: Status
    modality: Modality
    appointment_type: str | None
    reason: str | None
    notes: str | None
    meeting_url: str | None
    intake_answers: dict[str, Any] | None
    source: Source
    overbooked: bool
    overbook_reason: str | None
    needs_rescheduling: bool
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    cancelled_by: str | None
    external_ids: dict[str, str]
    custom_fields: dict[str, Any]
    created_by: str | None
    patient: dict[str, Any] | None = Field(None, description="With `expand=patient`.")
    doctor: dict[str, Any] | None = Field(None, description="With `expand=doctor`.")
    service: dict[str, Any] | None = Field(None, description="With `expand=service`.")
    location: dict[str, Any] | None = Field(None, description="With `expand=location`.")
    series: Others | None = Field(
        None, description="With `scope=following` or `all`: the others of its series."
    )


Appointments = ListOf[Appointment]

SAME = (
    "id", "version", "created_at", "updated_at", "patient_id", "doctor_id", "location_id", "service_id", "room_id",
    "session_id", "series_id", "date", "token", "status", "modality", "appointment_type", "reason", "notes",
    "meeting_url", "intake_answers", "source", "overbooked", "overbook_reason", "needs_rescheduling", "confirmed_at",
    "cancelled_at", "cancel_reason", "cancelled_by", "custom_fields", "created_by",
)  # fmt: skip


_same = attrgetter(*SAME)  # a list shows some hundreds of visits with thirty fields each
TIMES = ("start", "end", "created_at", "updated_at", "confirmed_at", "cancelled_at")


def show(visit: Any) -> dict[str, Any]:
    """A visit as the API answers it."""
    shown = dict(zip(SAME, _same(visit), strict=True))
    zone = ZoneInfo(visit.timezone)
    shown["is_active"] = visit.status not in ("cancelled", "rejected")
    shown["start"], shown["end"] = visit.starts_at, visit.ends_at
    for name in TIMES:
        if shown[name] is not None:
            shown[name] = shown[name].astimezone(zone)
    shown["external_ids"] = visit.external_ids or {}
    return shown


class Step(Reply):
    """One step in the history of a visit."""

    id: uuid.UUID
    at: datetime
    step: str
    from_status: str | None
    to_status: str
    reason: str | None
    actor: str
    undone_at: datetime | None


Steps = ListOf[Step]


def show_step(step: Any, zone: ZoneInfo) -> dict[str, Any]:
    """One step as the API answers it."""
    undone = step.undone_at.astimezone(zone) if step.undone_at else None
    return {**step._asdict(), "at": step.at.astimezone(zone), "undone_at": undone}
