"""API.md §1, *who is bound*: notice, horizon, desk-only visit types, cut-off and limit bind patients and keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.booking.times import at, iso, today, working_day
from tests.contract.asking import every_day, ids, made, ok, person, refused

SCOPES = ["appointments:read", "appointments:write", "schedule:read", "patients:write", "patients:read"]


@pytest.fixture
def bound(api_of):
    """A key without ``appointments:override``."""
    return api_of("north", scopes=SCOPES)


def asked(north, start=None, **more):
    return {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": start or iso("09:00"),
        **more,
    }


def offered(client, north, day=None, **more):
    query = {"date": (day or working_day()).isoformat(), "doctor_id": str(north.bose), **more}
    return [slot["start"] for slot in ok(client.get("/slots", **query))["items"]]


def reasons(client, north, start, **more):
    said = ok(client.get(f"/doctors/{north.bose}/check-availability", start=start, **more))
    assert said["available"] == (not said["reasons"])
    return [reason["code"] for reason in said["reasons"]]


@pytest.mark.parametrize("by", ["setting", "service"])
def test_minimum_notice(api, bound, north, by):
    minutes, service = 60 * 24 * 30, {}
    if by == "setting":
        ok(api.patch("/settings", {"min_notice_minutes": minutes}))
        service = {"service_id": str(north.visit)}
    else:
        ok(api.patch(f"/services/{north.visit}", {"min_notice_minutes": minutes}))
        service = {"service_id": str(north.visit)}
    refused(bound.post("/appointments", asked(north, **service)), 422, "min_notice")
    refused(
        bound.post("/holds", {"doctor_id": str(north.bose), "start": iso("09:00"), **service}),
        422,
        "min_notice",
    )
    assert offered(bound, north, **service) == []
    assert reasons(bound, north, iso("09:00"), **service) == ["min_notice"]
    assert iso("09:00") in offered(api, north, **service)
    assert reasons(api, north, iso("09:00"), **service) == []
    made(api, "/appointments", asked(north, **service))


@pytest.mark.parametrize("by", ["setting", "service"])
def test_horizon(api, bound, north, by):
    service = {"service_id": str(north.visit)}
    if by == "setting":
        ok(api.patch("/settings", {"max_days_ahead": 2}))
    else:
        ok(api.patch(f"/services/{north.visit}", {"max_days_ahead": 2}))
    refused(bound.post("/appointments", asked(north, **service)), 422, "too_far_ahead")
    assert offered(bound, north, **service) == []
    assert reasons(bound, north, iso("09:00"), **service) == ["too_far_ahead"]
    assert reasons(bound, north, iso("09:00"), audience="staff", **service) == []
    made(api, "/appointments", asked(north, **service))


def test_without_a_service_there_is_no_notice_and_the_horizon_is_62_days(api, bound, north):
    ok(api.patch("/settings", {"min_notice_minutes": 60 * 24 * 30}))
    made(bound, "/appointments", asked(north))
    day = today() + timedelta(days=63)
    while day.weekday() > 4:
        day += timedelta(days=1)
    far = at("10:00").replace(year=day.year, month=day.month, day=day.day).isoformat()
    refused(bound.post("/appointments", asked(north, far)), 422, "too_far_ahead")
    made(api, "/appointments", asked(north, far))


def test_what_the_desk_alone_books(api, bound, north):
    ok(api.patch(f"/services/{north.visit}", {"online_bookable": False}))
    service = {"service_id": str(north.visit)}
    refused(bound.post("/appointments", asked(north, **service)), 422, "not_bookable_online")
    assert offered(bound, north, **service) == []
    assert reasons(bound, north, iso("09:00"), **service) == ["not_bookable_online"]
    made(api, "/appointments", asked(north, **service))


@pytest.mark.parametrize("step", ["cancel", "reschedule", "delete"])
@pytest.mark.parametrize("by", ["setting", "service"])
def test_cut_off(api, bound, north, step, by):
    visit = made(bound, "/appointments", asked(north, service_id=str(north.visit)))["id"]
    minutes = 60 * 24 * 60
    if by == "setting":
        ok(api.patch("/settings", {"cancel_notice_minutes": minutes}))
    else:
        ok(api.patch(f"/services/{north.visit}", {"cancel_notice_minutes": minutes}))

    def take(client):
        if step == "delete":
            return client.delete(f"/appointments/{visit}")
        return client.post(
            f"/appointments/{visit}/{step}", {"start": iso("10:00")} if step == "reschedule" else None
        )

    refused(take(bound), 422, "cancel_too_late")
    assert take(api).status_code in (200, 204)


def test_open_bookings(api, bound, north):
    ok(api.patch("/settings", {"max_open_bookings_per_patient": 2}))
    for clock in ("09:00", "10:00"):
        made(bound, "/appointments", asked(north, iso(clock)))
    refused(bound.post("/appointments", asked(north, iso("11:00"))), 409, "patient_limit")
    made(api, "/appointments", asked(north, iso("11:00")))


def test_slots_are_offered_to_the_callers_own_audience_unless_another_is_named(api, bound, north):
    ok(api.patch("/settings", {"min_notice_minutes": 60 * 24 * 30}))
    service = {"service_id": str(north.visit)}
    assert offered(bound, north, **service) == offered(api, north, audience="patient", **service) == []
    assert offered(api, north, **service) == offered(bound, north, audience="staff", **service) != []
    query = {"date": working_day().isoformat(), "doctor_id": str(north.bose), **service}
    assert ok(bound.get("/slots/days", **query))["items"][0]["available"] == 0
    assert ok(api.get("/slots/days", **query))["items"][0]["available"] == 6
    refused(api.get("/slots", date="2030-01-07", audience="everybody"), 422, "invalid_choice", "/audience")


@pytest.mark.parametrize("who", ["patient", "staff"])
def test_what_is_offered_to_an_audience_is_exactly_what_is_accepted_from_it(api, bound, north, who):
    """Every time of the grid of three days: offered, or refused with a reason that check-availability gives too."""
    ok(api.patch("/settings", {"min_notice_minutes": 60 * 24 * 8}))
    client = api if who == "staff" else bound
    service = {"service_id": str(north.visit)}
    made(api, f"/doctors/{north.bose}/blocked-times", {"start": iso("10:00", 1), "end": iso("11:00", 1)})
    for ahead in range(3):
        free = offered(client, north, working_day(ahead), **service)
        for minutes in range(8 * 60 + 30, 12 * 60 + 30, 30):
            start = iso(f"{minutes // 60:02}:{minutes % 60:02}", ahead)
            why = reasons(client, north, start, **service)
            assert (start in free) == (why == [])
            answer = client.post("/holds", {"doctor_id": str(north.bose), "start": start, **service})
            assert (answer.status_code == 201) == (start in free), (start, answer.json)
            if answer.status_code != 201:
                assert answer.json["code"] in why


def test_approval_is_for_patients(api, bound, north):
    ok(api.patch(f"/services/{north.visit}", {"requires_approval": True}))
    asked_for = made(bound, "/appointments", asked(north, service_id=str(north.visit)))
    assert asked_for["status"] == "pending"
    ours = made(api, "/appointments", asked(north, iso("10:00"), service_id=str(north.visit)))
    assert ours["status"] == "booked"


def test_overbooking_needs_its_scope(api, bound, north):
    made(api, "/appointments", asked(north))
    other = {"patient_id": str(north.dora), "overbook": True, "overbook_reason": "urgent"}
    refused(bound.post("/appointments", asked(north, **other)), 403, "forbidden")
    assert made(api, "/appointments", asked(north, **other))["overbooked"] is True


def test_a_hold_is_the_callers_own(api, bound, north):
    hold = made(bound, "/holds", {"doctor_id": str(north.bose), "start": iso("09:00")})["id"]
    refused(api.delete(f"/holds/{hold}"), 404)
    refused(api.post("/appointments", asked(north)), 409, "slot_taken")
    made(bound, "/appointments", asked(north, hold_id=hold))


def test_the_limit_counts_what_is_ahead(api, bound, north):
    ok(api.patch("/settings", {"max_open_bookings_per_patient": 1}))
    doctor = made(api, "/doctors", {"full_name": "Busy Body", "slot_minutes": 30})["id"]
    every_day(api, doctor, "09:00", "12:00")
    new = person(api, 1)
    first = made(bound, "/appointments", {**asked(north), "patient_id": new})["id"]
    body = {**asked(north, iso("10:00")), "patient_id": new, "doctor_id": doctor}
    refused(bound.post("/appointments", body), 409, "patient_limit")
    ok(api.post(f"/appointments/{first}/cancel"))
    assert made(bound, "/appointments", body)["id"] in ids(api.get("/appointments", patient_id=new))
