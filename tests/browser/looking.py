"""What a browser sees that a test of HTML cannot: what scripts do, what jumps, what axe finds, what does not fit."""

from __future__ import annotations

from typing import Any

MOST_SHIFT = 0.05
COUNT_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.shifted += entry.value;
    const moved = entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
    window.tellShift(location.pathname, window.shifted, String(moved));
  }
}).observe({ type: "layout-shift", buffered: true });
"""
NOT_OURS = ("the server responded with a status of 4",)
"""A refused form is answered 409 or 422, and the console says so: that is no fault."""


class Window:
    """One browser of one person. ``page`` is Playwright's; ``look()`` is asked on each page worth a look."""

    def __init__(self, context: Any, *, scripts: bool) -> None:
        self.context, self.scripts = context, scripts
        self.page = context.new_page()
        self._faults: list[str] = []
        self._forgiven: tuple[str, ...] = NOT_OURS
        self._shifts: dict[str, tuple[float, str]] = {}
        if scripts:
            context.expose_function("tellShift", self._shifted)
            context.add_init_script(COUNT_SHIFTS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._faults.append(f"{self.page.url}: {error}"))

    def _said(self, message: Any) -> None:
        ours = not any(words in message.text for words in self._forgiven)
        if message.type in ("error", "warning") and ours:
            self._faults.append(f"{self.page.url}: {message.text}")

    def _shifted(self, path: str, by: float, what: str) -> None:
        """What moved by itself, as long as a page stands: fragments that come, scripts that wake up."""
        self._shifts[path] = max(self._shifts.get(path, (0.0, "")), (by, what))

    def forgive(self, *words: str) -> None:
        """What the console says with these words is what the test is about."""
        self._forgiven += words

    def faults(self) -> list[str]:
        """What the console complained of, and every page on which something jumped, looked at or not."""
        jumped = [
            f"{path} shifts by {by:.3f}, last {what}"
            for path, (by, what) in self._shifts.items()
            if by > MOST_SHIFT
        ]
        return self._faults + jumped

    def look(self) -> None:
        """Hold the page to what every page is held to: axe finds nothing, nothing jumps, nothing sticks out."""
        if not self.scripts:
            return
        from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

        before = len(self._faults)
        found = (
            Axe()
            .run(self.page, options={"resultTypes": ["violations"], "preload": False})
            .response["violations"]
        )
        del self._faults[
            before:
        ]  # axe writes styles into the page, which our policy forbids and the console tells
        wrong = [
            f"{each['id']}: {node['html']} {node['any'] or ''}" for each in found for node in each["nodes"]
        ]
        assert not wrong, f"{self.page.url}:\n  " + "\n  ".join(wrong)
        shifted = self.page.evaluate("window.shifted")
        assert shifted <= MOST_SHIFT, f"{self.page.url} shifts by {shifted:.3f}"
        self.must_fit()

    def must_fit(self) -> None:
        """No page scrolls sideways."""
        wide, room = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room, f"{self.page.url} is {wide} pixels wide in a window of {room}"

    def close(self) -> None:
        self.context.close()
