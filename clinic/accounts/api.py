"""The JSON face of accounts: a clinic is opened with its owner, keys are made and taken back (API.md §2 and §3)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g

from clinic.accounts import actions, keys, queries, schemas
from clinic.accounts.usage import Usage
from clinic.core import aside, cursor, tenancy
from clinic.core.access import allow
from clinic.core.api import ApiBlueprint, answer, page, stands
from clinic.core.schema import ListOf
from clinic.tenants.actions import SlugTaken
from clinic.tenants.schemas import show_clinic

clinics = ApiBlueprint("clinics", __name__, about="Opening clinics, on the platform's own host.")
api_keys = ApiBlueprint("api_keys", __name__, about="What integrations sign in with.")
stands("/api-keys/<uuid:id>", queries.key)


def register(app: Flask) -> None:
    """Note each use of a key."""
    app.extensions["usage"] = Usage(aside.engine(app))
    app.after_request(note_use)


def note_use(response: Response) -> Response:
    """After a key's request: remember that it was used."""
    actor, tenant = g.get("actor"), tenancy.current()
    if actor is not None and actor.kind == "key" and tenant is not None:
        current_app.extensions["usage"].note(tenant.id, actor.id)
    return response


@clinics.post("/admin/tenants", answers={201: schemas.TenantMade}, refuses=[SlugTaken], secret=True)
@allow("platform.run")
def create(body: schemas.TenantNew) -> Response:
    """Open a clinic with its owner and its first key, which has every scope and is shown this once."""
    made = actions.create_tenant(
        name=body.name,
        slug=body.slug,
        timezone=body.timezone,
        country=body.country,
        locale=body.locale,
        currency=body.currency,
        owner_name=body.owner.name,
        owner_email=body.owner.email,
        owner_password=body.owner.password,
        by=g.actor,
    )
    shown = {
        "tenant": show_clinic(made.tenant),
        "owner": {name: getattr(made.owner, name) for name in schemas.Owner.model_fields},
        "api_key": show_new_key(made.key),
    }
    return answer(shown, status=201, location=f"/api/v1/admin/tenants/{made.tenant.id}")


@api_keys.get("/api-keys", answers=ListOf[schemas.ApiKey])
@allow("keys.read")
def all_keys(query: schemas.ApiKeyListing) -> dict[str, Any]:
    """The clinic's keys, the newest first, without their secrets."""
    after = cursor.decode(query.cursor, (datetime, uuid.UUID))
    rows = queries.keys(limit=query.limit, after=after, include_inactive=query.include_inactive)
    return page(rows, query.limit, lambda row: (row.created_at, row.id), show_key)


@api_keys.post("/api-keys", answers={201: schemas.NewKey}, refuses=[keys.ScopesExceeded], secret=True)
@allow("keys.write")
def create_key(body: schemas.ApiKeyNew) -> Response:
    """Make a key; its secret is shown this once."""
    key = keys.create_key(name=body.name, scopes=body.scopes, expires_at=body.expires_at, by=g.actor)
    return answer(show_new_key(key), status=201, location=f"/api/v1/api-keys/{key.id}")


@api_keys.get("/api-keys/<uuid:id>", answers=schemas.ApiKey)
@allow("keys.read")
def key(id: uuid.UUID) -> dict[str, Any]:
    """One key, without its secret."""
    return show_key(queries.key(id))


@api_keys.post(
    "/api-keys/<uuid:id>/rotate",
    answers=schemas.NewKey,
    refuses=[keys.KeyRevoked, keys.ScopesExceeded],
    secret=True,
)
@allow("keys.write")
def rotate(id: uuid.UUID, body: schemas.Rotation) -> dict[str, Any]:
    """A new secret; the old one dies at once, or after `grace_seconds`. The caller stays the same."""
    return show_new_key(keys.rotate_key(id, grace_seconds=body.grace_seconds, by=g.actor))


@api_keys.post("/api-keys/<uuid:id>/revoke", answers=schemas.ApiKey, secret=True)
@allow("keys.write")
def revoke(id: uuid.UUID) -> dict[str, Any]:
    """Refuse the key from the next request on."""
    keys.revoke_key(id, by=g.actor)
    return show_key(queries.key(id))


def show_new_key(key: keys.NewKey) -> dict[str, Any]:
    """A key with its secret, as ``schemas.NewKey``."""
    return {name: _local(getattr(key, name)) for name in schemas.NewKey.model_fields}


def show_key(row: Any) -> dict[str, Any]:
    """A key's row as ``schemas.ApiKey``; its times in the clinic's zone."""
    return {name: _local(getattr(row, name)) for name in schemas.ApiKey.model_fields}


def _local(value: Any) -> Any:
    """A moment with the offset of the clinic's zone; anything else as it is."""
    tenant = tenancy.current()
    return value.astimezone(tenant.zone) if tenant and isinstance(value, datetime) else value
