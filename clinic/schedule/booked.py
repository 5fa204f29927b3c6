"""What is booked in the time that somebody wants to take away (API.md §4, the paragraph under the table).

Hours, blocks, overrides, sessions, presence, and a doctor, service, room or location that is given up: each such verb
locks the doctors first, and only then looks at their visits (RULES §2.4). Booking locks the same rows ``FOR SHARE``, so
a visit is either seen here or comes too late.

Visits are another room's, to the right of this one: they are read and marked by statements, not by its tables.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Conflict, Forbidden
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import changes, loading, reasons
from clinic.schedule.facts import Service
from clinic.schedule.timetable import Timetable
from clinic.schedule.walltime import epoch

LOCK = """
SELECT id FROM doctor
 WHERE tenant_id = %(tenant)s AND (%(doctors)s::uuid[] IS NULL OR id = ANY(%(doctors)s)) ORDER BY id FOR NO KEY UPDATE
"""
# Whoever is with the doctor already, or has been, loses nothing.
TO_COME = """
SELECT a.id, a.doctor_id, a.date, a.starts_at, a.ends_at, a.location_id, a.needs_rescheduling,
       a.service_id, s.duration_minutes,
       array_remove(ARRAY[CASE WHEN NOT s.is_active THEN s.id END, CASE WHEN NOT l.is_active THEN l.id END,
                          CASE WHEN NOT r.is_active THEN r.id END], NULL) AS given_up
  FROM appointment a
  LEFT JOIN service s ON s.tenant_id = %(tenant)s AND s.id = a.service_id
  LEFT JOIN location l ON l.tenant_id = %(tenant)s AND l.id = a.location_id
  LEFT JOIN room r ON r.tenant_id = %(tenant)s AND r.id = a.room_id
 WHERE a.tenant_id = %(tenant)s AND (%(doctors)s::uuid[] IS NULL OR a.doctor_id = ANY(%(doctors)s))
   AND a.date >= (now() - interval '3 days')::date AND a.status IN ('pending', 'booked', 'confirmed', 'checked_in')
   AND (a.ends_at > now() OR (a.starts_at IS NULL AND a.date >= (now() AT TIME ZONE a.timezone)::date))
 ORDER BY a.date, a.starts_at, a.id
"""
OF_THESE = TO_COME.replace(" ORDER BY", " AND a.id = ANY(%(ids)s)\n ORDER BY")
MARK = """
UPDATE appointment SET needs_rescheduling = %(needs)s, version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
"""
GIVEN_UP = _("its visit type, location or room is not there any more")


class AppointmentsAffected(Conflict):
    """``extra["appointment_ids"]``: the booked visits whose time it takes, in time order."""

    code = "appointments_affected"
    title = _("There are booked visits in this time.")


class AppointmentsInBlock(AppointmentsAffected):
    """The same, for a block."""

    code = "appointments_in_block"
    title = _("There are booked visits in the blocked time.")


class Standing(NamedTuple):
    """What is against a booked visit (nothing: it stands), and whether the desk has it on its list already."""

    against: frozenset[tuple[str, uuid.UUID | None]] = frozenset()
    needs_rescheduling: bool = False


STOOD = Standing()


def lock(doctors: Sequence[uuid.UUID] | None, *, by: Actor) -> None:
    """Lock these doctors, or all of the clinic, for a change of their time. A signed-in doctor may only their own."""
    if by.is_doctor and (doctors is None or set(doctors) != {by.doctor_id}):
        audit.denied("schedule.write", by=by)
        raise Forbidden
    db.send((LOCK, {"doctors": doctors}))


def why(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """What is against each of these visits to come, in the clinic's words; nothing: it stands again."""
    visits = db.rows(OF_THESE, doctors=None, ids=list(ids))
    tables = _tables(visits)
    return {
        visit.id: [
            *dict.fromkeys(
                reasons.sentence(reason, day=visit.date)
                for reason in changes.against(_visit(visit), tables[visit.doctor_id])
            ),
            *([str(GIVEN_UP)] if visit.given_up else []),
        ]
        for visit in visits
    }


@contextmanager
def kept(
    doctors: Sequence[uuid.UUID] | None,
    *,
    force: bool,
    by: Actor,
    refusal: type[AppointmentsAffected] = AppointmentsAffected,
    adding: bool = False,
) -> Iterator[None]:
    """``with kept([doctor_id], …):`` around a change of what these doctors (None: all) offer; their rows are locked.

    Booked visits that stood before and stand no more: *refusal*, or with *force* they stay and need rescheduling. Those
    that needed it and stand again no longer do. *adding*: time is added, which takes nothing from anybody (a number
    that was given out on any date, while the doctor had no hours, stays good).
    """
    before = _standing(doctors)
    yield
    after = _standing(doctors)
    against = {id: before.get(id, STOOD).against for id in after}
    lost = [id for id, now in after.items() if now.against - against[id] and not adding]
    won = [id for id, now in after.items() if against[id] and not now.against]
    if lost and not force:
        raise refusal(extra={"appointment_ids": lost})
    _mark([id for id in lost if not after[id].needs_rescheduling], needs=True, by=by)
    _mark([id for id in won if after[id].needs_rescheduling], needs=False, by=by)


def _mark(ids: Sequence[uuid.UUID], *, needs: bool, by: Actor) -> None:
    if ids:
        act = "appointment.needs_rescheduling" if needs else "appointment.stands_again"
        db.send((MARK, {"ids": ids, "needs": needs}), audit.entry(act, "appointment", by=by, object_ids=ids))


def _standing(doctors: Sequence[uuid.UUID] | None) -> dict[uuid.UUID, Standing]:
    """How each visit to come stands, in time order."""
    visits = db.rows(TO_COME, doctors=doctors)
    tables = _tables(visits)
    return {
        visit.id: Standing(_against(visit, tables[visit.doctor_id]), visit.needs_rescheduling)
        for visit in visits
    }


def _tables(visits: Sequence[Any]) -> dict[uuid.UUID, Timetable]:
    """The timetable of each visit's doctor over the days of all of them."""
    if not visits:
        return {}
    who, _rest = loading.whose(doctor_ids=sorted({visit.doctor_id for visit in visits}))
    tables = loading.timetables(who, min(visit.date for visit in visits), max(visit.date for visit in visits))
    return {table.doctor.id: table for table in tables}


def _visit(row: Any) -> changes.Visit:
    return changes.Visit(
        row.id,
        row.date,
        epoch(row.starts_at) if row.starts_at else None,
        epoch(row.ends_at) if row.ends_at else None,
        row.location_id,
        Service(row.service_id, row.duration_minutes) if row.service_id else None,
    )


def _against(row: Any, timetable: Timetable) -> frozenset[tuple[str, uuid.UUID | None]]:
    found = {(reason.code, reason.source) for reason in changes.against(_visit(row), timetable)}
    return frozenset(found | {("given_up", id) for id in row.given_up})
