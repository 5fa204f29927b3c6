"""Everybody at once: callers book, hold, move, cancel, approve, restore, repeat, wait, block and change caps at random.

Meanwhile what must be true of a clinic is asked of its tables, again and again; afterwards every visit's history is
replayed in order against the status machine and a sequential model of the doctors' days (issue 4, *Churn*). Over HTTP
against a demo with two web processes (``python -m bench churn``), or in one process as a short test.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bench import truth
from clinic.booking.states import HOLDING, STEPS

Ask = Callable[[str, str, Any], tuple[int, Any]]
"""A JSON call: method, path, body; its status and body (None if there is none)."""
Look = Callable[[str], Sequence[Any]]

DAYS, REMEMBERED = 6, 60
EXPECTED = frozenset({200, 201, 204, 404, 409, 410, 412, 422, 429})
"""What a caller may be answered. Anything else, and any fault, is wrong."""
BROKEN_OFF = frozenset({0, 502, 503})
"""And when the process that was to answer is killed. 0: the connection broke off."""

PROMISES = {
    **truth.PROMISES,
    "no slot is held that a visit stands in": f"""
        SELECT h.id FROM hold h JOIN appointment a
            ON a.tenant_id = h.tenant_id AND a.doctor_id = h.doctor_id AND a.{truth.HOLDING} AND NOT a.overbooked
           AND a.during && h.during AND a.id IS DISTINCT FROM h.appointment_id
         WHERE h.expires_at > now()""",
    "a proposal is held for a visit, an offer for a wish": """
        SELECT h.id, h.kind FROM hold h
         WHERE (h.kind = 'proposal' AND NOT EXISTS (
                   SELECT FROM proposal p WHERE p.tenant_id = h.tenant_id AND p.id = h.id AND p.status = 'open'))
            OR (h.kind = 'waitlist' AND NOT EXISTS (
                   SELECT FROM wish w
                    WHERE w.tenant_id = h.tenant_id AND w.hold_id = h.id AND w.status = 'offered'))""",
    "who was booked from the waiting list has a visit": """
        SELECT id FROM wish WHERE status = 'booked' AND appointment_id IS NULL""",
    "the visits of a series belong to one patient": """
        SELECT series_id FROM appointment WHERE series_id IS NOT NULL
         GROUP BY tenant_id, series_id HAVING count(DISTINCT patient_id) > 1""",
}


@dataclass
class World:
    """What there is to play with: shared by all callers, and changed by them without a lock, as in life."""

    timed: list[str]
    numbered: list[str]
    patients: list[str]
    services: list[str]
    days: list[date]
    offset: str
    visits: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    series: deque[str] = field(default_factory=lambda: deque(maxlen=10))
    holds: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=10))
    proposals: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    wishes: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    blocks: deque[str] = field(default_factory=lambda: deque(maxlen=10))


@dataclass
class Tally:
    """What was done and how it was answered; ``wrong`` is what must not have been."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    looks: int = 0
    expected: frozenset[int] = EXPECTED

    def saw(self, act: str, status: int, body: Any) -> None:
        code = body.get("code") if isinstance(body, dict) and status >= 400 else None
        self.answers[f"{act} {status}" + (f" {code}" if code else "")] += 1
        if status not in self.expected:
            self.wrong.append(f"{act} was answered {status} {code}")

    def done(self, act: str) -> int:
        """How often *act* succeeded."""
        return sum(count for name, count in self.answers.items() if name.startswith(f"{act} 2"))


# -- the world --------------------------------------------------------------------------------------------------------


def furnish(ask: Ask, first: date, offset: str, *, doctors: int = 3, patients: int = 12) -> World:
    """Doctors who receive in the forenoon, one who gives numbers, a visit type that needs approval, patients."""

    def made(path: str, body: Any) -> str:
        status, answer = ask("POST", path, body)
        if status not in (200, 201):
            raise RuntimeError(f"{path}: {status} {answer}")
        id: str = answer["id"]
        return id

    tag = f"{time.monotonic_ns()}"[-7:]
    timed = [
        made("/doctors", {"full_name": f"Churn {n}", "slot_minutes": 30, "max_appointments_per_day": 6})
        for n in range(doctors)
    ]
    for doctor in timed:
        for weekday in range(7):
            hours = {"weekday": weekday, "start_time": "08:00", "end_time": "12:00"}
            made(f"/doctors/{doctor}/availability", hours)
    numbered = [
        made(
            "/doctors", {"full_name": "Churn Number", "booking_mode": "token", "max_appointments_per_day": 5}
        )
    ]
    people = [
        made("/patients", {"full_name": f"Churner {tag} {n}", "phone": f"+57310{tag[-4:]}{n:03d}"})
        for n in range(patients)
    ]
    services = [
        made("/services", {"name": f"Talk {tag}", "duration_minutes": 30, "buffer_after_minutes": 10}),
        made("/services", {"name": f"Asked {tag}", "duration_minutes": 60, "requires_approval": True}),
    ]
    return World(timed, numbered, people, services, [first + timedelta(days=n) for n in range(DAYS)], offset)


# -- acts -------------------------------------------------------------------------------------------------------------


class Caller:
    """One of many who do something at random, over and over."""

    def __init__(self, ask: Ask, world: World, tally: Tally, seed: int) -> None:
        self.ask, self.world, self.tally = ask, world, tally
        self.dice = random.Random(seed)

    def run(self, until: float) -> None:
        """Do something until then."""
        acts, weights = list(ACTS), list(ACTS.values())
        while time.monotonic() < until:
            (act,) = self.dice.choices(acts, weights)
            with suppress(IndexError):  # there is nothing of that kind yet
                getattr(self, act)()

    def call(self, act: str, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.ask(method, path, body)
        self.tally.saw(act, status, answer)
        return answer if status in (200, 201) else None

    def start(self) -> str:
        clock = f"{self.dice.randint(8, 11):02}:{self.dice.choice((0, 30)):02}"
        return f"{self.dice.choice(self.world.days)}T{clock}:00{self.world.offset}"

    def one(self, of: Sequence[Any]) -> Any:
        """Any of them; ``IndexError`` if there is none yet."""
        return of[int(self.dice.random() * len(of))]

    def wanted(self) -> dict[str, Any]:
        body = {
            "patient_id": self.one(self.world.patients), "doctor_id": self.one(self.world.timed), "start": self.start()
        }  # fmt: skip
        if self.dice.random() < 0.4:
            body["service_id"] = self.one(self.world.services)
        return body

    def remember(self, visit: Any) -> None:
        if visit:
            self.world.visits.append(visit["id"])

    def book(self) -> None:
        more = {"overbook": True, "overbook_reason": "churn"} if self.dice.random() < 0.1 else {}
        self.remember(self.call("book", "POST", "/appointments", self.wanted() | more))

    def number(self) -> None:
        body = {
            "patient_id": self.one(self.world.patients), "doctor_id": self.one(self.world.numbered),
            "date": str(self.one(self.world.days)),
        }  # fmt: skip
        self.remember(self.call("number", "POST", "/appointments", body))

    def hold(self) -> None:
        body = {name: value for name, value in self.wanted().items() if name != "patient_id"}
        held = self.call("hold", "POST", "/holds", body)
        if held:
            self.world.holds.append((held["id"], body))

    def use_hold(self) -> None:
        id, body = self.world.holds.pop()
        whom = {"patient_id": self.one(self.world.patients), "hold_id": id}
        self.remember(self.call("use_hold", "POST", "/appointments", body | whom))

    def let_go(self) -> None:
        id, _body = self.world.holds.pop()
        self.call("let_go", "DELETE", f"/holds/{id}")

    def group(self) -> None:
        items = [self.wanted() for _ in range(self.dice.randint(2, 3))]
        booked = self.call("group", "POST", "/appointments/group", {"items": items})
        for visit in booked["items"] if booked else ():
            self.remember(visit)

    def repeat(self) -> None:
        often = self.dice.choice(("FREQ=DAILY;COUNT=4", "FREQ=DAILY;INTERVAL=2;COUNT=3"))
        booked = self.call("repeat", "POST", "/appointments/series", self.wanted() | {"rrule": often})
        for visit in booked["booked"] if booked else ():
            self.remember(visit)
            self.world.series.append(visit["id"])

    def step_of_series(self) -> None:
        visit, scope = self.one(self.world.series), self.dice.choice(("following", "all"))
        if self.dice.random() < 0.5:
            self.call("cancel_series", "POST", f"/appointments/{visit}/cancel?scope={scope}", {})
        else:
            body = {"start": self.start()}
            self.call("move_series", "POST", f"/appointments/{visit}/reschedule?scope={scope}", body)

    def move(self) -> None:
        body: dict[str, Any] = {"start": self.start()}
        if self.dice.random() < 0.5:
            body["doctor_id"] = self.one(self.world.timed)
        self.call("move", "POST", f"/appointments/{self.one(self.world.visits)}/reschedule", body)

    def step(self) -> None:
        name = self.dice.choice(
            ("cancel", "cancel", "confirm", "approve", "reject", "no-show", "restore", "restore", "undo")
        )
        self.call(name, "POST", f"/appointments/{self.one(self.world.visits)}/{name}", {})

    def note(self) -> None:
        self.call(
            "note",
            "PATCH",
            f"/appointments/{self.one(self.world.visits)}",
            {"notes": str(self.dice.random())},
        )

    def propose(self) -> None:
        ids = list({self.one(self.world.visits) for _ in range(2)})
        made = self.call("propose", "POST", "/appointments/reassign", {"ids": ids})
        for proposal in made["items"] if made else ():
            self.world.proposals.append(proposal["id"])

    def answer(self) -> None:
        id = self.world.proposals.pop()
        if self.dice.random() < 0.6:
            self.call("confirm_proposal", "POST", f"/proposals/{id}/confirm", {})
        else:
            self.call("decline_proposal", "DELETE", f"/proposals/{id}")

    def wish(self) -> None:
        body = {
            "patient_id": self.one(self.world.patients), "from": str(self.world.days[0]), "to": str(self.world.days[-1])
        }  # fmt: skip
        if self.dice.random() < 0.5:
            body["doctor_id"] = self.one(self.world.timed)
        made = self.call("wish", "POST", "/waitlist", body)
        if made:
            self.world.wishes.append(made["id"])

    def reply(self) -> None:
        id, way = self.one(self.world.wishes), self.dice.random()
        if way < 0.6:
            self.remember(self.call("accept", "POST", f"/waitlist/{id}/accept", {}))
        elif way < 0.8:
            self.call("decline", "POST", f"/waitlist/{id}/decline", {})
        else:
            self.call("unwish", "DELETE", f"/waitlist/{id}")

    def block(self) -> None:
        start = self.start()
        end = (datetime.fromisoformat(start) + timedelta(minutes=60)).isoformat()
        body = {"start": start, "end": end, "force": self.dice.random() < 0.5}
        made = self.call("block", "POST", f"/doctors/{self.one(self.world.timed)}/blocked-times", body)
        if made:
            self.world.blocks.append(made["id"])

    def unblock(self) -> None:
        self.call("unblock", "DELETE", f"/blocked-times/{self.world.blocks.popleft()}")

    def cap(self) -> None:
        doctor = self.one([*self.world.timed, *self.world.numbered])
        body = {"max_appointments": self.dice.choice((None, 1, 3, 5, 8))}
        self.call("cap", "PUT", f"/doctors/{doctor}/days/{self.one(self.world.days)}", body)

    def look(self) -> None:
        path = f"/slots?doctor_id={self.one(self.world.timed)}&from={self.world.days[0]}&to={self.world.days[-1]}"
        self.call("look", "GET", path)


ACTS = {
    "book": 22, "number": 6, "hold": 6, "use_hold": 5, "let_go": 1, "group": 4, "repeat": 2, "step_of_series": 2,
    "move": 14, "step": 26, "note": 2, "propose": 3, "answer": 3, "wish": 2, "reply": 4, "block": 2, "unblock": 2,
    "cap": 3, "look": 3,
}  # fmt: skip


# -- what must be true ------------------------------------------------------------------------------------------------


def broken(look: Look) -> list[str]:
    """The promises that do not hold, with how often."""
    return [f"{promise}: {len(found)} times" for promise, sql in PROMISES.items() if (found := look(sql))]


VISITS = """
SELECT id, doctor_id, patient_id, date, starts_at, ends_at, place, overbooked, overlap_allowed, status, token
  FROM appointment
"""
STEPS_TAKEN = """
SELECT h.id, h.appointment_id, h.at, h.step, h.from_status, h.to_status, h.before, h.reason
  FROM appointment_history h ORDER BY h.appointment_id, h.at, h.id
"""


def anomalies(look: Look, of: Iterable[str] = ()) -> list[str]:
    """What the histories say that no order of single steps could have brought about.

    *of*: the doctors whose visits are looked at, all if none: the past of a demo was not lived step by step.
    """
    whose = f" WHERE doctor_id IN ({', '.join(repr(id) for id in of)})" if of else ""
    steps: dict[Any, list[Any]] = {}
    for step in look(STEPS_TAKEN):
        steps.setdefault(step.appointment_id, []).append(step)
    found: list[str] = []
    moments: list[tuple[Any, Any, dict[str, Any] | None, dict[str, Any]]] = []
    for visit in look(VISITS + whose):
        taken = steps.get(visit.id, [])
        found += _out_of_turn(visit, taken)
        state = visit._asdict()
        for step in reversed(taken):
            before = None if step.step == "book" else {**state, **_read(step.before)}
            moments.append((step.at, step.id, before, state))
            state = before or state
    return found + _collisions(sorted(moments, key=lambda moment: moment[:2]))


def _out_of_turn(visit: Any, taken: Sequence[Any]) -> Iterable[str]:
    """Steps that the status machine does not know, or that do not follow from the one before."""
    if not taken or taken[0].step != "book":
        return [f"visit {visit.id} has no beginning"]
    wrong = []
    status: str | None = None
    done: list[Any] = []
    for step in taken:
        if step.from_status != status:
            wrong.append(f"{step.step} of {visit.id} came from {step.from_status}, not {status}")
        if step.step in STEPS:
            allowed, to = STEPS[step.step]
            if step.from_status not in allowed or (to is not None and step.to_status != to):
                wrong.append(f"{step.step} of {visit.id} led from {step.from_status} to {step.to_status}")
        if step.step == "undo":
            undone = done.pop()
            if (step.reason, step.to_status) != (undone.step, undone.from_status):
                wrong.append(f"undo of {visit.id} took back {step.reason}, not {undone.step}")
        else:
            done.append(step)
        status = step.to_status
    if status != visit.status:
        wrong.append(f"visit {visit.id} is {visit.status}, its history ends with {status}")
    return wrong


def _collisions(moments: Iterable[tuple[Any, Any, dict[str, Any] | None, dict[str, Any]]]) -> list[str]:
    """Each step in its turn: whoever takes a place takes one that is free at that moment."""
    wrong = []
    days: dict[Any, dict[Any, dict[str, Any]]] = {}
    persons: dict[Any, dict[Any, dict[str, Any]]] = {}
    for _at, _id, before, after in moments:
        if before is not None and before["status"] in HOLDING:
            days.get(before["doctor_id"], {}).pop(before["id"], None)
            persons.get(before["patient_id"], {}).pop(before["id"], None)
        if after["status"] in HOLDING:
            theirs = days.setdefault(after["doctor_id"], {})
            own = persons.setdefault(after["patient_id"], {})
            wrong += [f"{after['id']} took the place of {each}" for each in _met(after, theirs)]
            wrong += [f"{after['id']} met {each} of the same patient" for each in _met_self(after, own)]
            theirs[after["id"]] = own[after["id"]] = after
    return wrong


def _met(visit: dict[str, Any], others: dict[Any, dict[str, Any]]) -> Iterable[Any]:
    if visit["starts_at"] is None:
        return
    for id, other in others.items():
        if other["starts_at"] is None:
            continue
        if other["starts_at"] == visit["starts_at"]:
            if other["place"] == visit["place"]:
                yield id
        elif not (visit["overbooked"] or other["overbooked"]) and _overlap(visit, other):
            yield id


def _met_self(visit: dict[str, Any], others: dict[Any, dict[str, Any]]) -> Iterable[Any]:
    for id, other in others.items():
        allowed = visit["overlap_allowed"] or other["overlap_allowed"]
        if visit["starts_at"] and other["starts_at"] and not allowed and _overlap(visit, other):
            yield id


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["starts_at"] < other["ends_at"] and other["starts_at"] < one["ends_at"])


def _read(kept: dict[str, Any]) -> dict[str, Any]:
    """What a history row kept, as values again."""
    from uuid import UUID

    read: dict[str, Callable[[str], Any]] = {
        "starts_at": datetime.fromisoformat, "ends_at": datetime.fromisoformat, "date": date.fromisoformat,
        "doctor_id": UUID,
    }  # fmt: skip
    return {name: read[name](value) if value and name in read else value for name, value in kept.items()}


# -- all of it --------------------------------------------------------------------------------------------------------


def churn(
    asks: Sequence[Ask],
    world: World,
    look: Look,
    *,
    seconds: float,
    seed: int,
    every: float = 1.0,
    tally: Tally | None = None,
) -> Tally:
    """As many callers as there are *asks* for so long, watched all the while; then the replay."""
    tally, until = tally or Tally(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=_safely, args=(Caller(ask, world, tally, seed * 1000 + n), until))
        for n, ask in enumerate(asks)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        tally.wrong += broken(look)
        tally.looks += 1
        time.sleep(every)
    for thread in threads:
        thread.join()
    tally.wrong += broken(look)
    tally.wrong += anomalies(look, [*world.timed, *world.numbered])
    return tally


def _safely(caller: Caller, until: float) -> None:
    try:
        caller.run(until)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what this run came to find
        caller.tally.wrong.append(f"a caller fell over: {error!r}")


def _kill(demo: Any, over: threading.Event, dice: random.Random, every: float = 30.0) -> None:
    while not over.wait(every):
        with suppress(OSError):
            os.kill(dice.choice(demo.summary["pids"]["web"]), signal.SIGKILL)


def over_http(host: str, port: int, name: str, key: str) -> Ask:
    """Calls over one connection that is kept alive, and made anew when it breaks off."""
    kept: list[http.client.HTTPConnection] = []

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Host": name, "X-Api-Key": key}
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body), "application/json"
        if not kept:
            kept.append(http.client.HTTPConnection(host, port, timeout=60))
        try:
            kept[0].request(method, "/api/v1" + path, content, headers)
            answer = kept[0].getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException):
            kept.pop().close()
            return 0, None
        return answer.status, json.loads(read) if read else None

    return ask


def run(
    demo: Any, *, minutes: float = 10.0, callers: int = 16, kills: bool = True, seed: int | None = None
) -> bool:
    """Churn in a clinic of its own of a running demo, and say what came of it; whether all went well.

    *kills*: every half minute a web process is killed in the middle of what it does (``kill -9``): what it had begun
    is done or not, never half.
    """
    from bench.clinic import open_clinic

    seed = seed if seed is not None else random.SystemRandom().randrange(10**6)
    clinic = open_clinic(demo, f"churn-{seed}")
    address = clinic.address
    now = datetime.now(clinic.zone)
    offset = now.isoformat()[-6:]
    asks = [over_http(address.host, address.port, address.name, clinic.key) for _ in range(callers)]
    world = furnish(asks[0], now.date() + timedelta(days=2), offset, doctors=6, patients=40)
    deadlocks = demo.log("postgres").count("deadlock detected")
    print(f"churn: {callers} callers for {minutes:g} minutes, seed {seed}", flush=True)
    tally, over = Tally(expected=EXPECTED | BROKEN_OFF if kills else EXPECTED), threading.Event()
    killer = threading.Thread(target=_kill, args=(demo, over, random.Random(seed)))
    if kills:
        killer.start()
    try:
        churn(asks, world, demo.look, seconds=60 * minutes, seed=seed, tally=tally)
    finally:
        over.set()
    if demo.log("postgres").count("deadlock detected") > deadlocks:
        tally.wrong.append("the database's log speaks of a deadlock")
    print(f"{sum(tally.answers.values())} calls, {tally.looks} looks at every promise")
    for name, count in sorted(tally.answers.items()):
        print(f"  {count:7}  {name}")
    for wrong, times in Counter(tally.wrong).most_common(50):
        print(f"  ! {wrong} ({times} times)")
    return not tally.wrong
