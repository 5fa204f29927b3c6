"""A visit that repeats, at the desk: booked in one form; cancelled, moved, changed for one, the following or all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.booking.test_desk_book import BOOK, address
from tests.booking.times import at, iso


@pytest.fixture
def series(api: Any, north: Any) -> list[str]:
    """Three Mondays (or whichever day it is) of Carla at Dr Bose's, from the working day on; their ids."""
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    made = api.post("/appointments/series", {**body, "rrule": "FREQ=WEEKLY;COUNT=3"})
    assert made.status_code == 201, made.json
    return [visit["id"] for visit in made.json["booked"]]


def states(api: Any, ids: list[str]) -> list[str]:
    return [api.get(f"/appointments/{id}").json["status"] for id in ids]


def starts(api: Any, north: Any) -> list[str]:
    items = api.get("/appointments", doctor_id=str(north.bose)).json["items"]
    return [item["start"] for item in items]


def week(number: int, clock: str = "09:30") -> str:
    return (at(clock) + timedelta(weeks=number)).isoformat()


def test_is_booked_in_one_form(page: Any, api: Any, north: Any) -> None:
    ana = page("ana")
    typed = {"patient_id": north.carla, "repeat": "2", "times": "3"}
    done = ana.post_form(ana.get(address(north)), typed, form=BOOK)
    assert "Booked 3 visits: Carla Ruiz Gómez." in done
    assert starts(api, north) == [week(0), week(2), week(4)]


def test_says_which_were_not_free(page: Any, api: Any, north: Any) -> None:
    taken = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": week(1)}
    assert api.post("/appointments", taken).status_code == 201
    ana = page("ana")
    typed = {"patient_id": north.carla, "repeat": "1", "times": "3"}
    done = ana.post_form(ana.get(address(north)), typed, form=BOOK)
    assert "Booked 2 visits: Carla Ruiz Gómez." in done
    assert "already booked" in done.text.lower()


@pytest.mark.parametrize(
    ("times", "said"), [("", "Say how many visits in all."), ("1", "from 2 to 104"), ("x", "from 2")]
)
def test_asks_how_often(page: Any, api: Any, north: Any, times: str, said: str) -> None:
    ana = page("ana")
    typed = {"patient_id": north.carla, "repeat": "1", "times": times}
    again = ana.post_form(ana.get(address(north)), typed, form=BOOK, status=422)
    assert said in again.errors[0]
    assert starts(api, north) == []


def test_sent_twice_it_is_booked_once(page: Any, api: Any, north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north))
    for _ in range(2):
        ana.post_form(form, {"patient_id": north.carla, "repeat": "1", "times": "3"}, form=BOOK)
    assert len(starts(api, north)) == 3


def test_the_visit_shows_the_others(page: Any, series: list[str]) -> None:
    shown = page("ana").get(f"/appointments/{series[1]}")
    assert "A series of 3 visits" in shown
    links = [link.get("href") for link in shown.all("ol.steps a")]
    assert links == [f"/appointments/{series[0]}", f"/appointments/{series[2]}"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("this", ["booked", "cancelled", "booked"]),
        ("following", ["booked", "cancelled", "cancelled"]),
        ("all", ["cancelled", "cancelled", "cancelled"]),
    ],
)
def test_is_cancelled_for_those_that_are_meant(
    page: Any, api: Any, series: list[str], scope: str, expected: list[str]
) -> None:
    ana = page("ana")
    where = f"/appointments/{series[1]}"
    done = ana.post_form(ana.get(where), {"scope": scope, "why": "Away"}, form=f"{where}/cancel")
    assert "Cancelled: Carla Ruiz Gómez" in done
    assert states(api, series) == expected
    more = {"this": None, "following": "1 more", "all": "2 more"}[scope]
    assert more is None or more in done


def test_is_moved_by_as_much(page: Any, api: Any, north: Any, series: list[str]) -> None:
    ana = page("ana")
    where = f"/appointments/{series[0]}/move"
    times = ana.get(where)
    slot = next(each for each in times.all("form.moves button.slot") if each.text == "10:30")
    done = ana.post_form(times, {"scope": "following"}, form="form.moves", button=slot.get("value"))
    assert "2 more of the series too." in done
    assert [datetime.fromisoformat(each).strftime("%H:%M") for each in starts(api, north)] == ["10:30"] * 3


def test_details_are_changed_for_all(page: Any, api: Any, series: list[str]) -> None:
    ana = page("ana")
    where = f"/appointments/{series[2]}/details"
    done = ana.post_form(ana.get(where), {"scope": "all", "reason": "Physiotherapy"}, form=where)
    assert "2 more of the series too." in done
    assert {api.get(f"/appointments/{id}").json["reason"] for id in series} == {"Physiotherapy"}


def test_a_visit_of_no_series_asks_nothing_of_it(page: Any, book: Any) -> None:
    shown = page("ana").get(f"/appointments/{book()}")
    assert not shown.find('[name="scope"]')
    assert "series" not in shown.text
