"""What a visit type asks beforehand."""

from __future__ import annotations

import pytest

from tests.booking.times import iso

QUESTIONS = [
    {"id": "since", "label": "Since when?", "type": "date", "required": True},
    {"id": "pain", "label": "Does it hurt?", "type": "yes_no", "required": True},
    {"id": "side", "label": "Which side?", "type": "choice", "choices": ["left", "right"]},
    {"id": "more", "label": "Anything else?", "type": "text"},
]
ANSWERS = {"since": "2026-01-31", "pain": False, "side": "left", "more": "it clicks"}


@pytest.fixture
def ask(api, north):
    """``ask(answers)``: book a visit of a type with questions; ``by``: whose API."""
    knee = {"name": "Knee", "duration_minutes": 30, "questions": QUESTIONS}
    service = api.post("/services", knee).json["id"]

    def book(answers, *, by=api):
        body = {"doctor_id": str(north.bose), "start": iso("09:30"), "service_id": service}
        body |= {"patient_id": str(north.carla)}
        body |= {} if answers is None else {"intake_answers": answers}
        return by.post("/appointments", body)

    return book


def test_keeps_the_answers_on_the_visit(api, ask):
    booked = ask(ANSWERS)
    assert (booked.status_code, booked.json["intake_answers"]) == (201, ANSWERS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "yesterday"},
        {"since": 5},
        {"pain": "yes"},
        {"side": "middle"},
        {"more": 7},
        {"more": "x" * 4001},
    ],
)
def test_an_answer_that_is_none_is_named(ask, wrong):
    answer = ask({**ANSWERS, **wrong})
    (id,) = wrong
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_answer")
    assert answer.json["errors"][0]["pointer"] == f"/intake_answers/{id}"


def test_what_nobody_asked_is_not_answered(ask):
    answer = ask({**ANSWERS, "weight": "80"})
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_question")
    assert answer.json["errors"][0]["pointer"] == "/intake_answers/weight"


@pytest.mark.parametrize("said", [None, {}, {"since": None, "pain": None}, {"since": ""}])
def test_patients_answer_what_is_required(json_as, api_of, ask, said):
    for by in (json_as("carla"), api_of("north", ["appointments:write"])):
        answer = ask(said, by=by)
        assert (answer.status_code, answer.json["code"]) == (422, "required")
        assert {error["pointer"] for error in answer.json["errors"]} == {
            "/intake_answers/since",
            "/intake_answers/pain",
        }
    assert ask({"since": "2026-01-31", "pain": True}, by=json_as("carla")).status_code == 201


def test_staff_may_leave_everything_out(json_as, ask):
    booked = ask(None, by=json_as("ana"))
    assert (booked.status_code, booked.json["intake_answers"]) == (201, None)


def test_a_type_that_asks_nothing_keeps_what_is_said(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    booked = api.post("/appointments", {**body, "intake_answers": {"q": "a"}})
    assert booked.json["intake_answers"] == {"q": "a"}
