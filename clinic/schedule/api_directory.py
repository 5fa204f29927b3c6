"""Specialties, rooms and visit types, and the end of a location, as JSON (API.md §4)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g

from clinic.core import external
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version
from clinic.core.records import CodeTaken
from clinic.core.resources import Force, Forced, Shown, hang, shown
from clinic.schedule import directory, schemas_directory
from clinic.schedule.booked import AppointmentsAffected
from clinic.schedule.expanding import expand
from clinic.tenants.schemas import Location

specialties = ApiBlueprint("specialties", __name__, about="Fields of medicine that the clinic offers.")
rooms = ApiBlueprint("rooms", __name__, about="Rooms and devices that a visit may need.")
services = ApiBlueprint("services", __name__, about="Visit types: how long, with what around them, for whom.")
closing = ApiBlueprint("closing", __name__, about="A location is given up, or opened again.")

hang(
    specialties,
    "/specialties",
    directory.specialties,
    one="a specialty",
    many="specialties",
    reply=schemas_directory.Specialty,
    new=schemas_directory.SpecialtyNew,
    change=schemas_directory.SpecialtyChange,
    listing=schemas_directory.SpecialtyListing,
    refuses=[CodeTaken],
    read="schedule.read",
    write="schedule.write",
)


def show_rooms(found: Sequence[Any], kinds: frozenset[str]) -> list[Shown]:
    """Rooms as ``schemas_directory.Room``."""
    return expand([shown(room, schemas_directory.Room) for room in found], kinds)


hang(
    rooms,
    "/rooms",
    directory.rooms,
    one="a room",
    many="rooms",
    reply=schemas_directory.Room,
    new=schemas_directory.RoomNew,
    change=schemas_directory.RoomChange,
    listing=schemas_directory.RoomListing,
    reading=schemas_directory.RoomRead,
    show=show_rooms,
    refuses=[AppointmentsAffected],
    read="schedule.read",
    write="schedule.write",
)


def show_services(found: Sequence[Any], _kinds: frozenset[str]) -> list[Shown]:
    """Visit types as ``schemas_directory.Service``."""
    outside = external.of("service", [service.id for service in found])
    return [
        shown(service, schemas_directory.Service, external_ids=outside.get(service.id, {}))
        for service in found
    ]


hang(
    services,
    "/services",
    directory.services,
    one="a visit type",
    many="visit types",
    reply=schemas_directory.Service,
    new=schemas_directory.ServiceNew,
    change=schemas_directory.ServiceChange,
    listing=schemas_directory.ServiceListing,
    show=show_services,
    refuses=[CodeTaken, external.ExternalIdTaken, AppointmentsAffected],
    read="schedule.read",
    write="schedule.write",
)


@closing.delete("/locations/<uuid:id>", refuses=[AppointmentsAffected])
@allow("schedule.write")
def remove_location(id: uuid.UUID, query: Forced) -> None:
    """Take a location out of use; it can be restored."""
    directory.remove_location(id, version=expected_version(), force=query.force, by=g.actor)


@closing.post("/locations/<uuid:id>/restore", answers=Location, refuses=[CodeTaken])
@allow("schedule.write")
def restore_location(id: uuid.UUID, body: Force) -> Response:
    """Bring a location back."""
    row = directory.restore_location(id, version=expected_version(), force=body.force, by=g.actor)
    times = {
        name: getattr(row, name).astimezone(ZoneInfo(row.timezone)) for name in ("created_at", "updated_at")
    }
    outside = external.of("location", [id]).get(id, {})
    return answer(shown(row, Location, external_ids=outside, **times), version=row.version)
