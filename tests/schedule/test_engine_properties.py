"""What holds for every schedule there is: offered is accepted, refused has a reason, and a plain reader agrees.

2,000 schedules and more in every run; ``make fuzz`` looks at 12,000 new ones, and at more moments of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid5

from hypothesis import given

from clinic.schedule import overview
from clinic.schedule.facts import CODES, Busy, RoomUse, Slot
from clinic.schedule.walltime import day_range
from tests.schedule.oracle import STEP, Oracle
from tests.schedule.schedules import FUZZ, ONE_DAY, Schedule, examples, schedules

MOST_PLACES = 4 * 24 * 12 * 4
"""Starts in the days that a timetable knows, five minutes apart, times the largest capacity: more were never free."""


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def span(schedule: Schedule) -> tuple[int, int]:
    """The date in the middle of what the timetable knows (24 hours for a date that never was)."""
    begins, ends = day_range(schedule.day, schedule.zone)
    return begins - (ends == begins) * 12 * 3600, ends + (ends == begins) * 12 * 3600


def offered(schedule: Schedule) -> dict[int, Slot]:
    begins, ends = span(schedule)
    table = schedule.timetable()
    return {
        slot.at: slot for slot in table.offer(schedule.wish, schedule.asker, moment(begins), moment(ends))
    }


@examples(2000, 12_000)
@given(schedules())
def test_what_is_offered_is_what_a_plain_reading_of_the_rules_offers(schedule: Schedule) -> None:
    begins, ends = span(schedule)
    oracle = Oracle(schedule)
    assert sorted(offered(schedule)) == [
        second for second in range(begins, ends, STEP) if oracle.accepts(second)
    ]


def candidates(schedule: Schedule, slots: dict[int, Slot]) -> Iterator[int]:
    """Every offered second, some between, and (when there is time) every five minutes."""
    begins, ends = span(schedule)
    yield from slots
    yield from range(begins, ends, STEP if FUZZ else STEP * schedule.chance.choice([5, 7, 11]))
    for _ in range(20):
        yield schedule.chance.randrange(begins, ends)
    for busy in schedule.busy:
        yield from (second for second in (busy.start, busy.end) if begins <= second < ends)


@examples(1000, 6_000)
@given(schedules())
def test_what_is_offered_is_what_is_accepted_and_every_refusal_has_a_reason(schedule: Schedule) -> None:
    for audience in ("patient", "staff"):
        schedule.asker = replace(schedule.asker, audience=audience)
        slots, table = offered(schedule), schedule.timetable()
        for second in candidates(schedule, slots):
            verdict = table.check(moment(second), schedule.wish, schedule.asker)
            assert verdict.slot == slots.get(second)
            assert verdict.accepted == (second in slots)
            found = [reason.code for reason in verdict.reasons]
            assert bool(found) == (second not in slots)
            assert found == [code for code in CODES if code in found]


@examples(300, 3_000)
@given(schedules())
def test_no_reason_is_given_that_does_not_hold(schedule: Schedule) -> None:
    slots, table, oracle = offered(schedule), schedule.timetable(), Oracle(schedule)
    for second in candidates(schedule, slots):
        for reason in table.reasons(moment(second), schedule.wish, schedule.asker):
            assert holds(reason.code, second, schedule, oracle), (reason, moment(second))


def holds(code: str, second: int, schedule: Schedule, oracle: Oracle) -> bool:
    """Whether a plain reading finds this code's words true of a visit from here on, of any length it may have."""
    wish, asker, doctor = schedule.wish, schedule.asker, schedule.doctor
    lengths = {length for place in oracle.places if (length := oracle.length(place))}
    minutes = [wish.minutes or 0, doctor.slot_minutes or 30, wish.service.minutes if wish.service else 0]
    longest = max(
        [*lengths, *(60 * each for each in minutes), *(oracle.step(place) for place in oracle.places)]
    )
    marks = range(second - second % STEP, second + longest, STEP)
    ours = [place for place in oracle.places if oracle.is_for(place)]
    zones = {place.zone for place in ours} | {schedule.zone}
    late = asker.now + timedelta(
        minutes=max(asker.min_notice_minutes, wish.service.min_notice_minutes or 0 if wish.service else 0)
    )
    match code:
        case "past":
            return moment(second) < asker.now
        case "min_notice":
            return asker.audience == "patient" and moment(second) < late
        case "too_far_ahead":
            return asker.audience == "patient" and moment(second) > asker.now
        case "not_bookable_online":
            return (
                asker.audience == "patient" and wish.service is not None and not wish.service.online_bookable
            )
        case "doctor_absent":
            away = {day.date for day in schedule.days if not day.is_present}
            return not doctor.is_active or bool(away & {oracle.date_of(zone, second) for zone in zones})
        case "day_full":
            return doctor.max_per_day is not None or any(day.cap is not None for day in schedule.days)
        case "blocked":
            return any(oracle.off(block, zone) & set(marks) for block in schedule.blocks for zone in zones)
        case "closed":
            return any(
                oracle.off(closure, zone) & set(marks) for closure in schedule.closures for zone in zones
            )
        case "outside_hours":
            return not all(any(mark in place.hours for place in ours) for mark in marks)
        case "booked" | "held":
            return any(busy.start < second + longest and second < busy.end for busy in oracle.others())
        case "buffer":
            return any(
                oracle.in_the_way(busy, second, second + length)
                for busy in oracle.others()
                for length in range(STEP, longest + 1, STEP)
            )
        case "room_busy":
            return wish.service is not None and wish.service.room_kind is not None
        case _:
            return code in ("off_grid", "invalid_duration")


@examples(200, 2_000)
@given(schedules())
def test_days_and_parts_of_days_make_up_the_whole(schedule: Schedule) -> None:
    """Asked by dates, by days counted, from the middle on: always the same slots."""
    table, wish, asker = schedule.timetable(), schedule.wish, schedule.asker
    first, last = table.first, table.last
    whole = list(table.offer(wish, asker, first, last))
    assert whole == sorted(whole, key=lambda slot: slot.at)
    assert len({slot.at for slot in whole}) == len(whole)
    assert whole[:1] == [slot for slot in [table.first_free(wish, asker, first, last)] if slot]
    assert sum(day.available for day in overview.free_on(table, wish, asker, first, last)) == len(whole)
    by_day = [
        slot
        for ahead in range(3)
        for slot in table.offer(wish, asker, first + ahead * ONE_DAY, first + ahead * ONE_DAY)
    ]
    # Who receives in two zones at once has one start on two local dates: each date offers it, the whole only once.
    assert {slot.at for slot in by_day} == {slot.at for slot in whole}
    assert set(whole) <= set(by_day)
    assert len(set(table.hours.zones)) > 1 or sorted(by_day) == sorted(whole)
    parts = [(time(0), time(12)), (time(12), time(18)), (time(18), None)]
    by_part = [slot.at for part in parts for slot in table.offer(wish, asker, first, last, part_of_day=part)]
    assert set(by_part) == {slot.at for slot in whole}
    noon = moment(sum(span(schedule)) // 2)
    later = schedule.timetable().offer(wish, asker, noon, noon + 9 * ONE_DAY)
    assert list(later) == [slot for slot in whole if slot.start >= noon]
    with_taken = list(table.offer(wish, asker, first, last, include_taken=True))
    assert [slot for slot in with_taken if slot.remaining] == whole


@examples(150, 1_500)
@given(schedules())
def test_the_nearest_are_nearest_of_all(schedule: Schedule) -> None:
    table, (begins, ends) = schedule.timetable(), span(schedule)
    wanted = schedule.chance.randrange(begins, ends)
    whole = [
        slot
        for slot in table.offer(schedule.wish, schedule.asker, table.first, table.last)
        if slot.at != wanted
    ]
    nearest = sorted(whole, key=lambda slot: (abs(slot.at - wanted), slot.at))[:3]
    found = overview.nearest(table, moment(wanted), schedule.wish, schedule.asker)
    assert found == sorted(nearest, key=lambda slot: slot.at)


@examples(150, 1_500)
@given(schedules())
def test_taking_what_is_offered_never_puts_two_where_one_fits(schedule: Schedule) -> None:
    """Book what is offered, one after the other: no two overlap, no place is given twice, then nothing is left."""
    for _ in range(MOST_PLACES):
        table = schedule.timetable()
        slot = table.first_free(schedule.wish, schedule.asker, table.first, table.last)
        if slot is None:
            break
        verdict = table.check(slot.start, schedule.wish, schedule.asker)
        beside = [
            busy
            for busy in schedule.busy
            if busy.start == slot.at and busy.id not in schedule.asker.except_for
        ]
        assert verdict.place not in {busy.place for busy in beside}
        assert 0 <= verdict.place < slot.capacity
        assert len(beside) + slot.remaining == slot.capacity
        mine = Oracle(schedule)
        assert mine.nobody_in_the_way(slot.at, slot.until - slot.at)
        book(schedule, slot, verdict.place, verdict.room_id)
    else:
        raise AssertionError("there was always one more")


def book(schedule: Schedule, slot: Slot, place: int, room_id: object) -> None:
    number = len(schedule.busy)
    service = schedule.wish.service
    visit = Busy(
        slot.at,
        slot.until,
        uuid5(schedule.doctor.id, str(number)),
        place,
        service.buffer_before if service else 0,
        service.buffer_after if service else 0,
    )
    schedule.busy.append(visit)
    schedule.uses += [
        RoomUse(slot.at, slot.until, room.id, schedule.doctor.id, visit.id)
        for room in schedule.rooms
        if room.id == room_id
    ]
