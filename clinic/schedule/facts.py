"""What the slot engine is asked about and what it answers. Plain values: queries fill the first, faces read the last.

Instants in the facts that come in great number (``Busy``, ``RoomUse``) are whole epoch seconds, as in
``extract(epoch FROM starts_at)::bigint``: no datetime is made where none is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.hours import Opening
from clinic.schedule.walltime import moment

Audience = Literal["patient", "staff"]

# Every code, most telling first: what no waiting and no other place would change, then what the schedule says, then
# what others have taken. The first reason of an answer is the one to refuse with.
CODES = (
    "past", "not_bookable_online", "doctor_absent", "closed", "blocked", "outside_hours", "invalid_duration",
    "off_grid", "too_far_ahead", "min_notice", "day_full", "booked", "held", "buffer", "room_busy",
)  # fmt: skip
TAKEN = frozenset({"booked", "held", "buffer"})
"""What booking answers as ``slot_taken``."""


@dataclass(frozen=True, slots=True)
class Service:
    """A visit type. ``min_notice_minutes`` and ``max_days_ahead``: None means the clinic's."""

    id: UUID
    minutes: int
    buffer_before: int = 0
    buffer_after: int = 0
    capacity: int | None = None
    online_bookable: bool = True
    min_notice_minutes: int | None = None
    max_days_ahead: int | None = None
    room_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Doctor:
    """``zone`` is that of the doctor's first location, ``location_id``, or the clinic's: it names the day where no
    hours do.


    ``service_ids``: None means all. ``max_per_day``: the cap of a day that has none of its own; None: no cap.
    ``has_hours``: whether there are hours on any date; None: if those that were given have any.
    """

    id: UUID
    zone: ZoneInfo
    slot_minutes: int | None = None
    mode: Literal["timed", "token"] = "timed"
    is_active: bool = True
    service_ids: frozenset[UUID] | None = None
    max_per_day: int | None = None
    has_hours: bool | None = None
    location_id: UUID | None = None


class Busy(NamedTuple):
    """A visit that holds a place (overbooked ones too), or a live hold (``held``); buffers in minutes."""

    start: int
    end: int
    id: UUID
    place: int = 0
    buffer_before: int = 0
    buffer_after: int = 0
    held: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """What the doctor-day row says. ``cap`` None: the doctor's; ``booked`` counts visits, holds are not among them."""

    date: date
    is_present: bool = True
    cap: int | None = None
    booked: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """A room or device. Where several are free, the first of the list is taken."""

    id: UUID
    location_id: UUID
    kind: str | None = None


class RoomUse(NamedTuple):
    """A visit or hold, of whichever doctor, that occupies a room; ``id`` is the visit's or the hold's."""

    start: int
    end: int
    room_id: UUID
    doctor_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when. Notice, horizon and ``online_bookable`` bind patients, not staff.

    ``except_for``: ids of visits and holds that do not count: one's own hold, the visit that is being moved.
    """

    audience: Audience
    now: datetime
    min_notice_minutes: int = 0
    max_days_ahead: int = 62
    except_for: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. ``minutes``: another length than the visit type's (or, without one, than one step).

    ``location_id``, ``session_id``, ``room_id``: there and nowhere else.
    """

    service: Service | None = None
    minutes: int | None = None
    location_id: UUID | None = None
    session_id: UUID | None = None
    room_id: UUID | None = None

    def is_at(self, opening: Opening) -> bool:
        """Whether these hours are where (and of the session that) the wish says."""
        return self.location_id in (None, opening.location_id) and self.session_id in (
            None,
            opening.session_id,
        )

    def fits(self, opening: Opening) -> bool:
        """Whether these hours are for what is asked. Hours for certain visit types are for no other, nor for none."""
        kinds = opening.service_ids
        return self.is_at(opening) and (
            kinds is None or (self.service is not None and self.service.id in kinds)
        )

    @property
    def needs_room(self) -> bool:
        return self.room_id is not None or (self.service is not None and self.service.room_kind is not None)

    @property
    def buffers(self) -> tuple[int, int]:
        """Seconds to keep free before and after, from and to other visits."""
        return (self.service.buffer_before * 60, self.service.buffer_after * 60) if self.service else (0, 0)


class Slot(NamedTuple):
    """A start that can be booked, in epoch seconds; ``remaining`` 0: taken (listed only when asked for).

    ``day`` is the local date of the start, which is the date that presence, cap and queue go by.
    """

    at: int
    until: int
    day: date
    doctor_id: UUID
    service_id: UUID | None
    capacity: int
    remaining: int
    opening: Opening

    @property
    def start(self) -> datetime:
        """The start with the offset of the location's zone."""
        return moment(self.at, self.opening.zone)

    @property
    def end(self) -> datetime:
        return moment(self.until, self.opening.zone)

    @property
    def location_id(self) -> UUID | None:
        return self.opening.location_id

    @property
    def session_id(self) -> UUID | None:
        return self.opening.session_id


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a code of ``CODES`` and what a sentence about it needs (``reasons.sentence``).

    ``until``: when it ends, with the offset of the location (of a block of whole days: midnight after the last).
    ``note``: what the clinic wrote about the block. ``limit``: minutes of notice, days ahead, the day's cap.
    ``why`` tells kinds of one code apart: ``service`` (no hours for this visit type), ``not_offered`` (not by this
    doctor), ``inactive``, ``tokens`` (numbers, no times), ``times`` (times, no numbers). ``source``: the block's id.
    """

    code: str
    why: str | None = None
    until: datetime | None = None
    all_day: bool = False
    note: str | None = None
    limit: int | None = None
    source: UUID | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """May it be booked? ``reasons``, most telling first, are all that is against it.

    None against it: ``slot`` says when, where and how many places are left, ``place`` which of them to take and
    ``room_id`` which room.
    """

    reasons: tuple[Reason, ...] = ()
    slot: Slot | None = None
    place: int = 0
    room_id: UUID | None = None

    @property
    def accepted(self) -> bool:
        return not self.reasons

    @property
    def code(self) -> str | None:
        """The most telling code."""
        return self.reasons[0].code if self.reasons else None


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many starts (of a token doctor: numbers) are free on a date."""

    date: date
    available: int


def most_telling_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """One reason of each code, in the order of ``CODES``."""
    found: dict[str, Reason] = {}
    for reason in reasons:
        found.setdefault(reason.code, reason)
    return tuple(found[code] for code in CODES if code in found)
