"""The pages that are worth a picture, each with the way that leads there from the one before.

A page that is new gets a ``Stop`` here, and ``make screenshots`` shows it. ``{day}`` in an address is a working day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CLINIC, PLATFORM, NOBODY = "clinic", "platform", "nobody"
"""Whose host: the demo clinic's where it is day now, the bare domain's, or one that is no clinic's."""


@dataclass(frozen=True)
class Stop:
    """One picture: go there, fill in, press, type; then wait until ``see`` is there. Only ``name`` is needed."""

    name: str
    go: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)
    """What is written into fields, by their label."""
    press: str = ""
    """A selector; the first that can be seen."""
    keys: tuple[str, ...] = ()
    see: str = "h1"
    whole: bool = True
    """All of a long page; else what the window shows, as under a dialog."""


@dataclass(frozen=True)
class Journey:
    """What one person sees, one page after the other. ``role``: who signs in first; nobody if it is empty."""

    role: str
    stops: tuple[Stop, ...]
    host: str = CLINIC


SOMEBODY = {"Full name": "Zoé Núñez Castellanos", "Mobile phone": "{phone}"}
BUTTON = "main button[type=submit]"

JOURNEYS = (
    Journey(
        "",
        (
            Stop("landing", "/"),
            Stop("api-docs", "/api/docs", see=".opblock", whole=False),
        ),
        PLATFORM,
    ),
    Journey("", (Stop("error-no-clinic", "/"),), NOBODY),
    Journey(
        "",
        (
            Stop("sign-in", "/login"),
            Stop("sign-in-refused", fill={"E-mail address": "somebody@mail.example", "Password": "no-such-password"},
                 press=BUTTON, see=".error-summary"),
            Stop("error-not-found", "/nowhere"),
        ),
    ),
    Journey(
        "",
        (
            Stop("portal-1-reason", "/book"),
            Stop("portal-2-doctor", press="a.choice"),
            Stop("portal-3-time", press="a.choice:not(.choice-first)", see=".slot"),
            # Later than the hours before a visit in which it can be moved no more.
            Stop("portal-3-another-day", press=":nth-match(a.day, 3)", see=":nth-match(a.day, 3)[aria-current]"),
            Stop("portal-4-who", press="button.slot", see=".held"),
            Stop("portal-4-who-errors", press=f"{BUTTON}:has-text('Continue')", see=".error-summary"),
            Stop("portal-5-check", fill=SOMEBODY, press=f"{BUTTON}:has-text('Continue')",
                 see="text=Is everything right?"),
            Stop("portal-6-booked", press="text=Book this visit", see=".receipt"),
            Stop("portal-7-move", press="text=Move it to another time", see=".slot"),
            Stop("portal-7-move-check", press="button.slot", see=".from-to"),
        ),
    ),
    Journey("patient", (Stop("my-visits", "/my/visits"), Stop("error-forbidden", "/desk"))),
    Journey(
        "receptionist",
        (
            Stop("desk", "/desk", see=".visit", whole=False),
            Stop("desk-visit", press="a.visit", see="#panel", whole=False),
            Stop("desk-book", "/desk?date={day}", press="a.free", see="#q", whole=False),
            Stop("desk-book-found", keys=("m", "a"), see="#q-list [role=option]", whole=False),
            Stop("desk-week-of-all", "/week"),
            Stop("desk-week", press="table.load tbody th a", see="table.is-week", whole=False),
            Stop("desk-month", press="text=Month", see="table.month", whole=False),
            Stop("desk-free-times", "/appointments/new"),
            Stop("desk-print", "/desk/print"),
            Stop("queue", "/queue"),
            Stop("queue-walk-in", "/queue/walk-in"),
            Stop("wall", "/board"),
            Stop("patients", "/patients", fill={"Name, phone, document": "ma"}, see="#results td a"),
            Stop("patient", press="#results td a"),
            Stop("patient-new", "/patients/new"),
        ),
    ),
    Journey("doctor", (Stop("my-day", "/my-day"), Stop("my-day-called", keys=("n",), see="text=Called"))),
    Journey(
        "owner",
        (Stop("style-guide-desk", "/styleguide"), Stop("style-guide-portal", "/styleguide?layout=portal")),
    ),
)  # fmt: skip

README = {
    "desk": (1280, "light"),
    "my-day": (1280, "dark"),
    "portal-3-time": (390, "light"),
    "portal-6-booked": (390, "dark"),
}
"""The pictures of the README: width and colours."""
