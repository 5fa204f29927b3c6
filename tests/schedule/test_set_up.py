"""What holds for everything that a clinic sets up: made, read, changed, listed, taken away, brought back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.booking.times import iso
from tests.schedule.desk import day, refused


class Kind(NamedTuple):
    """A resource: where it is made, where it stands, what is enough to make one, and a change of it."""

    made_at: Callable[[Any], str]
    path: str
    table: str
    enough: Callable[[Any], dict[str, Any]]
    change: dict[str, Any] | None = None


def at(path: str) -> Callable[[Any], str]:
    return lambda north: path


def of_bose(path: str) -> Callable[[Any], str]:
    return lambda north: f"/doctors/{north.bose}{path}"


def is_given(**fields: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda north: dict(fields)


KINDS = {
    "specialty": Kind(
        at("/specialties"),
        "/specialties",
        "specialty",
        is_given(name="Cardiology", code="cardio"),
        {"name": "Heart"},
    ),
    "room": Kind(
        at("/rooms"),
        "/rooms",
        "room",
        lambda north: {"location_id": str(north.main), "name": "Room 1"},
        {"kind": "xray"},
    ),
    "service": Kind(
        at("/services"),
        "/services",
        "service",
        is_given(name="Check-up", duration_minutes=20),
        {"price": 49.9},
    ),
    "doctor": Kind(
        at("/doctors"),
        "/doctors",
        "doctor",
        is_given(first_name="Ada", last_name="Byron"),
        {"bio": "Counts."},
    ),
    "availability": Kind(
        of_bose("/availability"),
        "/availability",
        "availability",
        is_given(weekday=6, start_time="09:00", end_time="12:00"),
        {"slot_minutes": 15},
    ),
    "override": Kind(
        of_bose("/overrides"),
        "/overrides",
        "date_override",
        lambda north: {"date": day(), "intervals": [{"start_time": "14:00", "end_time": "16:00"}]},
    ),
    "block": Kind(
        of_bose("/blocked-times"),
        "/blocked-times",
        "blocked_time",
        lambda north: {"start": iso("10:00"), "end": iso("11:00")},
        {"reason": "Conference"},
    ),
    "closure": Kind(
        at("/closures"),
        "/closures",
        "closure",
        lambda north: {"start": day(), "end": day(), "all_day": True},
        {"reason": "Holiday"},
    ),
    "session": Kind(
        at("/sessions"),
        "/sessions",
        "one_off_session",
        lambda north: {"doctor_id": str(north.bose), "start": iso("15:00"), "duration_minutes": 60},
    ),
}
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
CHANGED = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.change], ids=lambda kind: kind.table
)


def make(api: Any, north: Any, kind: Kind, **more: Any) -> Any:
    answer = api.post(kind.made_at(north), kind.enough(north), **more)
    assert answer.status_code == 201, answer.json
    return answer


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json["items"]]


def listing(north: Any, kind: Kind) -> tuple[str, dict[str, str]]:
    return kind.made_at(north), {"limit": "200"}


@EVERY
def test_makes_one_of_what_is_enough(api, north, kind):
    answer = make(api, north, kind)
    assert (answer.json["version"], answer.json["is_active"]) == (1, True)
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/v1{kind.path}/{answer.json['id']}"
    assert api.get(f"{kind.path}/{answer.json['id']}").json == answer.json
    where, query = listing(north, kind)
    assert answer.json["id"] in ids(api.get(where, **query))


@EVERY
def test_the_same_key_makes_one(api, north, kind):
    first = make(api, north, kind, headers={"Idempotency-Key": "once"})
    again = make(api, north, kind, headers={"Idempotency-Key": "once"})
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"


@CHANGED
def test_changes_what_is_named_and_nothing_else(api, north, kind):
    made = make(api, north, kind).json
    answer = api.patch(f"{kind.path}/{made['id']}", kind.change)
    assert answer.status_code == 200
    moved = {"version": 2, "updated_at": answer.json["updated_at"], **kind.change}
    if "price" in kind.change:
        moved["currency"] = "COP"
    assert answer.json == made | moved
    assert answer.json["updated_at"] > made["updated_at"]


@CHANGED
def test_refuses_a_change_of_another_version(api, north, kind):
    made = make(api, north, kind).json
    where = f"{kind.path}/{made['id']}"
    assert api.patch(where, kind.change, headers={"If-Match": '"1"'}).status_code == 200
    late = api.patch(where, kind.change, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json["code"]) == (412, "stale_version")
    assert api.delete(where, headers={"If-Match": '"1"'}).status_code == 412
    assert api.delete(where, headers={"If-Match": '"2"'}).status_code == 204


@EVERY
def test_what_is_taken_away_is_not_listed_and_can_be_brought_back(api, north, kind):
    made = make(api, north, kind).json
    where, query = listing(north, kind)
    assert api.delete(f"{kind.path}/{made['id']}").status_code == 204
    assert api.delete(f"{kind.path}/{made['id']}").status_code == 204, "twice is harmless"
    assert made["id"] not in ids(api.get(where, **query))
    assert made["id"] in ids(api.get(where, include_inactive="true", **query))
    assert api.get(f"{kind.path}/{made['id']}").json["is_active"] is False
    back = api.post(f"{kind.path}/{made['id']}/restore")
    assert (back.status_code, back.json["is_active"], back.json["version"]) == (200, True, 3)
    assert api.post(f"{kind.path}/{made['id']}/restore").json == back.json
    assert made["id"] in ids(api.get(where, **query))


@EVERY
def test_another_clinic_finds_nothing(api, api_of, north, kind):
    made = make(api, north, kind).json
    stranger = api_of("south")
    where = f"{kind.path}/{made['id']}"
    nobody = stranger.get(f"{kind.path}/{uuid.UUID(int=1)}").json
    for method, path in (("GET", where), ("DELETE", where), ("POST", f"{where}/restore")):
        answer = stranger.open(method, path)
        assert answer.json | {"request_id": ""} == nobody | {"request_id": ""}
    if kind.change:
        assert stranger.patch(where, kind.change).status_code == 404
    assert api.get(where).json == made


@EVERY
def test_who_may_only_read_changes_nothing(api, api_of, north, kind):
    made = make(api, north, kind).json
    reader, blind = api_of("north", ["schedule:read"]), api_of("north", ["patients:read"])
    where = f"{kind.path}/{made['id']}"
    assert reader.get(where).status_code == 200
    assert blind.get(where).status_code == 403
    assert reader.post(kind.made_at(north), kind.enough(north)).status_code == 403
    assert reader.delete(where).status_code == 403
    assert reader.post(f"{where}/restore").status_code == 403
    assert api.get(where).json == made


@EVERY
def test_refuses_unknown_fields_and_parameters(api, north, kind):
    wrong = api.post(kind.made_at(north), {**kind.enough(north), "colour": "red"})
    assert refused(wrong) == (422, "unknown_field", "/colour")
    assert refused(api.get(kind.made_at(north), colour="red")) == (422, "unknown_field", "/colour")


@EVERY
def test_says_what_is_needed(api, north, kind):
    answer = api.post(kind.made_at(north), {})
    assert (answer.status_code, answer.json["code"]) == (422, "required")


@EVERY
def test_each_act_is_on_record(api, north, kind, superuser):
    made = make(api, north, kind).json
    if kind.change:
        api.patch(f"{kind.path}/{made['id']}", kind.change)
    api.delete(f"{kind.path}/{made['id']}")
    api.post(f"{kind.path}/{made['id']}/restore")
    with psycopg.connect(superuser) as connection:
        acts = connection.execute(
            "SELECT act, details->'fields' FROM audit_event WHERE object_id = %s ORDER BY at", [made["id"]]
        ).fetchall()
    wanted = ["create", *(["change"] if kind.change else []), "remove", "restore"]
    assert [act for act, _fields in acts] == [f"{kind.table}.{act}" for act in wanted]
    if kind.change:
        assert acts[1][1] == sorted(kind.change)


def test_a_list_comes_in_pages(api, north):
    for name in ("Dermatology", "Allergology", "Cardiology"):
        api.post("/specialties", {"name": name, "code": name.lower()})
    first = api.get("/specialties", limit=2).json
    second = api.get("/specialties", limit=2, cursor=first["next_cursor"]).json
    names = [item["name"] for item in first["items"] + second["items"]]
    assert names == ["Allergology", "Cardiology", "Dermatology", "General medicine"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("path", ["/specialties", "/services", "/doctors"])
def test_a_code_is_had_once_whatever_its_case(api, north, path):
    body = {"name": "First", "code": "C-1", **({"duration_minutes": 10} if path == "/services" else {})}
    first = api.post(path, body).json
    taken = api.post(path, {**body, "name": "Second", "code": "c-1"})
    assert (taken.status_code, taken.json["code"]) == (409, "code_taken")
    assert taken.json["existing_id"] == first["id"]
    api.delete(f"{path}/{first['id']}")
    assert api.post(path, {**body, "code": "c-1"}).status_code == 201, "free again"
    assert api.post(f"{path}/{first['id']}/restore").json["code"] == "code_taken"


@pytest.mark.parametrize("path", ["/services", "/doctors"])
def test_an_outside_id_is_had_once_and_finds_its_record(api, north, path):
    body = {"name": "First", **({"duration_minutes": 10} if path == "/services" else {})}
    first = api.post(path, {**body, "external_ids": {"his": "a:1", "erp": "7"}}).json
    assert first["external_ids"] == {"erp": "7", "his": "a:1"}
    taken = api.post(path, {**body, "external_ids": {"his": "a:1"}})
    assert (taken.json["code"], taken.json["existing_id"]) == ("external_id_taken", first["id"])
    assert ids(api.get(path, external_id="his:a:1")) == [first["id"]]
    assert ids(api.get(path, external_id="his:b")) == []
    changed = api.patch(f"{path}/{first['id']}", {"external_ids": {"his": None, "lab": "x"}}).json
    assert changed["external_ids"] == {"erp": "7", "lab": "x"}


@pytest.mark.race
def test_two_who_change_the_same_version_do_not_both_succeed(api, at_once, north):
    room = make(api, north, KINDS["room"]).json
    answers = at_once(
        6, lambda n: api.patch(f"/rooms/{room['id']}", {"name": f"Room {n}"}, headers={"If-Match": '"1"'})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]


@pytest.mark.race
def test_of_two_who_take_a_code_at_once_one_gets_it(api, at_once, north):
    answers = at_once(6, lambda n: api.post("/specialties", {"name": f"S{n}", "code": "same"}))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"code_taken"}
