"""Weekly hours, overrides of a date and one-off sessions as JSON (API.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from clinic.core.api import ApiBlueprint
from clinic.core.resources import Shown, Under, hang, shown
from clinic.core.times import show_time
from clinic.schedule import loading, schemas_hours, weekly
from clinic.schedule.booked import AppointmentsAffected
from clinic.schedule.doctors import doctors
from clinic.schedule.expanding import expand

availability = ApiBlueprint("availability", __name__, about="A doctor's hours of every week.")
overrides = ApiBlueprint(
    "overrides", __name__, about="A doctor's hours of one date, in place of the weekly ones."
)
sessions = ApiBlueprint("sessions", __name__, about="Hours that come once, on top of the weekly ones.")

OF_A_DOCTOR = Under("/doctors", doctors, "doctor_id")


def show_weekly(found: Sequence[Any], kinds: frozenset[str]) -> list[Shown]:
    """Weekly hours as ``schemas_hours.WeeklyHours``."""
    return expand([_show_rule(rule) for rule in found], kinds)


def _show_rule(rule: Any) -> Shown:
    times = {name: show_time(getattr(rule, name)) for name in ("start_time", "end_time")}
    return shown(rule, schemas_hours.WeeklyHours, **times)


hang(
    availability,
    "/availability",
    weekly.availability,
    one="weekly hours",
    many="a doctor's weekly hours",
    reply=schemas_hours.WeeklyHours,
    new=schemas_hours.AvailabilityNew,
    change=schemas_hours.AvailabilityChange,
    listing=schemas_hours.AvailabilityListing,
    reading=schemas_hours.HoursRead,
    show=show_weekly,
    under=OF_A_DOCTOR,
    refuses=[weekly.AvailabilityOverlap, AppointmentsAffected],
    read="schedule.read",
    write="schedule.own_hours",
)


def show_overrides(found: Sequence[Any], kinds: frozenset[str]) -> list[Shown]:
    """Overrides as ``schemas_hours.Override``."""
    return expand([_show_override(override) for override in found], kinds)


def _show_override(override: Any) -> Shown:
    intervals = [
        {**each, "ends_next_day": each["end_time"] <= each["start_time"]} for each in override.intervals
    ]
    return shown(override, schemas_hours.Override, intervals=intervals)


hang(
    overrides,
    "/overrides",
    weekly.overrides,
    one="an override of a date",
    many="the dates on which a doctor has other hours",
    reply=schemas_hours.Override,
    new=schemas_hours.OverrideNew,
    listing=schemas_hours.OverrideListing,
    reading=schemas_hours.HoursRead,
    show=show_overrides,
    under=OF_A_DOCTOR,
    refuses=[weekly.OverrideExists, AppointmentsAffected],
    read="schedule.read",
    write="schedule.own_hours",
)


def show_sessions(found: Sequence[Any], kinds: frozenset[str]) -> list[Shown]:
    """Sessions as ``schemas_hours.OneOffSession``, each on the clock of its place."""
    if not found:
        return []
    counts = weekly.booked_counts([session.id for session in found])
    who, _rest = loading.whose(doctor_ids=[session.doctor_id for session in found])
    of_doctor = {doctor.id: doctor for doctor in who.doctors}
    return expand(
        [
            _show_session(session, counts.get(session.id, 0), who, of_doctor[session.doctor_id])
            for session in found
        ],
        kinds,
    )


def _show_session(session: Any, booked: int, who: loading.Whose, doctor: Any) -> Shown:
    zone = who.zone_at(session.location_id) if session.location_id else who.zone_of(doctor)
    minutes = (session.ends_at - session.starts_at) // timedelta(minutes=1)
    places = session.capacity * (minutes // (session.slot_minutes or doctor.slot_minutes or minutes))
    return shown(
        session,
        schemas_hours.OneOffSession,
        start=session.starts_at.astimezone(zone),
        end=session.ends_at.astimezone(zone),
        duration_minutes=minutes,
        booked_count=booked,
        is_booked=booked >= max(1, places),
    )


hang(
    sessions,
    "/sessions",
    weekly.sessions,
    one="a one-off session",
    many="one-off sessions",
    reply=schemas_hours.OneOffSession,
    new=schemas_hours.SessionNew,
    listing=schemas_hours.SessionListing,
    reading=schemas_hours.HoursRead,
    show=show_sessions,
    refuses=[AppointmentsAffected],
    read="schedule.read",
    write="schedule.own_hours",
)
