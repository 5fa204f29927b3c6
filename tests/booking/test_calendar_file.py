"""A visit as a calendar file."""

from __future__ import annotations

from datetime import date

import pytest
from icalendar import Calendar

from tests.booking.portal_steps import booked, held, link, times
from tests.booking.times import at, iso, working_day


@pytest.fixture
def visit(api, north):
    body = {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": iso("09:30"),
        "reason": "a secret",
    }
    return api.post("/appointments", body).json


def event(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (found,) = Calendar.from_ical(answer.data).walk("VEVENT")
    return found


def test_it_says_when_where_and_with_whom(api, visit, north):
    api.patch(f"/locations/{north.main}", {"address": "Calle 1 # 2-3", "phone": "+576013456789"})
    found = event(api.get(f"/appointments/{visit['id']}.ics"))
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (at("09:30"), at("10:00"))
    assert str(found["DTSTART"].dt.tzinfo) == "America/Bogota"
    assert found["SUMMARY"] == "North Clinic: Jagadish Bose"
    assert "Calle 1 # 2-3" in found["LOCATION"]
    assert "345 6789" in found["DESCRIPTION"] or "3456789" in found["DESCRIPTION"]


def test_it_says_nothing_of_the_patient(api, visit):
    text = api.get(f"/appointments/{visit['id']}.ics").get_data(as_text=True)
    assert "Carla" not in text
    assert "secret" not in text


def test_a_moved_visit_replaces_its_old_time(api, visit):
    before = event(api.get(f"/appointments/{visit['id']}.ics"))
    api.post(f"/appointments/{visit['id']}/reschedule", {"start": iso("11:00")})
    after = event(api.get(f"/appointments/{visit['id']}.ics"))
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == at("11:00")


def test_a_cancelled_visit_says_so(api, visit):
    api.post(f"/appointments/{visit['id']}/cancel")
    assert event(api.get(f"/appointments/{visit['id']}.ics"))["STATUS"] == "CANCELLED"


def test_a_number_is_an_event_of_the_day(api, north):
    day = working_day()
    body = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": day.isoformat()}
    found = event(api.get(f"/appointments/{api.post('/appointments', body).json['id']}.ics"))
    assert found["DTSTART"].dt == day
    assert isinstance(found["DTSTART"].dt, date)
    assert "Your number: 1" in found["DESCRIPTION"]


def test_another_clinics_visit_is_not_found(api_of, visit):
    strange = api_of("south").get(f"/appointments/{visit['id']}.ics")
    unknown = api_of("south").get(f"/appointments/{visit['patient_id']}.ics")
    assert strange.status_code == unknown.status_code == 404


def test_it_needs_the_right_to_read(api_of, visit):
    assert api_of("north", ["patients:read"]).get(f"/appointments/{visit['id']}.ics").status_code == 403


def test_a_visitor_gets_it_by_the_link_with_the_way_back_in_it(page, north):
    browser = page()
    shown = booked(browser, north)
    address = link(shown)
    answer = browser.client.get(f"{address}/visit.ics", base_url="http://north.localhost")
    found = event(answer)
    assert found["URL"].endswith(address)
    assert address in found["DESCRIPTION"]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_holding_a_time_makes_no_file(page, north):
    browser = page()
    assert "visit.ics" not in held(browser, north).html
    assert "visit.ics" not in times(browser, north).html
