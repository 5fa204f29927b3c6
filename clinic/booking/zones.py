"""A location whose time zone is changed, with the visits that are to come there (issue: none moves silently).

They keep their wall-clock time, or their instant: whoever changes the zone says which. Hours and blocks are wall-clock
times and go with the zone; a visit that no longer fits them stands on the desk's list. Locks: all doctors, as for any
change of hours, then their days.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import locks, states
from clinic.booking.history import history, kept
from clinic.booking.places import day_counter, take_day
from clinic.booking.stepping import GIVE_BACK
from clinic.core import audit, db, events
from clinic.core.access import Actor
from clinic.core.errors import Conflict
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import booked, loading
from clinic.schedule.walltime import edge, epoch, local_date, moment, wall
from clinic.tenants import actions as organisation
from clinic.tenants import queries as organisation_queries

TO_COME = """
SELECT id, doctor_id, date, starts_at, ends_at, timezone, status, version, patient_id FROM appointment
 WHERE tenant_id = %(tenant)s AND location_id = %(id)s AND status = ANY(%(open)s)
   AND (starts_at > now() OR (starts_at IS NULL AND date >= (now() AT TIME ZONE timezone)::date))
 ORDER BY starts_at, id
"""
MOVE = """
UPDATE appointment SET starts_at = %(starts_at)s, ends_at = %(ends_at)s, date = %(date)s, timezone = %(timezone)s,
       version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""
# Whoever looked at a doctor before the zone was changed looks again under the lock.
LOOK_AGAIN = "UPDATE doctor SET version = version + 1 WHERE tenant_id = %(tenant)s AND is_active"
NAMED = 100


class FutureVisits(Conflict):
    """``extra``: ``count`` of the visits to come, ``appointment_ids`` of the first hundred."""

    code = "future_visits"
    title = _("Visits are booked here. Say what they keep: their wall-clock time, or their instant.")


@db.action
def change_location(
    *,
    id: uuid.UUID,
    changes: Mapping[str, Any],
    keep: str | None = None,
    version: int | None = None,
    by: Actor,
) -> Any:
    """Change a location; with another time zone *keep* (``wall_clock`` or ``instant``) says what visits to come do.

    Raises ``FutureVisits`` (409) if it does not say, what ``tenants.actions.change_location`` raises, and ``SlotTaken``
    or ``PatientBusy`` (409) if a visit would meet one elsewhere.
    """
    before = organisation_queries.location(id)
    if changes.get("timezone", before.timezone) == before.timezone:
        return organisation.change_location(id, changes=changes, version=version, by=by)
    booked.lock(None, by=by)
    visits = db.rows(TO_COME, id=id, open=list(states.OPEN))
    if visits and keep is None:
        named = [visit.id for visit in visits[:NAMED]]
        raise FutureVisits(extra={"count": len(visits), "appointment_ids": named})
    with booked.kept(None, force=True, by=by):
        location = organisation.change_location(id, changes=changes, version=version, by=by)
        zone = ZoneInfo(location.timezone)
        move_all([(visit, _kept(visit, zone, keep)) for visit in visits], by)
        db.send((LOOK_AGAIN, {}))
    details = {"keep": keep, "from": before.timezone, "to": location.timezone}
    ids = [visit.id for visit in visits]
    audit.record("location.zone", "location", id, by=by, object_ids=ids, details=details)
    return location


def _kept(visit: Any, zone: ZoneInfo, keep: str | None) -> dict[str, Any]:
    """The visit's time as it is to be in the new zone."""
    if visit.starts_at is None:
        start, end, day = None, None, visit.date
    elif keep == "instant":
        start, end = visit.starts_at, visit.ends_at
        day = local_date(epoch(start), zone)
    else:
        begins = edge(wall(visit.starts_at, ZoneInfo(visit.timezone)), zone)
        start = moment(begins, zone)
        end = moment(begins + epoch(visit.ends_at) - epoch(visit.starts_at), zone)
        day = visit.date
    return {"starts_at": start, "ends_at": end, "date": day, "timezone": zone.key}


def move_all(visits: Sequence[tuple[Any, dict[str, Any]]], by: Actor) -> None:
    """Write them from the far end, so that none moves onto a time that the next one is about to leave."""
    later = any(time["starts_at"] and time["starts_at"] > visit.starts_at for visit, time in visits)
    _move_days([(visit, time["date"]) for visit, time in visits if time["date"] != visit.date])
    for visit, time in reversed(visits) if later else visits:
        statements: list[db.Statement] = [
            (MOVE, {**time, "id": visit.id}),
            history(visit.id, "zone", visit.status, visit.status, by=by, before=kept(visit, time)),
        ]
        if time["starts_at"] != visit.starts_at:
            told = {"start": visit.starts_at.isoformat(), "doctor_id": str(visit.doctor_id)}
            statements.append(
                events.entry("appointment.moved", "appointment", visit.id, visit.version + 1, previous=told)
            )
        db.send(*statements)


def _move_days(visits: Sequence[tuple[Any, date]]) -> None:
    """The counts of the days follow those visits whose date is another in the new zone, beyond a cap if need be."""
    if not visits:
        return
    days = [(visit.doctor_id, day) for visit, new in visits for day in (visit.date, new)]
    db.send(*locks.statements(patients=[], days=days))
    who, _rest = loading.whose(doctor_ids=sorted({visit.doctor_id for visit, _day in visits}))
    doctors = {doctor.id: doctor for doctor in who.doctors}
    for visit, day in visits:
        counter = day_counter(visit.doctor_id, day)
        taken = take_day(doctors[visit.doctor_id], counter, beyond=True)
        db.send((GIVE_BACK, {"doctor_id": visit.doctor_id, "date": visit.date}), taken)
