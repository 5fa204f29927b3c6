"""Carla, who has an account of her own, and the ways in which these tests ask for everything at once."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from clinic.core import entering
from clinic.core.access import SYSTEM


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
