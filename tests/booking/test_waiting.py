"""The waiting list at the desk: who waits for what, what is offered, why somebody was passed over."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from tests.booking.test_waitlist import seen, work
from tests.booking.times import at, today, working_day

LIST, NEW = "/desk/waiting", "/desk/waiting/new"


@pytest.fixture
def ana(page: Any, north: Any) -> Any:
    return page("ana")


def rows(shown: Any) -> list[str]:
    return [row.text for row in shown.all("main tbody tr")]


def dialog(north: Any, clock: str = "09:30") -> str:
    start = at(clock).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    return f"/appointments/new?doctor={north.bose}&start={start}"


def test_nobody_waits(ana: Any) -> None:
    empty = ana.get(LIST)
    assert empty.h1 == "Waiting list"
    assert "The waiting list is empty" in empty
    assert ana.click(empty, "Add to the waiting list").h1 == "Add to the waiting list"


def test_somebody_known_is_put_on_the_list(ana: Any, api: Any, north: Any) -> None:
    form = ana.get(f"{NEW}?patient={north.dora}&doctor={north.bose}&date={working_day()}")
    typed = {"last": str(working_day(3)), "service_id": north.visit, "part_of_day": "morning"}
    done = ana.post_form(form, typed, form=NEW)
    assert "Dora Ruiz Gómez is on the waiting list." in done
    (row,) = rows(done)
    assert "Jagadish Bose · Visit" in row
    assert "in the morning" in row
    (made,) = api.get("/waitlist").json["items"]
    assert (made["patient_id"], made["doctor_id"], made["from"]) == (
        str(north.dora), str(north.bose), str(working_day()),
    )  # fmt: skip


def test_somebody_new_is_made_on_the_way(ana: Any, api: Any) -> None:
    ana.post_form(ana.get(NEW), {"full_name": "Zoé Núñez", "phone": "300 765 4321"}, form=NEW)
    (made,) = api.get("/waitlist").json["items"]
    assert api.get(f"/patients/{made['patient_id']}").json["full_name"] == "Zoé Núñez"
    assert made["from"] == today().isoformat()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Say who the visit is for."),
        ({"full_name": "Zoé", "phone": "300 765 4321", "first": "soon"}, "Write a date"),
        ({"full_name": "Zoé", "phone": "300 765 4321", "last": "2020-01-01"}, "This ends before it begins."),
    ],
)
def test_says_what_is_missing_and_keeps_what_was_typed(ana: Any, typed: dict[str, str], said: str) -> None:
    again = ana.post_form(ana.get(NEW), typed, form=NEW, status=422)
    assert any(said in error for error in again.errors), again.errors
    form = again.form(NEW)
    assert all(form.find(f'[name="{name}"]').get("value") == value for name, value in typed.items())


def test_sent_twice_they_wait_once(ana: Any, api: Any, north: Any) -> None:
    form = ana.get(f"{NEW}?patient={north.dora}")
    for _ in range(2):
        ana.post_form(form, {}, form=NEW)
    assert len(api.get("/waitlist").json["items"]) == 1


def test_what_is_offered_is_booked_with_one_press(
    ana: Any, api: Any, north: Any, book: Any, wish: Any
) -> None:
    visit, waits = book(), wish()
    api.post(f"/appointments/{visit}/cancel")
    work()
    shown = ana.get(LIST)
    assert "09:30" in rows(shown)[0]
    assert "offered until" in rows(shown)[0]
    booked = ana.post_form(shown, form=f"{LIST}/{waits}/accept")
    assert "Booked: Dora Ruiz Gómez" in booked
    assert seen(api, waits)["status"] == "booked"
    assert "The waiting list is empty" in booked
    again = ana.post_form(shown, form=f"{LIST}/{waits}/accept")
    assert again.url == booked.url, "a double click is one press"
    assert len(api.get("/appointments", patient_id=str(north.dora)).json["items"]) == 1


def test_declined_it_goes_to_the_next_and_the_list_says_so(
    ana: Any,
    api: Any,
    north: Any,
    book: Any,
    wish: Any,
) -> None:
    visit, first, second = book(), wish("dora"), wish("emil")
    api.post(f"/appointments/{visit}/cancel")
    work()
    shown = ana.post_form(ana.get(LIST), form=f"{LIST}/{first}/decline")
    assert "skipped: declined the place that was offered" in rows(shown)[0]
    work()
    assert seen(api, second)["status"] == "offered"


def test_why_somebody_was_passed_over(ana: Any, api: Any, book: Any, wish: Any) -> None:
    visit = book()
    wish(part_of_day="evening")
    api.post(f"/appointments/{visit}/cancel")
    work()
    assert "skipped: the place was in another part of the day" in rows(ana.get(LIST))[0]


def test_they_wait_no_more(ana: Any, api: Any, wish: Any) -> None:
    waits = wish()
    assert "The waiting list is empty" in ana.post_form(ana.get(LIST), form=f"{LIST}/{waits}/remove")
    assert api.get("/waitlist").json["items"] == []


def test_a_free_time_shows_who_waits_for_one_like_it(ana: Any, api: Any, north: Any, wish: Any) -> None:
    waits = wish()
    form = ana.get(dialog(north))
    assert "1 person waits for a time like this" in form
    theirs = ana.click(form, "Dora Ruiz Gómez")
    assert theirs.find('[name="patient_id"]').get("value") == str(north.dora)
    ana.post_form(theirs, {}, form="/appointments/new")
    assert seen(api, waits)["status"] == "booked"
    assert "waits for" not in ana.get(dialog(north, "10:00"))


def test_from_the_search_that_found_nothing(ana: Any, north: Any) -> None:
    found = ana.get(f"/appointments/new?doctor={north.bose}&date={working_day()}&part_of_day=evening")
    form = ana.click(found, "Nothing suits? Add to the waiting list")
    assert form.find('[name="doctor_id"]').one("option[selected]").text == "Jagadish Bose"
    assert form.find('[name="part_of_day"]').one("option[selected]").text == "Evening"


def test_of_one_doctor(ana: Any, api: Any, north: Any, wish: Any) -> None:
    wish()
    assert len(rows(ana.get(f"{LIST}?doctor={north.bose}&date={working_day()}"))) == 1
    assert "The whole list" in ana.get(f"{LIST}?doctor={north.tok}")


def test_as_many_statements_for_one_as_for_many(ana: Any, wish: Any, statements: Any) -> None:
    wish("dora")

    def cost() -> int:
        with statements() as sent:
            ana.get(LIST)
        return len(sent.queries)

    cost()
    one = cost()
    wish("emil")
    wish("carla")
    assert len(rows(ana.get(LIST))) == 3
    assert cost() == one


def test_the_board_counts_them(ana: Any, wish: Any) -> None:
    wish()
    assert "1 on the waiting list" in ana.fragment("/desk/to-do")
    assert ana.click(ana.get("/desk"), "Waiting list").h1 == "Waiting list"


def test_another_clinics_wish_is_not_found(page: Any, wish: Any, north: Any) -> None:
    waits = wish()
    sven = page("sven", "south")
    form = sven.get(NEW).form(NEW)
    token = form.find('[name="csrf_token"]').get("value")
    for step in ("accept", "decline", "remove"):
        answer = sven.client.post(
            f"{LIST}/{waits}/{step}", data={"csrf_token": token}, base_url="http://south.localhost"
        )
        assert answer.status_code == 404
