"""A time that somebody chose on a page: carried from step to step as one opaque text, kept for them meanwhile.

*First available* is a choice of a time and of nobody: whose turn it is gets the visit (``queries_portal.in_turn``).
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import date as calendar_date
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from clinic.booking import holds, queries_portal
from clinic.booking.refusals import SlotTaken
from clinic.core import tenancy
from clinic.core.access import Actor
from clinic.core.errors import NotFound, Refusal, invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.times import FIRST_YEAR, LAST_YEAR
from clinic.schedule import loading, overview
from clinic.schedule.asking import DAYS_AHEAD, asker
from clinic.schedule.facts import Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.walltime import epoch

NEAR = (timedelta(days=3), timedelta(days=DAYS_AHEAD))


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose time and when: a ``start``, or of a doctor who gives numbers a ``day``. ``anybody``: first available."""

    doctor_id: uuid.UUID
    service_id: uuid.UUID | None
    start: datetime | None = None
    day: calendar_date | None = None
    location_id: uuid.UUID | None = None
    anybody: bool = False

    @property
    def date(self) -> calendar_date:
        """The day of it on the clinic's calendar."""
        if self.start is None:
            return self.day or calendar_date.min
        return self.start.astimezone(tenancy.require().zone).date()

    @property
    def sealed(self) -> str:
        """The choice as one text for a form or an address. It grants nothing: booking checks it like any fields."""
        parts = [
            self.doctor_id.hex,
            self.service_id and self.service_id.hex,
            self.start and epoch(self.start),
            self.day and self.day.isoformat(),
            self.location_id and self.location_id.hex,
            int(self.anybody),
        ]
        return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice as pages tell it back: rows of doctor, visit type and location, and the zone of its times."""

    choice: Choice
    doctor: Any
    service: Any | None
    location: Any | None
    zone: ZoneInfo
    several_locations: bool


def told(choice: Choice) -> Chosen:
    """What was chosen, with its names. Raises ``NotFound`` if the doctor or visit type is not here any more."""
    who, _rest = loading.whose(doctor_ids=[choice.doctor_id], service_id=choice.service_id)
    if not (who.doctors and who.doctors[0].is_active) or (
        choice.service_id and not (who.service_row and who.service_row.is_active)
    ):
        raise NotFound
    doctor = who.doctors[0]
    at = choice.location_id or who.home_of(doctor)
    several = sum(location.is_active for location in who.locations.values()) > 1
    location = who.locations.get(at) if at else None
    return Chosen(choice, doctor, who.service_row, location, who.zone_at(at), several)


def of_slot(slot: Slot, *, anybody: bool = False) -> Choice:
    """A slot as it is offered for choosing."""
    return Choice(slot.doctor_id, slot.service_id, slot.start, None, slot.location_id, anybody)


def unsealed(text: str) -> Choice:
    """What ``sealed`` wrote; 422 ``invalid_slot`` for anything else."""
    try:
        packed = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        doctor, service, start, day, location, anybody = orjson.loads(packed)
        choice = Choice(
            uuid.UUID(hex=doctor),
            uuid.UUID(hex=service) if service else None,
            datetime.fromtimestamp(start, UTC) if start is not None else None,
            calendar_date.fromisoformat(day) if day else None,
            uuid.UUID(hex=location) if location else None,
            bool(anybody),
        )
        when = choice.start or choice.day
        if when is None or not FIRST_YEAR < when.year < LAST_YEAR:
            raise ValueError(when)
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise invalid("/choice", "invalid_slot", _("This is not a time that we offered.")) from None
    return choice


def keep(choice: Choice, *, by: Actor) -> tuple[Choice, Any]:
    """Hold the time that was chosen, in place of what *by* held before; the choice with its doctor, and the hold.

    Chosen again it is the same hold, with no more minutes than it had. Raises ``SlotTaken`` (409) and the engine's
    reasons (422), with the nearest free slots (``Slot``) in ``extra["near"]``.
    """
    if choice.start is None:
        raise ValueError("numbers are not held")
    for own in queries_portal.own_holds(by):
        same = (own.starts_at, own.service_id) == (choice.start, choice.service_id)
        if same and (choice.anybody or own.doctor_id == choice.doctor_id):
            return replace(choice, doctor_id=own.doctor_id), own
    refusal: Refusal = SlotTaken()
    for doctor_id in free_at(choice, by=by) if choice.anybody else [choice.doctor_id]:
        try:
            made = holds.hold(
                doctor_id=doctor_id,
                start=choice.start,
                service_id=choice.service_id,
                location_id=choice.location_id,
                instead=True,
                by=by,
            )
        except Refusal as said:
            refusal = said
        else:
            return replace(choice, doctor_id=doctor_id), made
    raise refusal


def free_at(choice: Choice, *, by: Actor) -> list[uuid.UUID]:
    """The doctors who are free at the chosen time, whose turn it is first."""
    who, asked = _anybody(choice), choice.start
    if asked is None or not who.doctors:
        return []
    wish = Wish(who.service, location_id=choice.location_id)
    own = [hold.id for hold in queries_portal.own_holds(by)]
    asking = asker(by, who.now, wish, except_for=own)
    day = asked.astimezone(who.zone_at(choice.location_id)).date()
    tables = loading.timetables(who, day, day)
    free = [table.doctor.id for table in tables if table.check(asked, wish, asking).accepted]
    return queries_portal.in_turn(free, asked, day) if free else []


def nearest(
    choice: Choice, *, by: Actor, except_for: Sequence[uuid.UUID] = (), count: int = 3
) -> tuple[list[Slot], Whose]:
    """The free slots nearest to a time that is gone, in time order, and whose they are.

    *except_for*: ids of holds and visits that are in nobody's way: one's own.
    """
    if choice.anybody:
        who = _anybody(choice)
    else:
        who, _rest = loading.whose(doctor_ids=[choice.doctor_id], service_id=choice.service_id)
    wish = Wish(who.service)
    asking = asker(by, who.now, wish, except_for=except_for)
    wanted = max(choice.start or who.now, who.now)
    zone = who.zone_of_all()
    day, today = wanted.astimezone(zone).date(), who.now.astimezone(zone).date()
    found: list[Slot] = []
    for span in NEAR:
        tables = loading.timetables(who, max(day - span, today), day + span)
        offered = [slot for table in tables for slot in overview.nearest(table, wanted, wish, asking, count)]
        one_each = {(slot.at, slot.location_id): slot for slot in reversed(offered)}
        near = sorted(one_each.values(), key=lambda slot: (abs(slot.at - epoch(wanted)), slot.at))
        found = near[:count]
        if len(found) == count:
            break
    return sorted(found, key=lambda slot: slot.at), who


def _anybody(choice: Choice) -> Whose:
    """Everybody who gives times for the visit type."""
    who, _rest = loading.whose(service_id=choice.service_id)
    who.doctors = [doctor for doctor in who.doctors if doctor.booking_mode == "timed"]
    return who
