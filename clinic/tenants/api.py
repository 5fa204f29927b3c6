"""The JSON face of the organisation: the operator's clinics, settings, locations, coded values (API.md §2 and §4)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g

from clinic.core import cursor, external, tenancy
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, expected_version, page, stands
from clinic.core.i18n import gettext
from clinic.core.records import CodeTaken
from clinic.core.schema import Listing, ListOf
from clinic.tenants import actions, coded, queries, schemas
from clinic.tenants.schemas_coded import Lookup, LookupChange, LookupKind, LookupListing, LookupNew
from clinic.tenants.vocabulary import KINDS, READ_ONLY_KINDS

platform = ApiBlueprint("platform", __name__, about="The operator's calls, on the platform's own host.")
settings = ApiBlueprint("settings", __name__, about="What a clinic has decided.")
locations = ApiBlueprint("locations", __name__, about="Where a clinic receives.")
lookups = ApiBlueprint("lookups", __name__, about="Coded values: the system's and the clinic's own.")

stands("/admin/tenants/<uuid:id>", queries.clinic)
stands("/locations/<uuid:id>", queries.location)
stands("/lookups/<kind>", queries.known_kind)
stands("/lookups/<kind>/<uuid:id>", queries.lookup)


# -- the operator -------------------------------------------------------------------------------------------------


@platform.post("/admin/bootstrap", answers=schemas.Bootstrapped)
@allow("platform.run")
def bootstrap() -> dict[str, Any]:
    """Bring the system's rows into being; again does nothing."""
    return {"lookups": actions.bootstrap(by=g.actor)}


@platform.get("/admin/tenants", answers=ListOf[schemas.Tenant])
@allow("platform.run")
def clinics(query: schemas.TenantListing) -> dict[str, Any]:
    """All clinics, by slug."""
    after = cursor.decode(query.cursor, (str,))
    rows = queries.clinics(limit=query.limit, after=after, status=query.status)
    return page(rows, query.limit, lambda row: (row.slug,), schemas.show_clinic)


@platform.get("/admin/tenants/<uuid:id>", answers=schemas.Tenant)
@allow("platform.run")
def clinic(id: uuid.UUID) -> Response:
    """One clinic."""
    row = queries.clinic(id)
    return answer(schemas.show_clinic(row), version=row.version)


@platform.patch("/admin/tenants/<uuid:id>", answers=schemas.Tenant)
@allow("platform.run")
def change_clinic(id: uuid.UUID, body: schemas.TenantChange) -> Response:
    """Rename or suspend a clinic. A suspended clinic's host answers 403; its data stays."""
    row = actions.change_clinic(id, changes=body.given(), version=expected_version(), by=g.actor)
    return answer(schemas.show_clinic(row), version=row.version)


# -- settings -----------------------------------------------------------------------------------------------------


@settings.get("/settings", answers=schemas.Settings)
@allow("settings.read")
def read_settings() -> Response:
    """Every setting with its present value."""
    return _answer_settings(queries.settings())


@settings.patch("/settings", answers=schemas.Settings)
@allow("settings.write")
def change_settings(body: schemas.SettingsChange) -> Response:
    """Change settings."""
    return _answer_settings(
        actions.change_settings(changes=body.changes(), version=expected_version(), by=g.actor)
    )


def _answer_settings(data: dict[str, Any]) -> Response:
    return answer({**data, "updated_at": _local(data["updated_at"])}, version=data["version"])


# -- locations ----------------------------------------------------------------------------------------------------


@locations.get("/locations", answers=ListOf[schemas.Location])
@allow("schedule.read")
def all_locations(query: schemas.LocationListing) -> dict[str, Any]:
    """The clinic's locations by name, or the nearest first."""
    rows = queries.locations(
        limit=query.limit,
        after=cursor.decode(query.cursor, (int if query.near else str, uuid.UUID)),
        q=query.q,
        city=query.city,
        near=query.near,
        radius_km=query.radius_km,
        external_id=query.external_id,
        include_inactive=query.include_inactive,
    )
    outside = external.of("location", [row.id for row in rows])
    return page(
        rows,
        query.limit,
        lambda row: (row.metres if query.near else row.name, row.id),
        lambda row: show_location(row, outside.get(row.id, {})),
    )


@locations.post("/locations", answers={201: schemas.Location}, refuses=[CodeTaken, external.ExternalIdTaken])
@allow("schedule.write")
def create_location(body: schemas.LocationNew) -> Response:
    """Add a location."""
    row = actions.create_location(name=body.name, timezone=body.timezone, fields=body.more(), by=g.actor)
    return _answer_location(row, status=201, location=f"/api/v1/locations/{row.id}")


@locations.get("/locations/<uuid:id>", answers=schemas.Location)
@allow("schedule.read")
def location(id: uuid.UUID) -> Response:
    """One location, in use or not."""
    return _answer_location(queries.location(id))


# Changing a location's zone, taking it away and bringing it back concern booked visits: those routes are booking's
# (``booking/api_locations.py``) and the schedule's (``schedule/api_directory.py``), over the verbs here.


def _answer_location(row: Any, **more: Any) -> Response:
    outside = external.of("location", [row.id]).get(row.id, {})
    return answer(show_location(row, outside), version=row.version, **more)


LOCATION = [name for name in schemas.Location.model_fields if name not in ("external_ids", "distance_km")]


def show_location(row: Any, outside: dict[str, str]) -> dict[str, Any]:
    """A location's row as ``schemas.Location``; its times in its own zone."""
    zone = ZoneInfo(row.timezone)
    shown = {name: getattr(row, name) for name in LOCATION}
    shown |= {name: shown[name].astimezone(zone) for name in ("created_at", "updated_at")}
    metres = getattr(row, "metres", None)
    return {**shown, "external_ids": outside, "distance_km": None if metres is None else metres / 1000}


# -- coded values -------------------------------------------------------------------------------------------------


@lookups.get("/lookups", answers=ListOf[LookupKind])
@allow("schedule.read")
def every_lookup(query: Listing) -> dict[str, Any]:
    """Every list with its values in use."""
    kinds, more = cursor.part(list(KINDS), query.limit, query.cursor, str)
    items = [
        {
            "kind": kind,
            "read_only": kind in READ_ONLY_KINDS,
            "values": [show_lookup(row) for row in queries.lookups(kind, limit=200)],
        }
        for kind in kinds
    ]
    return {"items": items, "next_cursor": more}


@lookups.get("/lookups/<kind>", answers=ListOf[Lookup])
@allow("schedule.read")
def values(kind: str, query: LookupListing) -> dict[str, Any]:
    """One list: the system's values, then the clinic's own."""
    rows = queries.lookups(
        kind,
        limit=query.limit,
        after=cursor.decode(query.cursor, (int, int, str, uuid.UUID)),
        include_inactive=query.include_inactive,
    )
    return page(rows, query.limit, queries.lookup_key, show_lookup)


@lookups.post("/lookups/<kind>", answers={201: Lookup}, refuses=[CodeTaken])
@allow("schedule.write")
def create_lookup(kind: str, body: LookupNew) -> Response:
    """Add a value of the clinic's own."""
    row = coded.create(kind=kind, code=body.code, label=body.label, by=g.actor)
    return answer(
        show_lookup(row), version=row.version, status=201, location=f"/api/v1/lookups/{kind}/{row.id}"
    )


@lookups.get("/lookups/<kind>/<uuid:id>", answers=Lookup)
@allow("schedule.read")
def value(kind: str, id: uuid.UUID) -> Response:
    """One value."""
    row = queries.lookup(kind, id)
    return answer(show_lookup(row), version=row.version)


@lookups.patch("/lookups/<kind>/<uuid:id>", answers=Lookup, refuses=[CodeTaken, coded.SystemValue])
@allow("schedule.write")
def change_lookup(kind: str, id: uuid.UUID, body: LookupChange) -> Response:
    """Change a value of the clinic's own."""
    row = coded.change(id, kind=kind, changes=body.given(), version=expected_version(), by=g.actor)
    return answer(show_lookup(row), version=row.version)


@lookups.delete("/lookups/<kind>/<uuid:id>", refuses=[coded.SystemValue])
@allow("schedule.write")
def remove_lookup(kind: str, id: uuid.UUID) -> None:
    """Take a value of the clinic's own out of use; records keep it."""
    coded.remove(id, kind=kind, version=expected_version(), by=g.actor)


@lookups.post("/lookups/<kind>/<uuid:id>/restore", answers=Lookup, refuses=[CodeTaken])
@allow("schedule.write")
def restore_lookup(kind: str, id: uuid.UUID) -> Response:
    """Bring a value back."""
    row = coded.restore(id, kind=kind, version=expected_version(), by=g.actor)
    return answer(show_lookup(row), version=row.version)


def show_lookup(row: Any) -> dict[str, Any]:
    """A value's row as ``Lookup``; the system's labels in the caller's language."""
    shown = {name: getattr(row, name) for name in Lookup.model_fields}
    shown |= {name: _local(shown[name]) for name in ("created_at", "updated_at")}
    return {**shown, "label": gettext(row.label) if row.is_system else row.label}


def _local(moment: datetime | None) -> datetime | None:
    """A moment with the offset of the clinic's zone."""
    return moment.astimezone(tenancy.require().zone) if moment else None
