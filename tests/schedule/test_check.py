"""May this visit begin at this moment? All reasons against it, most telling first, or the place that it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from clinic.schedule.facts import Asker, Day, Room, RoomUse, Service, Wish
from clinic.schedule.premises import Premises
from clinic.schedule.walltime import epoch
from tests.schedule.people import (
    ANNEX,
    BOSE,
    CHECKUP,
    MONDAY,
    NORTH,
    PARIS,
    PATIENT,
    STAFF,
    TUESDAY,
    VACCINE,
    block,
    bose,
    on,
    service,
    session,
    starts,
    visit,
    weekly,
    why,
)

NINE_TO_TWELVE = weekly("09:00-12:00")


def at_noon_before(days: int, audience: Any = "patient", **more: Any) -> Asker:
    return Asker(audience, on("12:00", MONDAY - timedelta(days=days)), **more)


# Hours and grid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00", []),
        ("11:30", []),
        ("08:30", ["outside_hours"]),
        ("12:00", ["outside_hours"]),
        ("23:00", ["outside_hours"]),
        ("08:45", ["outside_hours"]),
        ("11:45", ["outside_hours", "off_grid"]),
        ("09:10", ["off_grid"]),
        ("09:01", ["off_grid"]),
    ],
)
def test_a_visit_begins_on_the_grid_and_ends_within_hours(text: str, expected: list[str]) -> None:
    assert why(bose(NINE_TO_TWELVE), text) == expected


def test_a_fraction_of_a_second_is_off_the_grid() -> None:
    moment = on("09:00") + timedelta(microseconds=1)
    assert bose(NINE_TO_TWELVE).check(moment, Wish(), STAFF).code == "off_grid"


def test_a_visit_over_two_intervals_is_off_the_grid_of_both() -> None:
    table = bose(NINE_TO_TWELVE, weekly("12:00-15:00", number=101))
    assert why(table, "11:30", service(60)) == ["off_grid"]
    assert why(table, "12:00", service(60)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:00", ["blocked"]),
        ("10:30", ["blocked"]),
        ("09:30", []),
        ("11:00", []),
        ("08:30", ["outside_hours"]),
    ],
)
def test_a_block_is_told_as_one(text: str, expected: list[str]) -> None:
    table = bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 10:00", "2026-11-23 11:00")])
    assert why(table, text) == expected


def test_a_block_that_the_end_runs_into_is_told() -> None:
    table = bose(NINE_TO_TWELVE, blocks=[block("2026-11-23 10:00", "2026-11-23 11:00")])
    assert why(table, "09:30", service(45)) == ["blocked"]


def test_blocked_outside_of_hours_is_both() -> None:
    table = bose(NINE_TO_TWELVE, blocks=[block("2026-11-23", "2026-11-24", all_day=True)])
    assert why(table, "20:00") == ["blocked", "outside_hours"]


def test_of_several_blocks_the_one_that_lasts_longest_is_told() -> None:
    blocks = [
        block("2026-11-23 08:00", "2026-11-23 12:00", reason="meeting"),
        block("2026-11-20 00:00", "2026-12-04 00:00", number=401, reason="on leave", all_day=True),
    ]
    (reason,) = bose(NINE_TO_TWELVE, blocks=blocks).reasons(on("09:00"), Wish(), STAFF)
    assert (reason.code, reason.note, reason.source) == ("blocked", "on leave", UUID(int=401))
    assert reason.until == on("00:00", MONDAY.replace(month=12, day=4))


@pytest.mark.parametrize(("place", "expected"), [(None, ["closed"]), (NORTH, ["closed"]), (ANNEX, [])])
def test_a_closed_location_is_told_as_one(place: UUID | None, expected: list[str]) -> None:
    closure = block("2026-11-23 08:00", "2026-11-23 18:00", location_id=place)
    assert why(bose(NINE_TO_TWELVE, premises=Premises([closure])), "09:00") == expected


@pytest.mark.parametrize("text", ["08:30", "12:00", "12:30", "15:30"])
def test_a_closed_location_is_not_told_where_it_has_no_hours(text: str) -> None:
    afternoon = weekly("13:00-15:30", number=101, location_id=ANNEX)
    closure = block("2026-11-23", "2026-11-24", all_day=True, location_id=ANNEX)
    table = bose(NINE_TO_TWELVE, afternoon, premises=Premises([closure]))
    assert why(table, text) == ["outside_hours"]
    assert why(table, "13:00") == ["closed"]


def test_a_closed_clinic_is_told_to_who_asks_outside_of_hours() -> None:
    table = bose(NINE_TO_TWELVE, premises=Premises([block("2026-11-23", "2026-11-24", all_day=True)]))
    assert why(table, "20:00") == ["closed", "outside_hours"]


def test_hours_for_another_visit_type_are_told_from_none() -> None:
    table = bose(weekly("09:00-12:00", service_ids=frozenset({VACCINE})))
    (reason,) = table.reasons(on("09:00"), service(30, CHECKUP), STAFF)
    assert (reason.code, reason.why) == ("outside_hours", "service")
    (reason,) = table.reasons(on("13:00"), service(30, CHECKUP), STAFF)
    assert (reason.code, reason.why) == ("outside_hours", None)


def test_a_visit_type_that_the_doctor_does_not_offer() -> None:
    table = bose(NINE_TO_TWELVE, doctor={"service_ids": frozenset({VACCINE})})
    (reason,) = table.reasons(on("09:00"), service(30, CHECKUP), STAFF)
    assert (reason.code, reason.why) == ("outside_hours", "not_offered")


def test_a_doctor_who_left() -> None:
    (reason,) = bose(NINE_TO_TWELVE, doctor={"is_active": False}).reasons(on("09:00"), Wish(), STAFF)
    assert (reason.code, reason.why) == ("doctor_absent", "inactive")


def test_a_token_doctor_gives_no_times() -> None:
    table = bose(NINE_TO_TWELVE, doctor={"mode": "token"})
    (reason,) = table.reasons(on("09:00"), Wish(), STAFF)
    assert (reason.code, reason.why) == ("outside_hours", "tokens")
    assert starts(table) == []


def test_only_the_session_that_was_asked_for() -> None:
    table = bose(NINE_TO_TWELVE, sessions=[session("15:00-16:00")])
    wish = Wish(session_id=session("15:00-16:00").id)
    assert why(table, "09:00", wish) == ["outside_hours"]
    assert why(table, "15:00", wish) == []


def test_outside_of_its_window_a_timetable_knows_nothing() -> None:
    with pytest.raises(ValueError, match="knows"):
        bose(NINE_TO_TWELVE).check(on("09:00", MONDAY + timedelta(days=70)), Wish(), STAFF)


# Length


@pytest.mark.parametrize(
    ("minutes", "end", "expected"),
    [
        (None, "09:30", []),
        (None, "10:00", []),
        (None, "12:00", []),
        (None, "12:30", ["outside_hours"]),
        (None, "09:15", ["invalid_duration"]),
        (None, "09:45", ["invalid_duration"]),
        (None, "09:00", ["invalid_duration"]),
        (None, "08:30", ["invalid_duration"]),
        (20, "09:20", []),
        (20, "09:30", []),
        (20, "10:00", []),
        (20, "09:40", ["invalid_duration"]),
        (20, "09:10", ["invalid_duration"]),
        (40, "09:40", []),
        (40, "10:00", []),
        (40, "09:30", ["invalid_duration"]),
        (40, "10:20", ["invalid_duration"]),
    ],
)
def test_an_end_may_span_several_steps(minutes: int | None, end: str, expected: list[str]) -> None:
    wish = service(minutes) if minutes else Wish()
    assert why(bose(NINE_TO_TWELVE), "09:00", wish, end=on(end)) == expected


def test_an_end_is_a_moment_whatever_its_zone() -> None:
    table = bose(NINE_TO_TWELVE)
    end = on("10:00").astimezone(PARIS)
    verdict = table.check(on("09:00"), Wish(), STAFF, end)
    assert verdict.slot is not None
    assert verdict.slot.until - verdict.slot.at == 3600


def test_a_fraction_at_the_end_is_no_length() -> None:
    end = on("09:30") + timedelta(microseconds=5)
    assert bose(NINE_TO_TWELVE).check(on("09:00"), Wish(), STAFF, end).code == "invalid_duration"


def test_every_step_that_an_end_spans_must_be_free() -> None:
    table = bose(NINE_TO_TWELVE, busy=[visit("10:00-10:30")])
    assert why(table, "09:00", end=on("10:00")) == []
    assert why(table, "09:00", end=on("10:30")) == ["booked"]


def test_a_longer_visit_that_moves_keeps_its_length() -> None:
    table = bose(NINE_TO_TWELVE, busy=[visit("10:00-10:30")])
    assert starts(table, Wish(minutes=60)) == ["09:00", "10:30", "11:00"]
    assert why(table, "09:30", Wish(minutes=60)) == ["booked"]
    assert why(table, "09:00", Wish(minutes=45)) == ["invalid_duration"]


# Other visits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00", []),
        ("09:30", ["booked"]),
        ("10:00", ["booked"]),
        ("10:30", []),
    ],
)
def test_visits_that_start_at_different_times_never_overlap(text: str, expected: list[str]) -> None:
    table = bose(NINE_TO_TWELVE, busy=[visit("09:40-10:20")])
    assert why(table, text) == expected
    assert starts(table) == ["09:00", "10:30", "11:00", "11:30"]


def test_what_is_booked_does_not_move_the_grid() -> None:
    table = bose(NINE_TO_TWELVE, busy=[visit("09:00-09:20")], slot_minutes=15)
    assert starts(table)[:3] == ["09:30", "09:45", "10:00"]


def test_a_visit_longer_than_its_step_takes_several() -> None:
    table = bose(NINE_TO_TWELVE, busy=[visit("09:30-11:00")])
    assert starts(table) == ["09:00", "11:00", "11:30"]


@pytest.mark.parametrize(
    ("held", "expected"),
    [([False], ["booked"]), ([True], ["held"]), ([False, True], ["booked"]), ([True, True], ["held"])],
)
def test_a_hold_is_told_from_a_visit(held: list[bool], expected: list[str]) -> None:
    busy = [visit("09:00-09:30", number=500 + number, held=each) for number, each in enumerate(held)]
    assert why(bose(NINE_TO_TWELVE, busy=busy), "09:00") == expected


def test_a_hold_and_a_visit_in_the_way_are_both_told() -> None:
    busy = [visit("09:00-09:20"), visit("09:25-09:40", number=501, held=True)]
    assert why(bose(NINE_TO_TWELVE, busy=busy), "09:00", service(30)) == ["booked", "held"]


def test_an_own_hold_and_the_visit_that_is_moved_do_not_count() -> None:
    busy = [visit("09:00-09:30", held=True), visit("10:00-10:30", number=501)]
    mine = replace(STAFF, except_for=frozenset({UUID(int=500)}))
    moved = replace(STAFF, except_for=frozenset({UUID(int=501)}))
    table = bose(NINE_TO_TWELVE, busy=busy)
    assert (why(table, "09:00", asker=mine), why(table, "09:00", asker=moved)) == ([], ["held"])
    assert (why(table, "10:00", asker=mine), why(table, "10:00", asker=moved)) == (["booked"], [])
    assert starts(table, asker=mine)[:2] == ["09:00", "09:30"]


def test_overbooked_visits_are_busy_time() -> None:
    busy = [visit("09:00-09:30"), visit("09:00-10:10", number=501, place=1)]
    assert starts(bose(NINE_TO_TWELVE, busy=busy)) == ["10:30", "11:00", "11:30"]


# Capacity


@pytest.mark.parametrize(
    ("rule", "visit_type", "capacity"),
    [(None, None, 1), (3, None, 3), (3, 2, 2), (None, 4, 4), (1, 4, 4), (2, 4, 4)],
)
def test_capacity_is_the_visit_types_else_the_hours(
    rule: int | None, visit_type: int | None, capacity: int
) -> None:
    table = bose(weekly("09:00-12:00", capacity=rule))
    verdict = table.check(on("09:00"), service(30, capacity=visit_type), STAFF)
    assert verdict.slot is not None
    assert (verdict.slot.capacity, verdict.slot.remaining) == (capacity, capacity)


@pytest.mark.parametrize(
    ("own", "visit_type", "capacity"), [(8, 5, 8), (1, 5, 5), (None, 5, 5), (8, None, 8)]
)
def test_a_sessions_own_capacity_holds(own: int | None, visit_type: int | None, capacity: int) -> None:
    table = bose(sessions=[session("09:00-12:00", capacity=own)])
    verdict = table.check(on("09:00"), service(30, capacity=visit_type), STAFF)
    assert verdict.slot is not None
    assert verdict.slot.capacity == capacity


@pytest.mark.parametrize(
    ("places", "remaining", "place"),
    [([], 3, 0), ([0], 2, 1), ([1], 2, 0), ([0, 2], 1, 1), ([2, 1], 1, 0), ([0, 5], 1, 1)],
)
def test_the_lowest_free_place_is_taken(places: list[int], remaining: int, place: int) -> None:
    busy = [visit("09:00-09:30", number=500 + each, place=each) for each in places]
    verdict = bose(weekly("09:00-12:00", capacity=3), busy=busy).check(on("09:00"), Wish(), STAFF)
    assert verdict.slot is not None
    assert (verdict.slot.remaining, verdict.place) == (remaining, place)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([False, False], []),
        ([False, False, False], ["booked"]),
        ([False, False, True], ["held"]),
        ([True, True, True], ["held"]),
        ([False, False, False, True], ["booked"]),
    ],
)
def test_a_slot_is_full_when_visits_and_holds_have_all_its_places(
    held: list[bool], expected: list[str]
) -> None:
    busy = [visit("09:00-09:30", number=500 + n, place=n, held=each) for n, each in enumerate(held)]
    assert why(bose(weekly("09:00-12:00", capacity=3), busy=busy), "09:00") == expected


def test_taken_slots_are_listed_when_asked_for() -> None:
    busy = [visit("09:00-09:30"), visit("10:00-10:30", number=501)]
    table = bose(weekly("09:00-11:00"), busy=busy)
    found = table.offer(Wish(), STAFF, MONDAY, MONDAY, include_taken=True)
    assert [(f"{slot.start:%H:%M}", slot.remaining) for slot in found] == [
        ("09:00", 0), ("09:30", 1), ("10:00", 0), ("10:30", 1)
    ]  # fmt: skip


def test_a_full_day_is_taken_an_absent_or_blocked_one_is_not_there() -> None:
    for days, blocks, expected in (
        ([Day(MONDAY, cap=1, booked=1)], [], [0, 0]),
        ([Day(MONDAY, is_present=False)], [], []),
        ([], [block("2026-11-23", "2026-11-24", all_day=True)], []),
    ):
        table = bose(weekly("09:00-10:00"), days=days, blocks=blocks)
        found = table.offer(Wish(), STAFF, MONDAY, MONDAY, include_taken=True)
        assert [slot.remaining for slot in found] == expected
        assert starts(table) == []


# Buffers


@pytest.mark.parametrize(
    ("after_first", "before_second", "gap", "free"),
    [
        (0, 0, 0, True),
        (10, 0, 5, False),
        (10, 0, 10, True),
        (0, 10, 5, False),
        (0, 10, 10, True),
        (10, 5, 10, True),
        (5, 10, 10, True),
        (10, 10, 10, True),
        (10, 15, 10, False),
        (15, 10, 15, True),
    ],
)
def test_between_two_visits_the_larger_buffer_is_kept(
    after_first: int, before_second: int, gap: int, free: bool
) -> None:
    """Whichever of the two is there already."""
    table = bose(weekly("09:00-12:00"), slot_minutes=5, busy=[visit("09:00-10:00", buffer_after=after_first)])
    moment = f"10:{gap:02}"
    wish = service(20, buffer_before=before_second)
    assert why(table, moment, wish) == ([] if free else ["buffer"])
    assert (moment in starts(table, wish)) is free
    table = bose(
        weekly("09:00-12:00"), slot_minutes=5, busy=[visit("10:00-10:20", buffer_before=before_second)]
    )
    moment = f"09:{40 - gap:02}"
    wish = service(20, buffer_after=after_first)
    assert why(table, moment, wish) == ([] if free else ["buffer"])
    assert (moment in starts(table, wish)) is free


def test_buffers_bind_neither_hours_nor_blocks() -> None:
    table = bose(
        weekly("09:00-10:00"), blocks=[block("2026-11-23 09:30", "2026-11-23 09:40")], slot_minutes=20
    )
    assert starts(table, service(20, buffer_before=60, buffer_after=60)) == ["09:00", "09:40"]


def test_buffers_do_not_part_those_who_share_a_start() -> None:
    table = bose(
        weekly("09:00-12:00", capacity=2), busy=[visit("09:00-09:30", buffer_before=15, buffer_after=15)]
    )
    assert why(table, "09:00", service(30, buffer_before=15, buffer_after=15)) == []


def test_a_hold_keeps_its_buffer() -> None:
    table = bose(weekly("09:00-12:00"), busy=[visit("09:00-09:30", held=True, buffer_after=5)])
    assert why(table, "09:30") == ["buffer"]


# The doctor's day


@pytest.mark.parametrize(
    ("day", "cap", "expected"),
    [
        (Day(MONDAY), None, []),
        (Day(MONDAY, is_present=False), None, ["doctor_absent"]),
        (Day(MONDAY, cap=2, booked=1), None, []),
        (Day(MONDAY, cap=2, booked=2), None, ["day_full"]),
        (Day(MONDAY, cap=2, booked=3), None, ["day_full"]),
        (Day(MONDAY, cap=0), None, ["day_full"]),
        (Day(MONDAY, booked=5), 5, ["day_full"]),
        (Day(MONDAY, booked=4), 5, []),
        (Day(MONDAY, cap=9, booked=5), 5, []),
        (Day(MONDAY, is_present=False, cap=1, booked=1), None, ["doctor_absent", "day_full"]),
        (Day(TUESDAY, is_present=False, cap=0), None, []),
    ],
)
def test_the_day_may_be_full_or_without_its_doctor(day: Day, cap: int | None, expected: list[str]) -> None:
    table = bose(NINE_TO_TWELVE, days=[day], doctor={"max_per_day": cap})
    assert why(table, "09:00") == expected
    assert bool(starts(table)) is not bool(expected)


def test_the_day_is_the_one_on_which_the_visit_begins() -> None:
    night = weekly("22:00-02:00", ends_next_day=True)
    table = bose(night, days=[Day(TUESDAY, is_present=False)], slot_minutes=60)
    assert (starts(table), starts(table, day=TUESDAY)) == (["22:00", "23:00"], [])
    assert why(table, "00:00", day=TUESDAY) == ["doctor_absent"]


def test_a_visit_that_is_moved_within_its_day_makes_room_for_itself() -> None:
    table = bose(NINE_TO_TWELVE, days=[Day(MONDAY, cap=1, booked=1)], busy=[visit("09:00-09:30")])
    moved = replace(STAFF, except_for=frozenset({UUID(int=500)}))
    assert why(table, "10:00") == ["day_full"]
    assert why(table, "10:00", asker=moved) == []


def test_a_hold_of_ones_own_gives_no_room_in_the_day() -> None:
    table = bose(NINE_TO_TWELVE, days=[Day(MONDAY, cap=1, booked=1)], busy=[visit("09:00-09:30", held=True)])
    assert why(table, "10:00", asker=replace(STAFF, except_for=frozenset({UUID(int=500)}))) == ["day_full"]


# Who asks


@pytest.mark.parametrize(
    ("now", "patient", "staff"),
    [
        ("08:59", [], []),
        ("09:00", [], []),
        ("09:01", ["past"], ["past"]),
        ("09:20", ["past"], ["past"]),
    ],
)
def test_what_begins_before_now_is_past_for_everybody(now: str, patient: list[str], staff: list[str]) -> None:
    table = bose(NINE_TO_TWELVE)
    assert why(table, "09:00", asker=Asker("patient", on(now))) == patient
    assert why(table, "09:00", asker=Asker("staff", on(now))) == staff


def test_a_moment_after_the_start_it_is_past() -> None:
    assert why(
        bose(NINE_TO_TWELVE), "09:00", asker=Asker("staff", on("09:00") + timedelta(microseconds=1))
    ) == ["past"]


@pytest.mark.parametrize(
    ("clinic", "visit_type", "now", "expected"),
    [
        (0, None, "08:59", []),
        (60, None, "08:00", []),
        (60, None, "08:01", ["min_notice"]),
        (60, 0, "08:59", []),
        (0, 120, "07:01", ["min_notice"]),
        (240, 120, "07:00", []),
        (60, None, "09:30", ["past"]),
    ],
)
def test_notice_binds_patients(clinic: int, visit_type: int | None, now: str, expected: list[str]) -> None:
    wish = service(30, min_notice_minutes=visit_type)
    table = bose(NINE_TO_TWELVE)
    patient = Asker("patient", on(now), min_notice_minutes=clinic)
    assert why(table, "09:00", wish, patient) == expected
    assert ("09:00" in starts(table, wish, patient)) is (not expected)
    staff = Asker("staff", on(now), min_notice_minutes=clinic)
    assert why(table, "09:00", wish, staff) == [code for code in expected if code == "past"]


@pytest.mark.parametrize(
    ("clinic", "visit_type", "days", "expected"),
    [
        (62, None, 62, []),
        (62, None, 63, ["too_far_ahead"]),
        (62, 7, 7, []),
        (62, 7, 8, ["too_far_ahead"]),
        (7, 30, 30, []),
        (0, None, 0, []),
        (0, None, 1, ["too_far_ahead"]),
    ],
)
def test_the_horizon_binds_patients(
    clinic: int, visit_type: int | None, days: int, expected: list[str]
) -> None:
    """Days are local dates: 23:30 on the last day is not too far."""
    wish = service(30, max_days_ahead=visit_type)
    table = bose(weekly("23:00-23:59"))
    asker = at_noon_before(days, max_days_ahead=clinic)
    assert why(table, "23:00", wish, asker) == expected
    assert bool(starts(table, wish, asker)) is not bool(expected)
    assert why(table, "23:00", wish, replace(asker, audience="staff")) == []


def test_what_is_not_bookable_online_is_for_staff() -> None:
    table, wish = bose(NINE_TO_TWELVE), service(30, online_bookable=False)
    assert why(table, "09:00", wish, PATIENT) == ["not_bookable_online"]
    assert starts(table, wish, PATIENT) == []
    assert why(table, "09:00", wish, STAFF) == []


def test_notice_and_horizon_are_told_with_their_measure() -> None:
    table = bose(NINE_TO_TWELVE)
    (reason,) = table.reasons(on("09:00"), Wish(), Asker("patient", on("08:30"), min_notice_minutes=60))
    assert reason.limit == 60
    (reason,) = table.reasons(on("09:00"), Wish(), at_noon_before(9, max_days_ahead=5))
    assert reason.limit == 5


# Rooms

SCAN = Wish(service=Service(CHECKUP, 30, room_kind="scanner"))
ONE, TWO, BED, ELSEWHERE = (UUID(int=number) for number in range(60, 64))
ROOMS = [
    Room(ONE, NORTH, "scanner"),
    Room(TWO, NORTH, "scanner"),
    Room(BED, NORTH, "bed"),
    Room(ELSEWHERE, ANNEX, "scanner"),
]
RUIZ = UUID(int=2)


def use(text: str, room: UUID = ONE, doctor: UUID = RUIZ, number: int = 700) -> RoomUse:
    start, _, end = text.partition("-")
    return RoomUse(epoch(on(start)), epoch(on(end)), room, doctor, UUID(int=number))


@pytest.mark.parametrize(
    ("uses", "room"),
    [
        ([], ONE),
        ([use("08:00-09:00")], ONE),
        ([use("09:30-10:00")], ONE),
        ([use("08:00-09:10")], TWO),
        ([use("09:00-09:30")], TWO),
        ([use("07:00-12:00"), use("07:30-07:40", number=701)], TWO),
        ([use("09:00-09:30"), use("09:10-09:20", TWO)], None),
        ([use("09:00-09:30", BED)], ONE),
        ([use("09:00-09:30", TWO)], ONE),
        # A group shares the room in which its others are, and no other visit does.
        ([use("09:00-09:30", TWO, BOSE)], TWO),
        ([use("09:00-09:30", TWO, BOSE), use("09:00-09:30", TWO, RUIZ, 701)], ONE),
        ([use("08:45-09:15", ONE, BOSE), use("09:00-09:30", TWO)], None),
    ],
)
def test_a_free_room_of_the_kind_is_taken(uses: list[RoomUse], room: UUID | None) -> None:
    table = bose(NINE_TO_TWELVE, premises=Premises(rooms=ROOMS, uses=uses))
    verdict = table.check(on("09:00"), SCAN, STAFF)
    assert verdict.room_id == room
    assert verdict.code == (None if room else "room_busy")
    assert ("09:00" in starts(table, SCAN)) is (room is not None)


def test_without_a_room_of_the_kind_nothing_is_offered() -> None:
    table = bose(NINE_TO_TWELVE, premises=Premises(rooms=ROOMS[2:]))
    assert starts(table, SCAN) == []
    assert why(table, "09:00", SCAN) == ["room_busy"]


def test_a_room_may_be_asked_for() -> None:
    table = bose(NINE_TO_TWELVE, premises=Premises(rooms=ROOMS, uses=[use("09:00-09:30")]))
    assert table.check(on("09:30"), Wish(room_id=TWO), STAFF).room_id == TWO
    assert table.check(on("09:30"), Wish(room_id=BED), STAFF).room_id == BED
    assert why(table, "09:00", Wish(room_id=ONE)) == ["room_busy"]
    assert why(table, "09:00", replace(SCAN, room_id=BED)) == ["room_busy"]
    assert why(table, "09:00", replace(SCAN, room_id=ELSEWHERE)) == ["room_busy"]


def test_the_room_of_the_visit_that_is_moved_is_free_for_it() -> None:
    premises = Premises(rooms=ROOMS[:1], uses=[use("09:00-09:30", doctor=BOSE, number=500)])
    table = bose(NINE_TO_TWELVE, premises=premises, busy=[visit("09:00-09:30")])
    moved = replace(STAFF, except_for=frozenset({UUID(int=500)}))
    assert why(table, "09:00", SCAN) == ["booked"]
    assert table.check(on("09:00"), SCAN, moved).room_id == ONE


def test_no_room_is_told_off_the_grid_too() -> None:
    for uses, expected in (([], ["off_grid"]), ([use("09:00-10:00")], ["off_grid", "room_busy"])):
        table = bose(NINE_TO_TWELVE, premises=Premises(rooms=ROOMS[:1], uses=uses))
        assert why(table, "09:10", SCAN) == expected


def test_who_needs_no_room_takes_none() -> None:
    assert (
        bose(NINE_TO_TWELVE, premises=Premises(rooms=ROOMS)).check(on("09:00"), Wish(), STAFF).room_id is None
    )


# All of them


def test_all_reasons_are_told_most_telling_first() -> None:
    table = bose(
        NINE_TO_TWELVE,
        blocks=[block("2026-11-23 09:00", "2026-11-23 10:00")],
        busy=[visit("09:00-09:10"), visit("09:05-09:20", number=501, held=True)],
        days=[Day(MONDAY, is_present=False, cap=1, booked=1)],
        premises=Premises([block("2026-11-23 09:00", "2026-11-23 10:00", number=402)]),
    )
    asker = Asker("patient", on("08:30"), min_notice_minutes=60)
    assert why(table, "09:05", service(30, online_bookable=False), asker) == [
        "not_bookable_online", "doctor_absent", "closed", "blocked", "min_notice", "day_full", "booked", "held",
    ]  # fmt: skip


def test_what_is_accepted_says_what_it_takes() -> None:
    verdict = bose(NINE_TO_TWELVE).check(on("09:30"), service(30), STAFF)
    assert verdict.accepted
    assert verdict.code is None
    slot = verdict.slot
    assert slot is not None
    assert (slot.start, slot.end) == (on("09:30"), on("10:00"))
    assert (slot.doctor_id, slot.location_id, slot.service_id, slot.session_id) == (
        BOSE,
        NORTH,
        CHECKUP,
        None,
    )
    assert (slot.day, slot.capacity, slot.remaining, verdict.place) == (MONDAY, 1, 1, 0)
    assert slot.start.utcoffset() == timedelta(hours=-5)
