"""A patient is taken out of lists and searches and can be brought back; the record stays."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.core.errors import NotFound, Stale
from clinic.patients import actions, queries
from clinic.patients.refusals import DuplicatePatient, HasAppointments


def test_removes_and_restores(in_north: Any) -> None:
    actions.remove(in_north.carla, by=SYSTEM)
    assert not queries.patient(in_north.carla, by=SYSTEM).is_active
    assert queries.page(limit=50, filters={"phone": "+573001234567"}, by=SYSTEM) == []
    actions.restore(in_north.carla, by=SYSTEM)
    row = queries.patient(in_north.carla, by=SYSTEM)
    assert (row.is_active, row.version) == (True, 3)
    assert [row.id for row in queries.find("carla", limit=5, by=SYSTEM)[0]] == [in_north.carla]


def test_removes_and_restores_by_json(api: Any, north: Any) -> None:
    url = f"/patients/{north.carla}"
    assert (api.delete(url).status_code, api.delete(url).status_code) == (204, 204)
    assert api.get(url).json["is_active"] is False
    assert str(north.carla) not in [item["id"] for item in api.get("/patients").json["items"]]
    assert str(north.carla) in [
        item["id"] for item in api.get("/patients", include_inactive="true").json["items"]
    ]
    restored = api.post(f"{url}/restore")
    assert (restored.status_code, restored.json["is_active"]) == (200, True)
    assert api.post(f"{url}/restore").json["version"] == restored.json["version"]


def test_twice_is_harmless(in_north: Any) -> None:
    for _time in range(2):
        actions.remove(in_north.carla, by=SYSTEM)
    assert queries.patient(in_north.carla, by=SYSTEM).version == 2


def test_stays_with_a_visit_to_come(in_north: Any) -> None:
    came = visit(in_north, "completed", "now() - interval '1 day'")
    gone = visit(in_north, "cancelled", "now() + interval '1 day'")
    to_come = visit(in_north, "booked", "now() + interval '2 days'")
    with pytest.raises(HasAppointments) as refused:
        actions.remove(in_north.carla, by=SYSTEM)
    assert refused.value.extra == {"appointment_ids": [to_come]}
    assert {came, gone}.isdisjoint(refused.value.extra["appointment_ids"])
    db.send(
        (
            "UPDATE appointment SET status = 'cancelled' WHERE tenant_id = %(tenant)s AND id = %(id)s",
            {"id": to_come},
        )
    )
    actions.remove(in_north.carla, by=SYSTEM)


def test_stays_with_a_token_for_today(in_north: Any) -> None:
    token = visit(in_north, "booked", None)
    with pytest.raises(HasAppointments) as refused:
        actions.remove(in_north.carla, by=SYSTEM)
    assert refused.value.extra == {"appointment_ids": [token]}


def visit(north: Any, status: str, start: str | None) -> Any:
    """A visit of Carla, as it stands in the table."""
    from clinic.core.ids import new_id

    id = new_id()
    starts, ends = (start, f"{start} + interval '20 minutes'") if start else ("NULL", "NULL")
    db.send(
        (
            "INSERT INTO appointment (tenant_id, id, patient_id, doctor_id, date, timezone, status, starts_at, ends_at)"
            f" VALUES (%(tenant)s, %(id)s, %(patient)s, %(doctor)s, (now() AT TIME ZONE 'America/Bogota')::date,"
            f" 'America/Bogota', %(status)s, {starts}, {ends})",
            {"id": id, "patient": north.carla, "doctor": north.bose, "status": status},
        )
    )
    return id


def test_who_was_made_anew_meanwhile_is_not_brought_back(in_north: Any) -> None:
    actions.update(in_north.carla, changes={"document_type": "CC", "document_number": "1"}, by=SYSTEM)
    actions.remove(in_north.carla, by=SYSTEM)
    anew = actions.create(
        fields={"full_name": "Carla", "document_type": "CC", "document_number": "1"}, by=SYSTEM
    )
    with pytest.raises(DuplicatePatient) as refused:
        actions.restore(in_north.carla, by=SYSTEM)
    assert refused.value.extra == {"existing_id": anew.id}
    actions.remove(anew.id, by=SYSTEM)
    actions.restore(in_north.carla, by=SYSTEM)


def test_the_same_by_phone_and_name(api: Any, north: Any) -> None:
    api.delete(f"/patients/{north.carla}")
    anew = api.post("/patients", {"full_name": "Carla Ruiz Gómez", "phone": "+573001234567"})
    assert anew.status_code == 201
    refused = api.post(f"/patients/{north.carla}/restore")
    assert (refused.status_code, refused.json["existing_id"]) == (409, anew.json["id"])


def test_only_the_version_that_was_seen(in_north: Any) -> None:
    actions.update(in_north.carla, changes={"city": "Cali"}, by=SYSTEM)
    with pytest.raises(Stale):
        actions.remove(in_north.carla, version=1, by=SYSTEM)
    actions.remove(in_north.carla, version=2, by=SYSTEM)
    with pytest.raises(Stale):
        actions.restore(in_north.carla, version=2, by=SYSTEM)


def test_the_wrong_clinic(in_north: Any, south: Any) -> None:
    for verb in (actions.remove, actions.restore):
        with pytest.raises(NotFound):
            verb(south.pierre, by=SYSTEM)


def test_the_wrong_person(api_of: Any, north: Any) -> None:
    reader = api_of("north", ["patients:read"])
    assert reader.delete(f"/patients/{north.carla}").status_code == 403
    assert reader.post(f"/patients/{north.carla}/restore").status_code == 403


def test_is_on_record(in_north: Any) -> None:
    actions.remove(in_north.carla, by=SYSTEM)
    actions.restore(in_north.carla, by=SYSTEM)
    acts = db.rows(
        "SELECT act FROM audit_event WHERE tenant_id = %(tenant)s AND patient_id = %(id)s ORDER BY at, id",
        id=in_north.carla,
    )
    assert [row.act for row in acts][-2:] == ["patient.remove", "patient.restore"]
