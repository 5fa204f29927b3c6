"""Coded values: document types, genders, reasons … The system's own hold for every clinic, a clinic adds others."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from clinic.core import audit, db, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Conflict, NotAllowed, NotFound
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.records import CodeTaken
from clinic.tenants import queries
from clinic.tenants.changing import apply, changed_by, expect
from clinic.tenants.models import Lookup
from clinic.tenants.vocabulary import OWN_KINDS, SYSTEM


class SystemValue(Conflict):
    code, title = "system_value", _("This value belongs to the system and cannot be changed.")


@db.action
def create(*, kind: str, code: str, label: str, by: Actor) -> Any:
    """A coded value of the clinic's own. Raises ``NotFound`` (kind), ``NotAllowed`` (read-only), ``CodeTaken``."""
    _own_kind(kind)
    _not_of_the_system(kind, code)
    value = Lookup(id=new_id(), kind=kind, code=code, label=label)
    db.session.add(value)
    db.session.flush()
    audit.record("lookup.create", "lookup", value.id, by=by)
    return queries.lookup(kind, value.id)


@db.action
def change(
    id: uuid.UUID, *, kind: str, changes: Mapping[str, Any], version: int | None = None, by: Actor
) -> Any:
    """Change ``code`` or ``label`` of a value of the clinic's own. What was entered with the old code keeps it."""
    value = _lookup(kind, id, version)
    if "code" in changes:
        _not_of_the_system(kind, changes["code"])
    changed = apply(value, changes)
    if changed:
        changed_by(value, "lookup.change", by, changed)
    return queries.lookup(kind, id)


@db.action
def remove(id: uuid.UUID, *, kind: str, version: int | None = None, by: Actor) -> None:
    """Take a value out of use; records that carry it keep it. Raises ``SystemValue``."""
    value = _lookup(kind, id, version)
    if value.is_active:
        value.is_active = False
        changed_by(value, "lookup.remove", by)


@db.action
def restore(id: uuid.UUID, *, kind: str, version: int | None = None, by: Actor) -> Any:
    """Bring a value back. Raises ``CodeTaken``."""
    value = _lookup(kind, id, version)
    if not value.is_active:
        value.is_active = True
        changed_by(value, "lookup.restore", by)
    return queries.lookup(kind, id)


def _own_kind(kind: str) -> None:
    if queries.known_kind(kind) not in OWN_KINDS:
        message = _("The application works by these values; they are read-only.")
        raise NotAllowed(message, headers={"Allow": "GET, HEAD"})


def _not_of_the_system(kind: str, code: str) -> None:
    # The clinics' own codes are kept apart by the index; the system's stand in another table.
    if any(code.casefold() == known.casefold() for known, _label in SYSTEM[kind]):
        raise CodeTaken


def _lookup(kind: str, id: uuid.UUID, version: int | None) -> Lookup:
    _own_kind(kind)
    value = db.session.get(Lookup, (tenancy.require().id, id), with_for_update=True)
    if value is None or value.kind != kind:
        if db.row("SELECT true FROM lookup_value WHERE kind = %(kind)s AND id = %(id)s", kind=kind, id=id):
            raise SystemValue
        raise NotFound
    expect(value.version, version)
    return value
