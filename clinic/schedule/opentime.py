"""Open time: a doctor's hours minus blocks and closures, as stretches in which a grid of starts can be laid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic.schedule.facts import Reason, Wish
from clinic.schedule.hours import Hours, Opening
from clinic.schedule.premises import Premises
from clinic.schedule.timeoff import BLOCKED, Block, Off, expand, subtract
from clinic.schedule.walltime import ONE_DAY, day_range, local_date, moment


class Stretch(NamedTuple):
    """Time in which nothing is off, of one opening. Its grid begins where it begins."""

    start: int
    end: int
    opening: Opening


class OpenTime:
    """The open time of one doctor on the local dates *first* to *last*, worked out date by date when asked."""

    def __init__(
        self,
        hours: Hours,
        blocks: Sequence[Block],
        premises: Premises,
        zone: ZoneInfo,
        first: date,
        last: date,
    ) -> None:
        self.hours = hours
        self.zone = zone
        self._blocks = blocks
        self._premises = premises
        self._first, self._last = first, last
        self._offs: dict[tuple[UUID | None, ZoneInfo], list[Off]] = {}
        self._on: dict[date, list[Stretch]] = {}

    def on(self, day: date) -> list[Stretch]:
        """What is open of the hours (not the sessions) that begin on this date."""
        if day not in self._on:
            self._on[day] = [stretch for opening in self.hours.on(day) for stretch in self._open(opening)]
        return self._on[day]

    @cached_property
    def sessions(self) -> list[Stretch]:
        return [stretch for opening in self.hours.sessions for stretch in self._open(opening)]

    def offs(self, location_id: UUID | None, zone: ZoneInfo) -> list[Off]:
        """Blocks of the doctor and closures of this location, in time order."""
        key = location_id, zone
        if key not in self._offs:
            offs = self._premises.closed(location_id, zone, self._first, self._last)
            if self._blocks:
                blocks = expand(self._blocks, BLOCKED, zone, self._first, self._last)
                offs = sorted([*offs, *blocks], key=lambda off: off.start)
            self._offs[key] = offs
        return self._offs[key]

    def in_order(self, wish: Wish, first: date, last: date) -> Iterator[list[Stretch]]:
        """The stretches that may hold starts on these dates, in time order; those that overlap come together.

        Goes date by date, so who only wants the first free start expands no more hours than that takes.
        """
        low = min((day_range(first, zone)[0] for zone in self.hours.zones), default=0)
        waiting = [stretch for stretch in self.sessions if stretch.end > low and wish.fits(stretch.opening)]
        # Hours that began the evening before reach into the first date.
        day = first - ONE_DAY
        while day <= last:
            waiting += [stretch for stretch in self.on(day) if wish.fits(stretch.opening)]
            day += ONE_DAY
            if waiting:
                waiting.sort(key=_time)
                # Nothing that begins on a later date begins before this moment.
                ripe = min(day_range(day, zone)[0] for zone in self.hours.zones)
                done = 0
                for cluster in _clusters(waiting):
                    if max(stretch.end for stretch in cluster) > ripe:
                        break
                    done += len(cluster)
                    yield cluster
                del waiting[:done]
        yield from _clusters(waiting)

    def openings(self, start: int, end: int) -> list[Opening]:
        """All hours that touch [start, end), whatever they are for, time off not taken away; sessions first."""
        found = [opening for opening in self.hours.sessions if opening.start < end and start < opening.end]
        for day in self._dates(start, end):
            found += [
                opening for opening in self.hours.on(day) if opening.start < end and start < opening.end
            ]
        return sorted(found, key=lambda opening: opening.precedence)

    def holding(self, start: int, wish: Wish) -> list[Stretch]:
        """The stretches open to this wish in which this moment lies; sessions first."""
        found = self.sessions + [stretch for day in self._dates(start, start + 1) for stretch in self.on(day)]
        found = [each for each in found if each.start <= start < each.end and wish.fits(each.opening)]
        return sorted(found, key=lambda stretch: stretch.opening.precedence)

    def against(self, start: int, end: int, wish: Wish) -> list[Reason]:
        """Why [start, end) is not open time: blocked, closed, outside of hours; nothing: it is."""
        near = self.openings(start, end)
        ours = [opening for opening in near if wish.fits(opening)]
        places = dict.fromkeys((opening.location_id, opening.zone) for opening in ours)
        reasons = [
            reason
            for location_id, zone in places or {(wish.location_id, self.zone): None}
            for reason in self.offs_in(location_id, zone, start, end)
        ]
        if not _cover(ours, start, end):
            of_any_kind = _cover(filter(wish.is_at, near), start, end)
            reasons.append(Reason("outside_hours", why="service" if of_any_kind else None))
        return reasons

    def offs_in(self, location_id: UUID | None, zone: ZoneInfo, start: int, end: int) -> list[Reason]:
        """What is off in [start, end); first what lasts longest: who asks wants to know when it is over."""
        found = [off for off in self.offs(location_id, zone) if off.start < end and start < off.end]
        return [_reason(off, zone) for off in sorted(found, key=lambda off: -off.end)]

    def left(self, location_id: UUID | None, zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
        """What blocks and closures leave of [start, end)."""
        return subtract(start, end, self.offs(location_id, zone))

    def _open(self, opening: Opening) -> list[Stretch]:
        left = self.left(opening.location_id, opening.zone, opening.start, opening.end)
        return [Stretch(start, end, opening) for start, end in left]

    def _dates(self, start: int, end: int) -> list[date]:
        """The dates on which hours may begin that touch [start, end)."""
        zones = self.hours.zones
        if not zones:
            return []
        first = min(local_date(start, zone) for zone in zones) - ONE_DAY
        last = max(local_date(end - 1, zone) for zone in zones)
        return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def _time(stretch: Stretch) -> tuple[int, int]:
    return stretch.start, stretch.end


def _clusters(stretches: list[Stretch]) -> Iterator[list[Stretch]]:
    """Groups of stretches that overlap one another; *stretches* are sorted."""
    cluster: list[Stretch] = []
    end = 0
    for stretch in stretches:
        if cluster and stretch.start >= end:
            yield cluster
            cluster = []
        end = max(end, stretch.end) if cluster else stretch.end
        cluster.append(stretch)
    if cluster:
        yield cluster


def _cover(openings: Iterable[Opening], start: int, end: int) -> bool:
    """Whether the openings together leave nothing of [start, end) out."""
    for opening in sorted(openings, key=lambda opening: opening.start):
        if opening.start > start:
            break
        start = max(start, opening.end)
    return start >= end


def _reason(off: Off, zone: ZoneInfo) -> Reason:
    return Reason(
        off.code,
        until=moment(off.end, zone),
        all_day=off.block.all_day,
        note=off.block.reason,
        source=off.block.id,
    )
