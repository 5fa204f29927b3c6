"""Another time for a visit, proposed and held until somebody answers (API.md §4, the paragraph under the table).

Proposed by the desk for visits whose time was taken away, one press for all of them; confirmed or declined by the desk
or by the patient. A proposal whose hold is gone has expired. Locks: proposals, then as everywhere (RULES §2).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.booking import holds, locks, moves, queries, states
from clinic.booking.proposing import Search, days_of
from clinic.booking.queries import Visit
from clinic.booking.refusals import AlreadyAnswered, HoldExpired
from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import FieldError, Invalid, NotFound
from clinic.core.i18n import gettext
from clinic.schedule import loading
from clinic.schedule.asking import asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.slots import unknown_id

LONGEST = timedelta(hours=24)

COLUMNS = """
p.id, p.appointment_id, p.doctor_id, p.location_id, p.service_id, p.starts_at, p.ends_at, p.timezone, p.expires_at,
p.created_at, p.answered_at,
(SELECT a.patient_id FROM appointment a WHERE a.tenant_id = %(tenant)s AND a.id = p.appointment_id) AS patient_id,
CASE WHEN p.status <> 'open' THEN p.status
     WHEN EXISTS (SELECT FROM hold h WHERE h.tenant_id = %(tenant)s AND h.id = p.id AND h.expires_at > now())
     THEN 'open' ELSE 'expired' END AS status
"""
ONE = f"SELECT {COLUMNS} FROM proposal p WHERE p.tenant_id = %(tenant)s AND p.id = %(id)s"
LOCK = "SELECT id FROM proposal WHERE tenant_id = %(tenant)s AND id = %(id)s FOR NO KEY UPDATE"
LOCK_OPEN = """
SELECT id, doctor_id, starts_at, timezone FROM proposal
 WHERE tenant_id = %(tenant)s AND appointment_id = ANY(%(visits)s) AND status = 'open' ORDER BY id FOR NO KEY UPDATE
"""
REPLACE = """
UPDATE proposal SET status = 'replaced', answered_at = now(), answered_by = %(by)s
 WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
"""
MAKE = """
INSERT INTO proposal (tenant_id, id, appointment_id, doctor_id, location_id, service_id, starts_at, ends_at, timezone,
                      expires_at, created_by)
VALUES (%(tenant)s, %(id)s, %(appointment_id)s, %(doctor_id)s, %(location_id)s, %(service_id)s, %(starts_at)s,
        %(ends_at)s, %(timezone)s, %(expires_at)s, %(by)s)
"""
ANSWER = """
UPDATE proposal SET status = %(status)s, answered_at = now(), answered_by = %(by)s
 WHERE tenant_id = %(tenant)s AND id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A visit for which nothing was found: ``code`` and ``detail`` say why."""

    appointment_id: uuid.UUID
    code: str
    detail: str


@db.action
def reassign(
    *, ids: Sequence[uuid.UUID], doctor_id: uuid.UUID | None = None, by: Actor
) -> tuple[list[Any], list[Unplaced]]:
    """Propose another time for each of these visits, and hold it; the proposals, and the visits without one.

    What was proposed for them before is replaced. Raises ``unknown_id`` (422) at ``/ids/<place>`` or ``/doctor_id``.
    """
    visits = _visits(ids, by)
    before = db.rows(LOCK_OPEN, visits=[visit.id for visit in visits])
    old = [row.id for row in before]
    search = Search(by, old)
    _must_be_here(doctor_id)
    wanted = {visit.id: search.times_for(visit, doctor_id) for visit in visits if _is_open(visit)}
    _lock(wanted.values(), before)
    db.send((holds.RELEASE_ALL, {"ids": old}), (REPLACE, {"ids": old, "by": by.caller}))
    made, unplaced = [], []
    for visit in visits:
        proposal = _first(visit, wanted.get(visit.id, []), wanted, by)
        if proposal is not None:
            made.append(proposal)
        else:
            unplaced.append(_unplaced(visit))
    objects = [row.appointment_id for row in made]
    audit.record("appointment.propose", "appointment", by=by, object_ids=objects)
    return made, unplaced


@db.action
def confirm(*, id: uuid.UUID, by: Actor) -> Visit:
    """Move the visit to the proposed time. Bound by no cut-off: the clinic proposed it.

    Raises ``NotFound``, ``HoldExpired`` (410), ``AlreadyAnswered`` (409), ``InvalidTransition`` (409).
    """
    found = _locked(id, by)
    visit = moves.move(
        id=found.appointment_id, start=found.starts_at, doctor_id=found.doctor_id, held=found, by=by
    )
    db.send((ANSWER, {"id": id, "status": "confirmed", "by": by.caller}))
    return visit


@db.action
def decline(*, id: uuid.UUID, by: Actor) -> None:
    """Turn the proposal down; its time is free at once, the visit stays as it is.

    Raises ``NotFound``, ``HoldExpired`` (410), ``AlreadyAnswered`` (409).
    """
    found = _locked(id, by)
    db.send(
        (holds.RELEASE, {"id": id}),
        (ANSWER, {"id": id, "status": "declined", "by": by.caller}),
        audit.entry(
            "appointment.decline", "appointment", found.appointment_id, by=by, patient_id=found.patient_id
        ),
    )


def one(id: uuid.UUID, *, by: Actor) -> Any:
    """A proposal for a visit that *by* may see, or ``NotFound``. ``status``: open, confirmed, declined, …, expired."""
    found = db.row(ONE, id=id)
    if found is None:
        raise NotFound
    queries.visit(found.appointment_id, by=by)
    return found


def page(
    *,
    by: Actor,
    limit: int,
    after: tuple[datetime, uuid.UUID] | None = None,
    appointment_id: uuid.UUID | None = None,
) -> list[Any]:
    """One row more than *limit*, the newest first: how the answers stand."""
    condition, params = queries.scope(by)
    where = ["p.tenant_id = %(tenant)s", "appointment.tenant_id = %(tenant)s"]
    if appointment_id is not None:
        where.append("p.appointment_id = %(appointment_id)s")
    if after is not None:
        where.append("(p.created_at, p.id) < (%(after_at)s, %(after_id)s)")
    at, id = after or (None, None)
    return db.rows(
        f"SELECT {COLUMNS} FROM proposal p JOIN appointment ON appointment.id = p.appointment_id"
        f" WHERE {' AND '.join(where)}{condition} ORDER BY p.created_at DESC, p.id DESC LIMIT %(most)s",
        **{"appointment_id": appointment_id, "after_at": at, "after_id": id, "most": limit + 1, **params},
    )


# -- how ----------------------------------------------------------------------------------------------------------


def _visits(ids: Sequence[uuid.UUID], by: Actor) -> list[Visit]:
    visits, unknown = [], []
    for place, id in enumerate(dict.fromkeys(ids)):
        try:
            visits.append(queries.visit(id, by=by))
        except NotFound:
            unknown.append(FieldError(f"/ids/{place}", "unknown_id", gettext("Nothing here has this id.")))
    if unknown:
        raise Invalid(unknown)
    return visits


def _must_be_here(doctor_id: uuid.UUID | None) -> None:
    if doctor_id is not None:
        who, _rest = loading.whose(doctor_ids=[doctor_id])
        if not who.doctors or not who.doctors[0].is_active:
            raise unknown_id("/doctor_id")


def _is_open(visit: Visit) -> bool:
    return visit.starts_at is not None and visit.status in states.OPEN


def _lock(wanted: Any, before: Sequence[Any]) -> None:
    """The days of everybody's best time, and of what is replaced, sorted; no patient is touched."""
    days = {(row.doctor_id, row.starts_at.astimezone(ZoneInfo(row.timezone)).date()) for row in before}
    kinds = set()
    for times in wanted:
        for slot, who in times[:1]:
            days |= {(slot.doctor_id, day) for day in days_of(slot, who)}
            kinds |= {who.service.room_kind if who.service else None}
    db.send(*locks.statements(patients=[], days=days, room_kinds=kinds))


def _first(visit: Visit, times: Sequence[tuple[Slot, Whose]], wanted: Any, by: Actor) -> Any | None:
    """Hold the first of these times that is still free; only days that are locked are looked at."""
    locked = {
        (slot.doctor_id, day)
        for found in wanted.values()
        for slot, who in found[:1]
        for day in days_of(slot, who)
    }
    for slot, who in times:
        days = days_of(slot, who)
        if not {(slot.doctor_id, day) for day in days} <= locked:
            continue
        alone = Whose(
            [each for each in who.doctors if each.id == slot.doctor_id],
            who.locations,
            who.service,
            who.service_row,
            who.now,
        )
        table = loading.timetables(alone, days[0], days[-1])[0]
        wish = Wish(who.service, moves.minutes_of(visit, who), slot.location_id)
        verdict = table.check(
            slot.start, wish, asker(by, who.now, wish, except_for=[visit.id], audience="staff")
        )
        if not verdict.accepted:
            continue
        left = (slot.start - who.now) / 2
        minutes = min(LONGEST, left).total_seconds() / 60
        held = holds.place(
            verdict, alone, holder="proposal", minutes=minutes, kind="proposal", appointment_id=visit.id
        )
        if held is not None:
            return _make(visit, held, slot, by)
    return None


def _make(visit: Visit, held: Any, slot: Slot, by: Actor) -> Any:
    db.send(
        (
            MAKE,
            {
                "id": held.id,
                "appointment_id": visit.id,
                "doctor_id": held.doctor_id,
                "location_id": held.location_id,
                "service_id": held.service_id,
                "starts_at": held.starts_at,
                "ends_at": held.ends_at,
                "timezone": slot.opening.zone.key,
                "expires_at": held.expires_at,
                "by": by.caller,
            },
        )
    )
    return db.row(ONE, id=held.id)


def _unplaced(visit: Visit) -> Unplaced:
    if visit.status not in states.OPEN:
        return Unplaced(visit.id, "invalid_transition", gettext("This visit is no longer upcoming."))
    if visit.starts_at is None:
        return Unplaced(
            visit.id, "no_time", gettext("The visit is a number of a day and has no time to move.")
        )
    return Unplaced(visit.id, "nothing_free", gettext("No other time was found."))


def _locked(id: uuid.UUID, by: Actor) -> Any:
    """An open proposal, nobody else's to answer meanwhile."""
    queries.must_act_for(one(id, by=by), by=by)
    _row, found = (rows[0] for rows in db.send((LOCK, {"id": id}), (ONE, {"id": id})))
    if found.status == "expired":
        raise HoldExpired
    if found.status != "open":
        raise AlreadyAnswered(extra={"status_now": found.status})
    return found
