"""The way through the portal, one step a function, for tests that begin in the middle of it."""

from __future__ import annotations

from datetime import date

from tests.booking.times import working_day

BEA = {"name": "Bea Ibáñez Ñandú", "phone": "300 765 4321"}


def times(browser, north, *, doctor="bose", ahead=0, day: date | None = None):
    """The page of times on the working day."""
    whose = "any" if doctor == "any" else getattr(north, doctor)
    on = day or working_day(ahead)
    return browser.get(f"/book/times?service={north.visit}&doctor={whose}&day={on}")


def held(browser, north, clock="09:30", **more):
    """The page that asks who comes, with this time kept."""
    return browser.post_form(times(browser, north, **more), button=clock)


def checked(browser, north, clock="09:30", who=BEA, **more):
    """The page to look over, before it is booked."""
    return browser.post_form(held(browser, north, clock, **more), who, form="/book/check")


def booked(browser, north, clock="09:30", who=BEA, **more):
    """The page of the visit that was booked."""
    return browser.post_form(checked(browser, north, clock, who, **more), form="/book/confirm")


def link(page) -> str:
    """The address of a visit's page, less what stands after it."""
    address: str = page.url.split("?")[0]
    return address


def fewest(statements, open):
    """How many statements a page needs: the fewest of three looks, since other threads have theirs in between."""
    counts = []
    for _look in range(3):
        with statements() as seen:
            open()
        counts.append(len(seen.queries))
    return min(counts)
