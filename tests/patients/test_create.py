"""A new patient, or one who is known."""

from __future__ import annotations

from typing import Any

from clinic.core.access import SYSTEM
from clinic.patients import actions, queries


def test_makes_a_patient(in_north: Any) -> None:
    made = actions.create(fields={"full_name": "Zoé Núñez", "phone": "+573005550000"}, by=SYSTEM)
    row = queries.patient(made.id, by=SYSTEM)
    assert made.made
    assert (row.full_name, row.first_name, row.phone, row.version) == ("Zoé Núñez", "Zoé", "+573005550000", 1)
    rows, more = queries.find("nunez zoe", limit=5, by=SYSTEM)
    assert [row.id for row in rows] == [made.id]
    rows, more = queries.find("nunes zeo", limit=5, by=SYSTEM)
    assert [row.id for row in rows] == [made.id]
