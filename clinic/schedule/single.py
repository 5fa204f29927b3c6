"""One doctor's days in a single round trip: for who only asks what is free, and nothing after it.

Elsewhere it is first asked whose time it is and then what stands in it (``loading``); a visit type or a specialty make
that necessary.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from clinic.core import db
from clinic.schedule import loading
from clinic.schedule.loading import Whose


def of(doctor_id: uuid.UUID, first: date, last: date) -> tuple[Whose, list[list[Any]]] | None:
    """The doctor with locations, and what ``loading.timetables`` takes; None if there is none by this id.

    The transaction ends with it.
    """
    params = {**loading.window(first, last), "doctor": doctor_id}
    doctors, locations, *rows = db.send(
        (loading.DOCTORS + loading.ONE_DOCTOR, {"doctor_id": doctor_id}),
        (loading.LOCATIONS, {}),
        *((sql, params) for sql in (loading.ONE_RULES, loading.ONE_BUSY, loading.ONE_DAYS)),
        last=True,
    )
    if not doctors:
        return None
    return Whose(doctors, {found.id: found for found in locations}, None, None, doctors[0].now), rows
