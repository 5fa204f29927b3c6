"""The queue's pages: reception checks in and calls, the doctor works through their own, the wall shows numbers."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.booking import actions as booking
from clinic.booking import queries as visits
from clinic.booking.asking import Asked
from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.queue import actions, arriving, queries
from tests.booking.times import today


def number(north: Any, who: str = "carla", **more: Any) -> Any:
    """A visit of today: the next number at Dr Tok's."""
    return booking.book(
        asked=Asked(doctor_id=north.tok, patient_id=getattr(north, who), date=today(), **more), by=SYSTEM
    )


def waiting(north: Any, who: str = "carla", doctor: str = "bose", **more: Any) -> Any:
    """Somebody who is here without an appointment."""
    return arriving.walk_in(
        doctor_id=getattr(north, doctor), patient_id=getattr(north, who), by=SYSTEM, **more
    )


def entry(id: Any) -> Any:
    return queries.entry(id, by=SYSTEM)


def doors(shown: Any) -> list[str]:
    return [door.text for door in shown.all(".door .entry")]


# -- at the desk --------------------------------------------------------------------------------------------------


def test_lists_who_is_expected_and_who_waits(page: Any, north: Any, in_north: Any) -> None:
    number(north, "dora")
    waiting(north, reason="Cough")
    shown = page("ana").get("/queue")
    assert "№ 1 Dora Ruiz Gómez Tomás Tok" in shown.tree.one(".expected .entry").text
    (here,) = doors(shown)
    assert all(
        words in here for words in ("A01", "Carla Ruiz Gómez", "Cough", "number 1: no appointment", "since")
    )
    assert "Nobody is waiting for" in shown


def test_checks_in_at_one_press_and_takes_it_back(page: Any, north: Any, in_north: Any) -> None:
    visit = number(north)
    ana = page("ana")
    here = ana.post_form(ana.get("/queue"), {}, form=f"/appointments/{visit.id}/check-in")
    assert "Carla Ruiz Gómez is here: ticket" in here
    assert here.all(".expected .entry") == []
    again = ana.post_form(here, {}, form=".toast form")
    assert len(again.all(".expected .entry")) == 1
    assert visits.visit(visit.id, by=SYSTEM).status == "booked"


def test_says_that_somebody_is_in_already(page: Any, north: Any, in_north: Any) -> None:
    visit = number(north)
    ana = page("ana")
    shown = ana.get("/queue")
    arriving.check_in(appointment_id=visit.id, by=SYSTEM)
    assert "The patient is checked in already." in ana.post_form(shown, {}, form="/check-in")


def test_a_whole_visit_goes_from_call_to_done(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    ana = page("ana")
    shown = ana.get("/queue")
    for form, said, state in (
        ("/call-next", "Called: A01, Carla Ruiz Gómez", "called"),
        ("/start", "In the room: Carla Ruiz Gómez", "in_room"),
        ("/serve", "Done: Carla Ruiz Gómez", "served"),
    ):
        shown = ana.post_form(shown, {}, form=form)
        assert said in shown
        assert entry(here.id).status == state
    assert visits.visit(here.appointment_id, by=SYSTEM).status == "completed"


@pytest.mark.parametrize(
    ("steps", "form", "state"),
    [
        ((), "/skip", "skipped"),
        ((), "/leave", "left"),
        ((), "/start", "in_room"),
        (("skip",), "/requeue", "waiting"),
        (("call",), "/call", "called"),
    ],
)
def test_the_other_steps(
    page: Any, north: Any, in_north: Any, steps: tuple[str, ...], form: str, state: str
) -> None:
    here = waiting(north)
    for step in steps:
        getattr(actions, step)(id=here.id, by=SYSTEM)
    ana = page("ana")
    ana.post_form(ana.get("/queue"), {}, form=f"/queue/{here.id}{form}")
    assert entry(here.id).status == state


def test_who_is_urgent_goes_first_and_says_why(page: Any, north: Any, in_north: Any) -> None:
    waiting(north)
    second = waiting(north, "dora")
    ana = page("ana")
    shown = ana.get("/queue")
    unsaid = ana.post_form(shown, {}, form=f"/queue/{second.id}/priority")
    assert "Say why this is urgent." in unsaid
    urgent = ana.post_form(shown, {"reason": "Chest pain"}, form=f"/queue/{second.id}/priority")
    assert "Dora" in doors(urgent)[0]
    assert "Urgent Chest pain" in doors(urgent)[0]
    after = ana.post_form(urgent, {}, form=f"/queue/{second.id}/priority")
    assert "Carla" in doors(after)[0]


def test_sends_somebody_on_to_another_doctor(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    ana = page("ana")
    form = ana.click(ana.get("/queue"), "To another doctor")
    assert [option.text for option in form.all("select option")] == ["Tomás Tok"]
    assert ana.post_form(form, {"doctor": north.tok}).url == "/queue"
    assert entry(here.id).doctor_id == north.tok
    part = ana.fragment(f"/queue/{here.id}/transfer-form")
    done = ana.post_form(part, {"doctor": north.bose}, form="/transfer", headers={"HX-Request": "true"})
    assert "close-dialog" in done.response.headers["HX-Trigger"]


def test_a_second_press_of_call_next_calls_nobody_else(page: Any, north: Any, in_north: Any) -> None:
    first, second = waiting(north), waiting(north, "dora")
    ana = page("ana")
    shown = ana.get("/queue")
    for _ in range(2):
        ana.post_form(shown, {}, form="/call-next")
    assert (entry(first.id).status, entry(second.id).status) == ("called", "waiting")


def test_nobody_waits(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    ana = page("ana")
    shown = ana.get("/queue")
    actions.leave(id=here.id, by=SYSTEM)
    assert "Nobody is waiting." in ana.post_form(shown, {}, form="/call-next")


def test_in_a_part_of_the_page_a_step_asks_for_the_queue(page: Any, north: Any, in_north: Any) -> None:
    waiting(north)
    ana = page("ana")
    done = ana.post_form(ana.get("/queue"), {}, form="/call-next", headers={"HX-Request": "true"})
    assert "visits-changed" in done.response.headers["HX-Trigger"]
    assert "Called: A01" in done.tree.text


def test_an_unchanged_queue_is_not_sent_again(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    for address, who in (("/queue/board", ana), ("/board/tickets", ana), ("/my-day/mine", page("bose"))):
        tag = {"If-None-Match": who.fragment(address).response.headers["ETag"]}
        found = who.fragment(address, status=304, headers=tag)
        assert found.html == ""
    tag = {"If-None-Match": ana.fragment("/queue/board").response.headers["ETag"]}
    waiting(north)
    assert "Carla" in ana.fragment("/queue/board", headers=tag)


def test_asks_the_same_few_questions_however_many_wait(
    page: Any, north: Any, in_north: Any, statements: Any
) -> None:
    ana = page("ana")
    counts = []
    for who in (None, "carla", "dora"):
        if who:
            waiting(north, who)
        with statements() as seen:
            ana.get("/queue")
        counts.append(len(seen.queries))
    assert counts[0] == counts[1] == counts[2] <= 6, counts


def test_who_looked_is_on_record(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    page("ana").get("/queue")
    (row,) = db.rows(
        "SELECT object_ids FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'queue_entry.list'"
    )
    assert row.object_ids == [here.id]


# -- somebody without an appointment ------------------------------------------------------------------------------

WALK_IN = "/queue/walk-in"


def test_takes_somebody_in_without_an_appointment(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    done = ana.post_form(
        ana.get(WALK_IN), {"patient_id": north.carla, "to": north.bose, "reason": "Fever"}, form=WALK_IN
    )
    assert "Carla Ruiz Gómez is here: ticket A01" in done
    assert "Fever" in doors(done)[0]


def test_takes_a_new_patient_to_the_shortest_queue(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(WALK_IN)
    typed = {"full_name": "Zoé Núñez", "phone": "3007654321", "to": f"specialty:{north.general}"}
    assert "Zoé Núñez is here" in ana.post_form(form, typed, form=WALK_IN)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Say who the visit is for."),
        ({"q": "carla"}, "Choose the patient from the list, or fill in a new one."),
        ({"urgent": "y"}, "Say why this is urgent."),
        ({"to": ""}, "Say to which doctor or specialty."),
        ({"to": "nobody"}, "Say which doctor or specialty."),
    ],
)
def test_says_what_is_missing(page: Any, north: Any, in_north: Any, typed: dict[str, str], said: str) -> None:
    ana = page("ana")
    whole = {} if "q" in typed or not typed else {"patient_id": north.carla}
    form = ana.get(f"{WALK_IN}?doctor={north.bose}")
    if typed.get("to") == "nobody":
        form.find("#to option").attrs["value"] = "nobody"
    again = ana.post_form(form, {**whole, **typed}, form=WALK_IN, status=422)
    assert said in again.errors


def test_a_full_day_is_gone_beyond_only_on_purpose(page: Any, north: Any, in_north: Any) -> None:
    from clinic.schedule import days

    days.put(north.bose, on=today(), fields={"max_appointments": 0}, by=SYSTEM)
    ana = page("ana")
    whole = {"patient_id": north.carla, "to": north.bose}
    again = ana.post_form(ana.get(WALK_IN), whole, form=WALK_IN, status=409)
    assert "The day is full." in again.errors
    assert "is here" in ana.post_form(again, {"overbook": "y"}, form=WALK_IN)


def test_the_form_is_a_part_of_the_queue_too(page: Any, north: Any) -> None:
    assert page("ana").fragment("/queue/walk-in-form").find("#dialog-title").text == "Walk-in"


# -- the doctor's day ---------------------------------------------------------------------------------------------


def test_shows_a_doctor_their_own_day_alone(page: Any, north: Any, in_north: Any) -> None:
    waiting(north, reason="Cough")
    waiting(north, "emil", "tok")
    shown = page("bose").get("/my-day")
    assert shown.tree.one("#next-name").text == "Carla Ruiz Gómez"
    assert "Cough" in shown.tree.one("#next-patient").text
    assert "Emil" not in shown


def test_calls_starts_and_finishes_as_plain_forms(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    waiting(north, "dora")
    bose = page("bose")
    shown = bose.get("/my-day")
    for form, state in (("/call-next", "Called"), (f"/queue/{here.id}/start", "In the room")):
        shown = bose.post_form(shown, {}, form=form)
        assert state in shown.tree.one("#next-patient").text
    shown = bose.post_form(shown, {}, form="/serve")
    assert shown.tree.one("#next-name").text == "Dora Ruiz Gómez"


def test_each_step_has_a_key_of_its_own(page: Any, north: Any, in_north: Any) -> None:
    waiting(north)
    shown = page("bose").get("/my-day")
    keys = [button.get("data-hotkey") for button in shown.all("#next-patient button")]
    assert keys == ["n", "s"]


def test_shows_what_was_before_today(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    assert "Before" not in page("bose").get("/my-day")
    db.rows(
        "INSERT INTO appointment (tenant_id, id, patient_id, doctor_id, date, timezone, status, reason)"
        " VALUES (%(tenant)s, gen_random_uuid(), %(patient)s, %(doctor)s, %(date)s, 'America/Bogota', 'completed', '')",
        patient=here.patient_id, doctor=north.bose, date="2020-01-06",
    )  # fmt: skip
    db.session.commit()
    assert "6 Jan 2020" in page("bose").get("/my-day").tree.one(".next-before").text


def test_running_late_is_said_in_one_press(page: Any, north: Any, in_north: Any) -> None:
    waiting(north)
    waiting(north, "dora")
    bose = page("bose")
    said = bose.post_form(bose.get("/my-day"), {"minutes": 20}, form="/my-day/delay")
    assert "Estimated waits are 20 minutes longer now." in said
    assert "about 50 min" in said
    assert "You are on time again." in bose.post_form(said, {"minutes": 0}, form="/my-day/delay")


def test_who_is_no_doctor_goes_to_the_desk(page: Any) -> None:
    assert page("ana").get("/my-day").url == "/desk"


def test_a_doctor_touches_no_other_queue(page: Any, north: Any, in_north: Any) -> None:
    other = waiting(north, "emil", "tok")
    bose = page("bose")
    token = bose.get("/my-day").find('input[name="csrf_token"]').get("value")

    def press(address: str) -> int:
        answer = bose.client.post(address, data={"csrf_token": token}, base_url="http://north.localhost")
        return int(answer.status_code)

    for step in ("call", "start", "serve", "skip", "leave", "priority", "transfer", "undo"):
        assert press(f"/queue/{other.id}/{step}") == 404
    assert press(f"/appointments/{other.appointment_id}/check-in") == 404
    assert press(f"/doctors/{north.tok}/queue/call-next") == 403
    assert entry(other.id).status == "waiting"
    bose.get("/queue", status=403)


# -- the wall -----------------------------------------------------------------------------------------------------


def test_the_wall_shows_numbers_and_never_a_name(page: Any, north: Any, in_north: Any) -> None:
    called = waiting(north)
    waiting(north, "dora")
    actions.call(id=called.id, by=SYSTEM)
    wall = page("ana").get("/board")
    assert wall.tree.one(".board-call").text == "A01 Jagadish Bose"
    assert "A02" in wall.tree.one(".board-doors").text
    assert "Carla" not in wall.html
    assert "Dora" not in wall.html


def test_the_wall_is_not_for_passers_by(page: Any) -> None:
    assert page().get("/board").url.startswith("/login")


def test_another_clinic_sees_nothing(page: Any, north: Any, in_north: Any) -> None:
    here = waiting(north)
    sven = page("sven", "south")
    assert doors(sven.get("/queue")) == []
    token = sven.get("/queue").find('input[name="csrf_token"]').get("value")
    answer = sven.client.post(
        f"/queue/{here.id}/call", data={"csrf_token": token}, base_url="http://south.localhost"
    )
    assert answer.status_code == 404
