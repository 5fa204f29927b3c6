"""Doctors as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, g

from clinic.core import cursor, external
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, page
from clinic.core.records import CodeTaken
from clinic.core.resources import Shown, hang, shown
from clinic.core.schema import ListOf
from clinic.schedule import doctors as people
from clinic.schedule.booked import AppointmentsAffected
from clinic.schedule.expanding import expand
from clinic.schedule.schemas_doctors import (
    OF_STAFF,
    Doctor,
    DoctorChange,
    DoctorListing,
    DoctorNew,
    DoctorRead,
    DoctorsHere,
)
from clinic.tenants import queries as organisation

doctors = ApiBlueprint("doctors", __name__, about="Those whose time is booked.")
BY_MODE = {"token": "arrival", "timed": "appointment"}


def show(found: Sequence[Any], kinds: frozenset[str] = frozenset()) -> list[Shown]:
    """Doctors as ``schemas_doctors.Doctor``. Patients are not shown what is the clinic's own."""
    beside = people.links_of([doctor.id for doctor in found])
    hidden = dict.fromkeys(OF_STAFF) if g.actor.is_patient else {}
    hidden |= {name: {} for name in ("external_ids", "custom_fields") if name in hidden}
    listed = [
        shown(
            doctor,
            Doctor,
            **beside[doctor.id]._asdict()
            | {
                "name": doctor.full_name,
                "queue_order": doctor.queue_order or BY_MODE[doctor.booking_mode],
            }
            | hidden,
        )
        for doctor in found
    ]
    return expand(listed, kinds)


hang(
    doctors,
    "/doctors",
    people.doctors,
    one="a doctor",
    many="doctors",
    reply=Doctor,
    new=DoctorNew,
    change=DoctorChange,
    listing=DoctorListing,
    reading=DoctorRead,
    show=show,
    read="schedule.read",
    write="schedule.write",
    refuses=[
        CodeTaken,
        people.DuplicateDoctor,
        people.UserTaken,
        external.ExternalIdTaken,
        AppointmentsAffected,
    ],
)


@doctors.get("/doctors/by-document/<document_type>/<path:number>", answers=Doctor)
@allow("schedule.inspect")
def by_document(document_type: str, number: str, query: DoctorRead) -> Response:
    """The doctor with this document."""
    doctor = people.by_document(document_type, number.rstrip("/"))
    return answer(show([doctor], query.expand)[0], version=doctor.version)


@doctors.get("/locations/<uuid:id>/doctors", answers=ListOf[Doctor])
@allow("schedule.read")
def here(id: uuid.UUID, query: DoctorsHere) -> Any:
    """The doctors who receive at a location."""
    organisation.location(id)
    found = people.doctors.page(
        {"location_id": id},
        limit=query.limit,
        after=cursor.decode(query.cursor, people.doctors.key_types),
        include_inactive=query.include_inactive and not g.actor.is_patient,
    )
    body = page(found, query.limit, people.doctors.key)
    return body | {"items": show(body["items"], query.expand)}
