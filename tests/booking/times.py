"""Times of the tests: always a coming working day of Dr Bose, who receives from 09:00 to 12:00 in Bogotá."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BOGOTA = ZoneInfo("America/Bogota")


def today() -> date:
    return datetime.now(BOGOTA).date()


def working_day(ahead: int = 0) -> date:
    """A Monday to Friday at least a week from now; *ahead* working days after the first such."""
    day = today() + timedelta(days=7)
    while True:
        if day.weekday() < 5:
            if ahead == 0:
                return day
            ahead -= 1
        day += timedelta(days=1)


def at(clock: str, ahead: int = 0) -> datetime:
    """``at("09:30")``: that time on the working day, in Bogotá."""
    return datetime.combine(working_day(ahead), time.fromisoformat(clock), BOGOTA)


def iso(clock: str, ahead: int = 0) -> str:
    return at(clock, ahead).isoformat()
