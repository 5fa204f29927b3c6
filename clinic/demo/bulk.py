"""Demo data of any size: further clinics with doctors, patients and visits, and more patients for one that is there.

What one clinic is made of depends on the seed's number and its slug alone (and on today: visits lie before and after).
A clinic is one transaction: an interrupted seed leaves nothing half made, and the next one goes on where it ended. The
clinic and its patients are made by their verbs; what would take a verb for each row (hours, visits, counters) is
written at once, as it would stand. Nobody can sign in to these clinics; ``create-user`` and ``create-key`` open them.
"""

from __future__ import annotations

import time as clocks
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql

from clinic.accounts import actions as accounts
from clinic.core import audit, clock, db, entering, tenancy
from clinic.core.access import PLATFORM, SYSTEM
from clinic.core.ids import new_id
from clinic.demo import people
from clinic.demo.past import DAYS, OUTCOMES
from clinic.demo.people import NORTH, REASONS, SOUTH, Plan
from clinic.patients import bulk as register
from clinic.patients.names import name_key
from clinic.schedule.doctors import letters

HOURS = ((time(8), time(12)), (time(14), time(18)))
STEP = timedelta(minutes=20)
WORKDAYS = range(5)
AT_ONCE = 2000
AHEAD = ("booked",) * 7 + ("confirmed",) * 3
SOURCES = ("desk", "portal", "api")
VISIT = (
    "id", "patient_id", "doctor_id", "location_id", "service_id", "date", "starts_at", "ends_at", "timezone", "status",
    "reason", "source", "created_by", "confirmed_at",
)  # fmt: skip
SERVICES = (("consultation", "Consultation"), ("follow-up", "Follow-up"))
HISTORY = """
INSERT INTO appointment_history (tenant_id, id, appointment_id, at, step, from_status, to_status, actor)
SELECT a.tenant_id, gen_random_uuid(), a.id, least(a.starts_at, now()) - interval '5 days', 'book', NULL, 'booked',
       'system'
  FROM appointment a WHERE a.tenant_id = %(tenant)s
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much: *patients* and *tenants* in all; doctors of each clinic, days before and after today, share taken."""

    patients: int = 0
    tenants: int = 0
    doctors: int = 4
    days: int = 10
    fill: float = 0.4


@dataclass(slots=True)
class Made:
    """What was written: rows by kind, and how long it took."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self, kind: str, number: int) -> None:
        self.rows[kind] = self.rows.get(kind, 0) + number

    def __str__(self) -> str:
        each = ", ".join(f"{number:,} {kind}" for kind, number in self.rows.items())
        speed = sum(self.rows.values()) / max(self.seconds, 0.001)
        return f"{each} in {self.seconds:.1f} s ({speed:,.0f} a second)"


def slug_of(number: int) -> str:
    return f"clinic-{number:04d}"


def fill(size: Size, *, number: int = 7, say: Callable[[str], None] = lambda _line: None) -> Made:
    """Make *size* of clinics and patients; patients without clinics go to north. Clinics that are there stay."""
    made, begun = Made(), clocks.monotonic()
    if not size.tenants:
        with entering.acting_in(NORTH.slug):
            made.count("patients", _more_patients(NORTH, size.patients, number))
        db.session.commit()
    for place in range(size.tenants):
        share = size.patients // size.tenants + (place < size.patients % size.tenants)
        slug = slug_of(place + 1)
        tenancy.leave()
        db.take_back()
        if entering.enter(slug).tenant is None:
            clinic(slug, patients=share, size=size, chance=Random(f"{number}/{slug}"), made=made)
        if (place + 1) % 50 == 0:
            made.seconds = clocks.monotonic() - begun
            say(f"{slug}: {made}")
    made.seconds = clocks.monotonic() - begun
    return made


def _more_patients(plan: Plan, count: int, number: int) -> int:
    """Patients beside those who are there; other ones each time."""
    known = {
        row.key for row in db.rows("SELECT document_key AS key FROM patient WHERE tenant_id = %(tenant)s")
    }
    chance = Random(f"{number}/{plan.slug}/{len(known)}")
    today = clock.today(ZoneInfo(plan.timezone))
    found = _distinct(people.patients(chance, plan.country, count, today), known)
    return sum(1 for _id in register.enrol(found, by=SYSTEM))


def _distinct(found: Iterator[dict[str, Any]], taken: set[str | None]) -> Iterator[dict[str, Any]]:
    """The same people, nobody with a document that somebody has: who drew one twice has none."""
    for fields in found:
        if fields.get("document_number") in taken:
            fields = {name: value for name, value in fields.items() if not name.startswith("document")}
        taken.add(fields.get("document_number"))
        yield fields


@db.action
def clinic(slug: str, *, patients: int, size: Size, chance: Random, made: Made) -> None:
    """One further clinic, whole; the same of the same *chance*."""
    plan = chance.choice((NORTH, SOUTH))
    zone = ZoneInfo(plan.timezone)
    accounts.create_tenant(
        name=slug.replace("-", " ").title(), slug=slug, timezone=plan.timezone, country=plan.country,
        owner_name="Olga Owner", owner_email=f"owner@{slug}.example", by=PLATFORM,
    )  # fmt: skip
    entering.enter(slug)
    now = clock.now()
    today = now.astimezone(zone).date()
    doctors, services = _furnish(plan, size.doctors, chance)
    everybody = _distinct(people.patients(chance, plan.country, patients, today), set())
    registered = list(register.enrol(everybody, by=SYSTEM))
    visits = list(_visits(doctors, services, registered, chance, zone, now, size))
    _insert("appointment", VISIT, visits)
    db.send((HISTORY, {}), (DAYS, {}))
    audit.record("demo.fill", "tenant", tenancy.require().id, by=SYSTEM, details={"visits": len(visits)})
    for kind, count in (("clinics", 1), ("patients", patients), ("visits", len(visits))):
        made.count(kind, count)


def _furnish(plan: Plan, count: int, chance: Random) -> tuple[list[UUID], list[UUID]]:
    """Doctors with their hours, a specialty and visit types; the ids of doctors and visit types."""
    specialty, doctors, services = new_id(), [new_id() for _ in range(count)], [new_id() for _ in SERVICES]
    names = [people.full_name(chance, plan.country, chance.choice(("female", "male"))) for _ in doctors]
    _insert("specialty", ("id", "code", "name"), [(specialty, "general", "General medicine")])
    _insert(
        "service",
        ("id", "code", "name", "duration_minutes"),
        [(id, code, name, 20) for id, (code, name) in zip(services, SERVICES, strict=True)],
    )
    _insert(
        "doctor",
        ("id", "code", "full_name", "name_key", "ticket_prefix", "slot_minutes"),
        [
            (id, f"D{place}", name, name_key(name), letters(place), 20)
            for place, (id, name) in enumerate(zip(doctors, names, strict=True), 1)
        ],
    )
    _insert("counter", ("kind", "last"), [("ticket_prefix", count)])
    _insert("doctor_specialty", ("doctor_id", "specialty_id"), [(id, specialty) for id in doctors])
    _insert(
        "availability",
        ("id", "doctor_id", "weekday", "start_time", "end_time"),
        [
            (new_id(), id, weekday, start, end)
            for id in doctors
            for weekday in WORKDAYS
            for start, end in HOURS
        ],
    )
    return doctors, services


def _visits(
    doctors: Sequence[UUID],
    services: Sequence[UUID],
    patients: Sequence[UUID],
    chance: Random,
    zone: ZoneInfo,
    now: datetime,
    size: Size,
) -> Iterator[tuple[Any, ...]]:
    """Rows of ``VISIT`` in time order, from *days* ago until so many days from now."""
    home = db.row("SELECT id FROM location WHERE tenant_id = %(tenant)s").id
    today = now.astimezone(zone).date()
    # One after the other through the register: nobody is asked to two doctors at the same time.
    turn = cycle(chance.sample(patients, len(patients)))
    for ahead in range(-size.days, size.days + 1):
        day = today + timedelta(days=ahead)
        for start in _starts(day, zone):
            busy = [doctor for doctor in doctors if chance.random() < size.fill][: len(patients)]
            for doctor in busy:
                status = chance.choice(OUTCOMES if start + STEP < now else AHEAD)
                confirmed = now if status == "confirmed" else None
                yield (
                    new_id(), next(turn), doctor, home, chance.choice(services), day, start, start + STEP, zone.key,
                    status, chance.choice(REASONS) or None, chance.choice(SOURCES), "system", confirmed,
                )  # fmt: skip


def _starts(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    if day.weekday() in WORKDAYS:
        for opens, closes in HOURS:
            start, end = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
            while start < end:
                yield start
                start += STEP


def _insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Put *rows* into one of the clinic's tables: some thousands at a time, a column as one array (RULES §1.10)."""
    kinds = db.Base.metadata.tables[table].columns
    arrays = ", ".join(f"%({name})s::{kinds[name].type.compile(postgresql.dialect())}[]" for name in columns)
    names = ", ".join(columns)
    sql = (
        f"INSERT INTO {table} (tenant_id, {names})"
        f" SELECT %(tenant)s, {names} FROM unnest({arrays}) AS given ({names})"
    )
    for begin in range(0, len(rows), AT_ONCE):
        db.send(
            (
                sql,
                dict(zip(columns, map(list, zip(*rows[begin : begin + AT_ONCE], strict=True)), strict=True)),
            )
        )
