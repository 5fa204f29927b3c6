"""Steps of one visit of a series that the others take too: this one, this and the following, or all to come."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import details, locks, moves, queries, states, steps
from clinic.booking.queries import Visit
from clinic.booking.series import Clash
from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import Refusal, Unprocessable, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import loading
from clinic.schedule.slots import unknown_id
from clinic.schedule.walltime import NonexistentTime, instant, wall

TO_COME = f"""
SELECT {queries.COLUMNS} FROM appointment
 WHERE tenant_id = %(tenant)s AND series_id = %(series_id)s AND id <> %(id)s AND status = ANY(%(open)s)
   AND starts_at > now() AND (%(since)s::timestamptz IS NULL OR starts_at > %(since)s)
"""


class NotInSeries(Unprocessable):
    code, title = "not_in_series", _("This visit is not part of a series.")


@dataclass(frozen=True, slots=True)
class Stayed(Clash):
    """A visit of the series that did not take the step."""

    id: uuid.UUID | None = None


@dataclass(slots=True)
class Outcome:
    """The visit that was named as it stands now; the others that took the step too, and those that could not."""

    visit: Visit
    changed: list[uuid.UUID] = field(default_factory=list)
    refused: list[Stayed] = field(default_factory=list)


@db.action
def cancel(
    *, id: uuid.UUID, scope: str, reason: str | None = None, version: int | None = None, by: Actor
) -> Outcome:
    """Call off this visit and those of its series that *scope* (``following``, ``all``) says and that may be."""
    visit, others = _of(id, scope, by)
    _lock([visit, *others])
    outcome = Outcome(steps.cancel(id=id, reason=reason, version=version, by=by))
    for other in others:
        _try(outcome, other, partial(steps.cancel, id=other.id, reason=reason, by=by))
    return outcome


@db.action
def change(
    *, id: uuid.UUID, scope: str, changes: Mapping[str, Any], version: int | None = None, by: Actor
) -> Outcome:
    """Change these details of all of them. An outside id is one visit's."""
    if "external_ids" in changes:
        raise invalid("/external_ids", "of_one_visit", _("An external id belongs to one visit only."))
    visit, others = _of(id, scope, by)
    _lock([visit, *others])
    outcome = Outcome(details.change(id=id, changes=changes, version=version, by=by))
    for other in others:
        _try(outcome, other, partial(details.change, id=other.id, changes=changes, by=by))
    return outcome


@db.action
def move(
    *,
    id: uuid.UUID,
    scope: str,
    start: datetime,
    doctor_id: uuid.UUID | None = None,
    version: int | None = None,
    by: Actor,
) -> Outcome:
    """Move them all by as much, on the clock, as this one is moved. Who finds no free place stays where it was.

    If the visit that was named cannot be moved, none is: raises what ``moves.move`` raises.
    """
    visit, others = _of(id, scope, by)
    target = doctor_id or visit.doctor_id
    who, _rest = loading.whose(doctor_ids=[target], service_id=visit.service_id)
    if not who.doctors:
        raise unknown_id("/doctor_id")
    zone = who.zone_of(who.doctors[0])
    shift = wall(start, zone) - wall(visit.starts_at, ZoneInfo(visit.timezone))
    wanted: dict[uuid.UUID, datetime | None] = {visit.id: start}
    for other in others:
        wanted[other.id] = _shown(wall(other.starts_at, ZoneInfo(other.timezone)) + shift, zone)
    everybody = [visit, *others]
    dates = {
        (target, moment.astimezone(each).date() if moment.tzinfo else moment.date())
        for moment in wanted.values()
        if moment is not None
        for each in who.zones_of(who.doctors[0])
    }
    _lock(everybody, dates, who)
    # From the far end, so that nobody moves onto a place which the next one is about to leave.
    everybody.sort(key=lambda each: each.starts_at, reverse=shift.total_seconds() > 0)
    outcome = Outcome(visit)
    for each in everybody:
        moment = wanted[each.id]
        if each.id == id:
            outcome.visit = moves.move(id=id, start=start, doctor_id=doctor_id, version=version, by=by)
        elif moment is None:
            detail = str(_("The clock skips this time on that day."))
            outcome.refused.append(_stayed(each, NonexistentTime.code, detail))
        else:
            _try(outcome, each, partial(moves.move, id=each.id, start=moment, doctor_id=doctor_id, by=by))
    return outcome


def _of(id: uuid.UUID, scope: str, by: Actor) -> tuple[Visit, list[Visit]]:
    visit = queries.visit(id, by=by)
    if visit.series_id is None or visit.starts_at is None:
        raise NotInSeries
    condition, params = queries.scope(by)
    others = db.rows(
        TO_COME + condition + " ORDER BY starts_at",
        series_id=visit.series_id,
        id=id,
        open=list(states.OPEN),
        since=visit.starts_at if scope == "following" else None,
        **params,
    )
    return visit, others


def _lock(
    visits: Iterable[Visit], days: Iterable[tuple[uuid.UUID, date]] = (), who: loading.Whose | None = None
) -> None:
    """All that the steps will lock, sorted, before the first of them."""
    visits = list(visits)
    db.send(
        *locks.statements(
            patients=[visit.patient_id for visit in visits],
            days=[*((visit.doctor_id, visit.date) for visit in visits), *days],
            room_kinds=[who.service.room_kind if who and who.service else None],
        )
    )


def _try(outcome: Outcome, visit: Visit, step: Callable[[], Visit]) -> None:
    """One of the others takes the step, or stays as it is and says why."""
    try:
        with db.savepoint():
            step()
    except Refusal as refusal:
        found = refusal.extra.get("alternatives", [])
        outcome.refused.append(_stayed(visit, refusal.code, str(refusal.detail), found))
    else:
        outcome.changed.append(visit.id)


def _stayed(visit: Visit, code: str, detail: str, alternatives: Any = ()) -> Stayed:
    start = visit.starts_at.astimezone(ZoneInfo(visit.timezone))
    return Stayed(start, code, detail, list(alternatives), visit.id)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant of a wall time; None if the clock skips it."""
    try:
        return instant(moment, zone)
    except NonexistentTime:
        return None
