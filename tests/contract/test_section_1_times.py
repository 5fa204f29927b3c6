"""API.md §1: times, ranges, dates; and clocks that change."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.booking.times import at, iso, today, working_day
from tests.clients import Api
from tests.contract.asking import booked, every_day, ids, made, ok, refused

MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d")


def changes_of(zone: str, days: int = 730) -> tuple[datetime, datetime]:
    """The next clock changes of a zone: a wall time that is skipped, and one that is repeated (both naive)."""
    where, skipped, repeated = ZoneInfo(zone), None, None
    moment = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    for _hour in range(days * 24):
        before, after = (
            moment.astimezone(where).utcoffset(),
            (moment + timedelta(hours=1)).astimezone(where).utcoffset(),
        )
        assert before is not None
        assert after is not None
        wall = (moment + timedelta(hours=1) + before).replace(tzinfo=None)
        if after > before and skipped is None:
            skipped = wall  # where the clock would have stood
        if after < before and repeated is None:
            repeated = wall - (before - after)  # the hour that comes twice begins here
        if skipped and repeated:
            return skipped, repeated
        moment += timedelta(hours=1)
    raise AssertionError("no change")


@pytest.fixture
def clinic_in(app, platform):
    """``clinic_in("Europe/Paris")``: the API of a new tenant there, and a doctor with hours all around the clock."""

    def make(zone: str, country: str, **settings: Any) -> tuple[Any, str]:
        owner = {"name": "O", "email": "o@there.example"}
        said = made(
            platform, "/tenants",
            {"name": "There", "slug": "there", "timezone": zone, "country": country, "owner": owner},
        )  # fmt: skip
        api = Api(app, "there.localhost", said["api_key"]["secret"])
        ok(api.patch("/settings", {"max_days_ahead": 730, **settings}))
        doctor = made(api, "/doctors", {"full_name": "Night Owl", "slot_minutes": 30})["id"]
        every_day(api, doctor, "00:00", "00:00", ends_next_day=True)
        return api, doctor

    return make


# -- how times are written --------------------------------------------------------------------------------------------


def test_answers_carry_the_offset_of_the_locations_zone(api, north):
    visit = booked(api, north, "09:30")
    assert visit["start"] == f"{working_day()}T09:30:00-05:00"
    assert visit["end"] == f"{working_day()}T10:00:00-05:00"
    assert visit["date"] == working_day().isoformat()
    slot = ok(api.get("/slots", date=working_day().isoformat()))["items"][0]
    assert slot["start"].endswith("-05:00")
    assert slot["end"].endswith("-05:00")


def test_created_and_updated_have_microseconds(api, north):
    records = [booked(api, north)]
    records += [ok(api.get(path)) for path in (
        f"/patients/{north.carla}", f"/doctors/{north.bose}", f"/locations/{north.main}", f"/services/{north.visit}",
        f"/specialties/{north.general}", f"/availability/{north.bose_hours_0}",
    )]  # fmt: skip
    for record in records:
        assert MICROSECONDS.fullmatch(record["created_at"]), record
        assert MICROSECONDS.fullmatch(record["updated_at"]), record


@pytest.mark.parametrize(
    "spelling",
    ["{day}T09:30:00-05:00", "{day}T14:30:00Z", "{day}T14:30:00+00:00", "{day}T23:30:00+09:00", "{day}T09:30:00",
     "{day}T09:30", "{day}T09:30:00.000000-05:00", "{day}t14:30:00z"],
)  # fmt: skip
def test_a_request_may_carry_any_offset_or_none(api, north, spelling):
    body = {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": spelling.format(day=working_day()),
    }
    assert made(api, "/appointments", body)["start"] == f"{working_day()}T09:30:00-05:00"


def test_without_an_offset_it_is_the_wall_clock_of_the_location(api, north):
    annex = made(api, "/locations", {"name": "Annex", "timezone": "Europe/Madrid"})["id"]
    doctor = made(api, "/doctors", {"full_name": "Eva Lejos", "slot_minutes": 30, "location_ids": [annex]})[
        "id"
    ]
    every_day(api, doctor, "09:00", "12:00", location_id=annex)
    body = {"patient_id": str(north.carla), "doctor_id": doctor, "start": f"{working_day()}T09:30:00"}
    visit = made(api, "/appointments", body)
    assert datetime.fromisoformat(visit["start"]).utcoffset() in (timedelta(hours=1), timedelta(hours=2))
    assert visit["start"].startswith(f"{working_day()}T09:30:00")
    found = ok(
        api.get(
            f"/doctors/{doctor}/slots",
            **{"from": f"{working_day()}T10:00:00", "to": f"{working_day()}T11:00:00"},
        )
    )
    assert [slot["start"][11:16] for slot in found["items"]] == ["10:00", "10:30"]


@pytest.mark.parametrize(
    "given",
    [
        "tomorrow",
        "2030-02-30T09:00:00",
        "2030-01-07T25:00:00",
        "2030-01-07T09:00:00+25:00",
        5,
        "2030-01-07",
        "",
    ],
)
def test_what_is_no_time_is_422(api, north, given):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": given}
    assert refused(api.post("/appointments", body), 422, at="/start")["code"] in ("invalid_time", "required")


@pytest.mark.parametrize("given", ["07.01.2030", "2030-13-01", "2030-02-30", "today", "2030-1-7"])
def test_what_is_no_date_is_422(api, north, given):
    refused(api.get("/slots", date=given), 422, "invalid_date", "/date")
    refused(api.get("/appointments", date=given), 422, "invalid_date", "/date")
    refused(api.post(f"/doctors/{north.bose}/overrides", {"date": given}), 422, "invalid_date", "/date")
    refused(
        api.post("/patients", {"full_name": "A B", "phone": "3001112233", "birth_date": given}),
        422,
        "invalid_date",
    )
    refused(api.get(f"/doctors/{north.bose}/days/{given}"), 422, "invalid_date")


@pytest.mark.parametrize("given", ["9:00", "24:00", "09:60", "09:00:00", 900, "nine"])
def test_a_time_of_day_is_hh_mm(api, north, given):
    body = {"weekday": 0, "start_time": given, "end_time": "23:00"}
    refused(api.post(f"/doctors/{north.bose}/availability", body), 422, "invalid_time", "/start_time")


@pytest.mark.parametrize("given", [-1, 7, "0", 1.5])
def test_a_weekday_is_0_to_6(api, north, given):
    body = {"weekday": given, "start_time": "14:00", "end_time": "15:00"}
    refused(api.post(f"/doctors/{north.bose}/availability", body), 422, at="/weekday")


def test_weekday_0_is_monday(api, north):
    doctor = made(api, "/doctors", {"full_name": "Monday Only"})["id"]
    made(api, f"/doctors/{doctor}/availability", {"weekday": 0, "start_time": "09:00", "end_time": "10:00"})
    first, last = today() + timedelta(days=7), today() + timedelta(days=13)
    found = ok(
        api.get("/slots/days", **{"from": first.isoformat(), "to": last.isoformat(), "doctor_id": doctor})
    )
    free = [day["date"] for day in found["items"] if day["available"]]
    assert [date.fromisoformat(day).weekday() for day in free] == [0]


def test_that_of_the_clinic_where_no_location_is_meant(api, north):
    key = made(api, "/api-keys", {"name": "x", "expires_at": "2031-01-07T09:00:00"})
    assert key["expires_at"] == "2031-01-07T09:00:00-05:00"
    consent = {"purpose": "sms", "at": "2026-01-07T09:00:00"}
    (said,) = ok(api.patch(f"/patients/{north.carla}", {"consents": [consent]}))["consents"]
    assert datetime.fromisoformat(said["at"]) == datetime.fromisoformat("2026-01-07T09:00:00-05:00")


# -- ranges -----------------------------------------------------------------------------------------------------------


def test_a_date_is_the_whole_local_day_to_included(api, north):
    first, second = booked(api, north, "09:00"), booked(api, north, "11:30", patient="dora")
    third = made(
        api,
        "/appointments",
        {"patient_id": str(north.emil), "doctor_id": str(north.bose), "start": iso("09:00", 1)},
    )
    day, next_day = working_day().isoformat(), working_day(1).isoformat()
    asked = {"doctor_id": str(north.bose)}
    assert ids(api.get("/appointments", **asked, **{"from": day, "to": day})) == [first["id"], second["id"]]
    assert ids(api.get("/appointments", **asked, date=day)) == [first["id"], second["id"]]
    assert len(ids(api.get("/appointments", **asked, **{"from": day, "to": next_day}))) == 3
    assert ids(api.get("/appointments", **asked, **{"from": next_day})) == [third["id"]]
    assert len(ids(api.get("/appointments", **asked, to=day))) == 2


def test_instants_are_half_open(api, north):
    first, second = booked(api, north, "09:00"), booked(api, north, "10:00", patient="dora")
    asked = {"from": iso("09:00"), "to": iso("10:00")}
    assert ids(api.get("/appointments", **asked)) == [first["id"]]
    assert ids(api.get("/appointments", **{"from": iso("10:00"), "to": iso("10:01")})) == [second["id"]]
    assert [
        slot["start"] for slot in ok(api.get("/slots", **{"from": iso("11:00"), "to": iso("11:30")}))["items"]
    ] == [iso("11:00")]


def test_an_instant_without_an_offset_is_the_wall_clock_here_too(api, north):
    visit = booked(api, north, "09:00")
    day = working_day()
    assert ids(api.get("/appointments", **{"from": f"{day}T09:00:00", "to": f"{day}T09:30:00"})) == [
        visit["id"]
    ]
    assert ids(api.get("/appointments", **{"from": f"{day}T09:01:00", "to": f"{day}T12:00:00"})) == []


def test_an_offset_in_a_query_may_be_escaped_or_not(api, north):
    visit = booked(api, north, "09:00")
    start = at("09:00").astimezone(ZoneInfo("Europe/Moscow")).isoformat()
    assert ids(api.get("/appointments", **{"from": start})) == [visit["id"]]
    assert ids(api.open("GET", f"/appointments?from={start}")) == [visit["id"]]


def test_a_day_is_the_local_day_of_the_visits_own_location(api, north):
    annex = made(api, "/locations", {"name": "Far", "timezone": "Pacific/Auckland"})["id"]
    doctor = made(api, "/doctors", {"full_name": "Far Away", "slot_minutes": 30, "location_ids": [annex]})[
        "id"
    ]
    every_day(api, doctor, "09:00", "10:00", location_id=annex)
    day = working_day().isoformat()
    visit = made(
        api,
        "/appointments",
        {"patient_id": str(north.carla), "doctor_id": doctor, "start": f"{day}T09:00:00"},
    )
    assert visit["date"] == day
    assert ids(api.get("/appointments", date=day)) == [visit["id"]]
    assert [slot["start"][:10] for slot in ok(api.get(f"/doctors/{doctor}/slots", date=day))["items"]] == [
        day
    ]


@pytest.mark.parametrize("path", ["/appointments", "/slots", "/slots/days", "/closures", "/sessions"])
def test_a_range_that_ends_before_it_begins_is_422(api, path):
    refused(api.get(path, **{"from": "2030-01-08", "to": "2030-01-07"}), 422, "invalid_range", "/to")


@pytest.mark.parametrize("path", ["/appointments", "/slots", "/slots/days"])
def test_a_date_and_a_range_contradict_each_other(api, path):
    refused(
        api.get(path, **{"date": "2030-01-08", "from": "2030-01-07", "to": "2030-01-09"}), 422, at="/date"
    )


def test_updated_since_is_inclusive(api, north):
    visit = booked(api, north)
    assert ids(api.get("/appointments", updated_since=visit["updated_at"])) == [visit["id"]]
    later = (datetime.fromisoformat(visit["updated_at"]) + timedelta(microseconds=1)).isoformat()
    assert ids(api.get("/appointments", updated_since=later)) == []
    carla = ok(api.patch(f"/patients/{north.carla}", {"city": "Cali"}))
    assert str(north.carla) in ids(api.get("/patients", updated_since=carla["updated_at"]))


def test_updated_since_without_an_offset_is_the_wall_clock(api, north):
    visit = booked(api, north)
    naive = visit["updated_at"][:-6]
    assert ids(api.get("/appointments", updated_since=naive)) == [visit["id"]]
    ahead = (datetime.fromisoformat(naive) + timedelta(hours=1)).isoformat()
    assert ids(api.get("/appointments", updated_since=ahead)) == []


@pytest.mark.parametrize("path", ["/patients", "/appointments"])
def test_updated_since_a_time_that_the_clock_skips_is_422(api_of, south, path):
    skipped = api_of("south").get(path, updated_since="2026-03-29T02:30:00")
    refused(skipped, 422, "nonexistent_time", "/updated_since")


# -- parts of the day -------------------------------------------------------------------------------------------------


def test_morning_ends_at_noon_and_afternoon_at_six_unless_the_settings_say_otherwise(api, north):
    doctor = made(api, "/doctors", {"full_name": "All Day", "slot_minutes": 60})["id"]
    every_day(api, doctor, "11:00", "20:00")
    asked = {"date": working_day().isoformat(), "doctor_id": doctor}

    def clocks(part: str) -> list[str]:
        return [slot["start"][11:16] for slot in ok(api.get("/slots", **asked, part_of_day=part))["items"]]

    assert clocks("morning") == ["11:00"]
    assert clocks("afternoon") == ["12:00", "13:00", "14:00", "15:00", "16:00", "17:00"]
    assert clocks("evening") == ["18:00", "19:00"]
    ok(api.patch("/settings", {"morning_ends": "13:00", "afternoon_ends": "19:00"}))
    assert clocks("morning") == ["11:00", "12:00"]
    assert clocks("evening") == ["19:00"]


# -- clocks that change -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "country"), [("Europe/Paris", "FR"), ("America/Santiago", "CL")])
def test_a_time_that_dst_skips_does_not_exist_and_one_that_it_repeats_means_the_first(
    clinic_in, zone, country
):
    api, doctor = clinic_in(zone, country)
    skipped, repeated = changes_of(zone)
    patient = {"full_name": "Ana Clock", "email": "ana@clock.example"}
    gone = f"{(skipped + timedelta(minutes=30)).isoformat()}"
    body = {"patient": patient, "doctor_id": doctor}
    refused(api.post("/appointments", body | {"start": gone}), 422, "nonexistent_time", "/start")
    refused(api.post("/holds", {"doctor_id": doctor, "start": gone}), 422, "nonexistent_time", "/start")
    refused(api.get(f"/doctors/{doctor}/check-availability", start=gone), 422, "nonexistent_time", "/start")
    refused(
        api.get("/slots", **{"from": gone, "to": f"{skipped.date() + timedelta(days=1)}"}),
        422,
        "nonexistent_time",
        "/from",
    )
    refused(api.get("/appointments", **{"from": gone}), 422, "nonexistent_time", "/from")
    refused(
        api.post("/sessions", {"doctor_id": doctor, "start": gone, "duration_minutes": 60}),
        422,
        "nonexistent_time",
        "/start",
    )
    refused(
        api.post(f"/doctors/{doctor}/blocked-times", {"start": gone, "end": f"{skipped.date()}T12:00:00"}),
        422, "nonexistent_time", "/start",
    )  # fmt: skip
    visit = made(api, "/appointments", body | {"start": repeated.isoformat()})
    first = repeated.replace(tzinfo=ZoneInfo(zone), fold=0)
    assert visit["start"] == first.isoformat()
    second = repeated.replace(tzinfo=ZoneInfo(zone), fold=1)
    body = {"patient_id": visit["patient_id"], "doctor_id": doctor, "start": second.isoformat()}
    other = made(api, "/appointments", body)
    assert datetime.fromisoformat(other["start"]) - datetime.fromisoformat(visit["start"]) == timedelta(
        hours=1
    )
    refused(
        api.post(f"/appointments/{visit['id']}/reschedule", {"start": gone}),
        422,
        "nonexistent_time",
        "/start",
    )


@pytest.mark.parametrize(("zone", "country"), [("Europe/Paris", "FR"), ("America/Santiago", "CL")])
def test_a_day_has_23_or_25_hours_of_slots(clinic_in, zone, country):
    api, doctor = clinic_in(zone, country)
    skipped, repeated = changes_of(zone)
    for day, count in ((skipped.date(), 46), (repeated.date(), 50)):
        found = ok(api.get("/slots", date=day.isoformat(), doctor_id=doctor))["items"]
        assert len(found) == count, day
        assert all(slot["start"].startswith(day.isoformat()) for slot in found)
        starts = [datetime.fromisoformat(slot["start"]) for slot in found]
        assert starts == sorted(set(starts))
