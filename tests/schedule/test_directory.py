"""Specialties, rooms and visit types."""

from __future__ import annotations

import uuid

import pytest

from tests.schedule.desk import refused


def test_a_visit_type_has_what_the_contract_says(api):
    full = {
        "name": "Scan", "duration_minutes": 45, "code": "SCAN", "buffer_before_minutes": 5, "buffer_after_minutes": 10,
        "capacity": 2, "modality": "video", "online_bookable": False, "requires_approval": True, "price": 120000,
        "currency": "usd", "min_notice_minutes": 60, "max_days_ahead": 30, "cancel_notice_minutes": 90,
        "room_kind": "mri", "color": "#0F766E", "external_ids": {"his": "s1"},
        "questions": [{"label": "Any metal in your body?", "type": "yes_no", "required": True}],
    }  # fmt: skip
    made = api.post("/services", full).json
    question = {
        "id": "q1",
        "label": "Any metal in your body?",
        "type": "yes_no",
        "required": True,
        "choices": [],
    }
    assert {name: made[name] for name in full} == full | {
        "currency": "USD",
        "color": "#0f766e",
        "questions": [question],
    }


def test_a_price_is_in_the_clinics_currency_unless_told(api):
    assert api.post("/services", {"name": "A", "duration_minutes": 10}).json["currency"] is None
    priced = api.post("/services", {"name": "B", "duration_minutes": 10, "price": 10.5}).json
    assert (priced["price"], priced["currency"]) == (10.5, "COP")


def test_questions_have_ids_of_their_own(api):
    body = {"name": "A", "duration_minutes": 10}
    questions = [
        {"label": "One"},
        {"id": "q1", "label": "Two"},
        {"label": "Which?", "type": "choice", "choices": ["a"]},
    ]
    made = api.post("/services", {**body, "questions": questions}).json
    assert [question["id"] for question in made["questions"]] == ["q2", "q1", "q3"]
    twice = api.post(
        "/services", {**body, "questions": [{"id": "x", "label": "1"}, {"id": "x", "label": "2"}]}
    )
    assert refused(twice) == (422, "repeated", "/questions/1/id")
    nothing = api.post("/services", {**body, "questions": [{"label": "Which?", "type": "choice"}]})
    assert refused(nothing) == (422, "required", "/questions/0/choices")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"duration_minutes": 0}, "out_of_range"),
        ({"duration_minutes": 1441}, "out_of_range"),
        ({"duration_minutes": "30"}, "invalid_type"),
        ({"modality": "telepathy"}, "invalid_choice"),
        ({"price": -1}, "out_of_range"),
        ({"price": 1.005}, "out_of_range"),
        ({"currency": "PESOS"}, "unknown_currency"),
        ({"color": "green"}, "invalid_color"),
        ({"capacity": 0}, "out_of_range"),
        ({"buffer_before_minutes": None}, "required"),
        ({"name": " "}, "required"),
    ],
)
def test_refuses_what_cannot_be(api, sent, code):
    answer = api.post("/services", {"name": "A", "duration_minutes": 10, **sent})
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_a_room_stands_in_a_location_of_the_clinic(api, north, south):
    for strange in (south.main, uuid.UUID(int=1)):
        answer = api.post("/rooms", {"location_id": str(strange), "name": "Room"})
        assert refused(answer) == (422, "unknown_id", "/location_id")
    room = api.post("/rooms", {"location_id": str(north.main), "name": "Room", "kind": "mri"}).json
    assert "location" not in room
    shown = api.get(f"/rooms/{room['id']}", expand="location").json["location"]
    assert (shown["id"], shown["timezone"]) == (str(north.main), "America/Bogota")
    assert [
        item["id"] for item in api.get("/rooms", kind="mri", location_id=str(north.main)).json["items"]
    ] == [room["id"]]
    assert api.get("/rooms", kind="xray").json["items"] == []


def test_a_removed_specialty_is_nobodys_until_it_is_back(api, north):
    api.delete(f"/specialties/{north.general}")
    assert api.get(f"/doctors/{north.bose}").json["specialties"] == []
    assert refused(api.get("/doctors", specialty="general")) == (422, "unknown_code", "/specialty")
    api.post(f"/specialties/{north.general}/restore")
    assert api.get(f"/doctors/{north.bose}").json["specialties"] == ["general"]
