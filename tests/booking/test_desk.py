"""The day board as Ana sees it: who is there, what is free, what is not and why."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from clinic.booking import actions as booking
from clinic.booking.asking import Asked
from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.queue import arriving
from clinic.schedule import days
from clinic.schedule.timeaway import blocks
from tests.booking.times import BOGOTA, at, today, working_day


def book(north: Any, clock: str = "09:30", **more: Any) -> Any:
    asked = {"doctor_id": north.bose, "patient_id": north.carla, "start": at(clock), **more}
    return booking.book(asked=Asked(**asked), by=SYSTEM)


def board(page: Any, name: str = "ana", **more: Any) -> Any:
    query = "&".join(f"{key}={value}" for key, value in {"date": working_day(), **more}.items())
    return page(name).get(f"/desk?{query}")


def free(shown: Any) -> list[str]:
    return [link.name for link in shown.all("a.free")]


def audited(act: str) -> list[Any]:
    return db.rows(
        "SELECT act, object_ids, patient_id, object_id FROM audit_event"
        " WHERE tenant_id = %(tenant)s AND act = %(act)s ORDER BY id",
        act=act,
    )


def test_is_home_for_who_works_at_the_desk(page: Any) -> None:
    for name in ("ana", "mia", "olga"):
        assert page(name).get("/login").url == "/desk"


def test_shows_free_times_as_links_that_say_it_all(page: Any) -> None:
    shown = board(page)
    assert free(shown)[:2] == ["Book 09:00 with Jagadish Bose", "Book 09:30 with Jagadish Bose"]
    assert len(free(shown)) == 6


def test_shows_a_visit_with_its_state_in_words(page: Any, north: Any, in_north: Any) -> None:
    book(north, reason="Cough")
    shown = board(page)
    visit = shown.tree.one("a.visit")
    assert all(words in visit.text for words in ("09:30", "Carla Ruiz Gómez", "Cough", "Booked"))
    assert "Book 09:30 with Jagadish Bose" not in free(shown)
    assert shown.all("thead th")[0].text.startswith("Jagadish Bose 1 visit, 5 free")


def test_is_a_table_of_doctors_and_times(page: Any) -> None:
    shown = board(page)
    assert [head.find("a").text for head in shown.all('thead th[scope="col"]')] == [
        "Jagadish Bose",
        "Tomás Tok",
    ]
    marks = [mark.text for mark in shown.all('tbody th[scope="row"]') if mark.text]
    assert marks == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


def test_spans_the_rows_that_a_visit_lasts(page: Any, north: Any, in_north: Any) -> None:
    book(north, "10:00", minutes=90)
    shown = board(page)
    (cell,) = [cell for cell in shown.all("td") if cell.find("a.visit")]
    assert cell.get("rowspan") == "3"
    assert "Book 11:30 with Jagadish Bose" in free(shown)
    assert "Book 11:00 with Jagadish Bose" not in free(shown)


def test_says_why_time_is_blocked_and_from_when_to_when(page: Any, north: Any, in_north: Any) -> None:
    fields = {"doctor_id": north.bose, "start": at("10:00"), "end": at("11:00"), "reason": "Congress"}
    blocks.add(fields=fields, by=SYSTEM)
    shown = board(page)
    assert shown.tree.one("td.off").text == "Congress 10:00–11:00"
    assert len(free(shown)) == 4


def test_says_who_is_not_here_and_who_runs_late(page: Any, north: Any, in_north: Any) -> None:
    days.put(north.bose, on=working_day(), fields={"delay_minutes": 20}, by=SYSTEM)
    assert "20 min late" in board(page).all("thead th")[0].text
    days.put(north.bose, on=working_day(), fields={"is_present": False}, by=SYSTEM)
    shown = board(page)
    assert "Not here" in shown.all("thead th")[0].text
    assert free(shown) == []


def test_lists_numbers_and_walk_ins_beside_the_times(page: Any, north: Any, in_north: Any) -> None:
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.dora, date=today()), by=SYSTEM)
    arriving.walk_in(doctor_id=north.bose, patient_id=north.carla, by=SYSTEM)
    shown = page("ana").get("/desk")
    loose = [visit.text for visit in shown.all("a.visit")]
    assert any("№ 1 Dora" in text for text in loose)
    assert any("Walk-in Carla" in text and "Arrived" in text for text in loose)


def test_shows_a_visit_that_stands_beyond_the_capacity(page: Any, north: Any, in_north: Any) -> None:
    book(north)
    book(north, patient_id=north.dora, overbook=True, overbook_reason="pain")
    shown = board(page)
    assert len(shown.tree.one("td.n2").all("a.visit")) == 2
    assert shown.find('svg[aria-label="Overbooked"]')


def test_does_not_show_what_was_called_off(page: Any, north: Any, in_north: Any) -> None:
    from clinic.booking import steps

    steps.cancel(id=book(north).id, by=SYSTEM)
    shown = board(page)
    assert shown.all("a.visit") == []
    assert len(free(shown)) == 6


def test_marks_now_only_on_its_day(page: Any) -> None:
    assert not board(page).find("tr.is-now")


def test_narrows_to_a_doctor_and_to_a_location(page: Any, north: Any) -> None:
    heads = board(page, doctor=north.tok).all('thead th[scope="col"]')
    assert [head.find("a").text for head in heads] == ["Tomás Tok"]
    assert len(board(page, location=north.main).all('thead th[scope="col"]')) == 2


def test_leads_to_the_days_around_it(page: Any) -> None:
    shown = board(page)
    ahead = working_day() + timedelta(days=1)
    assert page("ana").click(shown, "Next day").url == f"/desk?date={ahead}"
    assert shown.find('a[data-hotkey="t"]').get("href") == "/desk"


@pytest.mark.parametrize("date", ["2026-02-30", "tomorrow", "99999-01-01"])
def test_says_that_there_is_no_such_date(page: Any, date: str) -> None:
    assert f"{date} is not a date" in page("ana").get(f"/desk?date={date}")


def test_says_why_it_is_empty(page: Any, north: Any, in_north: Any) -> None:
    db.db.session.commit()
    sunday = working_day() + timedelta(days=6 - working_day().weekday())
    assert "No doctors here on this day" in page("ana").get(f"/desk?date={sunday}&doctor={north.bose}")


def test_asks_the_same_few_questions_however_full_the_day_is(
    page: Any, north: Any, in_north: Any, statements: Any
) -> None:
    ana = page("ana")
    counts = []
    for clock in (None, "09:30", "10:00"):
        if clock:
            book(north, clock, patient_id=north.carla if clock == "09:30" else north.dora)
        with statements() as seen:
            ana.get(f"/desk?date={working_day()}")
        counts.append(len(seen.queries))
    assert counts[0] == counts[1] == counts[2] <= 6, counts


def test_an_unchanged_board_is_not_sent_again(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    address = f"/desk/day?date={working_day()}"
    first = ana.fragment(address)
    tag = {"If-None-Match": first.response.headers["ETag"]}
    assert ana.fragment(address, status=304, headers=tag).html == ""
    book(north)
    changed = ana.fragment(address, headers=tag)
    assert "Carla" in changed
    assert changed.response.headers["Cache-Control"] == "no-store"


def test_who_looked_is_on_record_as_one_list(page: Any, north: Any, in_north: Any) -> None:
    visit = book(north)
    ana = page("ana")
    ana.get(f"/desk?date={working_day()}")
    rows = audited("appointment.list")  # the home page after signing in, and this one
    assert sorted(row.object_ids for row in rows) == [[], [visit.id]]
    shown = ana.fragment(f"/desk/day?date={working_day()}")
    assert len(audited("appointment.list")) == 3
    tag = {"If-None-Match": shown.response.headers["ETag"]}
    ana.fragment(f"/desk/day?date={working_day()}", status=304, headers=tag)
    assert len(audited("appointment.list")) == 3, "who is told nothing new has read nothing new"


def test_prints_the_list_of_one_doctor(page: Any, north: Any, in_north: Any) -> None:
    book(north, reason="Cough")
    shown = page("ana").get(f"/desk/print?date={working_day()}&doctor={north.bose}")
    row = shown.tree.one("tbody tr").text
    assert all(words in row for words in ("09:30–10:00", "Carla Ruiz Gómez", "300 1234567", "Cough"))
    assert len(audited("appointment.print")) == 1


def test_a_doctor_and_a_patient_have_other_homes(page: Any) -> None:
    page("bose").get("/desk", status=403)
    page("bose").get("/desk/day", status=403)
    assert page().get("/desk").url.startswith("/login")


def test_shows_nothing_of_another_clinic(page: Any, north: Any, in_north: Any) -> None:
    book(north)
    shown = page("sven", "south").get(f"/desk?date={working_day()}")
    assert "Carla" not in shown
    assert [head.find("a").text for head in page("sven", "south").get(
        f"/desk?date={working_day()}&doctor={north.bose}"
    ).all('thead th[scope="col"]')] == []  # fmt: skip


def test_shows_a_night_that_reaches_into_the_next_day(page: Any, north: Any, in_north: Any) -> None:
    from clinic.schedule.weekly import availability

    fields = {
        "doctor_id": north.bose, "weekday": working_day().weekday(), "start_time": time(22), "end_time": time(2),
        "ends_next_day": True,
    }  # fmt: skip
    availability.add(fields=fields, by=SYSTEM)
    night = datetime.combine(working_day() + timedelta(days=1), time(0, 30), BOGOTA)
    book(north, start=night)
    evening = board(page)
    assert "Book 23:30 with Jagadish Bose" in free(evening)
    assert "Carla" not in evening
    morning = page("ana").get(f"/desk?date={working_day() + timedelta(days=1)}")
    assert "00:30 Carla" in morning.tree.one("a.visit").text
