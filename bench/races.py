"""Races of hundreds of callers over two web processes (issue 2, *Figures*): every one has a right answer, or it fails.

Every caller has an open connection and a request that is ready; they start from one barrier. What they were answered
is compared with what stands in the tables afterwards, and the logs of database and web processes are read for
deadlocks and faults.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import zip_longest

from bench import kills, truth
from bench.clinic import Clinic, later, open_clinic
from bench.demo import Demo
from bench.load import Answer, fire

CALLERS, CAP, SAME_KEY, MOVERS = 200, 10, 60, 16
STANDING = """
SELECT id, starts_at, date, token FROM appointment
 WHERE doctor_id = %s AND status NOT IN ('cancelled', 'rejected', 'no_show')
"""


@dataclass
class Report:
    """What came out of one race, however often it was run."""

    name: str
    runs: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def saw(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            self.answers[answer.code()] += 1
            if answer.status >= 500 or answer.status == 0:
                self.wrong.append(f"an answer was {answer.code()}")

    def must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.wrong.append(otherwise)

    def __str__(self) -> str:
        said = ", ".join(f"{count} × {code}" for code, count in self.answers.most_common())
        state = "FAILED" if self.wrong else "ok"
        return f"{state:<8}{self.name} ({self.runs} ×, {self.seconds:.1f} s): {said}"


# -- the races ----------------------------------------------------------------------------------------------------


def last_place(clinic: Clinic, report: Report, repeat: int) -> None:
    """The last place of a doctor: half of the callers by JSON, half by the portal's form; one gets it."""
    (doctor,) = clinic.doctors(1)
    day = later(clinic, 3)
    times = list(zip(clinic.starts(doctor, day), clinic.choices(doctor, day), strict=True))
    patients = clinic.patients(CALLERS // 2)
    visitors = clinic.visitors(CALLERS - 10, times[0][1])
    for start, choice in times[:repeat]:
        wish = {"doctor_id": doctor, "start": start.isoformat()}
        by_json = [clinic.request("POST", "/appointments", {**wish, "patient_id": id}) for id in patients]
        by_form = [
            visitor.confirm(
                clinic.address, choice, name=f"Vera Visitor {number}", phone=f"+57301{number:07d}"
            )
            for number, visitor in enumerate(visitors)
        ]
        # Half and half; every second time ten by JSON and all others by the form, which takes longer to win.
        forms = CALLERS - 10 if report.runs % 2 else CALLERS // 2
        requests = _mixed(by_form[:forms], by_json[: CALLERS - forms])
        answers = fire(clinic.address, requests)
        report.saw(answers)
        won = sum(answer.status in (201, 303) for answer in answers)
        stands = [visit for visit in clinic.demo.look(STANDING, doctor) if visit.starts_at == start]
        report.must(won == 1, f"{won} callers were told that they got the last place")
        report.must(len(stands) == 1, f"{len(stands)} visits stand in the last place")
        told = all("alternatives" in answer.json for answer in answers if answer.code() == "409 slot_taken")
        report.must(told, "somebody who lost was offered nothing else")
        report.runs += 1


def daily_cap(clinic: Clinic, report: Report, repeat: int) -> None:
    """A doctor who gives ten numbers a day, and two hundred who want one."""
    patients = clinic.patients(CALLERS)
    for _ in range(repeat):
        (doctor,) = clinic.doctors(1, hours=None, booking_mode="token", max_appointments_per_day=CAP)
        wish = {"doctor_id": doctor, "date": str(later(clinic, 3))}
        answers = fire(
            clinic.address,
            [clinic.request("POST", "/appointments", {**wish, "patient_id": id}) for id in patients],
        )
        report.saw(answers)
        tokens = sorted(answer.json["token"] for answer in answers if answer.status == 201)
        report.must(tokens == list(range(1, CAP + 1)), f"the numbers given were {tokens}")
        report.must(len(clinic.demo.look(STANDING, doctor)) == CAP, "other than ten visits stand in the day")
        report.runs += 1


def same_key(clinic: Clinic, report: Report, repeat: int) -> None:
    """One request, sent sixty times at once under one idempotency key: booked once, answered alike."""
    (doctor,) = clinic.doctors(1)
    (patient,) = clinic.patients(1)
    for number, start in enumerate(clinic.starts(doctor, later(clinic, 3))[:repeat]):
        body = {"doctor_id": doctor, "patient_id": patient, "start": start.isoformat()}
        key = secrets.token_hex(8)
        if number % 2:  # the body's field means the same as the header
            request = clinic.request("POST", "/appointments", {**body, "idempotency_key": key})
        else:
            request = clinic.request("POST", "/appointments", body, key=key)
        answers = fire(clinic.address, [request] * SAME_KEY)
        report.saw(answers)
        bodies = {answer.body for answer in answers}
        report.must({answer.status for answer in answers} == {201}, "somebody got another answer than 201")
        report.must(len(bodies) == 1, f"{len(bodies)} different bodies came back")
        first = sum(answer.header("idempotent-replayed") is None for answer in answers)
        report.must(first == 1, f"{first} answers claim to be the first")
        stands = [visit for visit in clinic.demo.look(STANDING, doctor) if visit.starts_at == start]
        report.must(len(stands) == 1, f"{len(stands)} visits stand under one key")
        report.runs += 1


def check_ins(clinic: Clinic, report: Report, repeat: int) -> None:
    """Two hundred arrive at once: positions 1 … 200, each ticket once."""
    patients = clinic.patients(CALLERS)
    for _ in range(repeat):
        (doctor,) = clinic.doctors(1, hours=None, booking_mode="token", max_appointments_per_day=CALLERS)
        wish = {"doctor_id": doctor, "date": str(clinic.today)}
        visits = clinic.post_all("/appointments", ({**wish, "patient_id": id} for id in patients))
        answers = fire(
            clinic.address,
            [clinic.request("POST", "/checkins", {"appointment_id": visit["id"]}) for visit in visits],
        )
        report.saw(answers)
        entries = [answer.json for answer in answers if answer.status == 201]
        positions = sorted(entry["queue_position"] for entry in entries)
        report.must(positions == list(range(1, CALLERS + 1)), f"{len(set(positions))} different positions")
        tickets = {entry["ticket"] for entry in entries}
        report.must(len(tickets) == CALLERS, f"{len(tickets)} different tickets")
        report.runs += 1


def moves(clinic: Clinic, report: Report, repeat: int) -> None:
    """One patient's visits, moved between doctors and days by sixteen callers at once: nobody embraces."""
    (patient,) = clinic.patients(1)
    doctors = clinic.doctors(4)
    days = [later(clinic, ahead) for ahead in (5, 6)]
    free = {(doctor, day): clinic.starts(doctor, day) for doctor in doctors for day in days}
    visits = [
        clinic.post(
            "/appointments",
            {
                "doctor_id": doctors[number % 4],
                "patient_id": patient,
                "start": free[doctors[number % 4], days[0]][number].isoformat(),
            },
        )["id"]
        for number in range(MOVERS)
    ]
    for turn in range(repeat):
        requests = []
        for number, visit in enumerate(visits):
            # Every second one goes the other way round, so that pairs want each other's days.
            step = turn + 1 if number % 2 else -turn - 1
            doctor = doctors[(number + step) % 4]
            start = free[doctor, days[(number + turn) % 2]][(number + 7 * turn + 16) % 48]
            requests.append(
                clinic.request(
                    "POST",
                    f"/appointments/{visit}/reschedule",
                    {"start": start.isoformat(), "doctor_id": doctor},
                )
            )
        answers = fire(clinic.address, requests)
        report.saw(answers)
        known = {"200", "409 slot_taken", "409 patient_busy"}
        strange = {answer.code() for answer in answers} - known
        report.must(not strange, f"a move was answered {', '.join(sorted(strange))}")
        report.must(any(answer.status == 200 for answer in answers), "nobody could move")
        report.runs += 1
    kept = clinic.demo.look("SELECT count(*) AS n FROM appointment WHERE patient_id = %s", patient)[0].n
    report.must(kept == MOVERS, f"{kept} visits came of {MOVERS}")


def block_against_booking(clinic: Clinic, report: Report, repeat: int) -> None:
    """A block is entered while others book into it: one of the two is refused, never both accepted."""
    (doctor,) = clinic.doctors(1)
    patients = clinic.patients(MOVERS)
    for turn in range(repeat):
        day = later(clinic, 3 + turn)
        starts = clinic.starts(doctor, day)[10:18]
        block = {"start": starts[0].isoformat(), "end": (starts[7] + timedelta(minutes=30)).isoformat()}
        # From one caller to sixteen: the block shall win sometimes.
        requests = [clinic.request("POST", f"/doctors/{doctor}/blocked-times", block)]
        requests += [
            clinic.request(
                "POST",
                "/appointments",
                {"doctor_id": doctor, "patient_id": id, "start": starts[number % 8].isoformat()},
            )
            for number, id in enumerate(patients[: 1 + turn % MOVERS])
        ]
        answers = fire(clinic.address, requests)
        report.saw(answers)
        blocked = answers[0].status == 201
        inside = [visit for visit in clinic.demo.look(STANDING, doctor) if visit.date == day]
        report.must(not (blocked and inside), "a block stands over a visit that was booked into it")
        report.must(blocked or bool(inside), "both the block and every visit were refused")
        report.runs += 1


def _mixed(one: Sequence[bytes], other: Sequence[bytes]) -> list[bytes]:
    return [request for pair in zip_longest(one, other) for request in pair if request is not None]


# -- all of them --------------------------------------------------------------------------------------------------

Race = Callable[[Clinic, Report, int], None]
RACES: dict[str, tuple[Race, int, int]] = {
    # name:                                          (race,                 repeats, when short)
    "200 callers, the last place":                   (last_place,           20, 3),
    "200 callers, ten numbers":                      (daily_cap,            5, 1),
    "60 callers, one idempotency key":               (same_key,             10, 2),
    "200 check-ins at once":                         (check_ins,            3, 1),
    "16 callers move one patient":                   (moves,                20, 4),
    "a block, and 16 who book into it":              (block_against_booking, 30, 6),
    "kill -9 a web process while 8 book":            (kills.of("web"),      3, 1),
    "kill -9 the worker while 8 book":               (kills.of("worker"),   2, 1),
    "kill -9 the database while 8 book":             (kills.of("postgres"), 3, 1),
}  # fmt: skip


def run(demo: Demo, *, repeat: int | None = None, short: bool = False, only: str = "") -> bool:
    """Run every race (those with *only* in their name) and print what came of it; whether all went well."""
    clinic = open_clinic(demo, f"races-{secrets.token_hex(3)}")
    reports = []
    for name, (race, often, seldom) in RACES.items():
        if only and only not in name:
            continue
        report = Report(name)
        begun, deadlocks, faults = time.monotonic(), _deadlocks(demo), _faults(demo)
        race(clinic, report, repeat or (seldom if short else often))
        report.seconds = time.monotonic() - begun
        report.must(_deadlocks(demo) == deadlocks, "the database's log speaks of a deadlock")
        report.must(_faults(demo) == faults, "a web process's log speaks of a fault")
        report.wrong += truth.broken(demo)
        reports.append(report)
        print(report, flush=True)
        for wrong, times in Counter(report.wrong).items():
            print(f"        ! {wrong}" + (f" ({times} times)" if times > 1 else ""), flush=True)
    failed = [report.name for report in reports if report.wrong]
    print(
        f"{len(reports) - len(failed)} of {len(reports)} races ended as they must"
        + (f"; FAILED: {'; '.join(failed)}" if failed else "")
    )
    return not failed


def _deadlocks(demo: Demo) -> int:
    return demo.log("postgres").count("deadlock detected")


def _faults(demo: Demo) -> int:
    return demo.log("web").count('"event":"fault"')
