"""Who acts, and what they may do: the roles and scopes of API.md §3 as one table.

``@allow("queue.check_in")`` on a view names the right that it needs; the door asks ``actor.may`` before the view runs.
What a person may *see* is not decided here: queries are scoped to the actor and do not find what is not theirs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

SCOPES = (
    "patients:read",
    "patients:write",
    "patients:lookup",
    "schedule:read",
    "schedule:write",
    "appointments:read",
    "appointments:write",
    "appointments:override",
    "queue:read",
    "queue:write",
    "webhooks",
    "admin",
)
READ_SCOPES = ("patients:read", "schedule:read", "appointments:read", "queue:read")
ROLES = ("patient", "doctor", "receptionist", "manager", "owner")
STAFF = ("doctor", "receptionist", "manager", "owner")
DESK = ("receptionist", "manager", "owner")
LEADS = ("manager", "owner")
ALL = ROLES
PERSON = "anonymous"

# right                    API key needs one of            roles
RIGHTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "patients.find":       (("patients:read", "patients:lookup"), STAFF),
    "patients.read":       (("patients:read", "patients:lookup"), ALL),
    "patients.write":      (("patients:write",),           ("patient", *DESK)),
    "patients.create":     (("patients:write",),           ("doctor", *DESK)),
    "patients.remove":     (("patients:write",),           DESK),
    "patients.merge":      (("patients:write",),           DESK),
    "patients.export":     (("patients:read",),            ("patient", *DESK)),
    "schedule.read":       (("schedule:read",),            ALL),
    "schedule.inspect":    (("schedule:read",),            STAFF),
    "schedule.write":      (("schedule:write",),           LEADS),
    "schedule.own_hours":  (("schedule:write",),           ("doctor", *LEADS)),
    "schedule.doctor_day": (("schedule:write",),           STAFF),
    "slots.read":          (("schedule:read",),            (*ALL, PERSON)),
    "appointments.read":   (("appointments:read",),        ALL),
    "appointments.book":   (("appointments:write",),       (*ALL, PERSON)),
    "appointments.cancel": (("appointments:write",),       (*ALL, PERSON)),
    "appointments.move":   (("appointments:write",),       (*ALL, PERSON)),
    "appointments.change": (("appointments:write",),       STAFF),
    "appointments.serve":  (("appointments:write",),       STAFF),
    "appointments.overbook": (("appointments:override",),  STAFF),
    "appointments.reassign": (("appointments:write",),     DESK),
    "appointments.note":   ((),                            ("doctor",)),
    "waitlist.read":       (("appointments:read",),        (*DESK, "patient")),
    "waitlist.write":      (("appointments:write",),       (*DESK, "patient")),
    "queue.read":          (("queue:read",),               STAFF),
    "queue.read_own":      (("queue:read",),               ALL),
    "queue.check_in":      (("queue:write",),              STAFF),
    "queue.serve":         (("queue:write",),              STAFF),
    "day.read":            ((),                            STAFF),
    "own_day.read":        ((),                            ("doctor",)),
    "desk.use":            ((),                            DESK),
    "settings.read":       (("admin",),                    LEADS),
    "settings.write":      (("admin",),                    ("owner",)),
    "users.read":          (("admin",),                    LEADS),
    "users.write":         (("admin",),                    LEADS),
    "keys.read":           (("admin",),                    LEADS),
    "keys.write":          (("admin",),                    ("owner",)),
    "audit.read":          (("admin",),                    ("owner",)),
    "session.end":         ((),                            ALL),
    "platform.run":        ((),                            ()),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``kind``: user, key, anonymous (a visitor of the portal), platform (the operator), system (a job)."""

    kind: str
    id: uuid.UUID | None = None
    role: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    patient_id: uuid.UUID | None = None
    doctor_id: uuid.UUID | None = None
    name: str = ""
    session_id: uuid.UUID | None = None
    language: str | None = None
    email: str = ""

    def may(self, right: str) -> bool:
        """Whether this actor holds *right* (``KeyError`` for a right that does not exist)."""
        scopes, roles = RIGHTS[right]
        if self.kind == "user":
            return self.role in roles
        if self.kind == "key":
            return not self.scopes.isdisjoint(scopes)
        if self.kind == "system":
            return True
        if self.kind == "platform":
            return right.startswith("platform.")
        return PERSON in roles

    @property
    def audience(self) -> str:
        """``staff`` is free of notice, horizon and limits; ``patient`` is bound by them (API.md §1, *who is bound*)."""
        if self.kind == "user":
            return "staff" if self.role in STAFF else "patient"
        if self.kind == "key":
            return "staff" if "appointments:override" in self.scopes else "patient"
        return "staff" if self.kind == "system" else "patient"

    @property
    def is_patient(self) -> bool:
        """A signed-in patient: sees only what is theirs."""
        return self.kind == "user" and self.role == "patient"

    @property
    def is_doctor(self) -> bool:
        """A signed-in doctor: the list of visits and the queue are their own."""
        return self.kind == "user" and self.role == "doctor"

    @property
    def caller(self) -> str:
        """The scope of idempotency keys (API.md §1): rotating an API key keeps the caller."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


ANONYMOUS = Actor("anonymous")
SYSTEM = Actor("system", name="system")
PLATFORM = Actor("platform", name="platform")


def allow(right: str) -> Callable[[F], F]:
    """Say which right a view needs; the door checks it before the view runs."""
    if right not in RIGHTS:
        raise KeyError(right)

    def mark(view: F) -> F:
        view.permission = right  # type: ignore[attr-defined]
        return view

    return mark


def public(view: F) -> F:
    """Say that a view is open to everybody. There are few; a test lists them."""
    view.public = True  # type: ignore[attr-defined]
    return view
