"""What a visit type asks beforehand."""

from __future__ import annotations

from datetime import UTC

import pytest

from tests.booking.times import at, iso, working_day
from tests.pages import Page

QUESTIONS = [
    {"id": "since", "label": "Since when?", "type": "date", "required": True},
    {"id": "pain", "label": "Does it hurt?", "type": "yes_no", "required": True},
    {"id": "side", "label": "Which side?", "type": "choice", "choices": ["left", "right"]},
    {"id": "more", "label": "Anything else?", "type": "text"},
]
LABELS = ["Since when?", "Does it hurt?", "Which side?", "Anything else?"]
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


# -- on the pages -----------------------------------------------------------------------------------------------------

BOOK = "/appointments/new"
BEA = {"name": "Bea Ibáñez", "phone": "300 765 4321"}
TYPED = {
    "intake_answers.since": "2026-01-31",
    "intake_answers.pain": "no",
    "intake_answers.side": "left",
    "intake_answers.more": "it clicks",
}


@pytest.fixture
def knee(api):
    knee = {"name": "Knee", "duration_minutes": 30, "questions": QUESTIONS}
    return api.post("/services", knee).json["id"]


def desk(north, **more):
    start = at("09:30").astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    query = {"doctor": north.bose, "start": start, **more}
    return f"{BOOK}?" + "&".join(f"{name}={value}" for name, value in query.items())


def kept(api, north):
    (visit,) = api.get("/appointments", doctor_id=str(north.bose)).json["items"]
    return visit["id"], visit["intake_answers"]


def test_the_desk_asks_what_the_visit_type_asks(page, api, north, knee):
    ana = page("ana")
    form = ana.get(desk(north, service=knee))
    labels = [label.text for label in form.all("#questions label")]
    assert labels == [f"{label} (optional)" for label in LABELS], "staff may leave anything out"
    ana.post_form(form, {**TYPED, "patient_id": north.carla}, form=BOOK)
    id, answers = kept(api, north)
    assert answers == ANSWERS
    shown = ana.get(f"/appointments/{id}").tree.one(".answers").text
    assert "Does it hurt? No" in shown
    assert "it clicks" in shown


def test_another_visit_type_asks_something_else_at_once(page, north, knee):
    ana = page("ana")
    form = ana.get(desk(north))
    assert not form.all("#questions label")
    service = form.find("select[name=service]")
    assert (service.get("hx-post"), service.get("hx-target")) == ("/appointments/questions", "#questions")
    values = {
        "csrf_token": form.find(f'form[action="{BOOK}"] [name=csrf_token]').get("value"),
        "service": knee,
    }
    answer = ana.client.post(
        "/appointments/questions", data={**values, **TYPED}, base_url="http://north.localhost"
    )
    part = Page(answer)
    assert part.tree.one('[name="intake_answers.more"]').text.strip() == "it clicks", (
        "what was answered stays"
    )
    without = ana.post_form(form, {"service": knee}, form=BOOK, button="Show its questions")
    assert len(without.all("#questions label")) == 4


def test_no_visit_type_asks_and_nothing_is_shown(page, north):
    form = page("ana").get(desk(north))
    assert "Show its questions" not in form
    assert form.find("select[name=service]").get("hx-post") == ""


def test_the_desk_is_told_at_the_question(page, api, north, knee):
    ana = page("ana")
    wrong = {**TYPED, "intake_answers.since": "yesterday", "patient_id": north.carla}
    again = ana.post_form(ana.get(desk(north, service=knee)), wrong, form=BOOK, status=422)
    assert again.errors == ["Since when?: This does not answer the question."]
    assert again.find('[name="intake_answers.since"]').get("value") == "yesterday"
    assert again.tree.one('[name="intake_answers.more"]').text.strip() == "it clicks"


def test_a_visitor_answers_before_it_is_booked(page, api, north, knee):
    browser = page()
    times = browser.get(f"/book/times?service={knee}&doctor={north.bose}&day={working_day()}")
    details = browser.post_form(times, button="09:30")
    labels = [label.text for label in details.all("fieldset.more-fields label")]
    assert labels == ["Since when?", "Does it hurt?", "Which side? (optional)", "Anything else? (optional)"]
    again = browser.post_form(details, BEA, form="/book/check", status=422)
    assert again.errors == ["Since when?: Please answer this.", "Does it hurt?: Please answer this."]
    assert again.find('[name="name"]').get("value") == BEA["name"]
    check = browser.post_form(again, TYPED, form="/book/check")
    assert "Does it hurt? No" in check
    assert "31 Jan 2026" in check
    browser.post_form(check, form="/book/confirm")
    assert kept(api, north)[1] == ANSWERS


def test_answers_come_along_when_the_time_is_lost(page, api, north, knee):
    browser = page()
    times = browser.get(f"/book/times?service={knee}&doctor={north.bose}&day={working_day()}")
    check = browser.post_form(browser.post_form(times, button="09:30"), {**BEA, **TYPED}, form="/book/check")
    back = browser.post_form(check, form="/book/confirm", button="Choose another time")
    there = browser.post_form(back, button="10:00")
    assert there.h1 == "Is everything right?"
    assert "it clicks" in there


def test_a_patient_who_is_signed_in_is_asked_too(carla, api, north, knee):
    times = carla.get(f"/book/times?service={knee}&doctor={north.bose}&day={working_day()}")
    details = carla.post_form(times, button="09:30")
    assert details.h1 == "Who is the visit for?"
    check = carla.post_form(details, TYPED, form="/book/check")
    assert "Change the answers" in check
    carla.post_form(check, form="/book/confirm")
    assert kept(api, north)[1] == ANSWERS


def test_of_a_confidential_record_the_answers_are_not_shown(page, api, north, knee):
    ana = page("ana")
    ana.post_form(ana.get(desk(north, service=knee)), {**TYPED, "patient_id": north.carla}, form=BOOK)
    id, _answers = kept(api, north)
    closed = api.patch(f"/patients/{north.carla}", {"confidential": {"roles": ["owner"]}})
    assert closed.status_code == 200, closed.json
    shown = ana.get(f"/appointments/{id}")
    assert "it clicks" not in shown
