"""Choosing a reason, a doctor and a time in the portal."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from tests.booking.portal_steps import fewest, times
from tests.booking.times import at, iso, today, working_day

ONE = timedelta(days=1)


def starts(shown):
    return [node.text for node in shown.all(".slot-time")]


@pytest.fixture
def second(api, north):
    """Dr Núñez, who receives when Dr Bose does."""
    made = api.post("/doctors", {"full_name": "Ana Núñez", "slot_minutes": 30}).json
    for weekday in range(5):
        hours = {"weekday": weekday, "start_time": "09:00", "end_time": "12:00"}
        api.post(f"/doctors/{made['id']}/availability", hours)
    return made


def test_a_clinics_address_leads_to_the_reasons(page):
    shown = page().get("/")
    assert shown.h1 == "What do you need?"
    assert [node.text for node in shown.all(".choice-name")] == ["Visit"]


def test_what_the_desk_alone_books_is_no_reason(page, api, north):
    api.post("/services", {"name": "Surgery", "duration_minutes": 60, "online_bookable": False})
    assert "Surgery" not in page().get("/book")
    api.patch(f"/services/{north.visit}", {"online_bookable": False})
    assert "Please call us" in page().get("/book")


def test_each_doctor_is_listed_with_the_next_free_time(page, api, north, second):
    shown = page().get(f"/book/doctors?service={north.visit}")
    names = [node.text for node in shown.all(".choice-name")]
    assert names[0] == "First available"
    assert set(names[1:]) == {"Ana Núñez", "Jagadish Bose", "Tomás Tok"}
    assert "General medicine" in shown
    assert "Numbers from" in shown


def test_first_available_is_a_choice_only_among_several(page, north):
    assert "First available" not in page().get(f"/book/doctors?service={north.visit}")


def test_one_may_begin_with_the_doctor(page, north):
    browser = page()
    doctors = browser.click(browser.get("/book"), "Looking for a certain doctor?")
    link = next(node for node in doctors.all("a.choice") if "Bose" in node.text)
    reasons = browser.get(link.get("href"))
    assert "With Jagadish Bose" in reasons
    assert f"doctor={north.bose}" in reasons.find("a.choice").get("href")


def test_a_clinic_without_visit_types_is_booked_by_doctor(page, api, north):
    api.delete(f"/services/{north.visit}")
    browser = page()
    assert "Begin with the doctor" in browser.get("/book")
    shown = browser.get(f"/book?doctor={north.bose}")
    assert shown.h1 == "Choose a time"


def test_times_are_buttons_that_say_everything(page, north):
    shown = times(page(), north)
    assert starts(shown) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    spoken = shown.find(".slot").get("aria-label")
    assert "09:00" in spoken
    assert "time, Jagadish Bose" in spoken
    assert spoken.startswith(working_day().strftime("%A"))


def test_days_say_how_many_times_are_free(page, api, north):
    api.post(
        "/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    )
    shown = times(page(), north)
    chosen = shown.find(".day[aria-current]")
    assert chosen.get("aria-label").endswith("5 free times")
    assert "09:30" not in starts(shown)


def test_another_day_is_a_part_of_the_page_or_a_page_of_its_own(page, north):
    browser = page()
    shown = times(browser, north)
    other = next(node for node in shown.all("a.day") if "aria-current" not in node.attrs)
    whole = browser.get(other.get("href"))
    part = browser.fragment(other.get("hx-get"))
    assert starts(whole) == starts(part) != []
    assert part.find("section").get("id") == "slots"
    assert other.get("hx-push-url") == other.get("href")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2020-01-31", "That day has passed"),
        ("2026-02-30", "There is no such date"),
        ("tomorrow", "There is no such date"),
        ("2999-01-01", "cannot be booked that far ahead"),
    ],
)
def test_a_day_that_cannot_be_is_told_and_others_are_shown(page, north, day, words):
    shown = page().get(f"/book/times?service={north.visit}&doctor={north.bose}&day={day}")
    assert words in shown
    assert shown.all("a.day")


def test_weeks_without_a_free_time_lead_to_the_next(page, api, north):
    begin = today() - timedelta(days=1)
    body = {"start": begin.isoformat(), "end": (begin + timedelta(days=21)).isoformat(), "all_day": True}
    assert api.post(f"/doctors/{north.bose}/blocked-times", body).status_code == 201
    browser = page()
    shown = browser.get(f"/book/times?service={north.visit}&doctor={north.bose}")
    assert "Nothing is free in these two weeks" in shown
    assert starts(browser.click(shown, "Show that day"))


def test_a_time_that_the_clock_skips_is_not_offered(page, api_of, south):
    paris = ZoneInfo("Europe/Paris")
    days = [today() + timedelta(days=ahead) for ahead in range(1, 367)]
    spring = next(day for day in days if _offset(day, paris) < _offset(day + ONE, paris))
    api = api_of("south")
    api.patch(f"/services/{south.visit}", {"max_days_ahead": 400})
    night = {"weekday": 6, "start_time": "01:00", "end_time": "05:00"}
    api.post(f"/doctors/{south.bose}/availability", night)
    shown = page(slug="south").get(f"/book/times?service={south.visit}&doctor={south.bose}&day={spring}")
    assert starts(shown) == ["01:00", "01:30", "03:00", "03:30", "04:00", "04:30"]


def _offset(day, zone):
    return datetime.combine(day, time(), zone).utcoffset() or timedelta()


def test_two_locations_are_told_apart(page, api, north):
    place = {"name": "Chapinero", "timezone": "America/Lima", "address": "Carrera 7 # 60-12"}
    other = api.post("/locations", place).json
    hours = {
        "weekday": working_day().weekday(), "start_time": "14:00", "end_time": "15:00", "location_id": other["id"],
    }  # fmt: skip
    assert api.post(f"/doctors/{north.bose}/availability", hours).status_code == 201
    shown = times(page(), north)
    assert [node.text for node in shown.all(".place h3")] == ["Chapinero", "North Clinic"]
    assert "All times in Lima time" in shown
    last = next(node for node in shown.all(".slot") if node.find(".slot-time").text == "14:30")
    assert "Chapinero" in last.get("aria-label")


def test_a_doctor_of_numbers_has_days_and_no_times(page, north):
    shown = times(page(), north, doctor="tok")
    assert shown.h1 == "Choose a day"
    assert starts(shown) == []
    assert shown.find(".day[aria-current]").get("aria-label").endswith("10 numbers left")
    assert "Take a number for this day" in shown


@pytest.mark.parametrize("query", ["doctor={id}", "doctor=rubbish", "service={id}&doctor=any"])
def test_what_is_not_here_is_not_found(page, north, query):
    page().get("/book/times?" + query.format(id=north.id), status=404)


def test_what_nobody_can_type_is_refused(page, north):
    page().get("/book/times?service=%00", status=422)


def test_another_clinics_doctor_is_not_found(page, north, south):
    page().get(f"/book/times?doctor={south.bose}", status=404)


def test_a_closed_portal_says_whom_to_call(page, api, north):
    api.patch("/settings", {"portal_open": False, "phone": "+576013456789"})
    for address in ("/book", f"/book/times?doctor={north.bose}", "/book/details?choice=x"):
        shown = page().get(address)
        assert shown.h1 == "Online booking is closed at the moment"
        assert shown.find('a[href="tel:+576013456789"]')
    api.patch("/settings", {"portal_open": True})


def test_the_number_to_call_is_the_clinics_else_a_locations(page, api, north):
    assert not page().get("/book").find('a[href^="tel:"]')
    api.patch(f"/locations/{north.main}", {"phone": "+576013456789"})
    assert page().get("/book").find('a[href="tel:+576013456789"]')
    api.patch("/settings", {"phone": "+576017654321"})
    assert page().get("/book").find('header a[href="tel:+576017654321"]')


def test_as_many_statements_for_many_rows_as_for_few(page, api, north, statements):
    browser = page()
    api.patch("/settings", {"phone": "+576013456789"})
    addresses = [
        "/book",
        f"/book/doctors?service={north.visit}",
        f"/book/times?service={north.visit}&doctor=any&day={working_day()}",
        f"/book/slots?service={north.visit}&doctor={north.bose}&day={working_day()}",
    ]
    counts = []
    for more in (0, 4):
        for number in range(more):
            made = api.post("/doctors", {"full_name": f"Dr Number {number}", "specialties": ["general"]}).json
            hours = {"weekday": working_day().weekday(), "start_time": "08:00", "end_time": "16:00"}
            api.post(f"/doctors/{made['id']}/availability", hours)
            api.post("/services", {"name": f"Reason {number}", "duration_minutes": 20})
            start = at("09:00") + timedelta(minutes=30 * number)
            api.post(
                "/appointments",
                {"patient_id": str(north.carla), "doctor_id": made["id"], "start": start.isoformat()},
            )
        counts.append([fewest(statements, partial(browser.get, address)) for address in addresses])
    assert counts[0] == counts[1] == [1, 7, 6, 6]
