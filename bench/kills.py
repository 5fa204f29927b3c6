"""What is acknowledged stays, whatever dies: ``kill -9`` of one part while others book.

Eight callers book one place after the other. In the middle of it a process is killed. Whoever was told 201 finds the
visit afterwards, exactly once; no place is sold twice, the counters are true, and a few seconds later all is well.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.clinic import Clinic, later
from bench.load import BROKEN, Answer, Caller, fire

if TYPE_CHECKING:
    from bench.races import Report

CALLERS = 8
SECONDS, KILLED_AFTER = 6.0, 1.5
BACK_WITHIN = 10.0
FOUND = "SELECT id, starts_at FROM appointment WHERE doctor_id = ANY(%s::uuid[])"


def of(part: str) -> Callable[[Clinic, Report, int], None]:
    """The race in which *part* (``web``, ``worker``, ``postgres``) is killed."""

    def race(clinic: Clinic, report: Report, repeat: int) -> None:
        for turn in range(repeat):
            patients, doctors = clinic.patients(CALLERS), clinic.doctors(CALLERS)
            wishes = []
            for doctor, patient in zip(doctors, patients, strict=True):
                starts = [
                    start for ahead in range(30) for start in clinic.starts(doctor, later(clinic, 2 + ahead))
                ]
                wishes.append(
                    [
                        clinic.request(
                            "POST",
                            "/appointments",
                            {"doctor_id": doctor, "patient_id": patient, "start": start.isoformat()},
                        )
                        for start in starts
                    ]
                )
            _run(clinic, report, part, doctors, wishes, turn)
            report.runs += 1

    return race


def _run(
    clinic: Clinic, report: Report, part: str, doctors: list[str], wishes: list[list[bytes]], turn: int
) -> None:
    before = clinic.demo.summary["pids"]
    victim = before[part][turn % len(before[part])] if part == "web" else before[part]
    heard: list[tuple[float, Answer]] = []
    killed_at = asyncio.run(_book_and_kill(clinic, wishes, victim, heard))
    for _at, answer in heard:
        report.answers[answer.code()] += 1
        # What was under way in what died may break off or be refused for the moment; nothing else may go wrong.
        report.must(
            answer.status in (0, 201, 503) or answer.code() == "409 slot_taken",
            f"an answer was {answer.code()}",
        )
    acknowledged = {answer.json["id"] for _at, answer in heard if answer.status == 201}
    _await(clinic, report)
    stands = [str(visit.id) for visit in clinic.demo.look(FOUND, doctors)]
    report.must(len(stands) == len(set(stands)), "a visit stands twice")
    lost = acknowledged - set(stands)
    report.must(not lost, f"{len(lost)} of {len(acknowledged)} acknowledged visits are lost")
    unheard = len(set(stands) - acknowledged)
    report.must(unheard <= CALLERS, f"{unheard} visits stand that nobody was told of")
    back = [at for at, answer in heard if at > killed_at and answer.status == 201]
    report.must(bool(back), "nobody could book after that")
    after = clinic.demo.summary["pids"]
    report.must(after[part] != before[part], f"{part} was not started again")


async def _book_and_kill(
    clinic: Clinic, wishes: list[list[bytes]], victim: int, heard: list[tuple[float, Answer]]
) -> float:
    """Book for some seconds; when it was killed."""
    ends = time.monotonic() + SECONDS

    async def keep_booking(requests: list[bytes]) -> None:
        caller: Caller | None = None
        for request in requests:
            if time.monotonic() > ends:
                break
            try:
                caller = caller or await Caller.connect(clinic.address)
                answer = await caller.ask(request)
            except OSError:
                answer = BROKEN
            heard.append((time.monotonic(), answer))
            if answer.status == 0:
                caller = None
                await asyncio.sleep(0.05)
            elif answer.status == 503:
                await asyncio.sleep(0.05)
        if caller is not None:
            caller.close()

    async def kill() -> float:
        await asyncio.sleep(KILLED_AFTER)
        os.kill(victim, signal.SIGKILL)
        return time.monotonic()

    booking = [asyncio.create_task(keep_booking(requests)) for requests in wishes]
    killed_at = await kill()
    await asyncio.gather(*booking)
    return killed_at


def _await(clinic: Clinic, report: Report) -> None:
    """All parts answer again."""
    until = time.monotonic() + BACK_WITHIN
    said = ""
    while time.monotonic() < until:
        try:
            answer = fire(clinic.address, [clinic.address.request("GET", "/health/ready")])[0]
        except OSError as error:
            said = str(error)
        else:
            if answer.status == 200:
                return
            said = answer.text
        time.sleep(0.1)
    report.wrong.append(f"not ready again within {BACK_WITHIN:.0f} seconds: {said}")
