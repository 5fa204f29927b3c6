"""Visits whose time was taken away, on the desk's list: who and why, one press proposes, one press moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg

from tests.booking.times import working_day
from tests.pages import Page

LIST = "/desk/to-move"


def away(api: Any, doctor: Any) -> None:
    day = working_day().isoformat()
    body = {"is_present": False, "force": True}
    assert api.put(f"/doctors/{doctor}/days/{day}", body).status_code == 200


def rows(page: Page) -> list[str]:
    return [row.text for row in page.all("#affected tbody tr")]


def test_nobody_has_to_be_moved(page: Any, north: Any) -> None:
    empty = page("ana").get(LIST)
    assert empty.h1 == "Visits to move"
    assert "No visits to move" in empty
    assert "A doctor is away or late" in empty


def test_shows_who_and_why(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    away(api, north.bose)
    (row,) = rows(page("ana").get(LIST))
    assert "Carla Ruiz Gómez" in row
    assert "the doctor is not here that day" in row


def test_a_closure_says_until_when_and_why(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    day = working_day().isoformat()
    api.post("/closures", {"start": day, "all_day": True, "reason": "Holiday", "force": True})
    (row,) = rows(page("ana").get(LIST))
    assert "closed until" in row
    assert "Holiday" in row


def test_three_presses_move_everybody(page: Any, api: Any, north: Any, book: Any) -> None:
    visits = [book("carla", "09:00"), book("dora", "09:30"), book("emil", "10:00")]
    away(api, north.bose)
    ana = page("ana")
    proposed = ana.post_form(ana.get(LIST), form="Propose another time for 3 visits")
    assert "3 times are kept for an answer." in proposed
    assert len(api.get("/proposals").json["items"]) == 3
    moved = ana.post_form(proposed, form=f"{LIST}/confirm")
    assert "3 visits are moved." in moved
    assert "No visits to move" in moved
    for id in visits:
        visit = api.get(f"/appointments/{id}").json
        assert visit["start"][:10] != working_day().isoformat()
        assert visit["needs_rescheduling"] is False


def test_one_at_a_time_with_the_way_back(page: Any, api: Any, north: Any, book: Any) -> None:
    visit = book()
    book("dora", "10:00")
    away(api, north.bose)
    ana = page("ana")
    shown = ana.post_form(ana.get(LIST), form="Propose another time for Carla Ruiz Gómez")
    (proposal,) = api.get("/proposals").json["items"]
    assert "kept until" in rows(shown)[0]
    moved = ana.post_form(shown, form=f"/proposals/{proposal['id']}/confirm")
    assert "Moved to" in moved
    assert moved.find(f'form[action="/appointments/{visit}/undo"]')
    assert api.get(f"/appointments/{visit}").json["start"] == proposal["start"]
    assert len(rows(moved)) == 1, "the other still waits"


def test_what_is_not_wanted_is_free_again(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    away(api, north.bose)
    ana = page("ana")
    ana.post_form(ana.get(LIST), form="Propose another time for 1 visit")
    (proposal,) = api.get("/proposals").json["items"]
    shown = ana.post_form(ana.get(LIST), form=f"/proposals/{proposal['id']}/decline")
    assert "The proposed time is free again." in shown
    assert "1 declined today" in shown
    again = ana.post_form(ana.get(LIST), form="Propose another time for 1 visit")
    late = ana.post_form(again, form="Move 1 visit as proposed")
    assert "1 visit is moved." in late


def test_a_proposal_that_ran_out_says_so(page: Any, api: Any, north: Any, book: Any, superuser: str) -> None:
    visit = book()
    away(api, north.bose)
    api.post("/appointments/reassign", {"ids": [visit]})
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
    (row,) = rows(page("ana").get(LIST))
    assert "ran out without an answer" in row
    assert "Propose" in row


def test_moving_what_ran_out_says_so_on_the_list(
    page: Any, api: Any, north: Any, book: Any, superuser: str
) -> None:
    visit = book()
    away(api, north.bose)
    api.post("/appointments/reassign", {"ids": [visit]})
    ana = page("ana")
    shown = ana.get(LIST)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
    (proposal,) = api.get("/proposals").json["items"]
    late = ana.post_form(shown, form=f"/proposals/{proposal['id']}/confirm")
    assert late.h1 == "Visits to move"
    assert "they are over" in late
    assert len(rows(late)) == 1


def test_pressed_twice_it_is_proposed_once(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    away(api, north.bose)
    ana = page("ana")
    shown = ana.get(LIST)
    for _ in range(2):
        ana.post_form(shown, form="Propose another time for 1 visit")
    assert len(api.get("/proposals").json["items"]) == 1


def test_nothing_found_is_said(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    gone = {"start": str(working_day() - timedelta(days=8)), "end": str(working_day() + timedelta(days=90))}
    api.post(f"/doctors/{north.bose}/blocked-times", {**gone, "all_day": True, "force": True})
    ana = page("ana")
    answer = ana.post_form(ana.get(LIST), form="Propose another time for 1 visit")
    assert "Nothing was found for 1 visit." in answer


def test_the_list_is_asked_for_again_and_again(page: Any, api: Any, north: Any, book: Any) -> None:
    visit = book()
    away(api, north.bose)
    ana = page("ana")
    part = ana.fragment("/desk/affected")
    assert part.find("section#affected").get("hx-get") == "/desk/affected"
    tag = part.response.headers["ETag"]
    ana.fragment("/desk/affected", 304, headers={"If-None-Match": tag})
    api.post("/appointments/reassign", {"ids": [visit]})
    assert "Carla" in ana.fragment("/desk/affected", headers={"If-None-Match": tag})


def test_the_board_leads_there(page: Any, api: Any, north: Any, book: Any) -> None:
    ana = page("ana")
    assert ana.click(ana.get("/desk"), "Visits to move").h1 == "Visits to move"
    book()
    away(api, north.bose)
    assert "1 visit to move" in ana.fragment("/desk/to-do")


def test_of_one_doctor_and_day(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    away(api, north.bose)
    ana = page("ana")
    assert len(rows(ana.get(f"{LIST}?doctor={north.bose}&date={working_day()}"))) == 1
    assert rows(ana.get(f"{LIST}?doctor={north.tok}")) == []


def test_of_a_closed_record_the_name_and_no_more(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    away(api, north.bose)
    api.patch(f"/patients/{north.carla}", {"confidential": {"roles": ["owner"]}})
    (row,) = rows(page("ana").get(LIST))
    assert "Carla" in row
    assert "123" not in row


def test_as_many_statements_for_one_as_for_many(
    page: Any, api: Any, north: Any, book: Any, statements: Any
) -> None:
    book("carla", "09:00")
    away(api, north.bose)
    ana = page("ana")

    def cost() -> int:
        with statements() as seen:
            ana.get(LIST)
        return len(seen.queries)

    cost()
    one = cost()
    api.put(f"/doctors/{north.bose}/days/{working_day()}", {"is_present": True})
    for patient, start in (("dora", "09:30"), ("emil", "10:00")):
        book(patient, start)
    away(api, north.bose)
    assert len(rows(ana.get(LIST))) == 3
    assert cost() == one
