"""A register is filled: many patients at once are the same as one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.patients import actions, bulk, queries
from clinic.patients.refusals import DuplicatePatient
from tests.patients.people import REGISTER

PLAIN = (
    "full_name first_name last_name name_key birth_date document_key phone phone_alt email_key tags allergies"
).split()


def test_many_at_once_are_as_if_one_by_one(in_north: Any, south: Any) -> None:
    ids = list(bulk.enrol(REGISTER.values(), by=SYSTEM))
    for id, fields in zip(ids, REGISTER.values(), strict=True):
        actions.remove(id, by=SYSTEM)
        alone = actions.create(fields=fields, by=SYSTEM).id
        one, other = (queries.patient(each, by=SYSTEM) for each in (id, alone))
        assert [getattr(one, name) for name in PLAIN] == [getattr(other, name) for name in PLAIN]
        assert tokens(id) == tokens(alone)


def tokens(id: Any) -> list[tuple[str, str]]:
    rows = db.rows(
        "SELECT token, words FROM patient_token WHERE tenant_id = %(tenant)s AND patient_id = %(id)s"
        " AND token NOT LIKE '#%%' ORDER BY token",
        id=id,
    )
    return [tuple(row) for row in rows]


def test_they_are_found_and_numbered(in_north: Any) -> None:
    people = [{"full_name": f"Pilar Pilz {count}", "phone": f"+573007{count:06}"} for count in range(1203)]
    ids = list(bulk.enrol(people, by=SYSTEM))
    assert len(set(ids)) == 1203
    numbers = [
        row.file_number
        for row in db.rows(
            "SELECT file_number FROM patient WHERE tenant_id = %(tenant)s ORDER BY file_number"
        )
    ]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [row.id for row in queries.find("pialr 3007000777", limit=5, by=SYSTEM)[0]] == [ids[777]]
    after = actions.create(fields={"full_name": "Zoé", "phone": "+573005550000"}, by=SYSTEM)
    assert queries.patient(after.id, by=SYSTEM).file_number == len(numbers) + 1


def test_a_document_twice_is_refused(in_north: Any) -> None:
    twice = [{"full_name": name, "document_type": "CC", "document_number": "1"} for name in ("Ana", "Eva")]
    with pytest.raises(DuplicatePatient):
        list(bulk.enrol(twice, by=SYSTEM))


def test_is_on_record_with_the_ids(in_north: Any) -> None:
    ids = list(bulk.enrol(REGISTER.values(), by=SYSTEM))
    (row,) = db.rows("SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'patient.enrol'")
    assert (row.object_ids, row.details) == (ids, {"count": len(ids)})
