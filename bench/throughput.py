"""How fast the JSON API is, as a share of what pgbench reaches with the very same statements on the same server.

Two web processes and sixteen connections; pgbench with sixteen clients on two threads. Both are measured in turn,
several times, and medians are compared: what else the machine does then weighs on both. Figures of one machine say
nothing on another, their ratio does. The ratio of processor time (everything that pgbench's transaction costs, by
everything that ours does, callers included) is what the first ratio would be with nobody else about: others weigh less
on it.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from bench import cpu, pg
from bench.clinic import V1, Clinic
from bench.demo import Demo
from bench.load import Drive, drive
from clinic import create_app
from config import Settings

CONNECTIONS = 16
SLUG = "clinic-0001"
VARIANTS = 24
"""So many different requests of each kind of reading."""
EVENINGS, PLACES = 150, 24
"""Where pgbench books: so many days from tomorrow on, and so many times in each that no doctor receives at."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is in the clinic, and how long it is measured."""

    patients: int = 20_000
    doctors: int = 50
    days: int = 30
    rounds: int = 5
    seconds: float = 4.0


SHORT = Size(patients=2_000, doctors=20, days=15, rounds=2, seconds=2.0)


@dataclass
class Kind:
    """One kind of request: how to make the n-th, and what of it pgbench does."""

    name: str
    make: Callable[[int], bytes]
    scripts: list[str]
    statements: int
    pipelines: int
    good: frozenset[int]
    ours: list[Drive] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    cpu: list[tuple[cpu.Spent, cpu.Spent]] = field(default_factory=list)
    first: int = 0

    def measure(self, clinic: Clinic, url: str, seconds: float) -> None:
        """One round: ours, then theirs."""
        pids = clinic.demo.summary["pids"]
        before = cpu.spent(pids)
        ours = drive(clinic.address, self.make, connections=CONNECTIONS, seconds=seconds)
        between = cpu.spent(pids)
        theirs = pg.run(url, self.scripts, seconds=seconds, connections=CONNECTIONS, first=self.first)
        self.first += 2 * theirs.transactions  # clients are not equally fast: some are ahead of the average
        after = cpu.spent(pids)
        pgbench = replace(
            after.since(between, theirs.transactions), caller=theirs.cpu * 1000 / theirs.transactions
        )
        self.cpu.append((between.since(before, ours.total), pgbench))
        self.ours.append(ours)
        self.theirs.append(theirs.per_second)

    @property
    def share(self) -> float:
        return self.per_second / statistics.median(self.theirs)

    @property
    def share_of_cpu(self) -> float:
        """What a transaction of pgbench's costs, by what one of ours does."""
        shares = [
            (theirs.postgres + theirs.caller) / (ours.web + ours.postgres + ours.caller)
            for ours, theirs in self.cpu
            if ours.web  # nought where there is no /proc
        ]
        return statistics.median(shares) if shares else 0.0

    @property
    def per_second(self) -> float:
        return statistics.median(each.per_second for each in self.ours)

    def __str__(self) -> str:
        half, most = (statistics.median(each.at(share) for each in self.ours) for share in (0.5, 0.95))
        shares = [each.per_second / pgbench for each, pgbench in zip(self.ours, self.theirs, strict=True)]
        bad = Counter[int]()
        for each in self.ours:
            bad.update({status: count for status, count in each.statuses.items() if status not in self.good})
        wrong = "".join(f"  {count} × {status}" for status, count in sorted(bad.items()))
        return (
            f"{self.name:<10}{self.per_second:>9.0f}{statistics.median(self.theirs):>11.0f}{self.share:>9.0%}"
            f"{self.share_of_cpu:>8.0%}   {min(shares):.0%}–{max(shares):.0%}{half:>10.1f}{most:>9.1f}"
            f"{self.statements:>7}{self.pipelines:>6}  {self._cpu()}{wrong}"
        )

    def _cpu(self) -> str:
        ours = [spent for spent, _pgbench in self.cpu]
        parts = (
            [each.web for each in ours],
            [each.postgres for each in ours],
            [each.caller for each in ours],
        )
        pgbench = [spent.postgres + spent.caller for _ours, spent in self.cpu]
        return "".join(f"{statistics.median(part):>8.2f}" for part in (*parts, pgbench))


HEAD = (
    f"{'':10}{'ours/s':>9}{'pgbench/s':>11}{'ratio':>9}{'by CPU':>8}   {'rounds':<9}{'p50 ms':>8}{'p95 ms':>9}"
    f"{'stmts':>7}{'trips':>6}  {'web':>8}{'postgres':>9}{'caller':>7}{'pgbench':>8}  (ms of CPU each)"
)


def run(demo: Demo, *, repeat: int | None = None, short: bool = False, only: str = "") -> dict[str, float]:
    """Measure and print; the ratio of each kind."""
    size = SHORT if short else Size()
    rounds = repeat or size.rounds
    clinic = _clinic(demo, size)
    with pgbench_app(demo).app_context():
        kinds = [kind for kind in _kinds(clinic, size) if only in kind.name]
    url = demo.summary["database"]["app"]
    for turn in range(rounds + 1):  # the first round warms both up and does not count
        for kind in kinds:
            kind.measure(clinic, url, size.seconds if turn else 1.0)
    print(HEAD)
    for kind in kinds:
        del kind.ours[0], kind.theirs[0], kind.cpu[0]
        print(kind)
    return {kind.name: kind.share for kind in kinds}


def pgbench_app(demo: Demo) -> Flask:
    """The application in this process, on the demo's database: to see what it sends."""
    settings = Settings(
        environment="test",
        database_url=demo.summary["database"]["app"],
        secret_key="x" * 43,
        master_api_key="y" * 43,
        rate_limits=False,
        log_level="ERROR",
    )
    return create_app(settings)


def _clinic(demo: Demo, size: Size) -> Clinic:
    demo.command(
        "seed", "--tenants", "1", "--patients", str(size.patients), "--doctors", str(size.doctors),
        "--days", str(size.days), "--fill", "0.4",
    )  # fmt: skip
    demo.do("ANALYZE")
    key = demo.command("create-key", SLUG, "--name", "bench", "--all-scopes").strip().splitlines()[-1]
    zone = demo.look("SELECT timezone FROM tenant WHERE slug = %s", SLUG)[0].timezone
    return Clinic(demo, SLUG, key, ZoneInfo(zone))


# -- what is asked ------------------------------------------------------------------------------------------------


def _kinds(clinic: Clinic, size: Size) -> list[Kind]:
    dice = Random(1)
    doctors, patients = _ids(clinic, "doctor"), _ids(clinic, "patient")
    names = [
        row.full_name
        for row in clinic.demo.look(
            "SELECT full_name FROM patient WHERE tenant_id = (SELECT id FROM tenant WHERE slug = %s)"
            " ORDER BY file_number LIMIT 2000",
            SLUG,
        )
    ]
    days = _workdays(clinic.today + timedelta(days=1), size.days)

    def typed() -> str:
        words = dice.choice(names).split()
        return f"{words[0][:3]} {words[-1][:4]}"

    def anyone() -> str:
        return f"doctor_id={dice.choice(doctors)}&date={dice.choice(days)}"

    return [
        _booking(clinic, doctors, patients, days, dice),
        _reading(
            clinic, "find", [f"/patients?q={typed().replace(' ', '%20')}&limit=20" for _ in range(VARIANTS)]
        ),
        _reading(clinic, "slots", [f"/slots?{anyone()}" for _ in range(VARIANTS)]),
        _reading(clinic, "day", [f"/appointments?{anyone()}" for _ in range(VARIANTS)]),
    ]


def _ids(clinic: Clinic, table: str) -> list[str]:
    rows = clinic.demo.look(
        f"SELECT id FROM {table} WHERE tenant_id = (SELECT id FROM tenant WHERE slug = %s) ORDER BY id", SLUG
    )
    return [str(row.id) for row in rows]


def _workdays(first: date, count: int) -> list[date]:
    days = (first + timedelta(days=ahead) for ahead in range(2 * count))
    return [day for day in days if day.weekday() < 5][: count * 5 // 7]


def _reading(clinic: Clinic, name: str, paths: Sequence[str]) -> Kind:
    requests = cycle([clinic.request("GET", path) for path in paths])
    seen = [_sent(clinic, "GET", path) for path in paths]
    scripts = [pg.script(sent) for sent in seen]
    return Kind(
        name, lambda _n: next(requests), scripts, len(seen[0]), len(seen[0].pipelines), frozenset({200})
    )


def _booking(clinic: Clinic, doctors: list[str], patients: list[str], days: list[date], dice: Random) -> Kind:
    """Ours book free times as they are offered; pgbench the hours before and after, which nobody else takes."""
    free = [(doctor, start) for doctor in doctors for start in _free(clinic, doctor, days[0])]
    dice.shuffle(free)
    (service, *_others) = _ids(clinic, "service")
    ours = cycle(patients[len(patients) // 2 :])
    wishes = (
        {"doctor_id": doctor, "start": start.isoformat(), "service_id": service, "patient_id": next(ours)}
        for doctor, start in free
    )
    _sent(clinic, "POST", "/appointments", next(wishes))  # fills what a process remembers
    example = next(wishes)
    sent = _sent(clinic, "POST", "/appointments", example)
    opening, rewrite = _anybody(example, doctors, patients[: 4 * len(doctors)], days[0])
    text = pg.script(sent, opening=opening, rewrite=rewrite)
    return Kind(
        "book",
        lambda _n: clinic.request("POST", "/appointments", next(wishes)),
        [text],
        len(sent),
        len(sent.pipelines),
        frozenset({201}),
    )


def _free(clinic: Clinic, doctor: str, first: date) -> list[datetime]:
    items = clinic.get(f"/slots?doctor_id={doctor}&from={first}&to={first + timedelta(days=60)}")["items"]
    return [datetime.fromisoformat(item["start"]) for item in items]


def _anybody(
    example: dict[str, Any], doctors: list[str], patients: list[str], first: date
) -> tuple[list[str], pg.Rewrite]:
    """A booking of *example*'s, as a booking of any doctor, day and time: ``:d``, ``:day``, ``:start`` (seconds).

    Each doctor has patients of their own, so that nobody is at two places at once.
    """
    start = datetime.fromisoformat(example["start"])
    on = start.date()
    doctor, patient = UUID(example["doctor_id"]), UUID(example["patient_id"])
    midnight = int(datetime.combine(on, time(), start.tzinfo).timestamp())
    opening = [
        f"\\set k (:n * 7919) % {len(doctors) * EVENINGS * PLACES}",
        f"\\set d :k % {len(doctors)}",
        f"\\set r :k / {len(doctors)}",
        f"\\set day :r % {EVENINGS} + {(first - on).days}",
        f"\\set s :r / {EVENINGS}",
        "\\set p :d * 4 + :s % 4",
        # 18:00 to 23:40 and 05:00 to 07:20, in steps of twenty minutes.
        "\\set clock case when :s < 17 then 64800 + :s * 1200 else 18000 + (:s - 17) * 1200 end",
        f"\\set start {midnight} + :day * 86400 + :clock",
    ]
    whom = "('{" + ",".join(doctors) + "}'::uuid[])[:d + 1]"
    who = "('{" + ",".join(patients) + "}'::uuid[])[:p + 1]"

    def rewrite(value: Any) -> str | None:
        if value == doctor:
            return whom
        if value == patient:
            return who
        if isinstance(value, datetime) and abs(value - start) < timedelta(days=6):
            return f"to_timestamp(:start::bigint + {int((value - start).total_seconds())})"
        if isinstance(value, date) and not isinstance(value, datetime) and abs((value - on).days) < 6:
            return f"('{value}'::date + :day::int)"
        return None

    return opening, rewrite


def _sent(clinic: Clinic, method: str, path: str, body: Any = None) -> pg.Sent:
    """What a call sends to the database, seen in this process; of a reading the second time, all caches filled."""
    client = current_app.test_client()
    asked: dict[str, Any] = {"method": method, "json": body, "base_url": f"http://{SLUG}.localhost"}
    asked["headers"] = {"X-Api-Key": clinic.key}
    if body is None:
        client.open(V1 + path, **asked)
    with pg.watching() as sent:
        answer = client.open(V1 + path, **asked)
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)[:500]
    return sent
