"""What is booked and held in one doctor's time: who sits where, and which starts that rules out.

A visit that starts at S and lasts until E throws a shadow on the starts of visits of a certain length: none may begin
within it, but for those that begin at S too and share the slot. This one piece of arithmetic serves the offer (each
visit darkens a run of the grid) and the question about one start (is it in somebody's shadow?).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import sub

from clinic.schedule.facts import Asker, Busy, Reason, Wish


class Visits:
    """The visits and live holds of one doctor, sorted once."""

    def __init__(self, busy: Iterable[Busy]) -> None:
        self._busy = sorted(busy)
        self._starts: Sequence[int] = ()
        self._longest = self._widest = 0
        if self._busy:
            self._starts, ends, _ids, _places, before, after, _held = zip(*self._busy, strict=True)
            self._longest = max(map(sub, ends, self._starts))
            self._widest = 60 * max(*before, *after)

    def on_grid(
        self, base: int, step: int, count: int, length: int, wish: Wish, asker: Asker
    ) -> tuple[bytearray, dict[int, int]]:
        """Of *count* starts from *base*: 1 where another start's visit rules it out, and how many sit at each index."""
        dark, sitting = bytearray(count), dict[int, int]()
        for busy in self._near(base, base + (count - 1) * step, length, wish):
            if busy.id in asker.except_for:
                continue
            after, before = _shadow(busy, length, wish)
            low = max(0, (after - base) // step + 1)
            high = max(low, min(count, -((base - before) // step)))
            own, aside = divmod(busy.start - base, step)
            if aside or not 0 <= own < count:
                dark[low:high] = b"\1" * (high - low)
            else:
                sitting[own] = sitting.get(own, 0) + 1
                dark[low:own] = b"\1" * (own - low)
                dark[own + 1 : high] = b"\1" * (high - own - 1)
        return dark, sitting

    def against(
        self, start: int, end: int, capacity: int, wish: Wish, asker: Asker
    ) -> tuple[list[Reason], list[Busy]]:
        """What is booked, held or keeps its distance in the way of [start, end), and who shares its start."""
        codes, sitting = set(), []
        for busy in self._near(start, start, end - start, wish):
            if busy.id in asker.except_for:
                continue
            after, before = _shadow(busy, end - start, wish)
            if busy.start == start:
                sitting.append(busy)
            elif busy.start < end and start < busy.end:
                codes.add("held" if busy.held else "booked")
            elif after < start < before:
                codes.add("buffer")
        if len(sitting) >= capacity:
            visits = sum(not busy.held for busy in sitting)
            codes.add("booked" if visits >= capacity else "held")
        return [Reason(code) for code in codes], sitting

    def moved(self, begins: int, ends: int, asker: Asker) -> int:
        """How many of the visits that do not count for this asker begin in [begins, ends); holds are no visits."""
        if not asker.except_for:
            return 0
        low, high = bisect_left(self._starts, begins), bisect_left(self._starts, ends)
        return sum(busy.id in asker.except_for and not busy.held for busy in self._busy[low:high])

    def _near(self, first: int, last: int, length: int, wish: Wish) -> list[Busy]:
        """All whose shadow may reach a start from *first* to *last*."""
        margin = max(self._widest, *wish.buffers)
        low = bisect_left(self._starts, first - self._longest - margin)
        return self._busy[low : bisect_right(self._starts, last + length + margin)]


def _shadow(busy: Busy, length: int, wish: Wish) -> tuple[int, int]:
    """After which second and before which none of *length* may begin, but at the very start of *busy*.

    Between two visits the larger of the first's buffer after and the second's buffer before is kept free.
    """
    before, after = wish.buffers
    return (
        busy.start - length - max(after, busy.buffer_before * 60),
        busy.end + max(before, busy.buffer_after * 60),
    )
