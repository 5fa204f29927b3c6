"""A location's time zone is changed: visits to come keep their clock time or their moment, as somebody says."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from clinic.booking import zones
from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.core.errors import Stale
from tests.booking.times import BOGOTA, at, iso, today, working_day

MEXICO, TOKYO = "America/Mexico_City", "Asia/Tokyo"


@pytest.fixture
def visits(api, north):
    """Carla at 09:00, Dora at 09:30, Emil at 11:30, each of half an hour: their ids."""
    ids = []
    for patient, start in (("carla", "09:00"), ("dora", "09:30"), ("emil", "11:30")):
        body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(start)}
        ids.append(api.post("/appointments", body).json["id"])
    return ids


def change(api, north, **body):
    return api.patch(f"/locations/{north.main}", body)


def starts(api, ids):
    return [datetime.fromisoformat(api.get(f"/appointments/{id}").json["start"]) for id in ids]


def clock(moment):
    return moment.strftime("%H:%M")


def test_with_visits_to_come_somebody_must_say(api, north, visits):
    refused = change(api, north, timezone=MEXICO)
    assert (refused.status_code, refused.json["code"]) == (409, "future_visits")
    assert (refused.json["count"], refused.json["appointment_ids"]) == (3, visits)
    assert api.get(f"/locations/{north.main}").json["timezone"] == "America/Bogota"
    assert [clock(start) for start in starts(api, visits)] == ["09:00", "09:30", "11:30"]


def test_they_keep_their_clock_time(api, north, visits):
    answer = change(api, north, timezone=MEXICO, keep="wall_clock")
    assert (answer.status_code, answer.json["timezone"]) == (200, MEXICO)
    found = starts(api, visits)
    assert [clock(start) for start in found] == ["09:00", "09:30", "11:30"]
    assert found == [at(start).replace(tzinfo=ZoneInfo(MEXICO)) for start in ("09:00", "09:30", "11:30")]
    assert api.get("/appointments", needs_rescheduling="true").json["items"] == []
    assert api.get(f"/appointments/{visits[0]}/history").json["items"][-1]["step"] == "zone"


@pytest.mark.parametrize(("zone", "direction"), [(MEXICO, "later"), ("America/Caracas", "earlier")])
def test_one_may_come_to_stand_where_the_next_stood(api, north, zone, direction):
    """Visits of an hour, one after the other, all moved by an hour."""
    ids = []
    for patient, start, end in (
        ("carla", "09:00", "10:00"),
        ("dora", "10:00", "11:00"),
        ("emil", "11:00", "12:00"),
    ):
        body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(start)}
        ids.append(api.post("/appointments", body | {"end": iso(end)}).json["id"])
    assert change(api, north, timezone=zone, keep="wall_clock").status_code == 200
    assert [clock(start) for start in starts(api, ids)] == ["09:00", "10:00", "11:00"]
    moved = starts(api, ids)[0] - at("09:00")
    assert moved == timedelta(hours=1 if direction == "later" else -1)


def test_or_their_moment_and_those_out_of_hours_stand_on_the_list(api, north, visits):
    answer = change(api, north, timezone=MEXICO, keep="instant")
    assert answer.status_code == 200
    found = starts(api, visits)
    assert [clock(start) for start in found] == ["08:00", "08:30", "10:30"]
    assert found == [at(start) for start in ("09:00", "09:30", "11:30")]
    listed = api.get("/appointments", needs_rescheduling="true").json["items"]
    assert [visit["id"] for visit in listed] == visits[:2]


def test_the_days_keep_count_when_the_moment_is_on_another_date(api, north, visits):
    change(api, north, timezone=TOKYO, keep="instant")
    day = working_day()
    found = [api.get(f"/appointments/{id}").json["date"] for id in visits]
    assert found == [str(day), str(day), str(day + timedelta(days=1))]
    span = {"from": str(day), "to": str(day + timedelta(days=1))}
    days = api.get(f"/doctors/{north.bose}/days", **span).json["items"]
    assert [each["booked"] for each in days] == [2, 1]


def test_numbers_keep_their_date(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": str(today())}
    token = api.post("/appointments", body).json["id"]
    assert change(api, north, timezone=TOKYO).json["code"] == "future_visits"
    assert change(api, north, timezone=TOKYO, keep="instant").status_code == 200
    assert api.get(f"/appointments/{token}").json["date"] == str(today())


def test_without_visits_or_another_zone_nothing_need_be_said(api, north, visits):
    assert change(api, north, city="Cali").status_code == 200
    assert change(api, north, timezone="America/Bogota").status_code == 200
    for id in visits:
        api.post(f"/appointments/{id}/cancel")
    assert change(api, north, timezone=MEXICO).json["timezone"] == MEXICO
    assert change(api, north, keep="wall_clock").status_code == 200
    assert change(api, north, timezone=MEXICO, keep="sundial").status_code == 422


def test_what_is_over_stays_as_it_was(api, north, visits, superuser):
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            "UPDATE appointment SET starts_at = starts_at - interval '20 days', ends_at = ends_at - interval '20 days',"
            " date = date - 20 WHERE id = %s",
            [visits[0]],
        )
    before = api.get(f"/appointments/{visits[0]}").json
    change(api, north, timezone=MEXICO, keep="wall_clock")
    assert api.get(f"/appointments/{visits[0]}").json == before


def test_a_visit_that_would_meet_another_elsewhere_stops_it(api, north, visits):
    """Carla is at York at 10:00 Bogotá time; at North her nine o'clock would become that."""
    york = api.post("/locations", {"name": "York", "timezone": "America/Bogota"}).json["id"]
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30, "location_ids": [york]}).json[
        "id"
    ]
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{other}/availability", hours)
    body = {"patient_id": str(north.carla), "doctor_id": other, "start": iso("10:00")}
    assert api.post("/appointments", body).status_code == 201
    refused = change(api, north, timezone=MEXICO, keep="wall_clock")
    assert (refused.status_code, refused.json["code"]) == (409, "patient_busy")
    assert [clock(start) for start in starts(api, visits)] == ["09:00", "09:30", "11:30"]


def test_who_may_and_which_version(api, api_of, json_as, north, visits):
    for who in ("ana", "bose", "carla"):
        assert change(json_as(who), north, timezone=MEXICO, keep="instant").status_code == 403
    assert change(api_of("south"), north, timezone=MEXICO, keep="instant").status_code == 404
    with entering.acting_in("north"), pytest.raises(Stale):
        zones.change_location(
            id=north.main, changes={"timezone": MEXICO}, keep="instant", version=99, by=SYSTEM
        )
    assert starts(api, visits)[0].astimezone(BOGOTA) == at("09:00")


def test_it_is_not_undone_visit_by_visit(api, north, visits):
    change(api, north, timezone=MEXICO, keep="wall_clock")
    refused = api.post(f"/appointments/{visits[0]}/undo")
    assert (refused.status_code, refused.json["code"]) == (409, "nothing_to_undo")


def test_it_is_on_record(api, north, visits, superuser):
    change(api, north, timezone=MEXICO, keep="wall_clock")
    with psycopg.connect(superuser) as connection:
        (row,) = connection.execute(
            "SELECT details, object_ids FROM audit_event WHERE act = 'location.zone'"
        ).fetchall()
        told = connection.execute(
            "SELECT count(*) FROM outbox_event WHERE type = 'appointment.moved' AND previous ? 'start'"
        ).fetchone()
    assert row[0] == {"keep": "wall_clock", "from": "America/Bogota", "to": MEXICO}
    assert sorted(map(str, row[1])) == sorted(visits)
    assert told == (3,)
