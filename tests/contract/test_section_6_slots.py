"""API.md §6: free slots, days, next, check-availability."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.booking.times import at, iso, today, working_day
from tests.contract.asking import UNKNOWN, booked, every_day, made, ok, refused

DAY = working_day().isoformat()


def free(api: Any, path: str = "/slots", **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(api.get(path, **({"date": DAY} | query)))["items"]
    return found


def clocks(items: list[dict[str, Any]]) -> list[str]:
    return [item["start"][11:16] for item in items]


# -- what is offered --------------------------------------------------------------------------------------------------


def test_a_slot_has_every_field(api, north):
    slot = free(api, service_id=str(north.visit))[0]
    assert slot.keys() >= {
        "slot", "doctor_id", "location_id", "service_id", "start", "end", "capacity", "remaining", "label",
    }  # fmt: skip
    assert (slot["doctor_id"], slot["location_id"], slot["service_id"]) == (
        str(north.bose),
        str(north.main),
        str(north.visit),
    )
    assert (slot["start"], slot["end"]) == (iso("09:00"), iso("09:30"))
    assert (slot["capacity"], slot["remaining"]) == (1, 1)
    assert len(slot["label"]) > 5


def test_the_label_is_in_the_callers_language(api):
    english = ok(api.get("/slots", date=DAY, headers={"Accept-Language": "en"}))["items"][0]["label"]
    spanish = ok(api.get("/slots", date=DAY, headers={"Accept-Language": "es"}))["items"][0]["label"]
    assert english != spanish


def test_slots_come_in_time_order_over_doctors(api, north):
    doctor = made(api, "/doctors", {"full_name": "Early Bird", "slot_minutes": 60})["id"]
    every_day(api, doctor, "08:00", "11:00")
    starts = [slot["start"] for slot in free(api)]
    assert starts == sorted(starts)
    assert {slot["doctor_id"] for slot in free(api)} == {doctor, str(north.bose)}


def test_only_what_can_be_booked_now_is_offered(api, north):
    booked(api, north, "09:30")
    made(api, "/holds", {"doctor_id": str(north.bose), "start": iso("10:00")})
    assert clocks(free(api)) == ["09:00", "10:30", "11:00", "11:30"]
    assert free(api, date=(today() - timedelta(days=1)).isoformat()) == []


def test_filters(api, north):
    eye = made(api, "/specialties", {"name": "Eyes", "code": "eyes"})["code"]
    annex = made(api, "/locations", {"name": "Annex", "timezone": "America/Bogota"})["id"]
    doctor = made(
        api,
        "/doctors",
        {"full_name": "Eye One", "slot_minutes": 60, "specialties": [eye], "location_ids": [annex]},
    )["id"]
    every_day(api, doctor, "10:00", "20:00", location_id=annex)
    only = made(api, "/services", {"name": "Eyes only", "duration_minutes": 60})["id"]
    ok(api.patch(f"/doctors/{doctor}", {"service_ids": [only]}))
    for query in ({"doctor_id": doctor}, {"specialty": "eyes"}, {"location_id": annex}):
        assert {slot["doctor_id"] for slot in free(api, **query, service_id=only)} == {doctor}, query
        assert {slot["location_id"] for slot in free(api, **query, service_id=only)} == {annex}, query
    assert doctor not in {slot["doctor_id"] for slot in free(api, service_id=str(north.visit))}
    assert clocks(free(api, doctor_id=doctor, service_id=only, part_of_day="morning")) == ["10:00", "11:00"]
    assert clocks(free(api, doctor_id=doctor, service_id=only, part_of_day="evening")) == ["18:00", "19:00"]
    assert free(api, specialty="eyes", doctor_id=str(north.bose)) == []
    refused(api.get("/slots", date=DAY, part_of_day="night"), 422, "invalid_choice", "/part_of_day")


def test_the_slots_of_a_doctor(api, north):
    doctor = made(api, "/doctors", {"full_name": "Early Bird", "slot_minutes": 60})["id"]
    every_day(api, doctor, "08:00", "11:00")
    assert clocks(free(api, f"/doctors/{doctor}/slots")) == ["08:00", "09:00", "10:00"]
    assert free(api, f"/doctors/{doctor}/slots") == free(api, doctor_id=doctor)
    refused(api.get(f"/doctors/{UNKNOWN}/slots", date=DAY), 404)


def test_spread_answers_the_first_of_each_day(api, north):
    query = {"from": DAY, "to": working_day(2).isoformat(), "doctor_id": str(north.bose)}
    found = ok(api.get("/slots", **query, spread="day"))["items"]
    assert [item["start"] for item in found] == [iso("09:00", ahead) for ahead in range(3)]
    refused(api.get("/slots", **query, spread="week"), 422, at="/spread")


def test_all_are_answered_unless_a_limit_is_given(api, north):
    query = {"from": DAY, "to": (working_day() + timedelta(days=61)).isoformat()}
    every = ok(api.get("/slots", **query))
    assert len(every["items"]) > 200
    assert every.get("next_cursor") is None
    assert ok(api.get("/slots", **query, limit=3))["items"] == every["items"][:3]
    refused(api.get("/slots", **query, limit=0), 422, at="/limit")
    refused(api.get("/slots", **query, cursor="x"), 422, "unknown_field", "/cursor")


def test_62_days_at_most(api):
    ok(api.get("/slots", **{"from": "2030-01-01", "to": "2030-03-03"}))
    refused(api.get("/slots", **{"from": "2030-01-01", "to": "2030-03-04"}), 422, at="/to")
    for wrong in (
        {},
        {"from": "2030-01-01"},
        {"to": "2030-01-01"},
        {"from": "2030-01-02", "to": "2030-01-01"},
    ):
        refused(api.get("/slots", **wrong), 422)


def test_taken_ones_are_added_with_the_totals(api, north):
    booked(api, north, "09:30")
    said = ok(api.get("/slots", date=DAY, include_taken="true"))
    assert (said["total_slots"], said["available_slots"]) == (6, 5)
    assert [(slot["start"], slot["remaining"]) for slot in said["items"]][1] == (iso("09:30"), 0)
    assert len(said["items"]) == 6
    plain = ok(api.get("/slots", date=DAY))
    assert plain.get("total_slots") is None
    assert all(slot["remaining"] for slot in plain["items"])
    limited = ok(api.get("/slots", date=DAY, include_taken="true", limit=1))
    assert (limited["total_slots"], len(limited["items"])) == (6, 1)


def test_capacity_and_remaining(api, north):
    doctor = made(api, "/doctors", {"full_name": "Group Leader", "slot_minutes": 60})["id"]
    every_day(api, doctor, "09:00", "10:00", capacity=3)
    body = {"doctor_id": doctor, "start": iso("09:00")}
    for left, patient in ((3, north.carla), (2, north.dora), (1, north.emil)):
        (slot,) = free(api, doctor_id=doctor)
        assert (slot["capacity"], slot["remaining"]) == (3, left)
        made(api, "/appointments", body | {"patient_id": str(patient)})
    assert free(api, doctor_id=doctor) == []


def test_days_says_how_many_each_date_has(api, north):
    booked(api, north)
    first, last = working_day(), working_day() + timedelta(days=6)
    query = {"from": first.isoformat(), "to": last.isoformat(), "doctor_id": str(north.bose)}
    said = ok(api.get("/slots/days", **query))["items"]
    assert [item["date"] for item in said] == [(first + timedelta(days=n)).isoformat() for n in range(7)]
    assert said[0] == {"date": DAY, "available": 5}
    by_hand = ok(api.get("/slots", **query))["items"]
    for item in said:
        assert item["available"] == sum(slot["start"].startswith(item["date"]) for slot in by_hand)


def test_next_is_the_first_of_each_doctor_soonest_first(api, north):
    doctor = made(api, "/doctors", {"full_name": "Early Bird", "slot_minutes": 60})["id"]
    every_day(api, doctor, "08:00", "11:00")
    found = ok(api.get("/slots/next", **{"from": DAY}))["items"]
    assert [(slot["doctor_id"], slot["start"]) for slot in found] == [
        (doctor, iso("08:00")),
        (str(north.bose), iso("09:00")),
    ]
    assert len(ok(api.get("/slots/next", specialty="general"))["items"]) == 1
    assert ok(api.get("/slots/next", doctor_id=str(north.bose)))["items"][0]["doctor_id"] == str(north.bose)
    assert ok(api.get("/slots/next", doctor_id=str(north.tok)))["items"] == []


# -- slot tokens ------------------------------------------------------------------------------------------------------


def test_a_slot_alone_books(api, north):
    slot = free(api, service_id=str(north.visit))[2]
    visit = made(api, "/appointments", {"patient_id": str(north.carla), "slot": slot["slot"]})
    for name in ("doctor_id", "location_id", "service_id", "start", "end"):
        assert visit[name] == slot[name], name


def test_a_slot_moves_and_holds_too(api, north):
    visit = booked(api, north)["id"]
    slot = free(api)[-1]
    assert ok(api.post(f"/appointments/{visit}/reschedule", {"slot": slot["slot"]}))["start"] == slot["start"]
    other = free(api)[0]
    assert made(api, "/holds", {"slot": other["slot"]})["start"] == other["start"]


@pytest.mark.parametrize("slot", ["", "x", "AAAA", "x" * 400, 5])
def test_what_is_no_slot_is_422(api, north, slot):
    refused(api.post("/appointments", {"patient_id": str(north.carla), "slot": slot}), 422, at="/slot")


def test_a_slot_of_another_tenant_is_none(api, api_of, north, south):
    theirs = free(api_of("south"))[0]["slot"]
    refused(api.post("/appointments", {"patient_id": str(north.carla), "slot": theirs}), 422)


def test_a_slot_that_is_taken_meanwhile_is_409(api, north):
    slot = free(api)[0]["slot"]
    made(api, "/appointments", {"patient_id": str(north.carla), "slot": slot})
    refused(api.post("/appointments", {"patient_id": str(north.dora), "slot": slot}), 409, "slot_taken")


# -- check-availability ------------------------------------------------------------------------------------------------


def why(api: Any, doctor: Any, start: str, **query: Any) -> list[str]:
    said = ok(api.get(f"/doctors/{doctor}/check-availability", start=start, **query))
    assert said["available"] is (said["reasons"] == [])
    assert all(reason.keys() >= {"code", "message"} and reason["message"] for reason in said["reasons"])
    return [reason["code"] for reason in said["reasons"]]


def test_what_is_free_is_available(api, north):
    assert why(api, north.bose, iso("09:00")) == []
    assert why(api, north.bose, iso("09:00"), end=iso("10:00")) == []
    assert why(api, north.bose, iso("09:00"), service_id=str(north.visit)) == []


def test_outside_hours(api, north):
    assert "outside_hours" in why(api, north.bose, iso("14:00"))
    assert "outside_hours" in why(api, north.bose, iso("11:30"), end=iso("12:30"))


def test_off_grid(api, north):
    assert why(api, north.bose, iso("09:10")) == ["off_grid"]


def test_blocked(api, north):
    made(api, f"/doctors/{north.bose}/blocked-times", {"start": iso("09:00"), "end": iso("10:00")})
    assert "blocked" in why(api, north.bose, iso("09:00"))


def test_closed(api, north):
    made(api, "/closures", {"start": DAY, "all_day": True})
    assert "closed" in why(api, north.bose, iso("09:00"))


def test_booked_and_held(api, north):
    booked(api, north, "09:00")
    made(api, "/holds", {"doctor_id": str(north.bose), "start": iso("10:00")})
    assert why(api, north.bose, iso("09:00")) == ["booked"]
    assert why(api, north.bose, iso("10:00")) == ["held"]


def test_buffer(api, north):
    ok(api.patch(f"/services/{north.visit}", {"buffer_after_minutes": 15}))
    booked(api, north, "09:00", service_id=str(north.visit))
    assert why(api, north.bose, iso("09:30"), service_id=str(north.visit)) == ["buffer"]


def test_day_full_and_doctor_absent(api, north):
    ok(api.put(f"/doctors/{north.bose}/days/{DAY}", {"max_appointments": 0}))
    assert why(api, north.bose, iso("09:00")) == ["day_full"]
    ok(api.put(f"/doctors/{north.bose}/days/{DAY}", {"max_appointments": None, "is_present": False}))
    assert why(api, north.bose, iso("09:00")) == ["doctor_absent"]


def test_min_notice_too_far_ahead_and_not_bookable_online(api, north):
    service = {"service_id": str(north.visit), "audience": "patient"}
    ok(api.patch(f"/services/{north.visit}", {"min_notice_minutes": 50_000}))
    assert why(api, north.bose, iso("09:00"), **service) == ["min_notice"]
    ok(api.patch(f"/services/{north.visit}", {"min_notice_minutes": 0, "max_days_ahead": 1}))
    assert why(api, north.bose, iso("09:00"), **service) == ["too_far_ahead"]
    ok(api.patch(f"/services/{north.visit}", {"max_days_ahead": None, "online_bookable": False}))
    assert why(api, north.bose, iso("09:00"), **service) == ["not_bookable_online"]


def test_room_busy(api, north):
    room = made(api, "/rooms", {"location_id": str(north.main), "name": "X", "kind": "xray"})["id"]
    scan = made(api, "/services", {"name": "Scan", "duration_minutes": 30, "room_kind": "xray"})["id"]
    other = made(api, "/doctors", {"full_name": "Other One", "slot_minutes": 30})["id"]
    every_day(api, other, "09:00", "12:00")
    visit = booked(api, north, "09:00", service_id=scan)
    assert visit["room_id"] == room
    assert why(api, other, iso("09:00"), service_id=scan) == ["room_busy"]
    body = {"patient_id": str(north.dora), "doctor_id": other, "start": iso("09:00"), "service_id": scan}
    refused(api.post("/appointments", body), 422, "room_busy")


def test_past(api, north):
    doctor = made(api, "/doctors", {"full_name": "Night Owl", "slot_minutes": 30})["id"]
    every_day(api, doctor, "00:00", "00:00", ends_next_day=True)
    yesterday = f"{today() - timedelta(days=1)}T10:00:00"
    assert why(api, doctor, yesterday) == ["past"]


def test_several_reasons_come_together(api, north):
    made(api, f"/doctors/{north.bose}/blocked-times", {"start": iso("09:00"), "end": iso("10:00")})
    ok(api.put(f"/doctors/{north.bose}/days/{DAY}", {"is_present": False}))
    assert set(why(api, north.bose, iso("09:00"))) >= {"blocked", "doctor_absent"}


@pytest.mark.parametrize(
    "query", [{}, {"start": "x"}, {"start": iso("09:00"), "end": "x"}, {"start": iso("09:00"), "x": "1"}]
)
def test_what_cannot_be_asked_is_422(api, north, query):
    refused(api.get(f"/doctors/{north.bose}/check-availability", **query), 422)


def test_an_end_before_its_start_is_no_time(api, north):
    answer = api.get(f"/doctors/{north.bose}/check-availability", start=iso("10:00"), end=iso("09:00"))
    assert answer.status_code == 422 or answer.json["available"] is False


def test_one_engine_answers_offering_accepting_and_explaining(api, north):
    """Whatever stands in the way, what is offered is what is available, and what is available can be held."""
    ok(api.patch(f"/services/{north.visit}", {"buffer_before_minutes": 10}))
    booked(api, north, "10:00")
    made(api, f"/doctors/{north.bose}/blocked-times", {"start": iso("11:00"), "end": iso("11:15")})
    service = {"service_id": str(north.visit)}
    offered = {slot["start"] for slot in free(api, **service)}
    moment, last = at("08:45"), at("12:15")
    while moment <= last:
        start = moment.isoformat()
        reasons = why(api, north.bose, start, **service)
        assert (start in offered) == (reasons == []), (start, reasons)
        answer = api.post("/holds", {"doctor_id": str(north.bose), "start": start, **service})
        assert (answer.status_code == 201) == (reasons == []), (start, reasons)
        if answer.status_code == 201:
            api.delete(f"/holds/{answer.json['id']}")
        moment += timedelta(minutes=15)


def test_a_time_can_be_asked_with_any_offset(api, north):
    utc = datetime.fromisoformat(iso("09:00")).astimezone().isoformat()
    assert why(api, north.bose, utc) == []
