"""Records are opened by who may, with a reason where they are confidential, and every look is on record."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import audit, db
from clinic.core.access import ANONYMOUS, PLATFORM, SYSTEM, Actor
from clinic.core.errors import NotFound
from clinic.patients import actions, opening
from clinic.patients.refusals import Confidential
from tests.patients.test_search import visit


def looks(id: Any, act: str = "patient.read") -> list[Any]:
    db.settle()  # a look is written when what was read is about to leave
    return db.rows(
        "SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND patient_id = %(id)s AND act = %(act)s",
        id=id, act=act,
    )  # fmt: skip


def user(north: Any, name: str, role: str, **more: Any) -> Actor:
    return Actor("user", north.ids.get(f"{name}_user", north.carla), role, **more)


# -- who may ------------------------------------------------------------------------------------------------------


def test_the_desk_opens_any_record(in_north: Any) -> None:
    ana = user(in_north, "ana", "receptionist")
    assert opening.open_record(in_north.carla, by=ana).row.full_name == "Carla Ruiz Gómez"
    assert [look.actor_id for look in looks(in_north.carla)] == [ana.id]


def test_a_doctor_opens_those_who_have_a_visit_with_them(in_north: Any) -> None:
    bose = user(in_north, "bose", "doctor", doctor_id=in_north.bose)
    visit(in_north.dora, in_north.tok)
    visit(in_north.emil, in_north.bose)
    assert opening.open_record(in_north.emil, by=bose).row.id == in_north.emil
    for other in (in_north.carla, in_north.dora):
        with pytest.raises(NotFound):
            opening.open_record(other, by=bose)
        assert looks(other) == []


def test_patients_open_their_own_and_their_dependants(in_north: Any) -> None:
    def guarded_by(**how: Any) -> None:
        guardian = {"patient_id": in_north.carla, **how}
        actions.update(in_north.emil, changes={"guardians": [guardian]}, by=SYSTEM)

    carla = user(in_north, "carla", "patient", patient_id=in_north.carla)
    assert opening.open_record(in_north.carla, by=carla).row.id == in_north.carla
    with pytest.raises(NotFound):
        opening.open_record(in_north.emil, by=carla)
    guarded_by()
    assert opening.open_record(in_north.emil, by=carla).row.id == in_north.emil
    guarded_by(may_see=False)
    with pytest.raises(NotFound):
        opening.open_record(in_north.emil, by=carla)


@pytest.mark.parametrize(
    "by", [ANONYMOUS, PLATFORM, Actor("user", role="patient"), Actor("user", role="doctor")]
)
def test_nobody_else_does(in_north: Any, by: Actor) -> None:
    with pytest.raises(NotFound):
        opening.open_record(in_north.carla, by=by)


def test_the_neighbours_and_nobody_are_the_same(api: Any, north: Any, south: Any) -> None:
    actions_of = [
        f"/patients/{south.pierre}",
        "/patients/01a1f7f4-4701-74a6-8d9a-94567ef66fe1",
        "/patients/nobody",
        "/patients/by-document/CC/404",
        "/patients/by-document/XX/404",
    ]
    answers = [api.get(url) for url in actions_of]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json["code"] for answer in answers} == {"not_found"}


def test_a_key_for_looking_up_learns_three_things(api: Any, api_of: Any, north: Any) -> None:
    api.patch(f"/patients/{north.carla}", {"age": 40, "document_type": "CC", "document_number": "77"})
    desk = api_of("north", ["patients:lookup"])
    brief = {"id": str(north.carla), "first_name": "Carla", "age": 40}
    assert desk.get(f"/patients/{north.carla}").json == brief
    assert desk.get("/patients/by-document/cc/7-7").json == brief
    assert desk.get("/patients", q="carla").json["items"] == [brief]
    assert desk.patch(f"/patients/{north.carla}", {"city": "Cali"}).status_code == 403
    assert api_of("north", ["appointments:read"]).get(f"/patients/{north.carla}").status_code == 403


# -- by document --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["CC/1.020-A", "cc/1020a", "Cc/10%2020%20A", "CC/1020%2DA"])
def test_opens_by_document(api: Any, north: Any, spelling: str) -> None:
    api.patch(f"/patients/{north.carla}", {"document_type": "CC", "document_number": "1020A"})
    answer = api.get(f"/patients/by-document/{spelling}")
    assert (answer.status_code, answer.json["id"]) == (200, str(north.carla))


def test_a_removed_patient_has_no_document(api: Any, north: Any) -> None:
    api.patch(f"/patients/{north.carla}", {"document_type": "CC", "document_number": "1020A"})
    api.delete(f"/patients/{north.carla}")
    assert api.get("/patients/by-document/CC/1020A").status_code == 404


# -- confidential -------------------------------------------------------------------------------------------------


@pytest.fixture
def closed(in_north: Any) -> Any:
    """Carla's record is for the owner and for Mia."""
    confidential = {"roles": ["owner"], "user_ids": [str(in_north.mia_user)]}
    actions.update(in_north.carla, changes={"confidential": confidential, "notes": "secret"}, by=SYSTEM)
    return in_north


def test_a_confidential_record_opens_to_whom_it_names(closed: Any) -> None:
    for name, role in (("olga", "owner"), ("mia", "manager")):
        assert opening.open_record(closed.carla, by=user(closed, name, role)).row.notes == "secret"
    carla = user(closed, "carla", "patient", patient_id=closed.carla)
    assert opening.open_record(closed.carla, by=carla).row.id == closed.carla


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_others_must_say_why(closed: Any, reason: str | None) -> None:
    ana = user(closed, "ana", "receptionist")
    with pytest.raises(Confidential):
        opening.open_record(closed.carla, reason=reason, by=ana)
    with pytest.raises(Confidential):
        actions.update(closed.carla, changes={"city": "Cali"}, reason=reason, by=ana)
    assert [look.actor_id for look in looks(closed.carla, "patient.refuse")] == [ana.id, ana.id]
    assert looks(closed.carla) == []


def test_a_reason_opens_and_is_on_record(closed: Any) -> None:
    ana = user(closed, "ana", "receptionist")
    assert opening.open_record(closed.carla, reason="emergency", by=ana).row.notes == "secret"
    assert [look.reason for look in looks(closed.carla)] == ["emergency"]


def test_a_reason_by_json(api: Any, closed: Any) -> None:
    url = f"/patients/{closed.carla}"
    refused = api.get(url)
    assert (refused.status_code, refused.json["code"]) == (403, "confidential")
    assert "secret" not in refused.text
    for answer in (
        api.get(url, headers={"X-Access-Reason": "emergency"}),
        api.patch(url, {"city": "Cali"}, headers={"X-Access-Reason": "emergency"}),
    ):
        assert (answer.status_code, answer.json["notes"]) == (200, "secret")
    assert api.patch(url, {"city": "Pasto"}).json["code"] == "confidential"
    assert api.delete(url).json["code"] == "confidential"


def test_lists_say_who_it_is_and_no_more(api: Any, closed: Any) -> None:
    for answer in (api.get("/patients", q="carla ruiz"), api.get("/patients", phone="+573001234567")):
        (item,) = answer.json["items"]
        assert (item["id"], item["full_name"]) == (str(closed.carla), "Carla Ruiz Gómez")
        assert (item["phone"], item["notes"], item["birth_date"], item["guardians"]) == (None, None, None, [])
    again = api.post("/patients", {"full_name": "Carla Ruiz Gómez", "phone": "+573001234567"})
    assert (again.status_code, again.json["notes"]) == (200, None)


# -- on record ----------------------------------------------------------------------------------------------------


def test_every_look_is_on_record(api: Any, in_north: Any) -> None:
    etag = api.get(f"/patients/{in_north.carla}").headers["ETag"]
    assert api.get(f"/patients/{in_north.carla}", headers={"If-None-Match": etag}).status_code == 304
    assert len(looks(in_north.carla)) == 2
    assert {look.actor_kind for look in looks(in_north.carla)} == {"key"}


def test_lists_and_searches_are_one_row_with_the_ids(api: Any, in_north: Any) -> None:
    for how, query in (("list", {}), ("search", {"q": "ruiz"})):
        shown = {item["id"] for item in api.get("/patients", **query).json["items"]}
        (row,) = db.rows(
            "SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND act = %(act)s", act=f"patient.{how}"
        )
        assert set(map(str, row.object_ids)) == shown
        assert row.details == {"count": len(shown)}


def test_a_look_that_cannot_be_recorded_does_not_happen(
    in_north: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("no room for audit rows")

    monkeypatch.setattr(audit, "read", full)
    with pytest.raises(RuntimeError):
        opening.open_record(in_north.carla, by=SYSTEM)


def test_reading_costs_as_much_for_one_as_for_many(in_north: Any, statements: Any) -> None:
    db.row("SELECT 1")
    with statements() as seen:
        opening.open_record(in_north.carla, by=SYSTEM)
    assert len(seen.queries) <= 4, seen.queries
