"""A doctor's blocked time."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

import psycopg
import pytest

from clinic.booking import actions, inserting
from clinic.booking.asking import Asked
from clinic.booking.refusals import NotThisTime
from clinic.core import entering
from clinic.core.access import SYSTEM, Actor
from clinic.schedule import booked
from clinic.schedule.booked import AppointmentsInBlock
from clinic.schedule.timeaway import blocks
from tests.booking.times import at, iso, working_day
from tests.schedule.desk import affected, book, day, needs_rescheduling, refused


def block(api, north, start=None, end=None, **more):
    body = {"start": start or iso("10:00"), "end": end or iso("11:00"), **more}
    return api.post(
        f"/doctors/{north.bose}/blocked-times", {name: value for name, value in body.items() if value}
    )


def starts(api, north, on=None):
    query = {"doctor_id": str(north.bose), "date": on or day()}
    return [slot["start"][11:16] for slot in api.get("/slots", **query).json["items"]]


# -- when -------------------------------------------------------------------------------------------------------------


def test_blocked_time_is_not_offered(api, north):
    made = block(api, north, reason="Conference").json
    assert (made["start"], made["end"], made["reason"]) == (iso("10:00"), iso("11:00"), "Conference")
    assert starts(api, north) == ["09:00", "09:30", "11:00", "11:30"]
    api.patch(f"/blocked-times/{made['id']}", {"end": iso("12:00")})
    assert starts(api, north) == ["09:00", "09:30"]
    api.delete(f"/blocked-times/{made['id']}")
    assert len(starts(api, north)) == 6


@pytest.mark.parametrize(
    "sent",
    [
        {"start": day(), "end": day(), "all_day": True},
        {"start": day(), "all_day": True},
        {"start": iso("15:00"), "end": iso("15:00"), "all_day": True},
        {"start": iso("15:00"), "end": iso("16:00"), "all_day": True},
        {"start": day(), "end": day()},
    ],
)
def test_a_whole_day_is_said_in_many_ways(api, north, sent):
    assert api.post(f"/doctors/{north.bose}/blocked-times", sent).status_code == 201
    assert starts(api, north) == []
    assert len(starts(api, north, working_day(1).isoformat())) == 6


def test_dates_include_the_last(api, north):
    made = block(api, north, day(), working_day(1).isoformat(), all_day=True).json
    assert made["start"] == iso("00:00")
    assert made["end"] == (at("00:00", 1) + timedelta(days=1)).isoformat()
    assert starts(api, north, working_day(1).isoformat()) == []
    assert len(starts(api, north, working_day(2).isoformat())) == 6


def test_a_block_repeats_its_wall_clock_time(api, north):
    assert block(api, north, rrule="FREQ=WEEKLY;COUNT=2").status_code == 201
    for weeks, is_free in ((0, False), (1, False), (2, True)):
        on = working_day() + timedelta(weeks=weeks)
        assert ("10:00" in starts(api, north, on.isoformat())) is is_free


@pytest.mark.parametrize(
    ("sent", "code", "pointer"),
    [
        ({"end": iso("10:00")}, "out_of_order", "/end"),
        ({"end": iso("09:00")}, "out_of_order", "/end"),
        ({"end": None}, "required", "/end"),
        ({"start": None}, "required", "/start"),
        ({"start": "yesterday"}, "invalid_time", "/start"),
        ({"rrule": "FREQ=HOURLY"}, "invalid_rrule", "/rrule"),
        ({"rrule": "every monday"}, "invalid_rrule", "/rrule"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "invalid_rrule", "/rrule"),
    ],
)
def test_refuses_what_cannot_be(api, north, sent, code, pointer):
    body = {"start": iso("10:00"), "end": iso("11:00"), **sent}
    body = {name: value for name, value in body.items() if value is not None}
    assert refused(api.post(f"/doctors/{north.bose}/blocked-times", body)) == (422, code, pointer)


def test_is_listed_by_what_it_reaches(api, north):
    once, weekly = block(api, north).json["id"], block(api, north, rrule="FREQ=WEEKLY").json["id"]
    url = f"/doctors/{north.bose}/blocked-times"

    def found(**query):
        return {item["id"] for item in api.get(url, **query).json["items"]}

    assert found() == {once, weekly}
    assert found(**{"from": (working_day() + timedelta(days=70)).isoformat()}) == {weekly}
    assert found(to=(working_day() - timedelta(days=1)).isoformat()) == set()


def test_why_a_doctor_is_away_is_not_for_patients():
    patient = Actor("user", role="patient")
    assert not patient.may("schedule.inspect")
    assert patient.may("schedule.read")


# -- booked visits ----------------------------------------------------------------------------------------------------


def test_names_the_visits_in_the_blocked_time(api, north):
    inside, later = book(api, north, "10:30"), book(api, north, "11:00", "dora")
    assert affected(block(api, north), "appointments_in_block") == [inside]
    assert affected(block(api, north, end=iso("12:00")), "appointments_in_block") == [inside, later]
    assert api.get(f"/doctors/{north.bose}/blocked-times").json["items"] == []


def test_by_force_they_stay_and_need_rescheduling_until_it_is_lifted(api, north):
    inside, later = book(api, north, "10:30"), book(api, north, "11:00", "dora")
    made = block(api, north, force=True).json
    assert needs_rescheduling(api, inside)
    assert not needs_rescheduling(api, later)
    api.delete(f"/blocked-times/{made['id']}")
    assert not needs_rescheduling(api, inside)


def test_a_second_block_asks_again(api, north):
    visit = book(api, north, "10:30")
    first = block(api, north, force=True).json
    assert affected(block(api, north), "appointments_in_block") == [visit]
    second = block(api, north, force=True).json
    api.delete(f"/blocked-times/{first['id']}")
    assert needs_rescheduling(api, visit), "the second still lies over it"
    api.delete(f"/blocked-times/{second['id']}")
    assert not needs_rescheduling(api, visit)


def test_marking_a_visit_is_on_record(api, north, superuser):
    visit = book(api, north, "10:30")
    made = block(api, north, force=True).json
    api.delete(f"/blocked-times/{made['id']}")
    with psycopg.connect(superuser) as connection:
        acts = connection.execute(
            "SELECT act FROM audit_event WHERE %s = ANY(object_ids) AND act LIKE 'appointment.%%' ORDER BY at",
            [visit],
        ).fetchall()
    assert acts == [("appointment.needs_rescheduling",), ("appointment.stands_again",)]


def test_a_refusal_is_answered_again_under_its_key(api, north):
    visit = book(api, north, "10:30")
    body, key = {"start": iso("10:00"), "end": iso("11:00")}, {"Idempotency-Key": "k"}
    first = api.post(f"/doctors/{north.bose}/blocked-times", body, headers=key)
    api.post(f"/appointments/{visit}/cancel")
    again = api.post(f"/doctors/{north.bose}/blocked-times", body, headers=key)
    assert (first.status_code, first.data) == (409, again.data)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_moving_a_block_is_asked_about_where_it_comes_to_lie(api, north):
    made, visit = block(api, north).json, book(api, north, "11:00")
    longer = {"end": iso("11:30")}
    assert affected(api.patch(f"/blocked-times/{made['id']}", longer), "appointments_in_block") == [visit]
    assert api.patch(f"/blocked-times/{made['id']}", {**longer, "force": True}).status_code == 200
    assert needs_rescheduling(api, visit)


def test_what_repeats_finds_the_visit_weeks_ahead(api, north):
    late = book(api, north, start=(at("10:30") + timedelta(days=28)).isoformat())
    assert affected(block(api, north, rrule="FREQ=WEEKLY"), "appointments_in_block") == [late]
    assert block(api, north, rrule="FREQ=WEEKLY;COUNT=4").status_code == 201


# -- two at once ------------------------------------------------------------------------------------------------------


def _book(north):
    with entering.acting_in("north"):
        return actions.book(
            asked=Asked(patient_id=north.carla, doctor_id=north.bose, start=at("10:30")), by=SYSTEM
        )


def _block(north):
    fields = {"doctor_id": north.bose, "start": at("10:00"), "end": at("11:00")}
    with entering.acting_in("north"):
        return blocks.add(fields=fields, by=SYSTEM)


def _at_once(north, at_once):
    """Block and book at once, each held up after its last look until the other has looked too, or two seconds."""
    looked = threading.Barrier(2)
    insert, standing, looks = inserting.insert, booked._standing, []

    def meet():
        with suppress(threading.BrokenBarrierError):
            looked.wait(2)

    def late_insert(*args, **more):
        meet()
        return insert(*args, **more)

    def late_look(doctors):
        found = standing(doctors)
        looks.append(doctors)
        if len(looks) == 2:
            meet()
        return found

    with patch.object(inserting, "insert", late_insert), patch.object(booked, "_standing", late_look):
        answers = at_once(2, lambda n: (_book if n else _block)(north))
    return [answer for answer in answers if not isinstance(answer, Exception)], answers


@pytest.mark.race
def test_a_block_and_a_visit_never_both(north, at_once):
    done, answers = _at_once(north, at_once)
    assert len(done) == 1
    (refusal,) = [answer for answer in answers if answer not in done]
    assert isinstance(refusal, AppointmentsInBlock | NotThisTime)


@pytest.mark.race
def test_without_the_doctors_lock_both_would(north, at_once):
    """The control: the same race, with the doctor's row left unlocked by the block."""
    with patch.object(booked, "lock", lambda doctors, *, by: None):
        done, _answers = _at_once(north, at_once)
    assert len(done) == 2
