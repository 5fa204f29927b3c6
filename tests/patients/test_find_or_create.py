"""Whoever books for a person they describe finds them, or makes them (API.md §5 and §6)."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core.access import SYSTEM
from clinic.core.errors import Invalid
from clinic.patients import actions, queries
from clinic.patients.refusals import DuplicatePatient

ZOE = {"full_name": "Zoé Núñez", "phone": "+573005550000", "document_type": "CC", "document_number": "1.020"}


def test_makes_whom_nobody_knows_and_finds_them_again(in_north: Any) -> None:
    made = actions.find_or_create(ZOE, by=SYSTEM)
    again = actions.find_or_create(ZOE, by=SYSTEM)
    assert (made.made, again.made, again.id) == (True, False, made.id)


def test_a_document_alone_finds(in_north: Any) -> None:
    made = actions.find_or_create(ZOE, by=SYSTEM)
    assert (
        actions.find_or_create({"document_type": "cc", "document_number": "10-20"}, by=SYSTEM).id == made.id
    )
    assert actions.find_by_document("cc", "10 20") == made.id
    assert actions.find_by_document("CC", "1021") is None
    assert actions.find_by_document("PA", "1020") is None
    assert actions.find_by_document("no such", "1020") is None


def test_a_document_alone_makes_nobody(in_north: Any) -> None:
    with pytest.raises(Invalid) as refused:
        actions.find_or_create({"document_type": "CC", "document_number": "1"}, at="/patient", by=SYSTEM)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/patient/full_name", "required")
    ]


def test_a_known_document_finds_under_a_name_with_a_slip(in_north: Any) -> None:
    made = actions.find_or_create(ZOE, by=SYSTEM)
    assert actions.find_or_create({**ZOE, "full_name": "Zoe Nuñes", "phone": None}, by=SYSTEM).id == made.id


def test_nobody_is_booked_for_a_stranger_by_a_slip_in_the_document(in_north: Any) -> None:
    made = actions.find_or_create(ZOE, by=SYSTEM)
    with pytest.raises(DuplicatePatient) as refused:
        actions.find_or_create({**ZOE, "full_name": "Yves Petit"}, by=SYSTEM)
    assert refused.value.extra == {"existing_id": made.id}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"phone": "+573005550000"}, "/patient/full_name"),
        ({**ZOE, "document_type": "XX"}, "/patient/document_type"),
        ({**ZOE, "gender": "XX"}, "/patient/gender"),
        ({"full_name": "Zoé", "guardians": [{"patient_id": SYSTEM}]}, "/patient/guardians/0/patient_id"),
    ],
)
def test_errors_point_into_the_body_around_it(
    in_north: Any, south: Any, fields: dict[str, Any], pointer: str
) -> None:
    if "guardians" in fields:
        fields = {**fields, "guardians": [{"patient_id": south.pierre}]}
    with pytest.raises(Invalid) as refused:
        actions.find_or_create(fields, at="/patient", by=SYSTEM)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_joins_the_transaction_around_it(in_north: Any) -> None:
    from clinic.core import db

    @db.action
    def book() -> None:
        actions.find_or_create(ZOE, by=SYSTEM)
        raise DuplicatePatient

    with pytest.raises(DuplicatePatient):
        book()
    assert queries.find("zoe", limit=5, by=SYSTEM)[0] == []
