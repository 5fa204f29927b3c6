"""What is done to the organisation: clinics are opened and suspended, settings and locations changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from clinic.core import audit, db, entering, external, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Conflict, FieldError, Invalid, NotFound, invalid, means
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.records import CodeTaken
from clinic.core.text import fold
from clinic.tenants import queries
from clinic.tenants.changing import apply, changed_by, expect
from clinic.tenants.models import Location, Setting, TenantRow
from clinic.tenants.vocabulary import KINDS, RESERVED_SLUGS, SYSTEM


@means("tenant_one_per_slug")
class SlugTaken(Conflict):
    code, title = "slug_taken", _("Another clinic has this address.")


means("location_one_per_code", "lookup_one_per_code")(CodeTaken)


# -- the operator's verbs ----------------------------------------------------------------------------------------


@db.action
def bootstrap(*, by: Actor) -> dict[str, list[str]]:
    """Bring the system's coded values into being; answers the codes made now, by kind. Twice is harmless."""
    made: dict[str, list[str]] = {}
    for kind in KINDS:
        lines = [
            {"kind": kind, "code": code, "id": new_id(), "label": label, "position": position}
            for position, (code, label) in enumerate(SYSTEM[kind])
        ]
        columns = ("kind", "code", "id", "label", "position")
        listed, params = db.values(lines, columns)
        made[kind] = [
            row.code
            for row in db.rows(
                f"INSERT INTO lookup_value ({', '.join(columns)}) {listed}"
                " ON CONFLICT (kind, code) DO NOTHING RETURNING code",
                **params,
            )
        ]
    return made


@db.action
def open_clinic(
    *, name: str, slug: str, timezone: str, country: str, locale: str, currency: str, by: Actor
) -> tenancy.Tenant:
    """A clinic with its settings and one location of its name. Raises ``SlugTaken``, ``Invalid`` (a reserved word).

    The caller goes on in it with ``entering.within``.
    """
    if slug in RESERVED_SLUGS:
        raise invalid("/slug", "reserved_slug", _("This word is kept for the platform. Choose another."))
    bootstrap(by=by)
    row = TenantRow(
        id=new_id(),
        name=name,
        slug=slug,
        timezone=timezone,
        country=country,
        locale=locale,
        currency=currency,
    )
    db.session.add(row)
    db.session.flush()
    tenant = queries.as_tenant(queries.clinic(row.id))
    with entering.within(tenant):
        db.session.add(Setting(data={}))
        db.session.flush()
        audit.record("tenant.create", "tenant", tenant.id, by=by)
        create_location(name=name, timezone=timezone, fields={"country": country}, by=by)
    return tenant


@db.action
def change_clinic(id: uuid.UUID, *, changes: Mapping[str, Any], version: int | None = None, by: Actor) -> Any:
    """Rename or suspend a clinic (``name``, ``status``); its data stays. Raises ``NotFound``, ``Stale``."""
    row = db.session.get(TenantRow, id, with_for_update=True)
    if row is None:
        raise NotFound
    expect(row.version, version)
    changed = apply(row, changes)
    if changed:
        row.version += 1
        db.session.flush()
        with entering.within(queries.as_tenant(row)):
            audit.record("tenant.change", "tenant", id, by=by, details={"fields": changed})
    return queries.clinic(id)


# -- settings ----------------------------------------------------------------------------------------------------


@db.action
def change_settings(*, changes: Mapping[str, Any], version: int | None = None, by: Actor) -> dict[str, Any]:
    """Change the clinic's settings; answers all of them. Raises ``Stale``, ``Invalid``."""
    tenant_id = tenancy.require().id
    row = db.session.get(TenantRow, tenant_id, with_for_update=True)
    setting = db.session.get(Setting, tenant_id, with_for_update=True)
    if row is None or setting is None:
        raise NotFound
    expect(row.version + setting.version, version)
    own = {name: value for name, value in changes.items() if name in queries.OF_THE_CLINIC}
    data = {**setting.data, **{name: value for name, value in changes.items() if name in tenancy.DEFAULTS}}
    if unknown := changes.keys() - own.keys() - tenancy.DEFAULTS.keys():
        raise KeyError(*unknown)
    _in_order({**tenancy.DEFAULTS, **data})
    changed = apply(row, own) + [
        name for name in data if data[name] != setting.data.get(name, tenancy.DEFAULTS[name])
    ]
    if changed:
        setting.data = data
        setting.version += 1
        db.session.flush()
        audit.record("settings.change", "settings", by=by, details={"fields": sorted(changed)})
    return queries.settings()


def _in_order(data: Mapping[str, Any]) -> None:
    """The parts of the day follow each other."""
    if data["morning_ends"] >= data["afternoon_ends"]:
        raise Invalid(
            FieldError(
                "/afternoon_ends", "out_of_order", str(_("The afternoon ends after the morning does."))
            )
        )


# -- locations ---------------------------------------------------------------------------------------------------


@db.action
def create_location(*, name: str, timezone: str, fields: Mapping[str, Any] | None = None, by: Actor) -> Any:
    """A place where the clinic receives; *fields* are its other columns and ``external_ids``.

    Raises ``CodeTaken``, ``ExternalIdTaken``.
    """
    given = dict(fields or {})
    outside = given.pop("external_ids", None)
    location = Location(id=new_id(), name=name, timezone=timezone, **given)
    _fold(location)
    db.session.add(location)
    db.session.flush()
    if outside:
        external.put("location", location.id, outside)
    audit.record("location.create", "location", location.id, by=by)
    return queries.location(location.id)


@db.action
def change_location(
    id: uuid.UUID, *, changes: Mapping[str, Any], version: int | None = None, by: Actor
) -> Any:
    """Change a location. Raises ``NotFound``, ``Stale``, ``CodeTaken``, ``ExternalIdTaken``."""
    location = _location(id, version)
    given = dict(changes)
    outside = given.pop("external_ids", {})
    changed = apply(location, given)
    if outside != {}:
        external.put("location", id, outside)
        changed.append("external_ids")
    if changed:
        _fold(location)
        changed_by(location, "location.change", by, changed)
    return queries.location(id)


@db.action
def remove_location(id: uuid.UUID, *, version: int | None = None, by: Actor) -> None:
    """Take a location out of use; it stays on record. Twice is harmless. Raises ``NotFound``, ``Stale``."""
    location = _location(id, version)
    if location.is_active:
        location.is_active = False
        changed_by(location, "location.remove", by)


@db.action
def restore_location(id: uuid.UUID, *, version: int | None = None, by: Actor) -> Any:
    """Bring a location back. Raises ``NotFound``, ``Stale``, ``CodeTaken`` (its code went to another meanwhile)."""
    location = _location(id, version)
    if not location.is_active:
        location.is_active = True
        changed_by(location, "location.restore", by)
    return queries.location(id)


def _location(id: uuid.UUID, version: int | None) -> Location:
    location = db.session.get(Location, (tenancy.require().id, id), with_for_update=True)
    if location is None:
        raise NotFound
    expect(location.version, version)
    return location


def _fold(location: Location) -> None:
    """Renew the forms that filters compare."""
    parts = (location.name, location.code, location.city, location.address, location.postal_code)
    location.city_key = fold(location.city or "")
    location.search_key = fold(" ".join(part for part in parts if part))
