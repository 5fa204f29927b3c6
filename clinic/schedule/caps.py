"""How many visits a doctor takes on a day, at most: the daily cap.

The day's own cap wins, then the doctor's. Only those whose day has no times to fill it (doctors in token mode, and
doctors without any hours) fall back on the clinic's setting, and that on the configured
``MAX_APPOINTMENTS_PER_DOCTOR_PER_DAY``; a doctor with times has no cap unless somebody set one.
"""

from __future__ import annotations

from typing import Any

from clinic.core import tenancy, told

SETTING = "max_appointments_per_doctor_per_day"


def effective_cap(
    *,
    day: int | None = None,
    doctor: int | None = None,
    clinic: int | None = None,
    fallback: int | None = None,
    booking_mode: str = "timed",
    has_hours: bool = True,
) -> int | None:
    """The cap in force; None: there is none.

    *day*, *doctor*, *clinic* and *fallback* are what each of them says, in this order of precedence; 0 is a cap too.
    """
    numbered = booking_mode == "token" or not has_hours
    said = (day, doctor, clinic, fallback) if numbered else (day, doctor)
    return next((cap for cap in said if cap is not None), None)


def cap_of(doctor: Any, day: int | None = None) -> int | None:
    """``effective_cap`` of a row with ``max_appointments_per_day``, ``booking_mode`` and ``has_hours``."""
    return effective_cap(
        day=day,
        doctor=doctor.max_appointments_per_day,
        clinic=tenancy.require().setting(SETTING),
        fallback=told.settings().max_appointments_per_doctor_per_day,
        booking_mode=doctor.booking_mode,
        has_hours=doctor.has_hours,
    )
