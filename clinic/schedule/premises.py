"""What the doctors of a clinic share: closures and rooms. One of these serves the timetables of a whole request."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.facts import Asker, Room, RoomUse, Wish
from clinic.schedule.timeoff import CLOSED, Block, Off, expand


class Premises:
    """Closures, rooms and who uses them when.

    *uses* are all uses of these rooms in the window of the timetables and a day beside it; needed only when a visit
    type needs a room, or a room is asked for.
    """

    def __init__(
        self, closures: Sequence[Block] = (), rooms: Sequence[Room] = (), uses: Iterable[RoomUse] = ()
    ) -> None:
        self._closures = closures
        self._rooms = rooms
        self._uses: dict[UUID, list[RoomUse]] = {}
        for use in sorted(uses):
            self._uses.setdefault(use.room_id, []).append(use)
        self._longest = {
            room: max(use.end - use.start for use in uses_of_it) for room, uses_of_it in self._uses.items()
        }
        self._closed: dict[tuple[UUID | None, ZoneInfo, date, date], list[Off]] = {}

    def closed(self, location_id: UUID | None, zone: ZoneInfo, first: date, last: date) -> list[Off]:
        """When this location is closed, by itself or with the whole clinic; of no location: when all is."""
        if not self._closures:
            return []
        key = location_id, zone, first, last
        if key not in self._closed:
            here = [closure for closure in self._closures if closure.location_id in (None, location_id)]
            self._closed[key] = expand(here, CLOSED, zone, first, last)
        return self._closed[key]

    def room_for(
        self, wish: Wish, asker: Asker, doctor_id: UUID, location_id: UUID | None, start: int, end: int
    ) -> UUID | None:
        """The room that a visit of [start, end) would take; None: none is free.

        The one in which this doctor begins other visits at the same start, if there are any (a group shares it),
        else the first free one.
        """
        free = None
        for room in self._suitable(wish, location_id):
            inside = [use for use in self._in(room.id, start, end) if use.id not in asker.except_for]
            if not inside:
                free = free or room.id
            elif all(use.doctor_id == doctor_id and use.start == start for use in inside):
                return room.id
        return free

    def _suitable(self, wish: Wish, location_id: UUID | None) -> list[Room]:
        kind = wish.service.room_kind if wish.service else None
        return [
            room
            for room in self._rooms
            if (wish.room_id is None or room.id == wish.room_id)
            and (kind is None or room.kind == kind)
            and (location_id is None or room.location_id == location_id)
        ]

    def _in(self, room_id: UUID, start: int, end: int) -> list[RoomUse]:
        uses = self._uses.get(room_id, [])
        low = bisect_left(uses, start - self._longest.get(room_id, 0), key=lambda use: use.start)
        high = bisect_left(uses, end, key=lambda use: use.start)
        return [use for use in uses[low:high] if use.end > start]
