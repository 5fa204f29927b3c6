"""The waiting list: who wants a time that is not free, and what becomes of a place that is."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from clinic.booking import waitlist
from clinic.core import entering
from clinic.core.access import SYSTEM
from clinic.outreach import worker
from tests.booking.times import BOGOTA, at, iso, working_day


@pytest.fixture
def run_out(superuser):
    """``run_out()``: every hold has been over for a moment."""

    def over():
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")

    return over


def days(last=0):
    return {"from": working_day().isoformat(), "to": working_day(last).isoformat()}


def work():
    """The worker does what is due until nothing is."""
    for _time in range(5):
        if not worker.do_what_is_due():
            return


def seen(api, id):
    return api.get(f"/waitlist/{id}").json


# -- wishes -----------------------------------------------------------------------------------------------------------


def test_a_wish_stands_on_the_list(api, north):
    body = {
        "patient_id": str(north.dora), "doctor_id": str(north.bose), "specialty": "GENERAL",
        "service_id": str(north.visit), "part_of_day": "morning", **days(3),
    }  # fmt: skip
    made = api.post("/waitlist", body)
    assert made.status_code == 201
    assert made.json.items() >= {**body, "specialty": "general", "status": "waiting", "offer": None}.items()
    assert api.get("/waitlist").json["items"] == [made.json]
    assert api.get(f"/waitlist/{made.json['id']}").json == made.json


def test_enough_is_who_and_when(api, north):
    assert api.post("/waitlist", {"patient_id": str(north.dora), **days()}).status_code == 201


def test_who_waits_longest_stands_first(api, wish):
    ids = [wish("dora"), wish("emil"), wish("carla")]
    assert [each["id"] for each in api.get("/waitlist").json["items"]] == ids
    first = api.get("/waitlist", limit=2).json
    rest = api.get("/waitlist", limit=2, cursor=first["next_cursor"]).json
    assert [each["id"] for each in first["items"] + rest["items"]] == ids


def test_the_list_is_narrowed(api, north, wish):
    dora, emil = wish("dora"), wish("emil", doctor_id=None, specialty="general")
    for query, found in (
        ({"patient_id": str(north.dora)}, [dora]),
        ({"doctor_id": str(north.bose)}, [dora]),
        ({"specialty": "general"}, [emil]),
        ({"status": "waiting"}, [dora, emil]),
        ({"status": "offered"}, []),
    ):
        assert [each["id"] for each in api.get("/waitlist", **query).json["items"]] == found


def test_taking_a_wish_off_the_list(api, wish):
    id = wish()
    assert api.delete(f"/waitlist/{id}").status_code == 204
    assert api.get(f"/waitlist/{id}").status_code == 404
    assert api.delete(f"/waitlist/{id}").status_code == 404


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"from": "2020-01-01", "to": "2020-01-02"}, "past", "/to"),
        ({"to": "2020-01-02"}, "out_of_order", "/to"),
        ({"from": None}, "required", "/from"),
        ({"patient_id": None}, "required", "/patient_id"),
        ({"patient_id": "01900000-0000-7000-8000-000000000000"}, "unknown_id", "/patient_id"),
        ({"doctor_id": "01900000-0000-7000-8000-000000000000"}, "unknown_id", "/doctor_id"),
        ({"service_id": "01900000-0000-7000-8000-000000000000"}, "unknown_id", "/service_id"),
        ({"specialty": "astrology"}, "unknown_code", "/specialty"),
        ({"part_of_day": "night"}, "invalid_choice", "/part_of_day"),
    ],
)
def test_what_is_wrong_is_named(api, north, more, code, pointer):
    refused = api.post("/waitlist", {"patient_id": str(north.dora), **days(), **more})
    assert refused.status_code == 422
    assert (refused.json["errors"][0]["pointer"], refused.json["errors"][0]["code"]) == (pointer, code)


def test_patients_wait_for_themselves_and_the_desk_for_anybody(json_as, api_of, north):
    carla = json_as("carla")
    own = carla.post("/waitlist", days())
    assert (own.status_code, own.json["patient_id"]) == (201, str(north.carla))
    assert carla.post("/waitlist", {"patient_id": str(north.dora), **days()}).status_code == 422
    json_as("ana").post("/waitlist", {"patient_id": str(north.dora), **days()})
    assert [each["id"] for each in carla.get("/waitlist").json["items"]] == [own.json["id"]]
    assert len(json_as("ana").get("/waitlist").json["items"]) == 2
    assert json_as("bose").get("/waitlist").status_code == 403
    assert json_as("dora").delete(f"/waitlist/{own.json['id']}").status_code == 404
    reading = api_of("north", ["appointments:read"])
    assert (reading.get("/waitlist").status_code, reading.post("/waitlist", days()).status_code) == (200, 403)


def test_another_clinic_sees_none_of_it(api_of, wish):
    id = wish()
    south = api_of("south")
    assert south.get("/waitlist").json["items"] == []
    assert (south.get(f"/waitlist/{id}").status_code, south.delete(f"/waitlist/{id}").status_code) == (
        404,
        404,
    )
    assert south.post(f"/waitlist/{id}/accept").status_code == 404


# -- a place is free --------------------------------------------------------------------------------------------------


def free_by_cancelling(api, visit):
    api.post(f"/appointments/{visit}/cancel")


def free_by_moving(api, visit):
    api.post(f"/appointments/{visit}/reschedule", {"start": iso("09:30", 1)})


def free_by_not_coming(api, visit):
    api.post(f"/appointments/{visit}/no-show")


def free_by_undoing(api, visit):
    api.post(f"/appointments/{visit}/cancel")
    work()  # nobody waits yet
    api.post(f"/appointments/{visit}/restore")
    yield
    api.post(f"/appointments/{visit}/undo")


@pytest.mark.parametrize("free", [free_by_cancelling, free_by_moving, free_by_not_coming, free_by_undoing])
def test_a_freed_place_is_offered_to_the_first_and_held_for_them(
    api, api_of, north, book, wish, superuser, free
):
    visit = book()
    freeing = free(api, visit) if free is free_by_undoing else None
    if freeing:
        next(freeing)
    first, second = wish("dora"), wish("emil")
    list(freeing) if freeing else free(api, visit)
    work()
    offered = seen(api, first)
    assert offered["status"] == "offered"
    offer = offered["offer"]
    assert (offer["doctor_id"], offer["start"], offer["end"]) == (str(north.bose), iso("09:30"), iso("10:00"))
    held = datetime.fromisoformat(offer["expires_at"]) - datetime.now(BOGOTA)
    assert timedelta(minutes=29) < held <= timedelta(minutes=30)
    assert seen(api, second)["status"] == "waiting"
    taken = api_of("north").post(
        "/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    )
    assert (taken.status_code, taken.json["code"]) == (409, "slot_taken")
    with psycopg.connect(superuser) as connection:
        told = connection.execute(
            "SELECT object_kind, object_id FROM outbox_event WHERE type = 'waitlist.offered'"
        ).fetchall()
    assert [(kind, str(id)) for kind, id in told] == [("waitlist", first)]


def test_a_rejected_request_frees_its_place(api, api_of, north, wish):
    service = {"name": "Talk", "duration_minutes": 30, "requires_approval": True}
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    plain = api_of("north", ["appointments:write"])
    asked = plain.post("/appointments", {**body, "service_id": api.post("/services", service).json["id"]})
    id = wish()
    api.post(f"/appointments/{asked.json['id']}/reject")
    work()
    assert seen(api, id)["offer"]["start"] == iso("09:30")


def test_accepting_books_the_place(api, north, book, wish):
    visit = book()
    id = wish(service_id=str(north.visit))
    free_by_cancelling(api, visit)
    work()
    booked = api.post(f"/waitlist/{id}/accept")
    assert booked.status_code == 201
    assert booked.json.items() >= {
        "patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("09:30"), "status": "booked",
        "service_id": str(north.visit), "source": "waitlist",
    }.items()  # fmt: skip
    after = seen(api, id)
    assert (after["status"], after["appointment_id"], after["offer"]) == ("booked", booked.json["id"], None)
    again = api.post(f"/waitlist/{id}/accept")
    assert (again.status_code, again.json["code"]) == (409, "already_answered")
    (day,) = api.get(
        f"/doctors/{north.bose}/days", **{"from": iso("09:30")[:10], "to": iso("09:30")[:10]}
    ).json["items"]
    assert day["booked"] == 1


def test_what_was_offered_binds_a_patient_by_no_notice(api, json_as, north, book, wish):
    strict = {
        "name": "Strict", "duration_minutes": 30, "min_notice_minutes": 500_000, "requires_approval": True,
        "online_bookable": False, "questions": [{"label": "Why?", "required": True}],
    }  # fmt: skip
    visit = book()
    id = wish("dora", service_id=api.post("/services", strict).json["id"])
    free_by_cancelling(api, visit)
    work()
    booked = json_as("dora").post(f"/waitlist/{id}/accept")
    assert (booked.status_code, booked.json["status"]) == (201, "booked")


def test_not_taken_it_goes_to_the_next(api, book, wish, run_out):
    visit = book()
    first, second, third = wish("dora"), wish("emil"), wish("carla")
    free_by_cancelling(api, visit)
    for waiting in (first, second, third):
        work()
        assert seen(api, waiting)["offer"]["start"] == iso("09:30")
        run_out()
        late = api.post(f"/waitlist/{waiting}/accept")
        assert (late.status_code, late.json["code"]) == (410, "hold_expired")
        assert (seen(api, waiting)["status"], seen(api, waiting)["skipped_because"]) == (
            "waiting",
            "not_answered",
        )
    work()
    # All had their chance of this day; nobody is asked again and again.
    assert {each["status"] for each in api.get("/waitlist").json["items"]} == {"waiting"}
    assert {each["times_offered"] for each in api.get("/waitlist").json["items"]} == {1}


def test_declined_it_goes_to_the_next_at_once(api, book, wish):
    visit = book()
    first, second = wish("dora"), wish("emil")
    free_by_cancelling(api, visit)
    work()
    declined = api.post(f"/waitlist/{first}/decline")
    assert (declined.status_code, declined.json["skipped_because"]) == (200, "declined")
    work()
    assert seen(api, second)["offer"]["start"] == iso("09:30")
    assert api.post(f"/waitlist/{first}/decline").status_code == 410


def test_who_leaves_the_list_lets_it_go_to_the_next(api, book, wish):
    visit = book()
    first, second = wish("dora"), wish("emil")
    free_by_cancelling(api, visit)
    work()
    api.delete(f"/waitlist/{first}")
    work()
    assert seen(api, second)["status"] == "offered"


def test_a_hold_that_ran_out_or_was_let_go_is_offered(api, north, wish, run_out):
    id = wish()
    hold = api.post("/holds", {"doctor_id": str(north.bose), "start": iso("09:30")}).json["id"]
    work()
    assert seen(api, id)["status"] == "waiting"
    api.delete(f"/holds/{hold}")
    work()
    assert seen(api, id)["offer"]["start"] == iso("09:30")
    other = wish("emil")
    api.post("/holds", {"doctor_id": str(north.bose), "start": iso("10:30")})
    run_out()  # Dora's offer, too
    work()
    assert seen(api, other)["status"] == "offered"


def test_so_is_a_proposal_that_was_declined(api, book, wish):
    visit = book()
    (proposal,) = api.post("/appointments/reassign", {"ids": [visit]}).json["items"]
    id = wish("dora")
    api.delete(f"/proposals/{proposal['id']}")
    work()
    assert seen(api, id)["offer"]["start"] == proposal["start"]


# -- whom it fits -----------------------------------------------------------------------------------------------------


@pytest.fixture
def skipped(api, book, wish):
    """``skipped(why, …)``: with a wish like this, the place goes to Emil, and the desk sees why."""

    def check(because, *, patient="dora", **more):
        visit = book()
        passed, fits = wish(patient, **more), wish("emil")
        free_by_cancelling(api, visit)
        work()
        assert seen(api, fits)["status"] == "offered"
        found = seen(api, passed)
        assert (found["status"], found["skipped_because"]) == ("waiting", because)
        assert (found["skipped_at"] is None) == (because is None)

    return check


def test_not_in_another_part_of_the_day(skipped):
    skipped("part_of_day", part_of_day="afternoon")


def test_not_on_another_day(skipped):
    skipped(None, **{"from": working_day(1).isoformat(), "to": working_day(2).isoformat()})


def test_not_of_another_doctor(skipped, north):
    skipped(None, doctor_id=str(north.tok))


def test_not_of_another_specialty(skipped, api):
    api.post("/specialties", {"code": "cardio", "name": "Cardiology"})
    skipped(None, doctor_id=None, specialty="cardio")


def test_not_for_a_visit_that_does_not_fit(skipped, api):
    long = api.post("/services", {"name": "Long", "duration_minutes": 240}).json["id"]
    skipped("outside_hours", service_id=long)


def test_not_to_who_is_elsewhere_then(skipped, api, north):
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json["id"]
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{other}/availability", hours)
    body = {"patient_id": str(north.dora), "doctor_id": other, "start": iso("09:30")}
    api.post("/appointments", body)
    skipped("patient_busy")


def test_any_doctor_of_the_specialty_or_for_the_visit_type(api, north, book, wish):
    for more in ({"specialty": "general"}, {"service_id": str(north.visit)}, {}):
        visit = book()
        id = wish("dora", doctor_id=None, **more)
        free_by_cancelling(api, visit)
        work()
        assert seen(api, id)["status"] == "offered"
        api.delete(f"/waitlist/{id}")


def test_two_short_visits_fit_where_a_long_one_was(api, north, book, wish):
    visit = book(end=iso("10:30"))
    first, second, third = wish("dora"), wish("emil"), wish("carla")
    free_by_cancelling(api, visit)
    work()
    assert {seen(api, id)["offer"]["start"] for id in (first, second)} == {iso("09:30"), iso("10:00")}
    assert (seen(api, third)["status"], seen(api, third)["skipped_because"]) == ("waiting", "held")


def test_no_more_than_the_cap_of_the_day_takes(api, north, book, wish):
    day = working_day().isoformat()
    api.put(f"/doctors/{north.bose}/days/{day}", {"max_appointments": 1})
    visit = book(end=iso("10:30"))
    first, second = wish("dora"), wish("emil")
    free_by_cancelling(api, visit)
    work()
    assert (seen(api, first)["status"], seen(api, second)["skipped_because"]) == ("offered", "day_full")


def test_a_place_that_somebody_took_meanwhile_is_offered_to_nobody(api, book, wish):
    visit = book()
    id = wish()
    free_by_cancelling(api, visit)
    book("emil")
    work()
    assert (seen(api, id)["status"], seen(api, id)["skipped_because"]) == ("waiting", "booked")


def test_a_place_is_asked_about_once(api, book, wish, superuser):
    visit = book()
    free_by_cancelling(api, visit)
    work()
    id = wish()
    work()
    assert seen(api, id)["status"] == "waiting"
    with psycopg.connect(superuser) as connection:
        left = connection.execute(
            "SELECT count(*) FROM outbox_event WHERE offered_at IS NULL AND type = 'appointment.cancelled'"
        ).fetchone()
    assert left == (0,)


def test_near_it_is_held_for_half_the_time(api, north, wish):
    """A doctor who is here around the clock: a place in an hour or two."""
    now = datetime.now(BOGOTA)
    night = api.post("/doctors", {"full_name": "Dr Night", "slot_minutes": 10}).json["id"]
    span = {"from": now.date().isoformat(), "to": (now.date() + timedelta(days=1)).isoformat()}
    for weekday in range(7):
        hours = {"weekday": weekday, "start_time": "00:00", "end_time": "23:50"}
        api.post(f"/doctors/{night}/availability", hours)
    soon = next(
        slot
        for slot in api.get("/slots", doctor_id=night, **span).json["items"]
        if datetime.fromisoformat(slot["start"]) > now + timedelta(minutes=25)
    )
    visit = api.post("/appointments", {"patient_id": str(north.carla), "slot": soon["slot"]}).json["id"]
    id = wish("dora", doctor_id=night, **span)
    free_by_cancelling(api, visit)
    work()
    offer = seen(api, id)["offer"]
    left = datetime.fromisoformat(offer["start"]) - now
    held = datetime.fromisoformat(offer["expires_at"]) - now
    assert abs(held - min(timedelta(minutes=30), left / 2)) < timedelta(seconds=30)


# -- two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.race
def test_a_place_is_offered_once_however_many_workers_there_are(app, api, book, wish, at_once):
    visits = [book("carla", "09:30")]
    ids = [wish("dora"), wish("emil")]
    for visit in visits:
        free_by_cancelling(api, visit)
    at_once(4, lambda _n: worker.do_what_is_due())
    assert sorted(seen(api, id)["status"] for id in ids) == ["offered", "waiting"]


@pytest.mark.race
def test_accepted_once_however_often(app, api, north, book, wish, at_once):
    visit = book()
    id = wish()
    free_by_cancelling(api, visit)
    work()

    def take(_number):
        with entering.acting_in("north"):
            return waitlist.accept(id=id, by=SYSTEM)

    answers = at_once(6, take)
    assert sum(not isinstance(each, Exception) for each in answers) == 1
    booked = api.get("/appointments", patient_id=str(north.dora)).json["items"]
    assert [each["start"] for each in booked] == [at("09:30").isoformat()]
