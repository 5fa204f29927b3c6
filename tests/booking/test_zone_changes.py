"""The zone database sets a clock otherwise than when visits were booked: noticed, shown, and asked what they keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.types.json import Jsonb

from clinic.booking import zone_changes
from clinic.booking.zone_changes import offset_at, offsets_of
from clinic.core import tenancy
from clinic.outreach import worker
from tests.booking.times import at, iso

BOGOTA = "America/Bogota"
HOUR = 3600


@pytest.fixture
def looked(app, north):
    """The worker has been here: how the clocks are going to be set is kept."""
    worker.look_at_zones()


@pytest.fixture
def changed(looked, superuser):
    """Until now Bogotá was going to be at UTC−4; the zone database says UTC−5."""

    def change(offset=-4 * HOUR):
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(
                "UPDATE zone_seen SET offsets = %s WHERE zone = %s", [Jsonb([[0, offset]]), BOGOTA]
            )
        worker.look_at_zones()

    return change


def items(api):
    return api.get("/zone-changes").json["items"]


def start(api, id):
    return api.get(f"/appointments/{id}").json["start"]


def settle(api, keep):
    return api.post("/zone-changes", {"zone": BOGOTA, "keep": keep})


# -- how a clock is set ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [BOGOTA, "Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_what_is_kept_says_what_the_zone_says(zone):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    offsets = offsets_of(zone, now)
    for hours in range(0, 24 * 700, 7):
        moment = now + timedelta(hours=hours)
        there = moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        assert offset_at(offsets, int(moment.timestamp())) == there.total_seconds()


# -- nothing happened --------------------------------------------------------------------------------------------------


def test_the_first_look_keeps_and_says_nothing(api, book, looked):
    book()
    assert items(api) == []
    worker.look_at_zones()
    assert items(api) == []


def test_whom_it_does_not_concern_is_not_told(api, changed):
    changed()
    assert items(api) == [], "nobody is booked: what the zone says now is what counts"
    assert start(api, api_book(api)) is not None
    worker.look_at_zones()
    assert items(api) == []


def api_book(api):
    doctor = api.get("/doctors", q="bose").json["items"][0]["id"]
    patient = api.get("/patients", q="carla").json["items"][0]["id"]
    return api.post(
        "/appointments", {"patient_id": patient, "doctor_id": doctor, "start": iso("09:30")}
    ).json["id"]


# -- it did ------------------------------------------------------------------------------------------------------------


def test_visits_are_named_with_both_times_and_none_moves(api, book, changed):
    visit = book()
    changed()
    (change,) = items(api)
    day = at("09:30").date()
    assert change == {
        "zone": BOGOTA,
        "visits": [
            {"appointment_id": visit, "start": iso("09:30"), "was": f"{day}T10:30", "now": f"{day}T09:30"}
        ],
    }
    assert start(api, visit) == iso("09:30")
    worker.look_at_zones()
    assert len(items(api)) == 1, "until somebody says what they keep"


def test_they_keep_the_time_on_the_clock(api, book, changed):
    visit = book()
    changed()
    assert settle(api, "wall_clock").json == {"zone": BOGOTA, "keep": "wall_clock", "visits": 1}
    assert start(api, visit) == iso("10:30")
    assert api.get(f"/appointments/{visit}/history").json["items"][-1]["step"] == "zone"
    assert items(api) == []
    worker.look_at_zones()
    assert items(api) == []


def test_they_keep_the_moment(api, book, changed):
    visit = book()
    changed()
    assert settle(api, "instant").json["visits"] == 1
    assert start(api, visit) == iso("09:30")
    assert items(api) == []


def test_who_no_longer_fits_the_hours_stands_on_the_list(api, book, changed):
    visit = book(start="11:30")
    changed()
    settle(api, "wall_clock")
    assert start(api, visit) == iso("12:30")
    listed = api.get("/appointments", needs_rescheduling="true").json["items"]
    assert [each["id"] for each in listed] == [visit]


def test_a_zone_that_did_not_change_is_not_settled(api, book, looked):
    book()
    assert settle(api, "instant").status_code == 404
    wrong = api.post("/zone-changes", {"zone": "Mars/Olympus", "keep": "instant"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/zone")


def test_another_clinic_has_its_own(api_of, book, changed):
    book()
    changed()
    assert items(api_of("south")) == []


# -- at the desk and by command ---------------------------------------------------------------------------------------


def test_the_desk_sees_it_and_a_manager_says(page, api, book, changed):
    visit = book()
    mia, ana = page("mia"), page("ana")
    assert "No time zone has changed" in ana.get("/desk/zone-changes")
    changed()
    assert "Time zone changes" in ana.fragment("/desk/to-do")
    seen = ana.get("/desk/zone-changes")
    assert "1 visit has another time on the clock" in seen
    assert "10:30" in seen.tree.one("tbody tr").text
    assert not seen.all("main form")
    done = mia.post_form(mia.get("/desk/zone-changes"), form="Keep the time on the clock")
    assert "1 visit is settled." in done
    assert start(api, visit) == iso("10:30")


def test_by_command(app, api, book, changed):
    visit = book()
    changed()
    run = app.test_cli_runner().invoke
    shown = run(args=["zone-changes", "north"])
    assert f"{visit}  {at('10:30'):%Y-%m-%d %H:%M} -> 09:30" in shown.output, shown.output
    done = run(args=["zone-changes", "north", "--zone", BOGOTA, "--keep", "instant"])
    assert "1 visits keep their instant" in done.output
    assert run(args=["zone-changes", "north"]).output == ""
    assert run(args=["zone-changes", "north", "--zone", BOGOTA]).exit_code == 2


def test_longer_than_it_was_kept_is_no_change(north):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    before, after = offsets_of("Europe/Paris", now), offsets_of("Europe/Paris", now + timedelta(days=300))
    assert zone_changes._alike(before, after, now + timedelta(days=300))
    assert not zone_changes._alike([[0, 0]], [[0, HOUR]], now)
    assert tenancy.current() is None
