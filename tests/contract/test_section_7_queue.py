"""API.md §7: check-in and queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.booking.times import iso, today, working_day
from tests.contract.asking import UNKNOWN, booked, every_day, made, noon_now, noon_zone, ok, person, refused

FIELDS = {
    "id", "appointment_id", "doctor_id", "date", "queue_position", "ticket", "status", "priority", "checked_in_at",
    "estimated_wait_minutes",
}  # fmt: skip


@pytest.fixture
def noon(api) -> str:
    """A doctor of times who receives all day, today too, where it is about noon."""
    place = made(api, "/locations", {"name": "Noon", "timezone": noon_zone()})["id"]
    id = made(api, "/doctors", {"full_name": "Noon Doctor", "slot_minutes": 15, "location_ids": [place]})[
        "id"
    ]
    every_day(api, id, "00:00", "00:00", ends_next_day=True, location_id=place)
    return str(id)


def later(hours: int) -> str:
    return (noon_now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)).isoformat()


def token(api: Any, north: Any, patient: Any = None) -> str:
    body = {
        "patient_id": str(patient or north.carla),
        "doctor_id": str(north.tok),
        "date": today().isoformat(),
    }
    return str(made(api, "/appointments", body)["id"])


def timed(api: Any, doctor: str, patient: Any, start: str) -> str:
    return str(
        made(api, "/appointments", {"patient_id": str(patient), "doctor_id": doctor, "start": start})["id"]
    )


def check_in(api: Any, visit: str, **more: Any) -> dict[str, Any]:
    return made(api, "/checkins", {"appointment_id": visit, **more})


def walk_in(api: Any, doctor: Any, patient: Any, **more: Any) -> dict[str, Any]:
    return made(
        api, "/checkins", {"patient_id": str(patient), "doctor_id": str(doctor), "walk_in": True, **more}
    )


def queue(api: Any, doctor: Any, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(api.get(f"/doctors/{doctor}/queue", **query))["items"]
    return found


def order(api: Any, doctor: Any) -> list[str]:
    return [entry["id"] for entry in queue(api, doctor)]


# -- check-in ---------------------------------------------------------------------------------------------------------


def test_a_check_in_answers_every_field(api, north):
    visit = token(api, north)
    entry = check_in(api, visit, patient_id=str(north.carla))
    assert entry.keys() >= FIELDS
    assert (entry["appointment_id"], entry["doctor_id"]) == (visit, str(north.tok))
    assert (entry["date"], entry["queue_position"], entry["status"], entry["priority"]) == (
        today().isoformat(), 1, "waiting", "normal",
    )  # fmt: skip
    assert entry["ticket"]
    one = ok(api.get(f"/checkins/{entry['id']}"))
    assert (one["ahead"], one["queue_position"]) == (0, 1)


def test_a_phone_that_polls_its_entry_is_told_when_somebody_goes_ahead(api, north):
    walk_in(api, north.tok, north.dora)
    path = f"/checkins/{walk_in(api, north.tok, north.carla)['id']}"
    first = api.get(path)
    tag = {"headers": {"If-None-Match": first.headers["ETag"]}}
    assert api.get(path, **tag).status_code == 304
    ok(api.post(f"/doctors/{north.tok}/queue/call-next"))
    assert ok(api.get(path, **tag))["ahead"] == 0


def test_positions_are_1_2_3_in_order_of_check_in_per_doctor_and_day(api, north, noon):
    visits = [token(api, north, person(api, n)) for n in range(3)]
    positions = [check_in(api, visit)["queue_position"] for visit in reversed(visits)]
    assert positions == [1, 2, 3]
    assert check_in(api, timed(api, noon, north.carla, later(2)))["queue_position"] == 1
    assert ok(api.get(f"/doctors/{north.tok}/days/{today()}"))["last_position"] == 3


def test_only_on_the_visits_date(api, north):
    refused(api.post("/checkins", {"appointment_id": booked(api, north)["id"]}), 422, "not_today")


def test_another_patients_visit_and_a_second_time_are_refused(api, north):
    visit = token(api, north)
    refused(
        api.post("/checkins", {"appointment_id": visit, "patient_id": str(north.dora)}), 422, "wrong_patient"
    )
    check_in(api, visit)
    refused(api.post("/checkins", {"appointment_id": visit}), 409, "already_checked_in")


@pytest.mark.parametrize("step", ["cancel"])
def test_what_was_called_off_is_not_checked_in(api, north, step):
    visit = token(api, north)
    ok(api.post(f"/appointments/{visit}/{step}"))
    refused(api.post("/checkins", {"appointment_id": visit}), 409, "invalid_transition")


@pytest.mark.parametrize(
    "body",
    [{}, {"appointment_id": "x"}, {"walk_in": True}, {"walk_in": "yes"}, {"appointment_id": UNKNOWN, "walk_in": True},
     {"appointment_id": UNKNOWN, "priority": "vip"}],
)  # fmt: skip
def test_what_says_too_little_or_too_much_is_422(api, body):
    refused(api.post("/checkins", body), 422)


def test_a_refused_check_in_takes_no_number(api, north):
    visit = token(api, north)
    refused(api.post("/checkins", {"appointment_id": visit, "patient_id": str(north.dora)}), 422)
    assert check_in(api, visit)["queue_position"] == 1


def test_an_undone_check_in_wakes_with_its_old_number(api, north):
    first, second = token(api, north), token(api, north, north.dora)
    entry = check_in(api, first)
    check_in(api, second)
    ok(api.post(f"/appointments/{first}/undo"))
    assert len(queue(api, north.tok)) == 1
    again = check_in(api, first)
    assert (again["id"], again["queue_position"], again["ticket"]) == (entry["id"], 1, entry["ticket"])


# -- walk-ins ---------------------------------------------------------------------------------------------------------


def test_a_walk_in_makes_the_visit_and_the_entry(api, north, noon):
    entry = walk_in(api, noon, north.carla, priority="normal")
    visit = ok(api.get(f"/appointments/{entry['appointment_id']}"))
    assert (visit["start"], visit["source"], visit["status"]) == (None, "walk_in", "checked_in")
    assert visit["date"] == noon_now().date().isoformat()
    assert ok(api.get(f"/doctors/{noon}/days/{visit['date']}"))["booked"] == 1


def test_a_walk_in_may_be_described(api, north):
    body = {
        "patient": {"full_name": "Walk In", "phone": "3001112233"},
        "doctor_id": str(north.tok),
        "walk_in": True,
    }
    assert made(api, "/checkins", body)["status"] == "waiting"
    refused(api.post("/checkins", body | {"patient": {"full_name": "X"}}), 422)
    refused(api.post("/checkins", {"doctor_id": str(north.tok), "walk_in": True}), 422, "required")


def test_a_specialty_takes_the_shortest_queue(api, north, noon):
    made(api, "/specialties", {"name": "Eyes", "code": "eyes"})
    other = made(api, "/doctors", {"full_name": "Ada Eyes", "specialties": ["eyes"]})["id"]
    ok(api.patch(f"/doctors/{noon}", {"specialties": ["eyes"]}))
    walk_in(api, other, north.carla)
    body = {"specialty": "eyes", "walk_in": True}
    assert made(api, "/checkins", body | {"patient_id": str(north.dora)})["doctor_id"] == noon
    refused(
        api.post("/checkins", body | {"patient_id": str(north.dora), "specialty": "nothing"}),
        422,
        "unknown_code",
    )


def test_a_walk_in_counts_in_the_cap_unless_it_is_overbooked(api, north):
    ok(api.put(f"/doctors/{north.tok}/days/{today()}", {"max_appointments": 1}))
    walk_in(api, north.tok, north.carla)
    body = {"patient_id": str(north.dora), "doctor_id": str(north.tok), "walk_in": True}
    refused(api.post("/checkins", body), 409, "day_full")
    entry = made(api, "/checkins", body | {"overbook": True, "overbook_reason": "bleeding"})
    assert ok(api.get(f"/appointments/{entry['appointment_id']}"))["overbooked"] is True
    sixth = body | {"patient_id": person(api, 6), "overbook": True}
    assert made(api, "/checkins", sixth)["queue_position"] == 3


def test_an_unknown_specialty_is_told_beside_a_doctor_too(api, north):
    body = {
        "patient_id": str(north.dora),
        "doctor_id": str(north.tok),
        "specialty": "nothing",
        "walk_in": True,
    }
    refused(api.post("/checkins", body), 422, "unknown_code", "/specialty")


def test_a_walk_in_takes_no_slot(api, north, noon):
    before = ok(api.get(f"/doctors/{noon}/slots", date=noon_now().date().isoformat()))["items"]
    walk_in(api, noon, north.carla)
    after = ok(api.get(f"/doctors/{noon}/slots", date=noon_now().date().isoformat()))["items"]
    assert len(after) >= len(before) - 1


def test_an_absent_doctor_takes_no_walk_in(api, north):
    ok(api.put(f"/doctors/{north.tok}/days/{today()}", {"is_present": False}))
    body = {"patient_id": str(north.dora), "doctor_id": str(north.tok), "walk_in": True}
    refused(api.post("/checkins", body), 422, "doctor_absent")


# -- the order --------------------------------------------------------------------------------------------------------


def test_the_queue_says_who_is_ahead_how_long_and_why(api, north):
    for patient in (north.carla, north.dora, north.emil):
        walk_in(api, north.tok, patient)
    entries = queue(api, north.tok)
    assert [entry["ahead"] for entry in entries] == [0, 1, 2]
    waits = [entry["estimated_wait_minutes"] for entry in entries]
    assert waits == sorted(waits)
    assert waits[2] > waits[0]
    assert all(entry["why"] for entry in entries)
    assert queue(api, north.tok, date=working_day().isoformat()) == []


def test_by_arrival_it_is_the_position_and_urgent_comes_first(api, north):
    first, second, third = (
        walk_in(api, north.tok, patient)["id"] for patient in (north.carla, north.dora, north.emil)
    )
    assert order(api, north.tok) == [first, second, third]
    ok(api.post(f"/queue/{third}/priority", {"priority": "urgent", "reason": "chest pain"}))
    assert order(api, north.tok) == [third, first, second]
    assert [entry["queue_position"] for entry in queue(api, north.tok)] == [3, 1, 2]
    ok(api.post(f"/queue/{third}/priority", {"priority": "normal", "reason": "better"}))
    assert order(api, north.tok) == [first, second, third]


def test_by_appointment_it_is_the_start_among_those_present_then_walk_ins(api, north, noon):
    late, early = timed(api, noon, north.carla, later(3)), timed(api, noon, north.dora, later(2))
    walked = walk_in(api, noon, north.emil)["id"]
    third, second = check_in(api, late)["id"], check_in(api, early)["id"]
    assert order(api, noon) == [second, third, walked]
    numbers = {entry["id"]: entry["queue_position"] for entry in queue(api, noon)}
    assert numbers == {walked: 1, third: 2, second: 3}


def test_the_order_of_the_doctor_can_be_changed(api, north, noon):
    late, early = timed(api, noon, north.carla, later(3)), timed(api, noon, north.dora, later(2))
    first, second = check_in(api, late)["id"], check_in(api, early)["id"]
    assert order(api, noon) == [second, first]
    ok(api.patch(f"/doctors/{noon}", {"queue_order": "arrival"}))
    assert order(api, noon) == [first, second]


def test_a_walk_in_goes_ahead_after_it_has_waited_too_long(api, north, noon, superuser):
    walked = walk_in(api, noon, north.emil)["id"]
    other = check_in(api, timed(api, noon, north.carla, later(2)))["id"]
    assert order(api, noon) == [other, walked]
    with psycopg.connect(superuser) as connection:
        connection.execute(
            "UPDATE queue_entry SET checked_in_at = checked_in_at - interval '61 minutes' WHERE id = %s",
            [walked],
        )
    assert order(api, noon) == [walked, other]
    ok(api.patch("/settings", {"walk_in_max_wait_minutes": 90}))
    assert order(api, noon) == [other, walked]


def test_who_comes_later_than_the_grace_is_ordered_by_check_in(api, north, noon, superuser):
    first = timed(api, noon, north.carla, later(2))
    second = timed(api, noon, north.dora, later(3))
    a, b = check_in(api, first)["id"], check_in(api, second)["id"]
    assert order(api, noon) == [a, b]

    def shift(visit: str, minutes: int) -> None:
        with psycopg.connect(superuser) as connection:
            connection.execute(
                "UPDATE appointment SET starts_at = now() - %(m)s * interval '1 minute',"
                " ends_at = now() + interval '1 minute' - %(m)s * interval '1 minute' WHERE id = %(id)s",
                {"m": minutes, "id": visit},
            )

    # Dora's time was ten minutes ago (within the grace), Carla's twenty: she came too late and stands by her check-in.
    shift(second, 10)
    shift(first, 20)
    assert order(api, noon) == [b, a]
    ok(api.patch("/settings", {"late_grace_minutes": 30}))
    assert order(api, noon) == [a, b]


def test_a_priority_needs_a_reason(api, north):
    entry = walk_in(api, north.tok, north.carla)["id"]
    refused(api.post(f"/queue/{entry}/priority", {"priority": "urgent"}), 422, at="/reason")
    refused(api.post(f"/queue/{entry}/priority", {"priority": "vip", "reason": "x"}), 422, at="/priority")


@pytest.mark.parametrize("way", [["start", "serve"], ["leave"]])
def test_who_is_gone_has_no_priority(api, north, way):
    entry = walk_in(api, north.tok, north.carla)["id"]
    for step in way:
        ok(api.post(f"/queue/{entry}/{step}"))
    urgent = {"priority": "urgent", "reason": "pain"}
    refused(api.post(f"/queue/{entry}/priority", urgent), 409, "invalid_transition")


# -- states -----------------------------------------------------------------------------------------------------------

ALLOWED = {
    "waiting": {"call": "called", "start": "in_room", "skip": "skipped", "leave": "left"},
    "called": {"start": "in_room", "skip": "skipped", "requeue": "waiting", "leave": "left"},
    "in_room": {"serve": "served"},
    "served": {},
    "skipped": {"requeue": "waiting"},
    "left": {},
}
MAY = {("called", "call"), ("skipped", "call"), ("skipped", "leave")}
"""Kindnesses beyond the contract: to call once more, to call or send home whom nobody found."""
WAYS = {
    "waiting": [],
    "called": ["call"],
    "in_room": ["start"],
    "served": ["start", "serve"],
    "skipped": ["skip"],
    "left": ["leave"],
}
STEPS = ("call", "start", "serve", "skip", "requeue", "leave")


@pytest.mark.parametrize("state", sorted(ALLOWED))
def test_from_each_state_exactly_the_steps_of_the_contract(api, north, state):
    entry = walk_in(api, north.tok, north.carla)["id"]
    for step in WAYS[state]:
        ok(api.post(f"/queue/{entry}/{step}"))
    assert ok(api.get(f"/checkins/{entry}"))["status"] == state
    for step in STEPS:
        if step not in ALLOWED[state] and (state, step) not in MAY:
            refused(api.post(f"/queue/{entry}/{step}"), 409, "invalid_transition")
    assert ok(api.get(f"/checkins/{entry}"))["status"] == state


@pytest.mark.parametrize(
    ("state", "step"), [(state, step) for state in sorted(ALLOWED) for step in sorted(ALLOWED[state])]
)
def test_each_step_leads_where_the_contract_says(api, north, state, step):
    made_entry = walk_in(api, north.tok, north.carla)
    for way in WAYS[state]:
        ok(api.post(f"/queue/{made_entry['id']}/{way}"))
    said = ok(api.post(f"/queue/{made_entry['id']}/{step}"))
    assert said["status"] == ALLOWED[state][step]
    assert (said["queue_position"], said["ticket"]) == (made_entry["queue_position"], made_entry["ticket"])


@pytest.mark.parametrize(("step", "status"), [("start", "in_progress"), ("leave", "cancelled")])
def test_a_step_takes_the_visit_along(api, north, step, status):
    entry = walk_in(api, north.tok, north.carla)
    ok(api.post(f"/queue/{entry['id']}/{step}"))
    visit = ok(api.get(f"/appointments/{entry['appointment_id']}"))
    assert visit["status"] == status
    if step == "leave":
        assert visit["cancel_reason"] == "left_before_seen"
    else:
        ok(api.post(f"/queue/{entry['id']}/serve"))
        assert ok(api.get(f"/appointments/{entry['appointment_id']}"))["status"] == "completed"


def test_a_cancelled_visit_leaves_the_queue(api, north):
    entry = walk_in(api, north.tok, north.carla)
    ok(api.post(f"/appointments/{entry['appointment_id']}/cancel"))
    assert queue(api, north.tok) == []
    assert api.post(f"/doctors/{north.tok}/queue/call-next").status_code == 204


@pytest.mark.parametrize("how", ["cancel", "no-show", "undo"])
def test_whose_visit_was_called_off_is_not_called(api, north, how):
    visit = made(
        api, "/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": today()}
    )
    entry = made(api, "/checkins", {"appointment_id": visit["id"]})["id"]
    ok(api.post(f"/appointments/{visit['id']}/{how}"))
    assert ok(api.get(f"/checkins/{entry}"))["status"] == "left"
    for step in ("call", "start", "skip", "requeue", "leave", "serve"):
        refused(api.post(f"/queue/{entry}/{step}"), 409, "invalid_transition")
    refused(api.post(f"/queue/{entry}/transfer", {"doctor_id": str(north.bose)}), 409, "invalid_transition")
    assert queue(api, north.tok) == []


def test_undoing_a_visits_steps_brings_the_patient_back_into_the_queue(api, north):
    entry = walk_in(api, north.tok, north.carla)
    path, visit = f"/queue/{entry['id']}", f"/appointments/{entry['appointment_id']}"
    for step in ("call", "start", "serve"):
        ok(api.post(f"{path}/{step}"))
    for undone, state in (("in_progress", "in_room"), ("checked_in", "called")):
        assert ok(api.post(f"{visit}/undo"))["status"] == undone
        assert [each["status"] for each in queue(api, north.tok)] == [state]
        assert ok(api.get(f"/checkins/{entry['id']}"))["status"] == state
    for step in ("requeue", "call", "start", "serve"):
        ok(api.post(f"{path}/{step}"))
    assert ok(api.get(visit))["status"] == "completed"


def test_undoing_that_somebody_left_lets_them_be_called_next(api, north):
    entry = walk_in(api, north.tok, north.carla)
    ok(api.post(f"/queue/{entry['id']}/leave"))
    assert ok(api.post(f"/appointments/{entry['appointment_id']}/undo"))["status"] == "checked_in"
    called = ok(api.post(f"/doctors/{north.tok}/queue/call-next"))
    assert (called["id"], called["status"]) == (entry["id"], "called")


def test_a_visit_that_is_started_without_the_queue_is_in_the_room(api, north):
    entry = walk_in(api, north.tok, north.carla)
    ok(api.post(f"/appointments/{entry['appointment_id']}/start"))
    assert [each["status"] for each in queue(api, north.tok)] == ["in_room"]
    assert ok(api.post(f"/queue/{entry['id']}/serve"))["status"] == "served"


def test_transfer_takes_the_other_days_next_position_and_keeps_the_ticket(api, north):
    other = made(api, "/doctors", {"full_name": "Other Tokens", "booking_mode": "token"})["id"]
    walk_in(api, other, north.dora)
    entry = walk_in(api, north.tok, north.carla)
    moved = ok(api.post(f"/queue/{entry['id']}/transfer", {"doctor_id": other}))
    assert (moved["id"], moved["doctor_id"], moved["queue_position"], moved["ticket"]) == (
        entry["id"],
        other,
        2,
        entry["ticket"],
    )
    assert queue(api, north.tok) == []
    assert ok(api.get(f"/appointments/{entry['appointment_id']}"))["doctor_id"] == other
    assert walk_in(api, north.tok, north.emil)["queue_position"] == 2
    refused(
        api.post(f"/queue/{entry['id']}/transfer", {"doctor_id": UNKNOWN}), 422, "unknown_id", "/doctor_id"
    )
    refused(api.post(f"/queue/{entry['id']}/transfer", {}), 422, "required", "/doctor_id")


# -- call next --------------------------------------------------------------------------------------------------------


def test_a_transfer_to_the_same_doctor_moves_nobody(api, north):
    entry = walk_in(api, north.tok, north.carla)
    walk_in(api, north.tok, north.dora)
    again = ok(api.post(f"/queue/{entry['id']}/transfer", {"doctor_id": str(north.tok)}))
    assert (again["queue_position"], again["ahead"], again["version"]) == (1, 0, entry["version"])


def test_call_next_calls_by_the_doctors_order_until_nobody_waits(api, north):
    entries = [walk_in(api, north.tok, patient)["id"] for patient in (north.carla, north.dora)]
    called = [ok(api.post(f"/doctors/{north.tok}/queue/call-next")) for _ in range(2)]
    assert [each["id"] for each in called] == entries
    assert {each["status"] for each in called} == {"called"}
    answer = api.post(f"/doctors/{north.tok}/queue/call-next")
    assert (answer.status_code, answer.get_data()) == (204, b"")


def test_two_callers_never_get_the_same_person(app, api, north, at_once):
    from tests.clients import Api

    for number in range(4):
        walk_in(api, north.tok, person(api, number))
    answers = at_once(
        4, lambda _n: Api(app, "north.localhost", north.api_key).post(f"/doctors/{north.tok}/queue/call-next")
    )
    called = [answer.json["id"] for answer in answers if answer.status_code == 200]
    assert len(set(called)) == len(called)
    while (answer := api.post(f"/doctors/{north.tok}/queue/call-next")).status_code == 200:
        called.append(answer.json["id"])
    assert len(set(called)) == len(called) == 4


def test_the_queue_of_another_tenants_doctor_is_not_found(api, south):
    refused(api.get(f"/doctors/{south.tok}/queue"), 404)
    refused(api.post(f"/doctors/{south.tok}/queue/call-next"), 404)


def test_numbers_are_not_taken_up_again(api, north):
    first = walk_in(api, north.tok, north.carla)
    ok(api.post(f"/queue/{first['id']}/leave"))
    assert walk_in(api, north.tok, north.dora)["queue_position"] == 2


@pytest.mark.parametrize("query", [{"date": "x"}, {"nothing": "1"}, {"date": iso("09:00")}])
def test_what_cannot_be_asked_of_a_queue_is_422(api, north, query):
    refused(api.get(f"/doctors/{north.tok}/queue", **query), 422)
