"""Signing in at one press, in the demo alone: who may be pressed, and the token that stands in the link.

A token is made by the platform's page for one role of one clinic, is worth nothing at another clinic or for anything
else, and dies ten minutes after the page was opened. It names the role; the password never leaves the server.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from clinic.demo import kept
from clinic.demo.people import NORTH, SOUTH, Plan

MINUTES = 10
PLANS = {plan.slug: plan for plan in (NORTH, SOUTH)}
ROLES = ("receptionist", "doctor", "manager", "owner", "patient")
"""In the order in which a newcomer wants to see them."""


@dataclass(frozen=True, slots=True)
class Door:
    """One demo clinic as the platform's page shows it; ``tokens`` by role."""

    plan: Plan
    tokens: Mapping[str, str]


def doors(folder: Path, secret: str) -> list[Door]:
    """The demo's clinics with a fresh token for everybody who can sign in; none before there are clinics."""
    return [
        Door(
            PLANS[clinic["slug"]],
            {role: token(secret, clinic["id"], role) for role in ROLES if _person(clinic, role) is not None},
        )
        for clinic in _clinics(folder)
        if clinic["slug"] in PLANS
    ]


def tokens(folder: Path, secret: str, slug: str) -> Mapping[str, str]:
    """The tokens of one clinic by role, for its own pages: made anew every other minute."""
    return _tokens(folder, secret, slug, int(time.time() // 120))


@lru_cache(maxsize=8)
def _tokens(folder: Path, secret: str, slug: str, _minutes: int) -> Mapping[str, str]:
    return next((door.tokens for door in doors(folder, secret) if door.plan.slug == slug), {})


def token(secret: str, clinic_id: object, role: str) -> str:
    """What opens the door of the clinic for this role."""
    return str(_signer(secret, clinic_id).dumps(role))


def role_in(secret: str, clinic_id: object, token: str) -> str | None:
    """The role that *token* opens this clinic for; None: forged, another clinic's, or older than ``MINUTES``."""
    try:
        role = _signer(secret, clinic_id).loads(token, max_age=60 * MINUTES)
    except BadSignature:
        return None
    return role if role in ROLES else None


def credentials(folder: Path, slug: str, role: str) -> tuple[str, str] | None:
    """E-mail address and password of the one with this role at the clinic *slug*, as the seed kept them."""
    clinic = next((each for each in _clinics(folder) if each["slug"] == slug), None)
    person = _person(clinic, role) if clinic else None
    return (person["email"], person["password"]) if person else None


def _signer(secret: str, clinic_id: object) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=f"clinic/demo.enter/{clinic_id}")


def _clinics(folder: Path) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = kept.read(folder / "credentials.json") or {}
    return found.get("tenants", [])


def _person(clinic: Mapping[str, Any], role: str) -> Mapping[str, Any] | None:
    return next((person for person in clinic["users"] if person["role"] == role), None)
