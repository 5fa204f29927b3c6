"""What is read of the register. Each question says who asks: nobody finds whom they may not see.

A doctor sees those who have a visit with them, a patient themself and those whom they may see as a guardian; others
with the right see all of their clinic.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from clinic.core import clock, db, external, tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound
from clinic.core.fields import email_key
from clinic.core.text import document_key
from clinic.patients import record, search, tokens
from clinic.patients.reading import readings
from clinic.tenants import queries as tenants

COLUMNS = """
p.id, p.file_number, p.first_name, p.middle_name, p.last_name, p.second_last_name, p.full_name, p.name_key,
p.birth_date, p.birth_date_is_estimated, p.gender, p.document_type, p.document_number, p.document_key, p.phone,
p.phone_alt, p.email, p.email_key, p.address, p.city, p.blood_group, p.allergies, p.emergency_contact, p.insurer,
p.insurer_number, p.consents, p.preferred_language, p.preferred_channel, p.needs, p.confidential, p.notes, p.tags,
p.custom_fields, p.user_id, p.merged_into_id, p.erased_at, p.version, p.is_active, p.created_at, p.updated_at
"""
BRIEF = """
p.id, p.file_number, p.full_name, p.first_name, p.birth_date, p.birth_date_is_estimated, p.phone, p.document_type,
p.document_number, p.email, p.confidential, p.is_active
"""
SOME = (
    # Joined id by id: for ``id = ANY(…)`` the planner may read all that a large clinic has.
    f"SELECT {BRIEF}, now() AS read_at FROM unnest(%(ids)s::uuid[]) AS wanted (id) JOIN patient p ON p.id = wanted.id"
    " WHERE p.tenant_id = %(tenant)s"
)
ONE = f"SELECT {COLUMNS}, now() AS read_at FROM patient p WHERE p.tenant_id = %(tenant)s AND p.id = %(id)s"
GUARDIANS = """
SELECT g.patient_id, g.guardian_id, g.relation, g.may_book, g.may_see, p.full_name
  FROM guardian g JOIN patient p ON p.id = g.guardian_id
 WHERE g.tenant_id = %(tenant)s AND p.tenant_id = %(tenant)s AND g.patient_id = ANY(%(ids)s)
 ORDER BY g.guardian_id
"""

# The table of visits is a room to the right, so it is asked by name and nothing is imported. The condition on the
# status is that of the index appointment_busy, word by word.
PATIENTS_OF_A_DOCTOR = """
{id} IN (SELECT a.patient_id FROM appointment a WHERE a.tenant_id = %(tenant)s AND a.doctor_id = %(own_doctor)s
   AND a.status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed'))
"""
A_PATIENT_OF_A_DOCTOR = """
EXISTS (SELECT FROM appointment a
   WHERE a.tenant_id = %(tenant)s AND a.patient_id = p.id AND a.doctor_id = %(own_doctor)s)
"""
OWN = """
(p.id = %(own_patient)s OR EXISTS (SELECT FROM guardian g
   WHERE g.tenant_id = %(tenant)s AND g.patient_id = p.id AND g.guardian_id = %(own_patient)s AND g.may_see))
"""
TO_COME = """
SELECT a.id FROM appointment a
 WHERE a.tenant_id = %(tenant)s AND a.patient_id = %(id)s
   AND a.status IN ('pending', 'booked', 'confirmed', 'checked_in')
   AND (a.starts_at > now() OR (a.starts_at IS NULL AND a.date >= %(today)s)) ORDER BY a.date, a.id
"""


@dataclass(frozen=True, slots=True)
class Record:
    """A patient's row with what stands in other tables. ``today`` is the clinic's."""

    row: Any
    today: date
    guardians: list[Any] = field(default_factory=list)
    external_ids: dict[str, str] = field(default_factory=dict)

    @property
    def age(self) -> int | None:
        return record.age(self.row.birth_date, self.today) if self.row.birth_date else None


@dataclass(frozen=True, slots=True)
class Page:
    """Up to ``limit`` patients of a list or search, and where it goes on (None: nowhere)."""

    records: list[Record]
    next: Any = None


def patient(id: uuid.UUID, *, by: Actor, locked: bool = False) -> Any:
    """The row of one patient whom *by* may see, a removed one too. Raises ``NotFound``.

    *locked*: until the transaction ends.
    """
    where, params = _seen(by)
    sql = ONE + "".join(f" AND {condition}" for condition in where) + (" FOR NO KEY UPDATE" if locked else "")
    found = db.row(sql, id=id, **params)
    if found is None:
        raise NotFound
    return found


def some(ids: Sequence[uuid.UUID], *, by: Actor) -> list[Any]:
    """The rows (``BRIEF``) of these patients, as far as *by* may see them."""
    where, params = _seen(by)
    sql = SOME + "".join(f" AND {condition}" for condition in where) + " AND p.is_active ORDER BY p.id"
    return db.rows(sql, ids=list(ids), **params)


def with_all(rows: Sequence[Any], *, now: datetime | None = None, last: bool = False) -> list[Record]:
    """Rows with their guardians and outside ids, in two statements however many they are. *last*: and none after."""
    if not rows:
        return []
    now = now or rows[0].read_at
    today = now.astimezone(tenancy.require().zone).date()
    ids = [row.id for row in rows]
    guardians, others = db.send(
        (GUARDIANS, {"ids": ids}), (external.OF, {"kind": "patient", "ids": ids}), last=last
    )
    answerable: dict[uuid.UUID, list[Any]] = {}
    for guardian in guardians:
        answerable.setdefault(guardian.patient_id, []).append(guardian)
    outside: dict[uuid.UUID, dict[str, str]] = {}
    for other in others:
        outside.setdefault(other.object_id, {})[other.system] = other.value
    return [Record(row, today, answerable.get(row.id, []), outside.get(row.id, {})) for row in rows]


@dataclass(frozen=True, slots=True)
class Brief:
    """A patient in a list on a page: who it is, and how one tells them from others of the name."""

    id: uuid.UUID
    name: str
    is_active: bool
    is_closed: bool
    age_on: tuple[date, date] | None = None
    document: str | None = None
    phone: str | None = None
    file_number: int | None = None


def briefly(rows: Sequence[Any], *, closed: Callable[[Any], bool]) -> list[Brief]:
    """Rows of ``BRIEF``; of those that are *closed* to whoever looks, the name and no more."""
    return [Brief(row.id, row.full_name, row.is_active, True) if closed(row) else _brief(row) for row in rows]


def _brief(row: Any) -> Brief:
    today = row.read_at.astimezone(tenancy.require().zone).date()
    document = f"{row.document_type} {row.document_number}" if row.document_number else None
    born = (row.birth_date, today) if row.birth_date else None
    return Brief(row.id, row.full_name, row.is_active, False, born, document, row.phone, row.file_number)


def by_document(document_type: str, number: str) -> uuid.UUID | None:
    """Who has this document (compared without case, spaces, dots and dashes), or None."""
    kind = tenants.lookup_code("document_types", document_type)
    found = db.row(
        "SELECT id FROM patient WHERE tenant_id = %(tenant)s AND document_type = %(kind)s"
        " AND document_key = %(key)s AND is_active AND document_key IS NOT NULL",
        kind=kind,
        key=document_key(number),
    )
    return found.id if found else None


def find(
    typed: str,
    *,
    limit: int,
    after: search.Place | None = None,
    filters: Mapping[str, Any] | None = None,
    include_inactive: bool = False,
    columns: str = COLUMNS,
    by: Actor,
) -> tuple[list[Any], search.Place | None]:
    """Rows of patients whom *typed* may mean, the likeliest first, and where the page ended if there are more."""
    clinic = tenancy.require()
    asked = _asked(filters or {}, include_inactive, f"{columns}, now() AS read_at", by)
    if asked is None:
        return [], None
    # Only a date needs to know today's.
    today = clock.today(clinic.zone) if any(sign.isdigit() for sign in typed) else date.max
    meant = readings(typed, country=clinic.country, locale=clinic.locale, today=today)
    return search.found(meant, asked, limit=limit, after=after)


def page(
    *,
    limit: int,
    after: Sequence[Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    include_inactive: bool = False,
    by: Actor,
) -> list[Any]:
    """One row more than *limit*, by id; by change (``updated_at``, ``id``) if ``updated_since`` is among *filters*.

    *after* is the sort key of the last row of the page before. Filters: ``document_type``, ``document_number``,
    ``phone``, ``email``, ``birth_date``, ``updated_since``, ``external_id``.
    """
    asked = _asked(filters or {}, include_inactive, COLUMNS, by)
    if asked is None:
        return []
    order = "p.updated_at, p.id" if (filters or {}).get("updated_since") else "p.id"
    where = [*asked.where, *(condition.format(id="p.id") for condition in asked.whose)]
    params = {**(asked.params or {}), "limit": limit + 1}
    if after is not None:
        names = [f"after_{number}" for number in range(len(after))]
        params |= dict(zip(names, after, strict=True))
        where.append(f"({order}) > ({', '.join(f'%({name})s' for name in names)})")
    return db.rows(
        f"SELECT {asked.columns}, now() AS read_at FROM patient p WHERE p.tenant_id = %(tenant)s"
        + "".join(f" AND {condition}" for condition in where)
        + f" ORDER BY {order} LIMIT %(limit)s",
        **params,
    )


def page_key(*, by_change: bool) -> list[type]:
    """The types of the sort key of a ``page``."""
    return [datetime, uuid.UUID] if by_change else [uuid.UUID]


def _asked(
    filters: Mapping[str, Any], include_inactive: bool, columns: str, by: Actor
) -> search.Asked | None:
    """The conditions of a list; None when a filter can find nobody."""
    where: list[str] = [] if include_inactive else ["p.is_active"]
    whose: list[str] = []
    params: dict[str, Any] = {}
    found_by: list[str] = []
    if by.is_doctor:
        whose.append(PATIENTS_OF_A_DOCTOR)
        params["own_doctor"] = by.doctor_id
    else:
        conditions, params = _seen(by)
        where += conditions
    for name, value in filters.items():
        if value is None:
            continue
        if name == "external_id":
            id = external.find("patient", value)
            if id is None:
                return None
            where.append("p.id = %(outside)s")
            params["outside"] = id
        elif name == "updated_since":
            where.append("p.updated_at >= %(updated_since)s")
            params[name] = value
        elif name == "email":
            where.append("p.email_key = %(email)s")
            params[name] = email_key(value)
        elif name == "document_type":
            where.append("p.document_type = %(document_type)s")
            params[name] = tenants.code_of("document_types", value, at="/document_type")
        else:
            found_by.append(TOKEN_OF[name](value))
    for number, token in enumerate(found_by):
        where.append(
            "p.id IN (SELECT t.patient_id FROM patient_token t"
            f" WHERE t.tenant_id = %(tenant)s AND t.token = %(token_{number})s)"
        )
        params[f"token_{number}"] = token
    return search.Asked(columns, where, whose, params)


TOKEN_OF: dict[str, Callable[[Any], str]] = {
    "document_number": lambda value: tokens.document(document_key(value)),
    "phone": tokens.backwards,
    "birth_date": tokens.born,
}


def _seen(by: Actor) -> tuple[list[str], dict[str, Any]]:
    """Conditions on ``p`` for one record that *by* may see."""
    if by.is_doctor:
        return [A_PATIENT_OF_A_DOCTOR], {"own_doctor": by.doctor_id}
    if by.is_patient:
        return [OWN], {"own_patient": by.patient_id}
    if by.kind in ("user", "key", "system"):
        return [], {}
    return ["false"], {}


def visits_to_come(id: uuid.UUID) -> list[uuid.UUID]:
    """The ids of a patient's visits that are yet to come or wait in the house."""
    today = clock.today(tenancy.require().zone)
    return [row.id for row in db.rows(TO_COME, id=id, today=today)]


def is_guarded(id: uuid.UUID) -> bool:
    """Whether somebody answers for this patient."""
    return bool(
        db.row(
            "SELECT true FROM guardian WHERE tenant_id = %(tenant)s AND patient_id = %(id)s LIMIT 1", id=id
        )
    )
