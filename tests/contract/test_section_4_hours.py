"""API.md §4: weekly hours, overrides, blocked time, closures, sessions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.booking.times import iso, today, working_day
from tests.contract.asking import UNKNOWN, booked, every_day, ids, made, next_weekday, ok, refused

MONDAY = next_weekday(today() + timedelta(days=7), 0)


@pytest.fixture
def doctor(api) -> str:
    return str(made(api, "/doctors", {"full_name": "Ada Hours", "slot_minutes": 30})["id"])


def hours(api: Any, doctor: str, start: str, end: str, weekday: int = 0, **more: Any) -> Any:
    body = {"weekday": weekday, "start_time": start, "end_time": end, **more}
    return api.post(f"/doctors/{doctor}/availability", body)


def starts(api: Any, doctor: str, day: date = MONDAY, last: date | None = None, **more: Any) -> list[str]:
    query = {"from": day.isoformat(), "to": (last or day).isoformat(), **more}
    return [slot["start"][11:16] for slot in ok(api.get(f"/doctors/{doctor}/slots", **query))["items"]]


# -- weekly hours -----------------------------------------------------------------------------------------------------


def test_every_field_of_weekly_hours_is_answered(api, doctor, north):
    body = {
        "weekday": 0, "start_time": "09:00", "end_time": "12:00", "location_id": str(north.main), "slot_minutes": 20,
        "capacity": 3, "service_ids": [str(north.visit)], "valid_from": "2030-01-01", "valid_until": "2030-12-31",
        "every_weeks": 2, "ends_next_day": False, "custom_fields": {"a": 1},
    }  # fmt: skip
    record = made(api, f"/doctors/{doctor}/availability", body)
    assert record.items() >= body.items()
    assert record["doctor_id"] == doctor
    assert ok(api.get(f"/availability/{record['id']}")) == record


def test_enough_is_weekday_and_times(api, doctor):
    record = ok(hours(api, doctor, "09:00", "12:00"), 201)
    assert (record["service_ids"], record["valid_from"], record["every_weeks"], record["capacity"]) == (
        None,
        None,
        1,
        1,
    )
    for name in ("weekday", "start_time", "end_time"):
        body = {"weekday": 1, "start_time": "09:00", "end_time": "12:00"}
        body.pop(name)
        refused(api.post(f"/doctors/{doctor}/availability", body), 422, "required", f"/{name}")


def test_several_intervals_a_day(api, doctor):
    for start, end in (("09:00", "10:00"), ("14:00", "15:00")):
        ok(hours(api, doctor, start, end), 201)
    assert starts(api, doctor) == ["09:00", "09:30", "14:00", "14:30"]


@pytest.mark.parametrize(("start", "end"), [("12:00", "12:00"), ("12:00", "09:00")])
def test_the_end_is_after_the_start_unless_it_is_the_next_day(api, doctor, start, end):
    refused(hours(api, doctor, start, end), 422, at="/end_time")
    ok(hours(api, doctor, start, end, ends_next_day=True), 201)


def test_past_midnight(api, doctor):
    ok(hours(api, doctor, "23:00", "01:00", ends_next_day=True), 201)
    assert starts(api, doctor, MONDAY, MONDAY + timedelta(days=1)) == ["23:00", "23:30", "00:00", "00:30"]
    assert starts(api, doctor, MONDAY) == ["23:00", "23:30"]


def test_valid_from_and_until_are_both_included(api, doctor):
    last = MONDAY + timedelta(days=14)
    ok(hours(api, doctor, "09:00", "09:30", valid_from=MONDAY.isoformat(), valid_until=last.isoformat()), 201)
    assert starts(api, doctor, MONDAY - timedelta(days=7), MONDAY - timedelta(days=1)) == []
    assert starts(api, doctor, MONDAY, MONDAY + timedelta(days=28)) == ["09:00"] * 3
    refused(
        hours(api, doctor, "10:00", "11:00", valid_from="2030-02-01", valid_until="2030-01-01"),
        422,
        at="/valid_until",
    )


def test_every_n_weeks_is_counted_from_valid_from(api, doctor):
    ok(hours(api, doctor, "09:00", "09:30", valid_from=MONDAY.isoformat(), every_weeks=2), 201)
    days = [MONDAY + timedelta(days=7 * week) for week in range(5)]
    assert [bool(starts(api, doctor, day)) for day in days] == [True, False, True, False, True]


def test_slot_minutes_capacity_and_services_of_the_rule_hold(api, doctor, north):
    other = made(api, "/services", {"name": "Other", "duration_minutes": 30})["id"]
    ok(hours(api, doctor, "09:00", "10:00", slot_minutes=20, capacity=2, service_ids=[str(north.visit)]), 201)
    asked = {"date": MONDAY.isoformat(), "doctor_id": doctor}
    (first, *_rest) = ok(api.get("/slots", **asked, service_id=str(north.visit)))["items"]
    assert (first["capacity"], first["remaining"]) == (2, 2)
    assert ok(api.get("/slots", **asked, service_id=other))["items"] == []


@pytest.mark.parametrize(
    ("first", "second", "overlaps"),
    [
        (("09:00", "12:00", 0, {}), ("11:00", "13:00", 0, {}), True),
        (("09:00", "12:00", 0, {}), ("12:00", "13:00", 0, {}), False),
        (("09:00", "12:00", 0, {}), ("09:00", "12:00", 1, {}), False),
        (("09:00", "12:00", 0, {"valid_until": "2030-01-31"}),
         ("09:00", "12:00", 0, {"valid_from": "2030-02-01"}), False),
        (("09:00", "12:00", 0, {"valid_until": "2030-02-28"}),
         ("09:00", "12:00", 0, {"valid_from": "2030-02-01"}), True),
        (("09:00", "12:00", 0, {"valid_from": "2030-01-07", "every_weeks": 2}),
         ("09:00", "12:00", 0, {"valid_from": "2030-01-14", "every_weeks": 2}), False),
        (("09:00", "12:00", 0, {"valid_from": "2030-01-07", "every_weeks": 2}),
         ("09:00", "12:00", 0, {"valid_from": "2030-01-21", "every_weeks": 2}), True),
        (("09:00", "12:00", 0, {"valid_from": "2030-01-07", "every_weeks": 2}),
         ("09:00", "12:00", 0, {"valid_from": "2030-01-14", "every_weeks": 3}), True),
        (("22:00", "02:00", 0, {"ends_next_day": True}), ("01:00", "03:00", 1, {}), True),
        (("22:00", "02:00", 0, {"ends_next_day": True}), ("02:00", "03:00", 1, {}), False),
        (("22:00", "02:00", 6, {"ends_next_day": True}), ("00:00", "01:00", 0, {}), True),
    ],
)  # fmt: skip
def test_an_overlap_on_any_actual_date_is_409(api, doctor, first, second, overlaps):
    ok(hours(api, doctor, *first[:3], **first[3]), 201)
    answer = hours(api, doctor, *second[:3], **second[3])
    if overlaps:
        refused(answer, 409, "availability_overlap")
    else:
        ok(answer, 201)


def test_a_change_or_a_restore_that_overlaps_is_409_too(api, doctor):
    first = ok(hours(api, doctor, "09:00", "10:00"), 201)["id"]
    second = ok(hours(api, doctor, "10:00", "11:00"), 201)["id"]
    refused(api.patch(f"/availability/{second}", {"start_time": "09:30"}), 409, "availability_overlap")
    api.delete(f"/availability/{first}")
    ok(api.patch(f"/availability/{second}", {"start_time": "09:30"}))
    refused(api.post(f"/availability/{first}/restore"), 409, "availability_overlap")


# -- overrides --------------------------------------------------------------------------------------------------------


def test_an_override_replaces_the_day(api, north):
    day = working_day()
    body = {"date": day.isoformat(), "intervals": [{"start_time": "15:00", "end_time": "16:00"}]}
    record = made(api, f"/doctors/{north.bose}/overrides", body)
    assert [(each["start_time"], each["end_time"]) for each in record["intervals"]] == [("15:00", "16:00")]
    assert starts(api, str(north.bose), day) == ["15:00", "15:30"]
    assert api.delete(f"/overrides/{record['id']}").status_code == 204
    assert len(starts(api, str(north.bose), day)) == 6


def test_an_override_without_intervals_closes_the_day(api, north):
    day = working_day()
    made(api, f"/doctors/{north.bose}/overrides", {"date": day.isoformat()})
    assert starts(api, str(north.bose), day) == []


def test_an_override_opens_a_day_without_hours(api, doctor):
    made(
        api,
        f"/doctors/{doctor}/overrides",
        {"date": MONDAY.isoformat(), "intervals": [{"start_time": "08:00", "end_time": "09:00"}]},
    )
    assert starts(api, doctor) == ["08:00", "08:30"]


@pytest.mark.parametrize(
    "intervals",
    [[{"start_time": "10:00", "end_time": "09:00"}], [{"start_time": "10:00"}], "x",
     [{"start_time": "09:00", "end_time": "11:00"}, {"start_time": "10:00", "end_time": "12:00"}]],
)  # fmt: skip
def test_intervals_that_cannot_be_are_422(api, doctor, intervals):
    refused(api.post(f"/doctors/{doctor}/overrides", {"date": "2031-01-07", "intervals": intervals}), 422)


def test_a_second_override_of_a_date_is_409(api, doctor):
    made(api, f"/doctors/{doctor}/overrides", {"date": "2031-01-07"})
    assert api.post(f"/doctors/{doctor}/overrides", {"date": "2031-01-07"}).status_code == 409


# -- blocked time -----------------------------------------------------------------------------------------------------


def test_blocked_time_takes_its_slots_away(api, north):
    body = {"start": iso("10:00"), "end": iso("11:00"), "reason": "meeting", "custom_fields": {"a": 1}}
    block = made(api, f"/doctors/{north.bose}/blocked-times", body)
    assert block.items() >= body.items()
    assert (block["all_day"], block["rrule"], block["doctor_id"]) == (False, None, str(north.bose))
    assert starts(api, str(north.bose), working_day()) == ["09:00", "09:30", "11:00", "11:30"]
    api.delete(f"/blocked-times/{block['id']}")
    assert len(starts(api, str(north.bose), working_day())) == 6


def test_a_whole_day_is_given_as_a_date(api, north):
    day = working_day()
    block = made(
        api,
        f"/doctors/{north.bose}/blocked-times",
        {"start": day.isoformat(), "end": day.isoformat(), "all_day": True},
    )
    assert block["all_day"] is True
    assert starts(api, str(north.bose), day) == []
    assert starts(api, str(north.bose), working_day(1)) != []


def test_a_block_repeats_by_rrule(api, doctor):
    every_day(api, doctor, "09:00", "10:00")
    body = {"start": f"{MONDAY}T09:00:00", "end": f"{MONDAY}T09:30:00", "rrule": "FREQ=WEEKLY;COUNT=2"}
    made(api, f"/doctors/{doctor}/blocked-times", body)
    days = [MONDAY + timedelta(days=each) for each in (0, 1, 7, 14)]
    assert [starts(api, doctor, day)[0] for day in days] == ["09:30", "09:00", "09:30", "09:00"]
    for wrong in ("FREQ=SOMETIMES", "x", ""):
        refused(api.post(f"/doctors/{doctor}/blocked-times", {**body, "rrule": wrong}), 422, at="/rrule")


@pytest.mark.parametrize(
    "body",
    [{"start": "2031-01-07T10:00:00", "end": "2031-01-07T09:00:00"}, {"start": "2031-01-07T10:00:00"},
     {"end": "2031-01-07T10:00:00"}, {"start": "2031-01-08", "end": "2031-01-07", "all_day": True}],
)  # fmt: skip
def test_a_block_that_cannot_be_is_422(api, doctor, body):
    refused(api.post(f"/doctors/{doctor}/blocked-times", body), 422)


def test_blocks_are_listed_by_when_they_reach(api, doctor):
    path = f"/doctors/{doctor}/blocked-times"
    one = made(api, path, {"start": "2031-01-07", "end": "2031-01-09", "all_day": True})["id"]
    two = made(api, path, {"start": "2031-02-07", "all_day": True})["id"]
    assert ids(api.get(path)) == [one, two]
    assert ids(api.get(path, **{"from": "2031-01-09", "to": "2031-01-20"})) == [one]
    assert ids(api.get(path, **{"from": "2031-01-10"})) == [two]


# -- closures ---------------------------------------------------------------------------------------------------------


def test_a_closure_of_the_clinic_and_of_a_location(api, north):
    day = working_day()
    annex = made(api, "/locations", {"name": "Annex", "timezone": "America/Bogota"})["id"]
    here = made(
        api,
        "/closures",
        {"start": day.isoformat(), "end": day.isoformat(), "all_day": True, "location_id": annex},
    )
    assert here["location_id"] == annex
    assert len(starts(api, str(north.bose), day)) == 6
    all_over = made(api, "/closures", {"start": iso("09:00"), "end": iso("10:00"), "reason": "holiday"})
    assert (all_over["location_id"], all_over["reason"]) == (None, "holiday")
    assert starts(api, str(north.bose), day) == ["10:00", "10:30", "11:00", "11:30"]
    assert set(ids(api.get("/closures"))) == {here["id"], all_over["id"]}
    assert ids(api.get("/closures", location_id=annex)) == [here["id"]]
    assert api.delete(f"/closures/{all_over['id']}").status_code == 204
    assert len(starts(api, str(north.bose), day)) == 6


# -- sessions ---------------------------------------------------------------------------------------------------------


def session(api: Any, doctor: str, **more: Any) -> Any:
    body = {"doctor_id": doctor, "start": f"{MONDAY}T18:00:00", "duration_minutes": 60, **more}
    return api.post("/sessions", body)


def test_a_session_opens_time_once(api, doctor, north):
    said = ok(session(api, doctor, location_id=str(north.main), slot_minutes=30, capacity=2), 201)
    assert said["start"] == f"{MONDAY}T18:00:00-05:00"
    assert said["end"] == f"{MONDAY}T19:00:00-05:00"
    assert (said["duration_minutes"], said["booked_count"], said["is_booked"]) == (60, 0, False)
    assert starts(api, doctor) == ["18:00", "18:30"]
    assert starts(api, doctor, MONDAY + timedelta(days=7)) == []
    body = {"patient_id": str(north.carla), "doctor_id": doctor, "start": said["start"]}
    visit = made(api, "/appointments", body | {"session_id": said["id"]})
    assert visit["session_id"] == said["id"]
    assert ok(api.get(f"/sessions/{said['id']}"))["booked_count"] == 1
    assert ids(api.get("/sessions", doctor_id=doctor)) == [said["id"]]


def test_a_session_that_is_full_says_so(api, doctor, north):
    said = ok(session(api, doctor), 201)
    made(api, "/appointments", {"patient_id": str(north.carla), "doctor_id": doctor, "start": said["start"],
                                "session_id": said["id"], "duration_minutes": 60})  # fmt: skip
    assert ok(api.get(f"/sessions/{said['id']}"))["booked_count"] == 1


def test_a_group_session_takes_as_many_as_its_capacity(api, doctor, north):
    said = ok(session(api, doctor, slot_minutes=60, capacity=2), 201)
    for patient in (north.carla, north.dora):
        made(api, "/appointments", {"patient_id": str(patient), "doctor_id": doctor, "start": said["start"]})
    refused(
        api.post("/appointments", {"patient_id": str(north.emil), "doctor_id": doctor, "start": said["start"]}),
        409, "slot_taken",
    )  # fmt: skip
    now = ok(api.get(f"/sessions/{said['id']}"))
    assert (now["booked_count"], now["is_booked"]) == (2, True)


@pytest.mark.parametrize(
    "more",
    [{"end": f"{MONDAY}T17:00:00", "duration_minutes": None}, {"duration_minutes": 0}, {"duration_minutes": None},
     {"start": None}, {"doctor_id": None}, {"capacity": 0}, {"end": f"{MONDAY}T19:30:00"}],
)  # fmt: skip
def test_a_session_that_cannot_be_is_422(api, doctor, more):
    refused(session(api, doctor, **more), 422)


def test_a_session_may_have_an_end_in_place_of_a_duration(api, doctor):
    said = made(
        api, "/sessions", {"doctor_id": doctor, "start": f"{MONDAY}T18:00:00", "end": f"{MONDAY}T18:45:00"}
    )
    assert said["duration_minutes"] == 45


def test_a_session_is_taken_away(api, doctor):
    said = ok(session(api, doctor), 201)
    assert api.delete(f"/sessions/{said['id']}").status_code == 204
    assert starts(api, doctor) == []
    refused(session(api, UNKNOWN), 422, "unknown_id", "/doctor_id")


# -- taking time away from booked visits -------------------------------------------------------------------------------


def days_body(north: Any) -> dict[str, tuple[str, str, dict[str, Any] | None]]:
    day = working_day().isoformat()
    return {
        "a block": (
            "POST",
            f"/doctors/{north.bose}/blocked-times",
            {"start": iso("09:00"), "end": iso("10:00")},
        ),
        "a closure": ("POST", "/closures", {"start": day, "all_day": True}),
        "a closure of its location": (
            "POST",
            "/closures",
            {"start": day, "all_day": True, "location_id": str(north.main)},
        ),
        "absence": ("PUT", f"/doctors/{north.bose}/days/{day}", {"is_present": False}),
        "an override": ("POST", f"/doctors/{north.bose}/overrides", {"date": day}),
        "changed hours": ("PATCH", "/availability/{rule}", {"start_time": "10:00"}),
        "hours that end": ("PATCH", "/availability/{rule}", {"valid_until": today().isoformat()}),
        "deleted hours": ("DELETE", "/availability/{rule}", None),
        "a doctor who is gone": ("DELETE", f"/doctors/{north.bose}", None),
        "a service that is gone": ("DELETE", f"/services/{north.visit}", None),
        "a location that is gone": ("DELETE", f"/locations/{north.main}", None),
    }


CASES = (
    "a block", "a closure", "a closure of its location", "absence", "an override", "changed hours", "hours that end",
    "deleted hours", "a doctor who is gone", "a service that is gone", "a location that is gone",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_takes_time_away_from_a_visit_names_it_unless_it_is_forced(api, north, case):
    visit = booked(api, north, "09:30", service_id=str(north.visit))["id"]
    method, path, body = days_body(north)[case]
    path = path.format(rule=getattr(north, f"bose_hours_{working_day().weekday()}"))
    code = "appointments_in_block" if case == "a block" else "appointments_affected"
    said = refused(api.open(method, path, body), 409, code)
    assert said["appointment_ids"] == [visit]
    assert ok(api.get(f"/appointments/{visit}"))["needs_rescheduling"] is False
    if body is None:
        assert api.delete(f"{path}?force=true").status_code == 204
    else:
        assert api.open(method, path, body | {"force": True}).status_code in (200, 201)
    now = ok(api.get(f"/appointments/{visit}"))
    assert (now["status"], now["needs_rescheduling"]) == ("booked", True)
    assert ids(api.get("/appointments", needs_rescheduling="true")) == [visit]
    assert ids(api.get("/appointments", needs_rescheduling="false")) == []


@pytest.mark.parametrize("case", CASES)
def test_what_takes_no_visits_time_needs_no_force(api, north, case):
    booked(api, north, "09:30", service_id=str(north.visit))
    other = made(api, "/doctors", {"full_name": "Other One"})["id"]
    annex = made(api, "/locations", {"name": "Annex", "timezone": "America/Bogota"})["id"]
    long = made(api, "/services", {"name": "Long", "duration_minutes": 60})["id"]
    method, path, body = days_body(north)[case]
    rule = getattr(north, f"bose_hours_{(working_day().weekday() + 1) % 5}")
    path = path.format(rule=rule)
    if case in ("a doctor who is gone", "a service that is gone", "a location that is gone"):
        path = {"d": f"/doctors/{other}", "s": f"/services/{long}", "l": f"/locations/{annex}"}[
            case.split()[1][0]
        ]
    elif case == "a closure of its location":
        body = {**(body or {}), "location_id": annex}
    elif case == "a closure" or case == "a block":
        body = {"start": iso("10:00"), "end": iso("11:00")}
    else:
        path = path.replace(str(north.bose), other)
    assert api.open(method, path, body).status_code in (200, 201, 204)


def test_a_cancelled_visit_is_in_nobodys_way(api, north):
    visit = booked(api, north, "09:30")["id"]
    ok(api.post(f"/appointments/{visit}/cancel"))
    made(api, f"/doctors/{north.bose}/blocked-times", {"start": iso("09:00"), "end": iso("10:00")})


def test_a_visit_that_is_moved_no_longer_needs_it(api, north):
    visit = booked(api, north, "09:30")["id"]
    block = {"start": iso("09:00"), "end": iso("10:00"), "force": True}
    made(api, f"/doctors/{north.bose}/blocked-times", block)
    ok(api.post(f"/appointments/{visit}/reschedule", {"start": iso("11:00")}))
    assert ids(api.get("/appointments", needs_rescheduling="true")) == []


def test_closures_and_days_beyond_hold_for_token_doctors_too(api, north):
    day = working_day().isoformat()
    body = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": day}
    visit = made(api, "/appointments", body)["id"]
    said = refused(
        api.put(f"/doctors/{north.tok}/days/{day}", {"is_present": False}), 409, "appointments_affected"
    )
    assert said["appointment_ids"] == [visit]
    refused(api.post("/closures", {"start": day, "all_day": True}), 409, "appointments_affected")
