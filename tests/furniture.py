"""What stands in the clinics of the cast, made by the verbs of each room."""

from __future__ import annotations

from datetime import time
from typing import Any


def furnish(clinic: Any, by: Any) -> None:
    """Doctors, hours, visit types and patients; their ids go into ``clinic.ids``."""
    from clinic.core import db
    from clinic.patients import actions as patients
    from clinic.schedule.directory import services, specialties
    from clinic.schedule.doctors import doctors
    from clinic.schedule.weekly import availability

    ids = clinic.ids
    ids["main"] = db.row("SELECT id FROM location WHERE tenant_id = %(tenant)s").id
    ids["general"] = specialties.add(fields={"code": "general", "name": "General medicine"}, by=by).id
    ids["visit"] = services.add(fields={"name": "Visit", "code": "visit", "duration_minutes": 30}, by=by).id
    bose: dict[str, Any] = {
        "first_name": "Jagadish",
        "last_name": "Bose",
        "specialties": ["general"],
        "slot_minutes": 30,
    }
    if "bose_user" in ids:
        bose["user_id"] = ids["bose_user"]
    ids["bose"] = doctors.add(fields=bose, by=by).id
    ids["tok"] = doctors.add(fields={"full_name": "Tomás Tok", "booking_mode": "token"}, by=by).id
    for weekday in range(5):
        hours = {"doctor_id": ids["bose"], "weekday": weekday, "start_time": time(9), "end_time": time(12)}
        ids[f"bose_hours_{weekday}"] = availability.add(fields=hours, by=by).id
    people = {"carla": "+573001234567", "dora": "+573001234568", "emil": "+573001234569"}
    if clinic.slug == "south":
        people = {"pierre": "+33612345678"}
    for name, phone in people.items():
        made = patients.create(fields={"full_name": f"{name.title()} Ruiz Gómez", "phone": phone}, by=by)
        ids[name] = made.id
