"""Visits that repeat."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from clinic.booking import series
from clinic.booking.asking import Asked
from clinic.core import entering
from clinic.core.access import SYSTEM
from tests.booking.times import at, iso, working_day


def asked(north, **more):
    return {
        "patient_id": str(north.carla),
        "doctor_id": str(north.bose),
        "start": iso("09:30"),
        "rrule": "FREQ=WEEKLY;COUNT=4",
    } | more


def weeks(clock, *numbers):
    return [(at(clock) + timedelta(weeks=number)).isoformat() for number in numbers]


def starts(answer):
    return [visit["start"] for visit in answer.json["booked"]]


@pytest.fixture
def four(api, north):
    """Carla, four Fridays (or whichever day it is) at 09:30: the ids of the visits."""
    return [visit["id"] for visit in api.post("/appointments/series", asked(north)).json["booked"]]


@pytest.fixture
def york(api):
    """A location in New York with a doctor who is there day and night."""
    place = api.post("/locations", {"name": "York", "timezone": "America/New_York"}).json["id"]
    doctor = {"full_name": "Dr York", "slot_minutes": 30, "location_ids": [place]}
    id = api.post("/doctors", doctor).json["id"]
    for weekday in range(7):
        hours = {"weekday": weekday, "start_time": "00:00", "end_time": "23:30"}
        api.post(f"/doctors/{id}/availability", hours)
    return id


# -- booking them -----------------------------------------------------------------------------------------------------


def test_books_every_occurrence(api, north):
    answer = api.post("/appointments/series", asked(north, reason="physiotherapy"))
    assert answer.status_code == 201
    assert starts(answer) == weeks("09:30", 0, 1, 2, 3)
    assert answer.json["refused"] == []
    assert {visit["series_id"] for visit in answer.json["booked"]} == {answer.json["series_id"]}
    assert {visit["reason"] for visit in answer.json["booked"]} == {"physiotherapy"}
    listed = api.get("/appointments", series_id=answer.json["series_id"]).json["items"]
    assert listed == answer.json["booked"]
    rule = api.get(f"/appointments/series/{answer.json['series_id']}").json
    assert (rule["rrule"], rule["start"]) == ("FREQ=WEEKLY;COUNT=4", iso("09:30"))


def test_books_what_is_free_and_answers_what_was_not_with_alternatives(api, north):
    taken = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": weeks("09:30", 1)[0]}
    api.post("/appointments", taken)
    day = (working_day() + timedelta(weeks=2)).isoformat()
    api.post(f"/doctors/{north.bose}/blocked-times", {"start": day, "all_day": True, "reason": "congress"})
    answer = api.post("/appointments/series", asked(north))
    assert starts(answer) == weeks("09:30", 0, 3)
    clash, blocked = answer.json["refused"]
    assert (clash["start"], clash["code"]) == (weeks("09:30", 1)[0], "slot_taken")
    assert [slot["start"] for slot in clash["alternatives"]] == weeks("09:00", 1) + weeks("10:00", 1) + weeks(
        "10:30", 1
    )
    assert (blocked["start"], blocked["code"]) == (weeks("09:30", 2)[0], "blocked")
    assert len(blocked["alternatives"]) == 3


def test_the_clock_time_repeats_when_the_clock_is_changed(api, north, york):
    """Half a year of weeks has a change of the clock in New York, whenever it begins."""
    first = f"{working_day()}T10:00:00"
    answer = api.post(
        "/appointments/series", asked(north, doctor_id=york, start=first, rrule="FREQ=WEEKLY;COUNT=30")
    )
    clocks = [datetime.fromisoformat(start) for start in starts(answer)]
    assert len(clocks) == 30
    assert {moment.time().isoformat() for moment in clocks} == {"10:00:00"}
    assert len({moment.utcoffset() for moment in clocks}) == 2


def test_a_time_that_the_clock_skips_is_answered(api, north, york):
    sunday = working_day() + timedelta(days=6 - working_day().weekday())
    answer = api.post(
        "/appointments/series",
        asked(north, doctor_id=york, start=f"{sunday}T02:30:00", rrule="FREQ=WEEKLY;COUNT=60"),
    )
    (skipped,) = answer.json["refused"]
    assert (skipped["code"], skipped["start"][11:16]) == ("nonexistent_time", "02:30")
    assert len(answer.json["booked"]) == 59


def test_nothing_free_books_nothing(api, north):
    blocked = {"start": str(working_day()), "end": str(working_day() + timedelta(weeks=5)), "all_day": True}
    api.post(f"/doctors/{north.bose}/blocked-times", blocked)
    refused = api.post("/appointments/series", asked(north))
    assert (refused.status_code, refused.json["code"]) == (422, "blocked")
    assert [clash["start"] for clash in refused.json["refused"]] == weeks("09:30", 0, 1, 2, 3)
    assert api.get("/appointments", patient_id=str(north.carla)).json["items"] == []


def test_visits_may_span_several_steps_and_need_not_begin_on_the_grid_of_the_first_day(api, north):
    answer = api.post("/appointments/series", asked(north, end=iso("10:30"), rrule="FREQ=DAILY;COUNT=2"))
    lengths = {
        datetime.fromisoformat(visit["end"]) - datetime.fromisoformat(visit["start"])
        for visit in answer.json["booked"]
    }
    assert lengths == {timedelta(hours=1)}


@pytest.mark.parametrize(
    "rrule",
    ["often", "FREQ=WEEKLY", "FREQ=DAILY;COUNT=105", "FREQ=HOURLY;COUNT=2", "FREQ=YEARLY;UNTIL=29990101",
     "FREQ=WEEKLY;UNTIL=20200101"],
)  # fmt: skip
def test_refuses_a_rule_that_is_none_or_has_no_end(api, north, rrule):
    refused = api.post("/appointments/series", asked(north, rrule=rrule))
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_rrule")
    assert refused.json["errors"][0]["pointer"] == "/rrule"


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"start": None}, "/start"),
        ({"date": "2030-01-01"}, "/date"),
        ({"external_ids": {"his": "1"}}, "/external_ids"),
        ({"hold_id": "01900000-0000-7000-8000-000000000000"}, "/hold_id"),
        ({"rrule": None}, "/rrule"),
        ({"patient_id": None}, "/patient_id"),
    ],
)
def test_what_does_not_repeat_is_refused(api, north, more, pointer):
    refused = api.post("/appointments/series", asked(north, **more))
    assert refused.status_code == 422
    assert pointer in {error["pointer"] for error in refused.json["errors"]}


def test_a_patient_has_no_more_open_bookings_than_the_clinic_allows(api, json_as, north):
    api.patch("/settings", {"max_open_bookings_per_patient": 2})
    answer = json_as("carla").post("/appointments/series", asked(north))
    assert starts(answer) == weeks("09:30", 0, 1)
    assert {clash["code"] for clash in answer.json["refused"]} == {"patient_limit"}


def test_the_same_key_books_once(api, north):
    first = api.post("/appointments/series", asked(north), headers={"Idempotency-Key": "s1"})
    again = api.post("/appointments/series", asked(north), headers={"Idempotency-Key": "s1"})
    assert (first.status_code, first.data) == (201, again.data)


def test_another_clinic_finds_neither_series_nor_people(api, api_of, north, four):
    series_id = api.get(f"/appointments/{four[0]}").json["series_id"]
    south = api_of("south")
    assert south.get(f"/appointments/series/{series_id}").status_code == 404
    assert south.post("/appointments/series", asked(north)).status_code == 422
    assert south.post(f"/appointments/{four[0]}/cancel?scope=all").status_code == 404


# -- this, the following, all -----------------------------------------------------------------------------------------


def statuses(api, ids):
    return [api.get(f"/appointments/{id}").json["status"] for id in ids]


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("this", ["booked", "cancelled", "booked", "booked"]),
        ("following", ["booked", "cancelled", "cancelled", "cancelled"]),
        ("all", ["cancelled"] * 4),
    ],
)
@pytest.mark.parametrize("method", ["post", "delete"])
def test_cancels_this_the_following_or_all(api, four, scope, left, method):
    path = f"/appointments/{four[1]}"
    answer = (
        api.post(f"{path}/cancel?scope={scope}") if method == "post" else api.delete(f"{path}?scope={scope}")
    )
    assert (answer.status_code, answer.json["id"], answer.json["status"]) == (200, four[1], "cancelled")
    assert statuses(api, four) == left
    if scope == "this":
        assert "series" not in answer.json
    else:
        others = [
            id for id, status in zip(four, left, strict=True) if status == "cancelled" and id != four[1]
        ]
        assert answer.json["series"] == {"changed": others, "refused": []}


def test_what_was_cancelled_before_is_left_alone(api, four):
    api.post(f"/appointments/{four[2]}/cancel", {"reason": "mistake"})
    answer = api.post(f"/appointments/{four[0]}/cancel?scope=all", {"reason": "clinic"})
    assert answer.json["series"]["changed"] == [four[1], four[3]]
    assert api.get(f"/appointments/{four[2]}").json["cancel_reason"] == "mistake"


def test_moves_the_following_by_as_much(api, four):
    answer = api.post(f"/appointments/{four[1]}/reschedule?scope=following", {"start": weeks("11:00", 1)[0]})
    assert answer.status_code == 200
    assert answer.json["series"]["changed"] == four[:1:-1]
    found = [api.get(f"/appointments/{id}").json["start"] for id in four]
    assert found == weeks("09:30", 0) + weeks("11:00", 1, 2, 3)


@pytest.mark.parametrize("by", [1, -1])
def test_all_may_move_onto_each_others_places(api, north, by):
    """A week later, or earlier: each takes the place that the next one leaves."""
    booked = api.post("/appointments/series", asked(north, start=iso("09:30", 5))).json["booked"]
    ids = [visit["id"] for visit in booked]
    answer = api.post(f"/appointments/{ids[1]}/reschedule?scope=all", {"start": weeks("09:30", 2 + by)[0]})
    found = [api.get(f"/appointments/{id}").json["start"] for id in ids]
    assert answer.json["series"]["refused"] == []
    assert found == weeks("09:30", *(number + 1 + by for number in range(4)))


def test_who_finds_no_free_place_stays(api, north, four):
    taken = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": weeks("11:00", 2)[0]}
    api.post("/appointments", taken)
    answer = api.post(f"/appointments/{four[0]}/reschedule?scope=all", {"start": iso("11:00")})
    (stayed,) = answer.json["series"]["refused"]
    assert (stayed["appointment_id"], stayed["code"], stayed["start"]) == (
        four[2],
        "slot_taken",
        weeks("09:30", 2)[0],
    )
    assert len(stayed["alternatives"]) == 3
    found = [api.get(f"/appointments/{id}").json["start"] for id in four]
    assert found == weeks("11:00", 0, 1) + weeks("09:30", 2) + weeks("11:00", 3)


def test_if_the_one_that_is_named_cannot_move_none_does(api, north, four):
    taken = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("11:00")}
    api.post("/appointments", taken)
    refused = api.post(f"/appointments/{four[0]}/reschedule?scope=all", {"start": iso("11:00")})
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    found = [api.get(f"/appointments/{id}").json["start"] for id in four]
    assert found == weeks("09:30", 0, 1, 2, 3)


def test_changes_the_details_of_all(api, four):
    answer = api.patch(f"/appointments/{four[2]}?scope=all", {"notes": "bring a towel"})
    assert answer.json["series"]["changed"] == [four[0], four[1], four[3]]
    assert {api.get(f"/appointments/{id}").json["notes"] for id in four} == {"bring a towel"}
    refused = api.patch(f"/appointments/{four[2]}?scope=all", {"external_ids": {"his": "1"}})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/external_ids")


def test_only_the_version_that_was_seen(api, four):
    stale = api.post(f"/appointments/{four[0]}/cancel?scope=all", headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert statuses(api, four) == ["booked"] * 4


def test_a_single_visit_has_no_others(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    single = api.post("/appointments", body).json["id"]
    refused = api.post(f"/appointments/{single}/cancel?scope=all")
    assert (refused.status_code, refused.json["code"]) == (422, "not_in_series")
    assert api.post(f"/appointments/{single}/cancel?scope=some").status_code == 422


def test_the_days_keep_count(api, north, four):
    api.post(f"/appointments/{four[0]}/reschedule?scope=all", {"start": weeks("10:00", 1)[0]})
    api.post(f"/appointments/{four[3]}/cancel?scope=this")
    span = {"from": str(working_day()), "to": str(working_day() + timedelta(weeks=5))}
    days = api.get(f"/doctors/{north.bose}/days", **span).json["items"]
    booked = {day["date"]: day["booked"] for day in days if day["booked"]}
    assert booked == {str(working_day() + timedelta(weeks=number)): 1 for number in (1, 2, 3)}


# -- two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.race
def test_two_series_at_once_share_no_place_and_never_wait_in_a_circle(app, api, north, at_once):
    people = [
        api.post("/patients", {"full_name": f"Serial {n}", "phone": f"30055500{n:02d}"}).json["id"]
        for n in range(6)
    ]

    def book(n):
        start = at("09:30") + timedelta(weeks=n % 3)
        with entering.acting_in("north"):
            return series.book_series(
                asked=Asked(patient_id=people[n], doctor_id=north.bose, start=start),
                rrule="FREQ=WEEKLY;COUNT=4",
                by=SYSTEM,
            )

    answers = at_once(6, book)
    done = [answer for answer in answers if not isinstance(answer, Exception)]
    assert {type(answer).__name__ for answer in answers if isinstance(answer, Exception)} <= {"SlotTaken"}
    places = [visit.starts_at for answer in done for visit in answer.visits]
    assert sorted(places) == sorted({at("09:30") + timedelta(weeks=n) for n in range(6)})
