"""What is read of the organisation: clinics, settings, locations, coded values."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from clinic.core import db, external, tenancy
from clinic.core.errors import NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.text import fold
from clinic.tenants.vocabulary import KINDS

CLINIC = "id, slug, name, timezone, country, locale, currency, status, version, created_at, updated_at"


# -- clinics, as the operator sees them --------------------------------------------------------------------------


def clinics(*, limit: int, after: tuple[str] | None = None, status: str | None = None) -> list[Any]:
    """One row more than *limit* of all clinics, by slug."""
    return db.rows(
        f"SELECT {CLINIC} FROM tenant"
        " WHERE slug > %(after)s AND (%(status)s::text IS NULL OR status = %(status)s) ORDER BY slug LIMIT %(limit)s",
        after=after[0] if after else "",
        status=status,
        limit=limit + 1,
    )


def clinic(id: uuid.UUID) -> Any:
    """One clinic. Raises ``NotFound``."""
    found = db.row(f"SELECT {CLINIC} FROM tenant WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound
    return found


def as_tenant(row: Any, settings: Mapping[str, Any] | None = None) -> tenancy.Tenant:
    """A clinic's row as the one that we act in."""
    return tenancy.Tenant(
        row.id, row.slug, row.name, row.timezone, row.country, row.locale, row.currency, row.status, row.version,
        dict(settings or {}),
    )  # fmt: skip


# -- settings ----------------------------------------------------------------------------------------------------

OF_THE_CLINIC = ("name", "timezone", "country", "currency", "locale")
"""Settings that stand in the clinic's own row; the others are ``tenancy.DEFAULTS``."""


def settings() -> dict[str, Any]:
    """Every setting of the clinic with its present value, and ``version``, ``updated_at``."""
    row = db.row(
        "SELECT t.name, t.timezone, t.country, t.currency, t.locale, s.data, t.version + s.version AS version,"
        " greatest(t.updated_at, s.updated_at) AS updated_at"
        " FROM tenant t JOIN setting s ON s.tenant_id = t.id WHERE t.id = %(tenant)s AND s.tenant_id = %(tenant)s"
    )
    return {
        **{name: getattr(row, name) for name in OF_THE_CLINIC},
        **{name: row.data.get(name, default) for name, default in tenancy.DEFAULTS.items()},
        "version": row.version,
        "updated_at": row.updated_at,
    }


# -- locations ---------------------------------------------------------------------------------------------------

LOCATION = (
    "id, name, code, timezone, address, city, state, postal_code, country, phone, email, latitude, longitude, "
    "version, is_active, created_at, updated_at"
)
AROUND_THE_WORLD = 40_000
# The great circle on a sphere of 6,371 km, in metres.
METRES = """
round(12742000 * asin(sqrt(least(1, power(sin(radians(latitude - %(lat)s) / 2), 2)
      + cos(radians(%(lat)s)) * cos(radians(latitude)) * power(sin(radians(longitude - %(lon)s) / 2), 2)))))::bigint
"""


def location(id: uuid.UUID) -> Any:
    """One location of the clinic, active or not. Raises ``NotFound``."""
    found = db.row(
        f"SELECT {LOCATION} FROM location WHERE tenant_id = %(tenant)s AND id = %(id)s",
        id=id,
    )
    if found is None:
        raise NotFound
    return found


def active_locations() -> list[Any]:
    """All locations that receive, by name: for choices on pages."""
    return db.rows(
        f"SELECT {LOCATION} FROM location WHERE tenant_id = %(tenant)s AND is_active"
        ' ORDER BY name COLLATE "C", id'
    )


def locations(
    *,
    limit: int,
    after: tuple[Any, ...] | None = None,
    q: str | None = None,
    city: str | None = None,
    near: tuple[float, float] | None = None,
    radius_km: float | None = None,
    external_id: str | None = None,
    include_inactive: bool = False,
) -> list[Any]:
    """One row more than *limit*: by distance (column ``metres``) if *near*, else by name.

    *after* is the sort key of the last row of the page before: ``(name, id)``, or ``(metres, id)``.
    """
    where, params = ["tenant_id = %(tenant)s"], dict[str, Any](limit=limit + 1)
    if not include_inactive:
        where.append("is_active")
    if city:
        where.append("city_key = %(city)s")
        params["city"] = fold(city)
    for number, word in enumerate(fold(q or "").split()):
        where.append(f"strpos(search_key, %(word_{number})s) > 0")
        params[f"word_{number}"] = word
    if external_id:
        system, value = external.split(external_id)
        where.append(
            "id IN (SELECT object_id FROM external_id WHERE tenant_id = %(tenant)s AND kind = 'location'"
            " AND system = %(system)s AND value = %(value)s)"
        )
        params |= {"system": system, "value": value}
    metres, order = "NULL::bigint", 'name COLLATE "C"'
    if near is not None:
        params |= {"lat": near[0], "lon": near[1], "radius": (radius_km or AROUND_THE_WORLD) * 1000}
        where.append(f"latitude IS NOT NULL AND longitude IS NOT NULL AND {METRES} <= %(radius)s")
        metres, order = METRES, "metres"
    beyond = ""
    if after is not None:
        beyond = f"WHERE ({order}, id) > (%(after)s, %(after_id)s)"
        params |= {"after": after[0], "after_id": after[1]}
    return db.rows(
        f"SELECT * FROM (SELECT {LOCATION}, {metres} AS metres FROM location"
        f" WHERE {' AND '.join(where)}) found {beyond} ORDER BY {order}, id LIMIT %(limit)s",
        **params,
    )


# -- coded values ------------------------------------------------------------------------------------------------

VALUES = """
SELECT kind, id, code, label, position, true AS is_system, true AS is_active, 1 AS version,
       NULL::timestamptz AS created_at, NULL::timestamptz AS updated_at
  FROM lookup_value
UNION ALL
SELECT kind, id, code, label, 0 AS position, false AS is_system, is_active, version, created_at, updated_at
  FROM lookup WHERE tenant_id = %(tenant)s
"""


def lookups(
    kind: str, *, limit: int, after: tuple[Any, ...] | None = None, include_inactive: bool = False
) -> list[Any]:
    """One row more than *limit* of a kind's values: the system's in their order, then the clinic's by code.

    *after* is ``lookup_key`` of the last row of the page before. Raises ``NotFound`` for an unknown kind.
    """
    known_kind(kind)
    after = after or (-1, 0, "", uuid.UUID(int=0))
    return db.rows(
        f"SELECT * FROM ({VALUES}) v WHERE kind = %(kind)s AND (is_active OR %(inactive)s)"
        ' AND ((NOT is_system)::int, position, code COLLATE "C", id) > (%(own)s, %(position)s, %(code)s, %(id)s)'
        ' ORDER BY (NOT is_system)::int, position, code COLLATE "C", id LIMIT %(limit)s',
        kind=kind,
        inactive=include_inactive,
        own=after[0],
        position=after[1],
        code=after[2],
        id=after[3],
        limit=limit + 1,
    )


def lookup_key(row: Any) -> tuple[int, int, str, uuid.UUID]:
    """The sort key of a row of ``lookups``."""
    return int(not row.is_system), row.position, row.code, row.id


def lookup(kind: str, id: uuid.UUID) -> Any:
    """One value, the system's or the clinic's. Raises ``NotFound``."""
    found = db.row(f"SELECT * FROM ({VALUES}) v WHERE kind = %(kind)s AND id = %(id)s", kind=kind, id=id)
    if found is None:
        raise NotFound
    return found


def known_kind(kind: str) -> str:
    """*kind*, if there is such a list. Raises ``NotFound``."""
    if kind not in KINDS:
        raise NotFound
    return kind


def lookup_codes(kind: str) -> list[str]:
    """The codes in use, the system's first: for choices on pages and for checks of many values at once."""
    return [row.code for row in lookups(kind, limit=2000)]


def lookup_code(kind: str, given: str) -> str | None:
    """The stored code of what was *given*, a code in any case or an id; None if the list has no such value in use."""
    found = db.row(
        f"SELECT code FROM ({VALUES}) v"
        " WHERE kind = %(kind)s AND is_active AND (lower(code) = lower(%(given)s) OR id = %(id)s)"
        " ORDER BY is_system DESC LIMIT 1",
        kind=kind,
        given=given.strip(),
        id=parse_id(given.strip()),
    )
    return found.code if found else None


def code_of(kind: str, given: str, *, at: str) -> str:
    """As ``lookup_code``, or 422 ``unknown_code`` at the field that the pointer *at* names."""
    code = lookup_code(kind, given)
    if code is None:
        raise invalid(at, "unknown_code", _("This is not one of the codes of the list."))
    return code
