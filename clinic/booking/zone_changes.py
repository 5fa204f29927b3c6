"""A zone database that changed: the clock of a zone is set differently than when visits were booked there.

A visit is kept as an instant, so new rules of a zone give it another time on the clock, and nobody would have noticed.
Each clinic keeps how its zones' clocks were going to be set (``zone_seen``); what the zone database says now is held
against it. Where they differ, visits to come are shown with both times until somebody says what they keep, their
wall-clock time or their instant. Nothing moves by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from clinic.booking import states, zones
from clinic.core import audit, clock, db
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import NotFound
from clinic.schedule import booked
from clinic.schedule.walltime import edge, epoch, local_date, moment

AHEAD = timedelta(days=3 * 366)
"""So far ahead a zone's clock is kept in mind: longer than anybody books."""
FRESH = timedelta(days=30)
A_DAY = 86_400
Offsets = list[list[int]]
"""From when (epoch seconds) the clock is how far from UTC (seconds), in time order."""

IN_USE = """
SELECT timezone FROM location WHERE tenant_id = %(tenant)s
 UNION SELECT timezone FROM tenant WHERE id = %(tenant)s ORDER BY 1
"""
SEEN = "SELECT zone, offsets, seen_at, differs FROM zone_seen WHERE tenant_id = %(tenant)s ORDER BY zone"
KEEP = """
INSERT INTO zone_seen (tenant_id, zone, offsets) VALUES (%(tenant)s, %(zone)s, %(offsets)s)
ON CONFLICT (tenant_id, zone) DO UPDATE SET offsets = excluded.offsets, seen_at = now(), differs = false
"""
DIFFERS = "UPDATE zone_seen SET differs = true WHERE tenant_id = %(tenant)s AND zone = ANY(%(zones)s)"
TO_COME = """
SELECT a.id, a.doctor_id, a.date, a.starts_at, a.ends_at, a.timezone, a.status, a.version, a.patient_id,
       p.full_name AS patient_name, d.full_name AS doctor_name
  FROM appointment a
  JOIN patient p ON p.tenant_id = %(tenant)s AND p.id = a.patient_id
  JOIN doctor d ON d.tenant_id = %(tenant)s AND d.id = a.doctor_id
 WHERE a.tenant_id = %(tenant)s AND a.timezone = %(zone)s AND a.status = ANY(%(open)s)
   AND a.date >= (now() - interval '3 days')::date AND a.starts_at > now()
 ORDER BY a.starts_at, a.id
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """A visit whose time on the clock is another than when it was booked: ``was``, ``now`` (wall times)."""

    visit: Any
    was: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A zone whose rules changed, with the visits to come that this concerns."""

    zone: str
    visits: list[Changed]


@db.action
def look(*, by: Actor = SYSTEM) -> list[Change]:
    """Hold the zone database against what each zone in use was; the zones that differ for some visit to come.

    A zone that is seen for the first time, or differs for nobody, is kept in mind as it is now. Twice is harmless.
    """
    now = clock.now()
    seen = {row.zone: row for row in db.rows(SEEN)}
    found = []
    for row in db.rows(IN_USE):
        known = seen.get(row.timezone)
        if known is not None and known.differs:
            found.append(_change(row.timezone, known.offsets))
            continue
        offsets = offsets_of(row.timezone, now)
        if known is None or (now - known.seen_at > FRESH and _alike(known.offsets, offsets, now)):
            db.send((KEEP, {"zone": row.timezone, "offsets": Jsonb(offsets)}))
        elif not _alike(known.offsets, offsets, now):
            change = _change(row.timezone, known.offsets)
            if change.visits:
                found.append(change)
                db.send((DIFFERS, {"zones": [row.timezone]}))
            else:
                db.send((KEEP, {"zone": row.timezone, "offsets": Jsonb(offsets)}))
    return found


def changes() -> list[Change]:
    """The zones that somebody has to say something about."""
    return [_change(row.zone, row.offsets) for row in db.rows(SEEN) if row.differs]


@db.action
def settle(*, zone: str, keep: str, by: Actor) -> int:
    """Say what the visits of a zone that changed keep, ``wall_clock`` or ``instant``; how many were concerned.

    Raises ``NotFound`` for a zone that did not change, ``SlotTaken`` or ``PatientBusy`` (409) if a visit would meet
    one elsewhere.
    """
    booked.lock(None, by=by)
    change = next((each for each in changes() if each.zone == zone), None)
    if change is None:
        raise NotFound
    with booked.kept(None, force=True, by=by):
        zones.move_all([(each.visit, _kept(each, ZoneInfo(zone), keep)) for each in change.visits], by)
        db.send(
            (KEEP, {"zone": zone, "offsets": Jsonb(offsets_of(zone, clock.now()))}),
            (zones.LOOK_AGAIN, {}),
        )
    ids = [each.visit.id for each in change.visits]
    audit.record("zone.settle", "appointment", by=by, object_ids=ids, details={"zone": zone, "keep": keep})
    return len(ids)


def offsets_of(zone: str, now: datetime) -> Offsets:
    """How the clock of a zone is set from *now* on, as the zone database has it."""
    there = ZoneInfo(zone)
    at = epoch(now) - A_DAY
    last = at + int(AHEAD.total_seconds())
    found = [[at, _offset(there, at)]]
    while at < last:
        if _offset(there, at + A_DAY) != found[-1][1]:
            low, high = at, at + A_DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(there, middle) == found[-1][1] else (low, middle)
            found.append([high, _offset(there, high)])
        at += A_DAY
    return found


def offset_at(offsets: Offsets, at: int) -> int:
    """How far from UTC the clock is at that second."""
    return next((offset for since, offset in reversed(offsets) if since <= at), offsets[0][1])


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _alike(before: Offsets, after: Offsets, now: datetime) -> bool:
    """Whether both set the clock alike from *now* on, as far as both reach."""
    since = epoch(now)
    until = min(before[-1][0], after[-1][0])
    marks = [since, *(at for at, _offset_there in (*before, *after) if since <= at <= until)]
    return all(offset_at(before, at) == offset_at(after, at) for at in marks)


def _change(zone: str, before: Offsets) -> Change:
    there = ZoneInfo(zone)
    visits = []
    for visit in db.rows(TO_COME, zone=zone, open=list(states.OPEN)):
        was, now = (_clock(visit.starts_at, offset) for offset in _both(visit.starts_at, before, there))
        if was != now:
            visits.append(Changed(visit, was, now))
    return Change(zone, visits)


def _both(start: datetime, before: Offsets, zone: ZoneInfo) -> Sequence[int]:
    return offset_at(before, epoch(start)), _offset(zone, epoch(start))


def _clock(start: datetime, offset: int) -> datetime:
    return start.astimezone(UTC).replace(tzinfo=None) + timedelta(seconds=offset)


def _kept(changed: Changed, zone: ZoneInfo, keep: str) -> dict[str, Any]:
    """The visit's time as it is to be."""
    visit = changed.visit
    start, end = visit.starts_at, visit.ends_at
    if keep == "wall_clock":
        begins = edge(changed.was, zone)
        start, end = moment(begins, zone), moment(begins + epoch(end) - epoch(start), zone)
    day = local_date(epoch(start), zone)
    return {"starts_at": start, "ends_at": end, "date": day, "timezone": zone.key}
