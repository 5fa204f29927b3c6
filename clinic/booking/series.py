"""Visits that repeat (API.md §6): every occurrence checked, what is free booked, what is not answered with other times.

A rule repeats its wall-clock time: ten o'clock in winter and in summer. The locks of all occurrences are taken first,
sorted, as for a group; each occurrence is then its own small booking, which the others do not undo.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import actions, group, rules
from clinic.booking.actions import Ready
from clinic.booking.asking import Asked
from clinic.booking.queries import Visit
from clinic.booking.refusals import TIMES, PatientLimit
from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import NotFound, Refusal, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import new_id
from clinic.core.records import unknown_id
from clinic.schedule import recurrence
from clinic.schedule.walltime import NonexistentTime, instant, wall

MOST = 104
"""Visits in a series: two years of one each week."""
LONGEST = timedelta(days=3 * 366)
NOT_FREE: tuple[type[Refusal], ...] = (*TIMES, PatientLimit)
SKIPPED = _("The clock skips this time on that day.")

PATIENT = "SELECT 1 FROM patient WHERE tenant_id = %(tenant)s AND id = %(id)s AND is_active"
MAKE = """
INSERT INTO appointment_series (tenant_id, id, patient_id, doctor_id, location_id, service_id, starts_at, timezone,
                                rrule, created_by)
VALUES (%(tenant)s, %(id)s, %(patient_id)s, %(doctor_id)s, %(location_id)s, %(service_id)s, %(starts_at)s,
        %(timezone)s, %(rrule)s, %(by)s)
"""
ONE = """
SELECT id, patient_id, doctor_id, location_id, service_id, starts_at, timezone, rrule, created_at
  FROM appointment_series WHERE tenant_id = %(tenant)s AND id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Clash:
    """An occurrence that could not be booked: its start (a wall time where the clock skips it), and what is free."""

    start: datetime
    code: str
    detail: str
    alternatives: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of a series."""

    id: uuid.UUID
    visits: list[Visit]
    refused: list[Clash]


@db.action
def book_series(*, asked: Asked, rrule: str, by: Actor) -> Booked:
    """Book every occurrence that is free. Raises ``Invalid`` for a rule that we do not take or that has no end.

    If nothing at all is free: what is against the first, with ``refused`` in its ``extra``.
    """
    if asked.start is None:
        raise invalid("/start", "required", _("Say when the first visit starts."))
    ready = actions.prepare(asked, by=by)
    zone = (
        ready.who.zone_at(asked.location_id) if asked.location_id else ready.who.zone_of(ready.who.doctors[0])
    )
    walls = _occurrences(rrule, wall(asked.start, zone), zone)
    id = new_id()
    patient_id = actions.patient_of(ready.asked, by=by)
    known = replace(ready.asked, patient_id=patient_id, patient=None, patient_document=None, series_id=id)
    occurrences, skipped = _each(ready._replace(asked=known), walls, zone)
    group.lock([each for _start, each in occurrences])
    if db.row(PATIENT, id=patient_id) is None:
        raise unknown_id("/patient_id")
    db.send(
        (
            MAKE,
            {
                "id": id,
                "patient_id": patient_id,
                "doctor_id": ready.who.doctors[0].id,
                "location_id": asked.location_id,
                "service_id": asked.service_id,
                "starts_at": occurrences[0][0],
                "timezone": zone.key,
                "rrule": rrule,
                "by": by.caller,
            },
        ),
        audit.entry("appointment_series.book", "appointment_series", id, by=by, patient_id=patient_id),
    )
    visits, against = [], []
    for start, each in occurrences:
        try:
            with db.savepoint():
                visits.append(actions.attempt(each, by=by))
        except NOT_FREE as refusal:
            against.append((start.astimezone(zone), each, refusal))
    refused = sorted(
        [*skipped, *(_clash(*each, by) for each in against)],
        key=lambda clash: wall(clash.start, zone),
    )
    if not visits:
        nothing = against[0][2]
        nothing.extra |= {
            "alternatives": refused[0].alternatives,
            "refused": [shown(clash) for clash in refused],
        }
        raise nothing
    return Booked(id, visits, refused)


def one(id: uuid.UUID, *, by: Actor) -> Any:
    """A series whose visits *by* may see, or ``NotFound``."""
    found = db.row(ONE, id=id)
    if (
        found is None
        or (by.is_patient and found.patient_id != by.patient_id)
        or (by.is_doctor and found.doctor_id != by.doctor_id)
    ):
        raise NotFound
    return found


def _occurrences(rrule: str, first: datetime, zone: ZoneInfo) -> list[datetime]:
    """The wall times of the series; 422 ``invalid_rrule`` at /rrule for what is no rule, has no end or too many."""
    try:
        recurrence.check(rrule, first, zone)
        ends = recurrence.ends(rrule, first, zone)
        found = recurrence.occurrences(rrule, first, zone, first, first + LONGEST)
    except recurrence.InvalidRecurrence as broken:
        message = _("This is not a repetition that we know: %(reason)s.", reason=str(broken))
        raise invalid("/rrule", broken.code, message) from None
    if ends is None:
        raise invalid("/rrule", "invalid_rrule", _("Say how often, or until when."))
    if ends > first + LONGEST or len(found) > MOST:
        raise invalid(
            "/rrule", "invalid_rrule", _("A series has at most %(most)s visits in three years.", most=MOST)
        )
    if not found:
        raise invalid("/rrule", "invalid_rrule", _("This repetition ends before it begins."))
    return found


def _each(
    ready: Ready, walls: list[datetime], zone: ZoneInfo
) -> tuple[list[tuple[datetime, Ready]], list[Clash]]:
    """Each occurrence as a booking of its own, and those whose time the clock skips."""
    asked = ready.asked
    length = wall(asked.end, zone) - wall(asked.start, zone) if asked.end and asked.start else None
    occurrences, skipped = [], []
    for begins in walls:
        try:
            start = instant(begins, zone)
            end = instant(begins + length, zone) if length is not None else None
        except NonexistentTime:
            skipped.append(Clash(begins, NonexistentTime.code, str(SKIPPED)))
            continue
        each = replace(asked, start=start, end=end)
        occurrences.append((start, Ready(each, ready.who, start, rules.days(each, ready.who, start))))
    if not occurrences:
        raise invalid("/start", NonexistentTime.code, SKIPPED)
    return occurrences, skipped


def _clash(start: datetime, each: Ready, refusal: Refusal, by: Actor) -> Clash:
    """What was against an occurrence, with what is free now that the others are booked."""
    return Clash(start, refusal.code, str(refusal.detail), actions.others(each, by=by))


def shown(clash: Clash) -> dict[str, Any]:
    """A clash as the API answers it."""
    return {
        "start": clash.start,
        "code": clash.code,
        "detail": clash.detail,
        "alternatives": clash.alternatives,
    }
