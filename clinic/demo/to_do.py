"""What waits for the demo's desk: a request with its answers, and people on the waiting list."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.booking import actions as booking
from clinic.booking import waitlist
from clinic.booking.asking import Asked
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import Refusal

QUESTIONS: list[dict[str, Any]] = [
    {"id": "where", "label": "Which part of the body?", "type": "text", "required": True},
    {"id": "side", "label": "Which side?", "type": "choice", "choices": ["left", "right", "both"]},
    {"id": "thinners", "label": "Do you take blood thinners?", "type": "yes_no", "required": True},
    {"id": "since", "label": "Since when?", "type": "date"},
]
"""What the demo's visit type asks that has to be approved."""
WISHES: tuple[dict[str, Any], ...] = (
    {"part_of_day": "morning"},
    {"specialty": "cardiology"},
    {"part_of_day": "evening"},
)


def make(doctor_id: UUID, surgery: UUID, people: Sequence[UUID], zone: ZoneInfo, today: date) -> None:
    """One request at this doctor's in the days to come, and a few who wait for an earlier time than there is."""
    _request(doctor_id, surgery, people[1], zone, today)
    for person, wish in zip(people[2:], WISHES, strict=False):
        whom = {} if "specialty" in wish else {"doctor_id": doctor_id}
        dates = {"first": today, "last": today + timedelta(days=14)}
        waitlist.add(fields={"patient_id": person, **whom, **dates, **wish}, by=SYSTEM)


def _request(doctor_id: UUID, surgery: UUID, patient_id: UUID, zone: ZoneInfo, today: date) -> None:
    """The patient asks for the first time that is free of the next days, as the portal lets them."""
    by = Actor("user", None, "patient", patient_id=patient_id)
    answers = {"where": "Shoulder", "side": "left", "thinners": False}
    for ahead in range(2, 12):
        for hour in range(9, 17):
            start = datetime.combine(today + timedelta(days=ahead), time(hour), zone)
            asked = Asked(
                doctor_id=doctor_id, service_id=surgery, start=start, intake_answers=answers, source="portal"
            )
            with suppress(Refusal):
                booking.book(asked=asked, by=by)
                return
