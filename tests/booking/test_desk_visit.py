"""One visit at the desk: what its page shows, what may be done with it, and who sees it."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.booking import actions as booking
from clinic.booking import queries, steps
from clinic.booking.asking import Asked
from clinic.core import db
from clinic.core.access import SYSTEM
from tests.booking.times import at, working_day


@pytest.fixture
def visit(in_north: Any) -> Any:
    north = in_north
    return booking.book(
        asked=Asked(doctor_id=north.bose, patient_id=north.carla, start=at("09:30"), reason="Cough"),
        by=SYSTEM,
    )


def state(visit: Any) -> str:
    return str(queries.visit(visit.id, by=SYSTEM).status)


def first(shown: Any, clock: str) -> str:
    """What the first free time of that name sends."""
    return next(str(slot.get("value")) for slot in shown.all(".moves button.slot") if slot.text == clock)


def buttons(shown: Any) -> set[str]:
    return {button.text for button in shown.all("main button")}


def test_shows_who_when_and_why(page: Any, visit: Any) -> None:
    shown = page("ana").get(f"/appointments/{visit.id}")
    assert shown.h1 == "Carla Ruiz Gómez"
    assert all(words in shown for words in ("09:30–10:00", "Jagadish Bose", "Cough", "300 1234567", "Booked"))


def test_that_it_was_read_is_on_record(page: Any, visit: Any, north: Any) -> None:
    ana = page("ana")
    ana.get(f"/appointments/{visit.id}")
    ana.fragment(f"/appointments/{visit.id}/panel")
    read = db.rows(
        "SELECT patient_id FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'appointment.read'"
        " AND object_id = %(id)s",
        id=visit.id,
    )
    assert [row.patient_id for row in read] == [north.carla] * 2


def test_tells_its_history_with_names(page: Any, visit: Any) -> None:
    ana = page("ana")
    ana.post_form(ana.get(f"/appointments/{visit.id}"), {}, form="/confirm")
    history = [step.text for step in ana.get(f"/appointments/{visit.id}").all(".steps li")]
    assert "Booked" in history[0]
    assert "Confirmed" in history[1]
    assert "Ana" in history[1]


def test_offers_what_its_state_allows(page: Any, visit: Any) -> None:
    ana = page("ana")
    assert {"Confirm", "Cancel the visit"} <= buttons(ana.get(f"/appointments/{visit.id}"))
    assert "Check in" not in buttons(ana.get(f"/appointments/{visit.id}")), "it is not today"
    steps.cancel(id=visit.id, by=SYSTEM)
    gone = buttons(ana.get(f"/appointments/{visit.id}"))
    assert "Restore" in gone
    assert not gone & {"Confirm", "Cancel the visit", "Move"}


@pytest.mark.parametrize(
    ("form", "after", "said"),
    [
        ("/confirm", "confirmed", "Confirmed: Carla Ruiz Gómez"),
        ("/cancel", "cancelled", "Cancelled: Carla Ruiz Gómez"),
    ],
)
def test_takes_a_step_and_back_again(page: Any, visit: Any, form: str, after: str, said: str) -> None:
    ana = page("ana")
    done = ana.post_form(ana.get(f"/appointments/{visit.id}"), {}, form=form)
    assert said in done
    assert done.url == f"/appointments/{visit.id}"
    assert state(visit) == after
    undone = ana.post_form(done, {}, form=".toast form")
    assert "Undone: Carla Ruiz Gómez" in undone
    assert state(visit) == "booked"


def test_is_called_off_with_a_reason_of_the_list_or_in_words(page: Any, visit: Any) -> None:
    ana = page("ana")
    shown = ana.get(f"/appointments/{visit.id}")
    codes = [option.get("value") for option in shown.all("#reason option")]
    ana.post_form(shown, {"reason": codes[1]}, form="/cancel")
    assert queries.visit(visit.id, by=SYSTEM).cancel_reason == codes[1]
    steps.undo(id=visit.id, by=SYSTEM)
    ana.post_form(ana.get(f"/appointments/{visit.id}"), {"why": "has a cold"}, form="/cancel")
    assert queries.visit(visit.id, by=SYSTEM).cancel_reason == "has a cold"


def test_comes_back_from_being_called_off(page: Any, visit: Any) -> None:
    steps.cancel(id=visit.id, by=SYSTEM)
    ana = page("ana")
    ana.post_form(ana.get(f"/appointments/{visit.id}"), {}, form="/restore")
    assert state(visit) == "booked"


def test_a_step_that_does_not_fit_any_more_is_refused_in_words(page: Any, visit: Any) -> None:
    ana = page("ana")
    shown = ana.get(f"/appointments/{visit.id}")
    steps.cancel(id=visit.id, by=SYSTEM)
    refused = ana.post_form(shown, {}, form="/confirm")
    assert "The visit is not in a state that allows this." in refused
    assert refused.url == f"/appointments/{visit.id}"
    part = ana.post_form(shown, {}, form="/confirm", status=409, headers={"HX-Request": "true"})
    assert part.find("[data-refusal]")


def test_in_the_dialog_a_step_says_so_and_asks_for_the_board(page: Any, visit: Any) -> None:
    ana = page("ana")
    panel = ana.fragment(f"/appointments/{visit.id}/panel")
    done = ana.post_form(panel, {}, form="/confirm", headers={"HX-Request": "true"})
    assert done.response.headers["HX-Trigger"] == "close-dialog, visits-changed"
    assert "Confirmed: Carla" in done.tree.text


def test_moves_by_pressing_a_free_time_of_the_board(page: Any, visit: Any, north: Any) -> None:
    ana = page("ana")
    shown = ana.get(f"/desk?date={working_day()}&move={visit.id}")
    assert "Moving Carla Ruiz Gómez" in shown
    times = {button.name: button for button in shown.all("button.free")}
    assert "Move to 09:30, Jagadish Bose" in times, "its own time is free for it"
    chosen = times["Move to 11:00, Jagadish Bose"]
    assert chosen.get("form") == "moving"
    token = shown.find('#moving input[name="csrf_token"]').get("value")
    ana.client.post(
        f"/appointments/{visit.id}/move",
        data={"csrf_token": token, "slot": chosen.get("value")},
        base_url="http://north.localhost",
    )
    assert queries.visit(visit.id, by=SYSTEM).starts_at == at("11:00")


def test_moves_by_a_list_of_free_times(page: Any, visit: Any) -> None:
    ana = page("ana")
    shown = ana.get(f"/appointments/{visit.id}/move")
    done = ana.post_form(shown, {}, form="form.moves", button=first(shown, "11:30"))
    assert "Moved to" in done
    assert queries.visit(visit.id, by=SYSTEM).starts_at == at("11:30")
    assert ana.fragment(f"/appointments/{visit.id}/free").find("#free")


def test_a_time_that_is_gone_is_answered_with_the_nearest(page: Any, visit: Any, north: Any) -> None:
    ana = page("ana")
    shown = ana.get(f"/appointments/{visit.id}/move")
    booking.book(asked=Asked(doctor_id=north.bose, patient_id=north.dora, start=at("11:00")), by=SYSTEM)
    again = ana.post_form(shown, {}, form="form.moves", button=first(shown, "11:00"), status=409)
    times = [clock.text for clock in again.tree.one("form.nearest").all(".slot-time")]
    assert times == ["10:00", "10:30", "11:30"]


def test_a_visit_that_is_over_is_not_moved(page: Any, visit: Any) -> None:
    steps.cancel(id=visit.id, by=SYSTEM)
    page("ana").get(f"/appointments/{visit.id}/move", status=409)


def test_a_time_nobody_offered_moves_nothing(page: Any, visit: Any) -> None:
    ana = page("ana")
    token = ana.get(f"/appointments/{visit.id}").find('input[name="csrf_token"]').get("value")
    answer = ana.client.post(
        f"/appointments/{visit.id}/move",
        data={"csrf_token": token, "slot": "nonsense"},
        base_url="http://north.localhost",
    )
    assert answer.status_code == 422


def test_a_patients_visits_stand_on_their_page(page: Any, visit: Any, north: Any) -> None:
    ana = page("ana")
    part = ana.fragment(f"/patients/{north.carla}/visits")
    assert "09:30" in part.tree.one("tbody tr").text
    assert ana.get(f"/patients/{north.carla}/appointments").h1 == "Visits of Carla Ruiz Gómez"
    assert "No visits yet." in ana.fragment(f"/patients/{north.emil}/visits")


def test_a_doctor_sees_their_own_visits_alone(page: Any, visit: Any, north: Any) -> None:
    other = booking.book(
        asked=Asked(doctor_id=north.tok, patient_id=north.carla, date=working_day()), by=SYSTEM
    )
    bose = page("bose")
    bose.get(f"/appointments/{visit.id}")
    bose.get(f"/appointments/{other.id}", status=404)
    bose.fragment(f"/appointments/{other.id}/panel", status=404)
    assert len(bose.fragment(f"/patients/{north.carla}/visits").all("tbody tr")) == 1
    bose.fragment(f"/patients/{north.emil}/visits", status=404)
    token = bose.get(f"/appointments/{visit.id}").find('input[name="csrf_token"]').get("value")
    for step in ("confirm", "cancel", "undo", "no-show"):
        answer = bose.client.post(
            f"/appointments/{other.id}/{step}", data={"csrf_token": token}, base_url="http://north.localhost"
        )
        assert answer.status_code == 404
    assert state(other) == "booked"


def test_nobody_of_another_clinic_sees_it(page: Any, visit: Any) -> None:
    sven = page("sven", "south")
    sven.get(f"/appointments/{visit.id}", status=404)
    sven.get(f"/desk?move={visit.id}", status=404)


def test_a_visitor_has_no_way_in(page: Any, visit: Any) -> None:
    visitor = page()
    assert visitor.get(f"/appointments/{visit.id}").url.startswith("/login")
    token = visitor.get("/login").find('input[name="csrf_token"]').get("value")
    visitor.client.post(
        f"/appointments/{visit.id}/cancel", data={"csrf_token": token}, base_url="http://north.localhost"
    )
    assert state(visit) == "booked"
