"""JSON as a signed-in person. Tokens that say who it is come through the same door; here the door is told."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from flask import g, request

from clinic.core import doors, entering
from clinic.core.access import SYSTEM, Actor
from clinic.core.ids import new_id
from tests.booking.times import iso, working_day
from tests.clients import Api

WHO = "X-Test-Who"


@pytest.fixture
def book(api: Any, north: Any) -> Any:
    """``book("carla", "09:30")``: a visit of theirs at Dr Bose's on the working day; its id."""

    def made(patient: str = "carla", start: str = "09:30", **more: Any) -> Any:
        body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(start)}
        return api.post("/appointments", body | more).json["id"]

    return made


@pytest.fixture
def wish(api: Any, north: Any) -> Any:
    """``wish("dora")``: Dora waits for Dr Bose on the working day; the id of the wish."""

    def made(patient: str = "dora", **more: Any) -> Any:
        day = working_day().isoformat()
        body = {
            "patient_id": str(getattr(north, patient)),
            "doctor_id": str(north.bose),
            "from": day,
            "to": day,
        }
        answer = api.post("/waitlist", body | more)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    return made


@pytest.fixture
def carla(app: Any, north: Any, superuser: str, page: Any) -> Any:
    """Carla's browser; her account belongs to her record."""
    from clinic.accounts import actions as accounts

    with entering.acting_in("north"):
        user = accounts.create_user(
            email="carla@north.example", name="Carla", role="patient", password="carla-password", by=SYSTEM
        )
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE patient SET user_id = %s WHERE id = %s", [user.id, north.carla])
    return page("carla")


@pytest.fixture
def json_as(app: Any, north: Any) -> Any:
    """``json_as("bose")``: North's API as Dr Bose; ``json_as("ana")``, ``("mia")``, ``("olga")``, ``("carla")``."""
    actors = {
        "ana": Actor("user", north.ana_user, "receptionist", name="Ana"),
        "mia": Actor("user", north.mia_user, "manager", name="Mia"),
        "olga": Actor("user", north.olga, "owner", name="Olga"),
        "bose": Actor("user", north.bose_user, "doctor", doctor_id=north.bose, name="Dr Bose"),
        "tok": Actor("user", new_id(), "doctor", doctor_id=north.tok, name="Dr Tok"),
        "carla": Actor("user", new_id(), "patient", patient_id=north.carla, name="Carla"),
        "dora": Actor("user", new_id(), "patient", patient_id=north.dora, name="Dora"),
    }
    check = doors._check_right

    def told() -> Any:
        if WHO in request.headers:
            g.actor = actors[request.headers[WHO]]
        return check()

    with patch.object(doors, "_check_right", told):
        yield lambda name: _As(Api(app, "north.localhost", north.api_key), name)


class _As:
    def __init__(self, api: Api, name: str) -> None:
        self.api, self.name = api, name

    def __getattr__(self, method: str) -> Any:
        send = getattr(self.api, method)

        def sent(path: str, *args: Any, **more: Any) -> Any:
            headers = {WHO: self.name, **more.pop("headers", {})}
            return send(path, *args, headers=headers, **more)

        return sent
