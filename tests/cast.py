"""The people of our tests: Ana and Dr Bose work at North; Carla is their patient; Olga owns it; Sven works at South.

Everybody is made by the same verbs as in life. Passwords are everybody's first name and "-password"; addresses are
``ana@north.example``. Dr Bose receives Monday to Friday from 09:00 to 12:00, every 30 minutes; Dr Tok gives numbers.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Clinic:
    """One clinic of the cast: people and things by name (``north.bose``)."""

    id: uuid.UUID
    slug: str
    api_key: str
    ids: dict[str, uuid.UUID] = field(default_factory=dict)

    def __getattr__(self, name: str) -> uuid.UUID:
        ids = self.__dict__.get("ids", {})
        if name not in ids:
            raise AttributeError(name)
        found: uuid.UUID = ids[name]
        return found


def password(name: str) -> str:
    return f"{name}-password"


def assemble() -> dict[str, Clinic]:
    """Both clinics, made by the verbs."""
    return {
        "north": _clinic("north", "North Clinic", "America/Bogota", "CO", "olga"),
        "south": _clinic("south", "South Clinic", "Europe/Paris", "FR", "otto"),
    }


def _clinic(slug: str, name: str, timezone: str, country: str, owner: str) -> Clinic:
    from clinic.accounts import actions as accounts
    from clinic.core import entering
    from clinic.core.access import PLATFORM, SYSTEM

    made = accounts.create_tenant(
        name=name,
        slug=slug,
        timezone=timezone,
        country=country,
        owner_name=owner.title(),
        owner_email=f"{owner}@{slug}.example",
        owner_password=password(owner),
        by=PLATFORM,
    )
    clinic = Clinic(made.tenant.id, slug, made.key.secret, {owner: made.owner.id})
    with entering.acting_in(slug):
        staff = (
            {"ana": "receptionist", "mia": "manager", "bose": "doctor"}
            if slug == "north"
            else {"sven": "receptionist"}
        )
        for person, role in staff.items():
            user = accounts.create_user(
                email=f"{person}@{slug}.example",
                name=person.title(),
                role=role,
                password=password(person),
                by=SYSTEM,
            )
            clinic.ids[f"{person}_user"] = user.id
        _furnish(clinic, SYSTEM)
    return clinic


def _furnish(clinic: Clinic, by: Any) -> None:
    """Doctors, hours, visit types and patients."""
    from tests import furniture

    furniture.furnish(clinic, by)
