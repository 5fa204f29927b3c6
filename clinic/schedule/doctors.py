"""Doctors: whose time is booked. Made and changed by the verbs of ``core.records``: ``doctors.add(fields=…, by=…)``.

Fields are API.md §4's: a name in parts or whole, specialties as codes or ids, locations and visit types as ids.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from string import ascii_uppercase
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, literal, or_, select

from clinic.core import db, external, tenancy
from clinic.core.access import STAFF, Actor
from clinic.core.db import Versioned
from clinic.core.errors import Conflict, FieldError, Invalid, NotFound, means
from clinic.core.i18n import lazy_gettext as _
from clinic.core.records import Records, must_exist, numbered, unknown_id
from clinic.core.text import document_key
from clinic.patients import names
from clinic.schedule import booked
from clinic.schedule.directory import specialty_id, specialty_ids
from clinic.schedule.models import (
    Availability,
    Doctor,
    DoctorLocation,
    DoctorService,
    DoctorSpecialty,
    OneOffSession,
    Service,
)
from clinic.tenants.models import Location
from clinic.tenants.queries import code_of, lookup_code

NAMES = ("first_name", "last_name", "full_name", "name")
LINKS = ("specialties", "location_ids", "service_ids")


class Links(NamedTuple):
    """What stands beside a doctor's row: codes of specialties, ids, outside ids. What was given up is not shown."""

    specialties: list[str]
    location_ids: list[uuid.UUID]
    service_ids: list[uuid.UUID]
    external_ids: dict[str, str]


@means("doctor_one_per_document")
class DuplicateDoctor(Conflict):
    """``extra["existing_id"]``: who has this document."""

    code = "duplicate_doctor"
    title = _("Another doctor has this document.")


@means("doctor_one_per_user")
class UserTaken(Conflict):
    code = "user_taken"
    title = _("This user is another doctor already.")


class Doctors(Records[Doctor]):
    """Doctors. What is special: names, the document, the links to other tables, the letters on the wall."""

    def where(self, filters: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
        plain = dict(filters)
        if q := plain.pop("q", None):
            yield from _named(q)
        if specialty := plain.pop("specialty", None):
            yield _linked(
                DoctorSpecialty, DoctorSpecialty.specialty_id == specialty_id(specialty, at="/specialty")
            )
        if location_id := plain.pop("location_id", None):
            must_exist(Location, {"/location_id": location_id})
            yield _at(location_id)
        if service_id := plain.pop("service_id", None):
            must_exist(Service, {"/service_id": service_id})
            yield or_(_linked(DoctorService, DoctorService.service_id == service_id), ~_linked(DoctorService))
        if kind := plain.pop("document_type", None):
            yield Doctor.document_type == code_of("document_types", kind, at="/document_type")
        if number := plain.pop("document_number", None):
            yield Doctor.document_key == document_key(number)
        yield from super().where(plain)

    def fill(self, record: Doctor, fields: Mapping[str, Any]) -> None:
        plain = {name: value for name, value in fields.items() if name not in (*NAMES, *LINKS)}
        if any(name in fields for name in NAMES) or not record.full_name:
            _name(record, fields)
        if plain.get("document_type"):
            plain["document_type"] = code_of("document_types", plain["document_type"], at="/document_type")
        if plain.get("user_id"):
            _must_work_here(plain["user_id"])
        super().fill(record, plain)
        if "document_type" in plain or "document_number" in plain:
            _check_document(record)
        if not record.ticket_prefix:
            record.ticket_prefix = _next_letters()

    def link(self, record: Doctor, fields: Mapping[str, Any]) -> None:
        if "specialties" in fields:
            ids = specialty_ids(fields["specialties"], at="/specialties")
            _replace(DoctorSpecialty, record.id, "specialty_id", ids)
        for name, link, model in _LINKED:
            if name in fields:
                must_exist(model, numbered(f"/{name}", fields[name]))
                _replace(link, record.id, name.removesuffix("s"), fields[name])

    @contextmanager
    def around(self, record: Doctor, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        # Also a change of where a doctor receives and what they offer may leave a visit standing nowhere.
        booked.lock([record.id], by=by)
        with booked.kept([record.id], force=force, by=by):
            if act == "restore":
                _refuse_duplicate(record)
            yield


doctors = Doctors(Doctor, order=[Doctor.name_key], outside=True, custom="doctor")
_LINKED: tuple[tuple[str, type[Any], type[Versioned]], ...] = (
    ("location_ids", DoctorLocation, Location),
    ("service_ids", DoctorService, Service),
)

LINKED = """
SELECT d.id,
       ARRAY(SELECT s.code FROM doctor_specialty x
               JOIN specialty s ON s.tenant_id = %(tenant)s AND s.id = x.specialty_id AND s.is_active
              WHERE x.tenant_id = %(tenant)s AND x.doctor_id = d.id ORDER BY s.code) AS specialties,
       ARRAY(SELECT l.id FROM doctor_location x
               JOIN location l ON l.tenant_id = %(tenant)s AND l.id = x.location_id AND l.is_active
              WHERE x.tenant_id = %(tenant)s AND x.doctor_id = d.id ORDER BY l.created_at, l.id) AS location_ids,
       ARRAY(SELECT s.id FROM doctor_service x
               JOIN service s ON s.tenant_id = %(tenant)s AND s.id = x.service_id AND s.is_active
              WHERE x.tenant_id = %(tenant)s AND x.doctor_id = d.id ORDER BY s.name, s.id) AS service_ids
  FROM doctor d WHERE d.tenant_id = %(tenant)s AND d.id = ANY(%(ids)s)
"""
NEXT_LETTERS = """
INSERT INTO counter (tenant_id, kind, last) VALUES (%(tenant)s, 'ticket_prefix', 1)
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = counter.last + 1 RETURNING last
"""
WORKS_HERE = """
SELECT true AS works FROM user_account
 WHERE tenant_id = %(tenant)s AND id = %(id)s AND is_active AND role = ANY(%(roles)s)
"""


def links_of(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Links]:
    """What stands beside these doctors' rows, by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    outside = external.of("doctor", wanted)
    return {
        row.id: Links(row.specialties, row.location_ids, row.service_ids, outside.get(row.id, {}))
        for row in db.rows(LINKED, ids=wanted)
    }


def by_document(document_type: str, number: str) -> Doctor:
    """The active doctor with this document, its type given as code or id; ``NotFound``."""
    kind = lookup_code("document_types", document_type)
    found = kind and _holder(kind, document_key(number))
    if not found:
        raise NotFound
    return doctors.one(found)


def letters(number: int) -> str:
    """1 → A, 26 → Z, 27 → AA, 28 → AB: what stands before the numbers on the wall."""
    text = ""
    while number:
        number, place = divmod(number - 1, 26)
        text = ascii_uppercase[place] + text
    return text


def _next_letters() -> str:
    return letters(db.row(NEXT_LETTERS).last)


def _name(record: Doctor, fields: Mapping[str, Any]) -> None:
    """A whole name stands as typed, its parts are a guess; parts make a whole name."""
    whole = fields.get("full_name") or fields.get("name")
    if fields.get("name", whole) not in (None, whole):
        message = str(_("Give name or full_name: they mean the same."))
        raise Invalid(FieldError("/name", "contradicts_full_name", message))
    guess = names.split(whole, tenancy.require().country) if whole else None
    for part in ("first_name", "last_name"):
        if part in fields:
            setattr(record, part, fields[part])
        elif guess:
            setattr(record, part, _part(guess, part))
    if not whole:
        missing = [part for part in ("first_name", "last_name") if not getattr(record, part)]
        if missing:
            message = str(_("This is needed, or a full_name."))
            raise Invalid([FieldError(f"/{part}", "required", message) for part in missing])
        whole = names.full_name([record.first_name, record.last_name])
    record.full_name = whole
    record.name_key = names.name_key(whole)


def _part(guess: names.Parts, part: str) -> str | None:
    first, middle, last, second = guess
    return names.full_name([first, middle] if part == "first_name" else [last, second]) or None


def _check_document(record: Doctor) -> None:
    """A document is a type and a number, or none; nobody else has it."""
    record.document_key = document_key(record.document_number) if record.document_number else None
    if bool(record.document_key) != bool(record.document_type):
        missing = "document_type" if record.document_key else "document_number"
        raise Invalid(FieldError(f"/{missing}", "required", str(_("A document has a type and a number."))))
    _refuse_duplicate(record)


def _refuse_duplicate(record: Doctor) -> None:
    holder = _holder(record.document_type, record.document_key) if record.document_key else None
    if holder is not None and holder != record.id:
        raise DuplicateDoctor(extra={"existing_id": holder})


def _holder(kind: str | None, key: str | None) -> uuid.UUID | None:
    """Which active doctor has this document."""
    same = (Doctor.document_type == kind, Doctor.document_key == key, Doctor.is_active)
    return db.session.scalar(select(Doctor.id).where(*same))


def _must_work_here(user_id: uuid.UUID) -> None:
    if db.row(WORKS_HERE, id=user_id, roles=list(STAFF)) is None:
        raise unknown_id("/user_id")


def _replace(link: type[Any], doctor_id: uuid.UUID, column: str, ids: Sequence[uuid.UUID]) -> None:
    """The doctor's links of one kind are these now."""
    table = link.__tablename__
    mine = {"id": doctor_id, "ids": list(dict.fromkeys(ids))}
    db.send(
        (f"DELETE FROM {table} WHERE tenant_id = %(tenant)s AND doctor_id = %(id)s", mine),
        (
            f"INSERT INTO {table} (tenant_id, doctor_id, {column})"
            " SELECT %(tenant)s, %(id)s, unnest(%(ids)s::uuid[])",
            mine,
        ),
    )


def _linked(link: type[Any], *more: Any) -> ColumnElement[bool]:
    return exists().where(link.tenant_id == Doctor.tenant_id, link.doctor_id == Doctor.id, *more)


def _at(location_id: uuid.UUID) -> ColumnElement[bool]:
    """Receives there: has the location, or hours there, or no location, which is anywhere."""
    hours = [
        _linked(link, link.location_id == location_id, link.is_active)
        for link in (Availability, OneOffSession)
    ]
    return or_(
        _linked(DoctorLocation, DoctorLocation.location_id == location_id), ~_linked(DoctorLocation), *hours
    )


def _named(q: str) -> Iterator[ColumnElement[bool]]:
    """Every word of *q* begins a word of the name."""
    for word in names.words(q):
        yield (literal(" ") + Doctor.name_key).contains(f" {word}", autoescape=True)
