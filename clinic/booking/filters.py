"""What a list of visits is narrowed by: ids that are somebody's, dates and times that the right clock shows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core import db, external, tenancy
from clinic.core.access import Actor
from clinic.core.errors import Invalid, NotFound, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import wrong_at
from clinic.core.records import unknown_id
from clinic.schedule import loading
from clinic.schedule.moments import begin_of, end_of, instant_at
from clinic.schedule.ofdoctor import zone_of

KINDS = {
    "patient_id": "patient",
    "doctor_id": "doctor",
    "location_id": "location",
    "service_id": "service",
    "series_id": "appointment_series",
    "appointment_id": "appointment",
}


def bounds(
    first: date | datetime | None,
    last: date | datetime | None,
    *,
    on: date | None = None,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
) -> dict[str, Any]:
    """The bounds *first* to *last* (or the one day *on*) as ``queries.page`` takes them.

    Dates are the local days of each visit. Times without an offset are the wall clock of the location or the doctor
    asked for, else of the clinic. Raises ``Invalid``: ``contradicts_range``, ``invalid_range``, ``nonexistent_time``.
    """
    if on is not None:
        if first is not None or last is not None:
            raise invalid("/date", "contradicts_range", _("Give a date or a range, not both."))
        return {"first": on, "last": on}
    found: dict[str, Any] = {}
    if first is None and last is None:
        return found
    zone = _zone(first, last, doctor_id, location_id)
    begins = None if first is None else begin_of(first, zone, at="/from")
    ends = None if last is None else end_of(last, zone, at="/to")
    if begins is not None and ends is not None and ends <= begins:
        raise invalid("/to", "invalid_range", _("The end is before the beginning."))
    for given, instant, day, moment in ((first, begins, "first", "since"), (last, ends, "last", "until")):
        if isinstance(given, datetime):
            found[moment] = instant
        elif given is not None:
            found[day] = given
    return found


def moment(
    given: datetime | None,
    at: str,
    *,
    doctor_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
) -> datetime | None:
    """A time of a query as an instant, read on the same clock as ``bounds``."""
    return None if given is None else instant_at(given, _zone(given, None, doctor_id, location_id), at=at)


def outside(given: str | None) -> tuple[str, str] | None:
    """``system:value`` as its two parts; 422 ``invalid_format`` for what has only one."""
    if given is None:
        return None
    system, value = external.split(given)
    if not system or not value:
        raise Invalid(wrong_at("/external_id", "invalid_format"))
    return system, value


def refuse_unknown(ids: Mapping[str, Any], *, by: Actor) -> None:
    """422 ``unknown_id`` at each of *ids* (by the names of ``KINDS``) that nothing here has; those out of use count.

    Asked only when a list came out empty: what was found has its ids. A signed-in patient learns of no other.
    """
    asked = [
        name for name in KINDS if ids.get(name) is not None and not (by.is_patient and name == "patient_id")
    ]
    if not asked:
        return
    looks = (
        f"EXISTS (SELECT 1 FROM {KINDS[name]} WHERE tenant_id = %(tenant)s AND id = %({name})s) AS {name}"
        for name in asked
    )
    known = db.row(f"SELECT {', '.join(looks)}", **{name: ids[name] for name in asked})
    missing = [f"/{name}" for name in asked if not getattr(known, name)]
    if missing:
        raise unknown_id(*missing)


def _zone(first: Any, last: Any, doctor_id: uuid.UUID | None, location_id: uuid.UUID | None) -> ZoneInfo:
    """The clock on which times without an offset are read; looked up only if there are any."""
    needed = any(isinstance(given, datetime) and given.tzinfo is None for given in (first, last))
    if needed and doctor_id is not None:
        try:
            return zone_of(doctor_id, location_id)
        except NotFound:
            raise unknown_id("/doctor_id") from None
    if needed and location_id is not None:
        return loading.whose(doctor_ids=[])[0].zone_at(location_id)
    return tenancy.require().zone
