"""The week and the month at the desk: one doctor's hour by hour, everybody's by how full their days are."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.booking import actions as booking
from clinic.booking import daylayout, weekboard
from clinic.booking.asking import Asked
from clinic.booking.daylayout import Span
from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.schedule import days
from clinic.schedule.timeaway import blocks, closures
from clinic.schedule.walltime import day_range
from tests.booking.times import at, today, working_day


def book(north: Any, clock: str = "09:30", **more: Any) -> Any:
    asked = {"doctor_id": north.bose, "patient_id": north.carla, "start": at(clock), **more}
    return booking.book(asked=Asked(**asked), by=SYSTEM)


def monday() -> date:
    return working_day() - timedelta(days=working_day().weekday())


def week(page: Any, name: str = "ana", view: str = "week", **more: Any) -> Any:
    query = "&".join(f"{key}={value}" for key, value in {"date": working_day(), **more}.items())
    return page(name).get(f"/{view}?{query}")


def cell(shown: Any, words: str) -> str:
    """What a day says in a table of loads, by how it is spoken of."""
    return next(str(link.text) for link in shown.all("table.load td a") if words in link.text)


def audited(act: str) -> list[Any]:
    return db.rows(
        "SELECT object_ids FROM audit_event WHERE tenant_id = %(tenant)s AND act = %(act)s ORDER BY id",
        act=act,
    )


def test_shows_a_doctors_week_as_a_table_of_days_and_times(page: Any, north: Any, in_north: Any) -> None:
    book(north, reason="Cough")
    shown = week(page, doctor=north.bose)
    assert len(shown.all('thead th[scope="col"]')) == 5, "nothing happens on Saturday and Sunday"
    assert all(words in shown.tree.one("a.visit").text for words in ("09:30", "Carla Ruiz Gómez", "Booked"))
    marks = [mark.text for mark in shown.all('tbody th[scope="row"]') if mark.text]
    assert marks == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


def test_a_free_time_says_its_day_and_leads_to_the_booking(page: Any, north: Any, in_north: Any) -> None:
    db.db.session.commit()
    shown = week(page, doctor=north.bose)
    link = next(link for link in shown.all("a.free") if working_day().strftime(", %-d ") in link.name)
    assert link.name.endswith(", 09:00 with Jagadish Bose")
    assert page("ana").get(link.get("href")).h1 == "Book 09:00 with Jagadish Bose"


def test_a_visit_on_saturday_is_seen(page: Any, north: Any, in_north: Any) -> None:
    from clinic.schedule.weekly import availability

    fields = {"doctor_id": north.bose, "weekday": 5, "start_time": time(9), "end_time": time(12)}
    availability.add(fields=fields, by=SYSTEM)
    assert len(week(page, doctor=north.bose).all('thead th[scope="col"]')) == 6


def test_says_why_time_is_blocked_and_who_is_away(page: Any, north: Any, in_north: Any) -> None:
    fields = {"doctor_id": north.bose, "start": at("10:00"), "end": at("11:00"), "reason": "Congress"}
    blocks.add(fields=fields, by=SYSTEM)
    days.put(north.bose, on=working_day(1), fields={"is_present": False}, by=SYSTEM)
    shown = page("ana").get(f"/week?doctor={north.bose}&date={working_day()}")
    assert shown.tree.one("td.off").text == "Congress 10:00–11:00"
    away = page("ana").get(f"/week?doctor={north.bose}&date={working_day(1)}")
    assert "Not here" in away.html


def test_shows_numbers_in_the_day_that_gave_them(page: Any, north: Any, in_north: Any) -> None:
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.dora, date=today()), by=SYSTEM)
    shown = page("ana").get(f"/week?doctor={north.tok}")
    assert [visit.text for visit in shown.all("a.visit") if "№ 1 Dora" in visit.text]


def test_moves_a_visit_to_another_day_of_the_week(page: Any, north: Any, in_north: Any) -> None:
    visit = book(north)
    ana = page("ana")
    shown = ana.get(f"/week?doctor={north.bose}&date={working_day()}&move={visit.id}")
    assert "Moving Carla Ruiz Gómez" in shown
    assert not shown.all("a.free")
    button = next(button for button in shown.all("button.free") if "11:00" in button.name)
    assert button.name.startswith("Move to ")
    form = shown.form(f"/appointments/{visit.id}/move")
    assert button.get("form") == form.get("id")
    kept = {field.get("name"): field.get("value") for field in form.all("input")}
    assert kept["back"] == f"/week?doctor={north.bose}&date={working_day()}"


def test_without_a_doctor_it_says_how_full_everybodys_days_are(page: Any, north: Any, in_north: Any) -> None:
    book(north)
    shown = week(page)
    assert [head.text for head in shown.all('tbody th[scope="row"]')] == ["Jagadish Bose", "Tomás Tok"]
    text = cell(shown, f"Jagadish Bose, {working_day():%a, %-d %b}")
    assert "5 free from 09:00" in text
    assert "1 visit" in text
    assert "Carla" not in shown, "names are for who needs them"


def test_a_day_that_is_shut_says_why(page: Any, north: Any, in_north: Any) -> None:
    shut = {"start": working_day(), "end": working_day(), "reason": "Inventory"}
    closures.add(fields=shut, by=SYSTEM)
    assert "Inventory" in cell(week(page), f"Jagadish Bose, {working_day():%a, %-d %b}")
    assert "Inventory" in cell(week(page, view="month", doctor=north.bose), f"{working_day():%a, %-d %b}")


def test_leads_to_the_day_of_a_doctor_and_back(page: Any, north: Any, in_north: Any) -> None:
    db.db.session.commit()
    shown = week(page)
    link = next(
        link
        for link in shown.all("table.load td a")
        if f"Jagadish Bose, {working_day():%a, %-d %b}" in link.text
    )
    day = page("ana").get(link.get("href"))
    assert [head.find("a").text for head in day.all('thead th[scope="col"]')] == ["Jagadish Bose"]
    again = page("ana").click(day, "Week")
    assert again.all("table.is-week")
    assert page("ana").click(again, "Month").all("table.month")


@pytest.mark.parametrize(("view", "before", "after"), [("week", -7, 7), ("month", -31, 31)])
def test_leads_to_what_is_before_and_after(page: Any, view: str, before: int, after: int) -> None:
    shown = week(page, view=view)
    links = {link.get("data-hotkey"): link.get("href") for link in shown.all(".day-nav a")}
    earlier, later = (
        date.fromisoformat(links[key].partition("date=")[2]) for key in ("ArrowLeft", "ArrowRight")
    )
    assert earlier < working_day() < later
    assert later - earlier >= timedelta(days=after - 4)
    assert links["t"] == f"/{view}"


def test_a_month_is_whole_weeks_with_the_load_of_each_day(page: Any, north: Any, in_north: Any) -> None:
    book(north)
    shown = week(page, view="month")
    cells = shown.all("table.month td")
    assert len(cells) % 7 == 0
    text = cell(shown, f"{working_day():%a, %-d %b}")
    assert "1 visit" in text
    assert "free from 09:00" in text
    page("ana").get(next(link for link in shown.all("table.month td a")).get("href"))


@pytest.mark.parametrize("view", ["week", "month"])
def test_says_that_there_is_no_such_date(page: Any, view: str) -> None:
    assert "2026-02-30 is not a date" in page("ana").get(f"/{view}?date=2026-02-30")


def test_says_why_it_is_empty_and_what_to_do(page: Any, north: Any) -> None:
    other = "01890000-0000-7000-8000-000000000000"
    shown = page("ana").get(f"/week?doctor={other}")
    assert "No doctors here in this week" in shown
    assert page("ana").click(shown, "All doctors and locations").all("table.load")


@pytest.mark.parametrize("of", ["one", "all", "month"])
def test_asks_the_same_few_questions_however_full_it_is(
    page: Any, north: Any, in_north: Any, statements: Any, of: str
) -> None:
    ana = page("ana")
    counts = []
    for clock in (None, "09:30", "10:00"):
        if clock:
            book(north, clock, patient_id=north.carla if clock == "09:30" else north.dora)
        with statements() as seen:
            week(
                lambda _name: ana,
                view="month" if of == "month" else "week",
                **{"doctor": north.bose} if of == "one" else {},
            )
        counts.append(len(seen.queries))
    assert counts[0] == counts[1] == counts[2] <= 6, counts


@pytest.mark.parametrize("whose", ["one", "all"])
def test_an_unchanged_week_is_not_sent_again(page: Any, north: Any, in_north: Any, whose: str) -> None:
    db.db.session.commit()
    ana = page("ana")
    address = f"/desk/week?date={working_day()}" + (f"&doctor={north.bose}" if whose == "one" else "")
    first = ana.fragment(address)
    tag = {"If-None-Match": first.response.headers["ETag"]}
    assert ana.fragment(address, status=304, headers=tag).html == ""
    book(north)
    changed = ana.fragment(address, headers=tag)
    assert ("Carla" if whose == "one" else "1 visit") in changed
    assert changed.response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("whose", ["one", "all"])
def test_links_of_the_fragment_lead_to_pages(page: Any, north: Any, in_north: Any, whose: str) -> None:
    db.db.session.commit()
    address = f"/desk/week?date={working_day()}" + (f"&doctor={north.bose}" if whose == "one" else "")
    links = [link.get("href") for link in page("ana").fragment(address).all("th a")]
    assert links
    assert not [link for link in links if link.startswith("/desk/")]


def test_who_looked_is_on_record_where_names_were_shown(page: Any, north: Any, in_north: Any) -> None:
    visit = book(north)
    ana = page("ana")
    before = len(audited("appointment.list"))
    ana.get(f"/week?date={working_day()}&doctor={north.bose}")
    assert [row.object_ids for row in audited("appointment.list")][before:] == [[visit.id]]
    ana.get(f"/week?date={working_day()}")
    ana.get(f"/month?date={working_day()}")
    assert len(audited("appointment.list")) == before + 1


def test_shows_nothing_of_another_clinic(page: Any, north: Any, in_north: Any) -> None:
    book(north)
    sven = page("sven", "south")
    for address in (f"/week?doctor={north.bose}", "/week", f"/month?doctor={north.bose}"):
        shown = sven.get(f"{address}{'&' if '?' in address else '?'}date={working_day()}")
        assert "Carla" not in shown
        assert not shown.all("table.day")


@pytest.mark.parametrize("address", ["/week", "/desk/week", "/month"])
def test_is_the_desks(page: Any, address: str) -> None:
    page("bose").get(address, status=403)
    assert page().get(address).url.startswith("/login")


def test_a_repeated_hour_stands_once_and_hides_no_visit() -> None:
    """Madrid, 25 October 2026: at three the clock goes back to two."""
    zone = ZoneInfo("Europe/Madrid")
    begins, ends = day_range(date(2026, 10, 25), zone)
    first, second = begins + 2 * 3600, begins + 3 * 3600  # 02:00, and 02:00 once more
    spans = [
        Span("closed", begins, first),
        Span("visits", first, second, visits=["early"]),
        Span("visits", second, second + 1800, visits=["late"]),
        Span("closed", second + 1800, ends),
    ]
    wall = weekboard.on_the_wall(spans, zone, ends)
    assert [(span.start // 60, span.end // 60, span.kind) for span in wall] == [
        (0, 120, "closed"), (120, 180, "visits"), (180, 210, "visits"), (210, 1440, "closed"),
    ]  # fmt: skip
    assert [visit for span in wall for visit in span.visits] == ["early", "late"]
    assert daylayout.bounds([wall], weekboard.WALL) is not None
