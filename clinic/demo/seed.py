"""The demo's two clinics, made through the same verbs as in life (the past alone is written, for nobody can book it).

Each clinic is one transaction: a seed that was interrupted leaves nothing half made, and a second one finds the first.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.accounts import actions as accounts
from clinic.accounts import keys
from clinic.booking import actions as booking
from clinic.booking import steps
from clinic.booking.asking import Asked
from clinic.core import clock, db, entering, tenancy
from clinic.core.access import PLATFORM, SCOPES, SYSTEM
from clinic.core.errors import Refusal
from clinic.demo import kept, past, to_do
from clinic.demo.people import NORTH, REASONS, SOUTH, Plan, patients
from clinic.patients import actions as register
from clinic.patients.linking import link_user
from clinic.queue import arriving
from clinic.schedule.directory import services, specialties
from clinic.schedule.doctors import doctors
from clinic.schedule.timeaway import blocks
from clinic.schedule.weekly import availability
from clinic.tenants import actions as organisation

SPECIALTIES = {
    "general": "General medicine",
    "cardiology": "Cardiology",
    "pediatrics": "Paediatrics",
    "dermatology": "Dermatology",
}
SERVICES: tuple[dict[str, Any], ...] = (
    {"name": "Consultation", "code": "consultation", "duration_minutes": 20, "color": "#0f766e"},
    {"name": "Follow-up", "code": "follow-up", "duration_minutes": 20, "color": "#4d7c0f"},
    {"name": "Long consultation", "code": "long", "duration_minutes": 40, "buffer_after_minutes": 5},
    {"name": "Video visit", "code": "video", "duration_minutes": 20, "modality": "video", "color": "#0369a1"},
    {"name": "Minor surgery", "code": "surgery", "duration_minutes": 40, "requires_approval": True,
     "questions": to_do.QUESTIONS},
    {"name": "Certificate", "code": "certificate", "duration_minutes": 20, "online_bookable": False},
)  # fmt: skip
HOURS: dict[str, tuple[tuple[range, str, str], ...]] = {
    "full": ((range(5), "08:00", "12:00"), (range(5), "14:00", "18:00")),
    "half": ((range(5), "08:00", "13:00"), (range(5, 6), "09:00", "12:00")),
    "duty": ((range(7), "06:00", "22:00"),),
    "token": ((range(6), "07:00", "12:00"),),
}
ROLES = ("manager", "receptionist", "doctor", "patient")
PATIENTS = 240
DAYS_BACK, DAYS_AHEAD = 10, 12


def seed(folder: Path, *, number: int = 7) -> list[dict[str, Any]]:
    """Make what is not there of the demo's clinics; the sign-ins, also kept in ``credentials.json`` (mode 0600)."""
    path = folder / "credentials.json"
    known = {each["slug"]: each for each in (kept.read(path) or {"tenants": []})["tenants"]}
    for plan in (NORTH, SOUTH):
        if plan.slug not in known or not _is_there(plan.slug):
            known[plan.slug] = clinic(plan=plan, number=number)
            kept.write(path, {"tenants": list(known.values())})
    return list(known.values())


def _is_there(slug: str) -> bool:
    tenancy.leave()
    db.session.rollback()
    return entering.enter(slug).tenant is not None


@db.action
def clinic(*, plan: Plan, number: int) -> dict[str, Any]:
    """One demo clinic with its people; who can sign in, and a key with every scope."""
    if _is_there(plan.slug):
        return _anew(plan)
    chance = Random(f"{number}/{plan.slug}")
    words = {role: secrets.token_urlsafe(9) for role in ("owner", *ROLES)}
    made = accounts.create_tenant(
        name=plan.name, slug=plan.slug, timezone=plan.timezone, country=plan.country, owner_name="Olga Owner",
        owner_email=f"owner@{plan.slug}.example", owner_password=words["owner"], by=PLATFORM,
    )  # fmt: skip
    entered = entering.enter(plan.slug).tenant
    assert entered is not None  # noqa: S101 - made two lines above
    organisation.change_settings(changes={"color": plan.color}, by=SYSTEM)
    users = {}
    for role in ROLES:
        name = plan.doctors[0][0] if role == "doctor" else f"{role.title()} Demo"
        users[role] = accounts.create_user(
            email=f"{role}@{plan.slug}.example",
            name=name,
            role=role,
            password=words[role],
            is_verified=True,
            by=SYSTEM,
        ).id
    _furnish(plan, made.tenant.id, users, chance)
    return {
        "slug": plan.slug,
        "id": str(made.tenant.id),
        "api_key": made.key.secret,
        "users": [
            {"role": role, "email": f"{role}@{plan.slug}.example", "password": word}
            for role, word in words.items()
        ],
    }


def _anew(plan: Plan) -> dict[str, Any]:
    """The clinic stands but its sign-ins were lost: new words and a new key for the same people."""
    words = {role: secrets.token_urlsafe(9) for role in ("owner", *ROLES)}
    for role, word in words.items():
        user = db.row(
            "SELECT id FROM user_account WHERE tenant_id = %(tenant)s AND email_key = %(key)s",
            key=f"{role}@{plan.slug}.example",
        )
        accounts.set_password(user.id, password=word, by=SYSTEM)
    return {
        "slug": plan.slug,
        "id": str(tenancy.require().id),
        "api_key": keys.create_key(name="Demo", scopes=SCOPES, by=SYSTEM).secret,
        "users": [
            {"role": role, "email": f"{role}@{plan.slug}.example", "password": word}
            for role, word in words.items()
        ],
    }


def _furnish(plan: Plan, tenant_id: UUID, users: Mapping[str, UUID], chance: Random) -> None:
    zone = ZoneInfo(plan.timezone)
    now = clock.now()
    today = now.astimezone(zone).date()
    main = db.row("SELECT id, version FROM location WHERE tenant_id = %(tenant)s")
    organisation.change_location(
        main.id, changes={"address": plan.address, "city": plan.city, "phone": plan.phone}, by=SYSTEM
    )
    for code, name in SPECIALTIES.items():
        specialties.add(fields={"code": code, "name": name}, by=SYSTEM)
    visit_types = [services.add(fields=fields, by=SYSTEM).id for fields in SERVICES]
    staff = []
    for place, (name, specialty, kind) in enumerate(plan.doctors):
        fields: dict[str, Any] = {
            "full_name": name, "specialties": [specialty], "slot_minutes": 20, "code": f"D{place + 1}",
            "booking_mode": "token" if kind == "token" else "timed",
        }  # fmt: skip
        if place == 0:
            fields["user_id"] = users["doctor"]
        doctor = doctors.add(fields=fields, by=SYSTEM)
        staff.append((doctor.id, kind))
        for days, start, end in HOURS[kind]:
            for weekday in days:
                hours = {
                    "doctor_id": doctor.id, "weekday": weekday,
                    "start_time": time.fromisoformat(start), "end_time": time.fromisoformat(end),
                }  # fmt: skip
                availability.add(fields=hours, by=SYSTEM)
    people = [
        register.create(fields=fields, by=SYSTEM).id
        for fields in patients(chance, plan.country, PATIENTS, today)
    ]
    link_user(people[0], user_id=users["patient"], by=SYSTEM)
    lunch = datetime.combine(today + timedelta(days=3), time(9), zone)
    blocks.add(
        fields={
            "doctor_id": staff[1][0],
            "start": lunch,
            "end": lunch + timedelta(hours=2),
            "reason": "Congress",
        },
        by=SYSTEM,
    )
    past.write(staff, people, visit_types, chance, zone, now, back=DAYS_BACK)
    _book_ahead(staff, people, visit_types, chance, zone, today)
    _people_waiting(staff, people, chance)
    to_do.make(staff[0][0], visit_types[4], people, zone, today)


def _book_ahead(
    staff: list[tuple[UUID, str]],
    people: list[UUID],
    visit_types: list[UUID],
    chance: Random,
    zone: ZoneInfo,
    today: date,
) -> None:
    """From now on: about two places of five, booked like everybody books."""
    for doctor_id, kind in staff:
        for ahead in range(DAYS_AHEAD):
            day = today + timedelta(days=ahead)
            if kind == "token":
                asked = [Asked(doctor_id=doctor_id, date=day) for _ in range(chance.randrange(2, 7))]
            else:
                starts = [
                    datetime.combine(day, time.fromisoformat(start), zone) + timedelta(minutes=20 * step)
                    for days, start, end in HOURS[kind]
                    if day.weekday() in days
                    for step in range((time.fromisoformat(end).hour - time.fromisoformat(start).hour) * 3)
                ]
                share = 0.15 if kind == "duty" else 0.4
                asked = [
                    Asked(doctor_id=doctor_id, start=start) for start in starts if chance.random() < share
                ]
            for each in asked:
                more: dict[str, Any] = {
                    "patient_id": chance.choice(people),
                    "reason": chance.choice(REASONS) or None,
                    "source": "desk",
                }
                if each.start:
                    more["service_id"] = visit_types[chance.choice((0, 0, 0, 1, 1, 3))]
                with suppress(Refusal):
                    booking.book(asked=replace(each, **more), by=SYSTEM)


def _people_waiting(staff: list[tuple[UUID, str]], people: list[UUID], chance: Random) -> None:
    """Some of today's people are here already: a queue at the first doctor and at the one who gives numbers."""
    for doctor_id, kind in staff:
        if kind not in ("duty", "token"):
            continue
        today = db.rows(
            "SELECT id FROM appointment WHERE tenant_id = %(tenant)s AND doctor_id = %(doctor)s AND status = 'booked'"
            " AND date = (now() AT TIME ZONE timezone)::date ORDER BY starts_at, token LIMIT 3",
            doctor=doctor_id,
        )
        for visit in today:
            with suppress(Refusal):
                arriving.check_in(appointment_id=visit.id, by=SYSTEM)
    first = staff[0][0]
    with suppress(Refusal):
        arriving.walk_in(doctor_id=first, patient_id=chance.choice(people), reason="Fever", by=SYSTEM)
    confirmable = db.rows(
        "SELECT id FROM appointment WHERE tenant_id = %(tenant)s AND status = 'booked'"
        " AND starts_at > now() ORDER BY starts_at LIMIT 30"
    )
    for visit in confirmable:
        if chance.random() < 0.4:
            steps.confirm(id=visit.id, by=SYSTEM)
