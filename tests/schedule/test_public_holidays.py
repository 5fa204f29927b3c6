"""Public holidays of the clinic's country: proposed, and closed on only when somebody accepts them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.core import tenancy
from clinic.schedule import public_holidays
from tests.booking.times import today, working_day
from tests.schedule.desk import affected, book, needs_rescheduling, refused

PROPOSED = "/closures/proposed"
NOWHERE = "0190a0a0-0000-7000-8000-000000000001"


def next_year():
    return today().year + 1


def offered(api, **query):
    answer = api.get(PROPOSED, **query)
    assert answer.status_code == 200, answer.json
    return answer.json


def accept(api, *dates, **more):
    return api.post(PROPOSED, {"dates": list(dates), **more})


def test_proposes_those_of_the_clinics_country(api, api_of):
    colombia = offered(api, year=next_year())
    assert (colombia["country"], colombia["subdivision"]) == ("CO", None)
    assert f"{next_year()}-07-20" in [each["date"] for each in colombia["items"]], "independence"
    assert not any(each["is_closed"] for each in colombia["items"])
    france = offered(api_of("south"), year=next_year())
    assert f"{next_year()}-07-14" in [each["date"] for each in france["items"]]
    assert api.get("/closures").json["items"] == []


def test_without_a_year_those_of_the_months_to_come(api):
    days = [each["date"] for each in offered(api)["items"]]
    assert days == sorted(days)
    assert today().isoformat() <= days[0]
    assert days[-1] <= (today() + timedelta(days=365)).isoformat()
    assert len(days) > 10
    assert offered(api, year=today().year - 1)["items"] == [], "what is over is not proposed"


def test_a_part_of_the_country_has_its_own(api):
    place = {"name": "Praxis", "timezone": "Europe/Berlin", "country": "DE", "state": "bayern"}
    munich = api.post("/locations", place).json["id"]
    epiphany = f"{next_year()}-01-06"
    bavarian = offered(api, year=next_year(), location_id=munich)
    assert (bavarian["country"], bavarian["subdivision"]) == ("DE", "BY")
    assert epiphany in [each["date"] for each in bavarian["items"]]
    berlin = offered(api, year=next_year(), location_id=munich, subdivision="BE")
    assert epiphany not in [each["date"] for each in berlin["items"]]
    made = accept(api, epiphany, location_id=munich)
    assert [each["location_id"] for each in made.json["items"]] == [munich]


def test_accepting_closes_the_whole_day(api, north):
    day = offered(api)["items"][3]
    made = accept(api, day["date"])
    assert made.status_code == 201
    (closure,) = made.json["items"]
    assert (closure["start"][:10], closure["all_day"], closure["reason"]) == (day["date"], True, day["name"])
    assert closure["location_id"] is None
    assert api.get("/slots", doctor_id=str(north.bose), date=day["date"]).json["items"] == []
    assert [each["is_closed"] for each in offered(api)["items"]][:5] == [False, False, False, True, False]


def test_twice_is_harmless_and_a_closed_day_stays_as_it_is(api):
    first, second = (each["date"] for each in offered(api)["items"][:2])
    api.post("/closures", {"start": first, "all_day": True, "reason": "Moving house"})
    assert [each["start"][:10] for each in accept(api, first, second).json["items"]] == [second]
    assert accept(api, first, second).json["items"] == []
    assert len(api.get("/closures").json["items"]) == 2


@pytest.fixture
def a_holiday(monkeypatch):
    """``a_holiday(day)``: this day is a holiday of the country, whatever today is."""

    def proclaim(*days):
        names = {day: f"Feast {place}" for place, day in enumerate(days)}
        monkeypatch.setattr(public_holidays, "_calendar", lambda country, part, years: names)
        monkeypatch.setattr(public_holidays, "_part_of", lambda *_given: None)

    return proclaim


def test_names_the_visits_that_are_booked_and_closes_nothing(api, north, a_holiday):
    days = working_day(), working_day(1)
    a_holiday(*days)
    visit = book(api, north)
    refusal = accept(api, *(day.isoformat() for day in days))
    assert affected(refusal) == [visit]
    assert refusal.json["dates"] == [days[0].isoformat()]
    assert api.get("/closures").json["items"] == []
    assert accept(api, days[0].isoformat(), force=True).status_code == 201
    assert needs_rescheduling(api, visit)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"dates": ["2031-03-12"]}, (422, "not_a_holiday", "/dates/0")),
        ({"dates": []}, (422, "too_short", "/dates")),
        ({"dates": ["2031-07-20"], "location_id": NOWHERE}, (422, "unknown_id", "/location_id")),
        ({"dates": ["2031-07-20"], "subdivision": "Atlantis"}, (422, "unknown_subdivision", "/subdivision")),
    ],
)  # fmt: skip
def test_says_what_is_no_holiday(api, body, said):
    assert refused(api.post(PROPOSED, body)) == said


def test_a_country_that_nobody_has_told_us_about(api):
    island = {"name": "Far", "timezone": "Atlantic/St_Helena", "country": "TA"}
    id = api.post("/locations", island).json["id"]
    answer = api.get(PROPOSED, location_id=id)
    assert (answer.status_code, answer.json["code"]) == (422, "no_holiday_calendar")


def test_in_the_language_of_the_clinic(in_north, monkeypatch):
    spanish = replace(tenancy.require(), locale="es_CO")
    monkeypatch.setattr(tenancy, "require", lambda: spanish)
    assert "Año Nuevo" in [each.name for each in public_holidays.proposed(year=next_year()).holidays]


def test_by_command(app, api):
    run = app.test_cli_runner().invoke
    shown = run(args=["public-holidays", "north", "--year", str(next_year())])
    assert f"  {next_year()}-07-20" in shown.output, shown.output
    closed = run(args=["public-holidays", "north", "--year", str(next_year()), "--close"])
    assert f"x {next_year()}-07-20" in closed.output
    assert len(api.get("/closures").json["items"]) == len(closed.output.splitlines())
    assert "no such part" in run(args=["public-holidays", "north", "--subdivision", "Atlantis"]).output
