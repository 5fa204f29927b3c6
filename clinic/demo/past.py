"""What has already been: visits of the days before, written as they would stand. Booking refuses the past, so this is
the one place that writes visits without it; the days' counters are made of what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.core import db
from clinic.core.ids import new_id
from clinic.demo.people import REASONS

STEP = timedelta(minutes=20)
OUTCOMES = ("completed",) * 16 + ("no_show",) * 2 + ("cancelled",) * 2
COLUMNS = (
    "tenant_id", "id", "patient_id", "doctor_id", "location_id", "service_id", "date", "starts_at", "ends_at",
    "timezone", "status", "reason", "source", "created_by",
)  # fmt: skip
AT_ONCE = 500
DAYS = """
INSERT INTO doctor_day (tenant_id, doctor_id, date, booked)
SELECT %(tenant)s, a.doctor_id, a.date, count(*) FROM appointment a
 WHERE a.tenant_id = %(tenant)s AND a.status NOT IN ('cancelled', 'rejected', 'no_show')
 GROUP BY a.doctor_id, a.date
ON CONFLICT (tenant_id, doctor_id, date) DO UPDATE SET booked = excluded.booked
"""
HISTORY = ("tenant_id", "id", "appointment_id", "at", "step", "to_status", "actor")
BEFORE = timedelta(days=5)
"""How long before their visit people booked."""


def write(
    staff: Sequence[tuple[UUID, str]],
    people: Sequence[UUID],
    visit_types: Sequence[UUID],
    chance: Random,
    zone: ZoneInfo,
    now: datetime,
    *,
    back: int,
) -> None:
    """Visits of the last *back* days up to *now*, most of them done."""
    home = db.row("SELECT id FROM location WHERE tenant_id = %(tenant)s ORDER BY created_at, id LIMIT 1").id
    tenant_id = db.row("SELECT %(tenant)s::uuid AS id").id
    taken: set[tuple[UUID, datetime]] = set()
    rows: list[dict[str, Any]] = []
    for doctor_id, kind in staff:
        if kind == "token":
            continue
        for start in _starts(kind, now.astimezone(zone).date(), back, zone):
            patient = chance.choice(people)
            if start + STEP > now or chance.random() > 0.45 or (patient, start) in taken:
                continue
            taken.add((patient, start))
            rows.append(
                {
                    "tenant_id": tenant_id,
                    "id": new_id(),
                    "patient_id": patient,
                    "doctor_id": doctor_id,
                    "location_id": home,
                    "service_id": visit_types[chance.choice((0, 0, 1))],
                    "date": start.date(),
                    "starts_at": start,
                    "ends_at": start + STEP,
                    "timezone": zone.key,
                    "status": chance.choice(OUTCOMES),
                    "reason": chance.choice(REASONS) or None,
                    "source": chance.choice(("desk", "portal", "api")),
                    "created_by": "system",
                }
            )
    for begin in range(0, len(rows), AT_ONCE):
        listed, params = db.values(rows[begin : begin + AT_ONCE], COLUMNS)
        db.send((f"INSERT INTO appointment ({', '.join(COLUMNS)}) {listed}", params))
        steps = [_booked(row) for row in rows[begin : begin + AT_ONCE]]
        listed, params = db.values(steps, HISTORY)
        db.send((f"INSERT INTO appointment_history ({', '.join(HISTORY)}) {listed}", params))
    db.send((DAYS, {}))


def _booked(visit: dict[str, Any]) -> dict[str, Any]:
    """The first step of a visit's history."""
    return {
        "tenant_id": visit["tenant_id"],
        "id": new_id(),
        "appointment_id": visit["id"],
        "at": visit["starts_at"] - BEFORE,
        "step": "book",
        "to_status": "booked",
        "actor": "system",
    }


def _starts(kind: str, today: date, back: int, zone: ZoneInfo) -> Iterator[datetime]:
    hours = {"full": ((8, 12), (14, 18)), "half": ((8, 13),), "duty": ((9, 17),)}[kind]
    for ago in range(back, -1, -1):
        day = today - timedelta(days=ago)
        if kind != "duty" and day.weekday() > 4:
            continue
        for first, last in hours:
            start = datetime.combine(day, time(first), zone)
            while start.hour < last:
                yield start
                start += STEP
