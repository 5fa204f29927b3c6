"""A signed-in patient waits for a time that is not free, and takes what is offered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.test_waitlist import seen, work
from tests.booking.times import iso, today, working_day

LIST, NEW = "/my/waiting", "/my/waiting/new"


def offered(api: Any, book: Any) -> None:
    """Dora's visit at half past nine is called off, and the worker has been here."""
    api.post(f"/appointments/{book('dora')}/cancel")
    work()


def test_waits_for_nothing(carla: Any) -> None:
    empty = carla.get(LIST)
    assert empty.h1 == "Waiting list"
    assert "You are not on the waiting list" in empty


def test_from_the_times_that_do_not_suit(carla: Any, api: Any, north: Any) -> None:
    times = carla.get(f"/book/times?service={north.visit}&doctor={north.bose}&day={working_day()}")
    form = carla.click(times, "Nothing suits? Join the waiting list")
    assert "Visit · with Jagadish Bose" in form
    done = carla.post_form(form, {"last": str(working_day(5)), "part_of_day": "morning"}, form=NEW)
    assert "You are on the waiting list." in done
    assert "in the morning" in done
    (wish,) = api.get("/waitlist").json["items"]
    assert (wish["patient_id"], wish["doctor_id"], wish["service_id"]) == (
        str(north.carla), str(north.bose), str(north.visit),
    )  # fmt: skip


def test_a_visitor_is_asked_to_sign_in_and_comes_back(page: Any, north: Any) -> None:
    assert page().get(f"{NEW}?doctor={north.bose}").h1 == "Sign in"


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"first": "soon"}, "Write a date"), ({"last": "2020-01-01"}, "This ends before it begins.")],
)
def test_says_what_is_wrong_at_the_field(carla: Any, api: Any, typed: dict[str, str], said: str) -> None:
    again = carla.post_form(carla.get(NEW), typed, form=NEW, status=422)
    assert said in again.errors[0]
    assert api.get("/waitlist").json["items"] == []


def test_sent_twice_it_is_one_wish(carla: Any, api: Any) -> None:
    form = carla.get(NEW)
    for _ in range(2):
        carla.post_form(form, {}, form=NEW)
    assert len(api.get("/waitlist").json["items"]) == 1


def test_what_is_offered_is_booked(carla: Any, api: Any, north: Any, book: Any, wish: Any) -> None:
    waits = wish("carla")
    offered(api, book)
    shown = carla.get(LIST)
    assert "A place is free for you" in shown
    booked = carla.post_form(shown, form=f"{LIST}/{waits}/accept")
    assert booked.h1 == "Your visit is booked"
    assert seen(api, waits)["status"] == "booked"
    (visit,) = api.get("/appointments", patient_id=str(north.carla)).json["items"]
    assert (visit["start"], visit["source"]) == (iso("09:30"), "waitlist")


def test_not_this_one_and_still_waiting(carla: Any, api: Any, book: Any, wish: Any) -> None:
    waits = wish("carla")
    offered(api, book)
    shown = carla.post_form(carla.get(LIST), form=f"{LIST}/{waits}/decline")
    assert "You stay on the list." in shown
    late = carla.client.post(
        f"{LIST}/{waits}/accept",
        data={"csrf_token": shown.find('[name="csrf_token"]').get("value")},
        base_url="http://north.localhost",
        follow_redirects=True,
    )
    assert "they are over" in late.get_data(as_text=True)


def test_waits_no_more(carla: Any, api: Any, wish: Any) -> None:
    waits = wish("carla")
    assert "You are not on the waiting list" in carla.post_form(
        carla.get(LIST), form=f"{LIST}/{waits}/remove"
    )
    assert api.get("/waitlist").json["items"] == []


def test_nobody_elses_wish(carla: Any, wish: Any) -> None:
    waits = wish("dora")
    shown = carla.get(LIST)
    assert "You are not on the waiting list" in shown
    token = carla.get(NEW).form(NEW).find('[name="csrf_token"]').get("value")
    for step in ("accept", "decline", "remove"):
        where = f"{LIST}/{waits}/{step}"
        answer = carla.client.post(where, data={"csrf_token": token}, base_url="http://north.localhost")
        assert answer.status_code == 404


def test_for_a_child(carla: Any, api: Any, north: Any) -> None:
    teo = api.post(
        "/patients",
        {
            "full_name": "Teo Ruiz Gómez",
            "guardians": [{"patient_id": str(north.carla), "relation": "mother"}],
        },
    ).json["id"]
    form = carla.get(f"{NEW}?doctor={north.bose}")
    shown = carla.post_form(form, {"person": teo.replace("-", "")}, form=NEW)
    assert "For Teo Ruiz Gómez" in shown
    stranger = carla.post_form(form, {"person": north.dora.hex, "first": str(today())}, form=NEW, status=422)
    assert stranger.errors


def test_who_works_here_is_led_to_the_desks_list(page: Any, north: Any) -> None:
    ana = page("ana")
    assert ana.get(LIST).url == "/desk/waiting"
    assert ana.get(NEW).h1 == "Add to the waiting list"
