"""Free times from the database: 50 doctors, 30 days, four of ten places taken, in one clinic among many.

The clinic that is asked is always the same; its neighbours are copies of it, so the tables and their indexes are as
large as those of so many clinics. Asked as the app's role under row-level security, by what the JSON face uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg

from bench import pg
from bench.demo import Demo
from bench.throughput import SLUG, pgbench_app
from clinic.core import db, entering
from clinic.core.access import SYSTEM
from clinic.schedule import loading, single, slots, soonest
from clinic.schedule.asking import DAYS_AHEAD, asker
from clinic.schedule.facts import Wish

DOCTORS, DAYS, PATIENTS = 50, 30, 2_000
SIZES = (1, 100)
COPIED = (
    "location", "specialty", "service", "doctor", "doctor_specialty", "availability", "doctor_day", "appointment",
)  # fmt: skip
COLUMNS = """
SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS names FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' AND column_name <> 'tenant_id'
"""
HEAD = f"{'':36}{'statements':>10}{'trips':>6}{'database ms':>13}{'in all ms':>11}"


def run(demo: Demo, *, tenants: int | None = None, repeat: int | None = None, short: bool = False) -> None:
    """Make one clinic, then more beside it, and measure at each size. *tenants*: the last size."""
    demo.command(
        "seed", "--tenants", "1", "--patients", str(PATIENTS), "--doctors", str(DOCTORS), "--days", str(DAYS),
        "--fill", "0.4",
    )  # fmt: skip
    demo.do("DELETE FROM appointment_history")
    demo.do(
        "DELETE FROM appointment WHERE date < current_date"
        f" AND tenant_id = (SELECT id FROM tenant WHERE slug = '{SLUG}')"
    )
    for size in (tenants,) if tenants else SIZES[: 1 if short else None]:
        _neighbours(demo, size - 1)
        (found,) = demo.look(
            "SELECT count(*) AS visits, pg_size_pretty(pg_database_size(current_database())) AS size FROM appointment"
        )
        print(f"{size} clinics, {found.visits:,} visits, {found.size} of database")
        print(HEAD)
        with pgbench_app(demo).app_context():
            _measure(repeat or (20 if short else 50))


def _neighbours(demo: Demo, count: int) -> None:
    """So many copies of the clinic. Ids are their own only together with the clinic's: the same serve in each."""
    with psycopg.connect(demo.summary["database"]["superuser"], autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO tenant SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(),"
            " 'slug', 'beside-' || n))).* FROM tenant t CROSS JOIN generate_series(1, %s) n WHERE t.slug = %s"
            " ON CONFLICT DO NOTHING",
            [count, SLUG],
        )
        beside = [id for (id,) in connection.execute("SELECT id FROM tenant WHERE slug LIKE 'beside-%%'")]
        full = {id for (id,) in connection.execute("SELECT DISTINCT tenant_id FROM doctor")}
        for id in beside:
            if id in full:
                continue
            for table in COPIED:
                ((names,),) = connection.execute(COLUMNS, [table]).fetchall()
                connection.execute(
                    f"INSERT INTO {table} (tenant_id, {names}) SELECT %s, {names} FROM {table}"
                    " WHERE tenant_id = (SELECT id FROM tenant WHERE slug = %s)",
                    [id, SLUG],
                )
        connection.execute("VACUUM ANALYZE")


def _measure(rounds: int) -> None:
    with entering.acting_in(SLUG):
        who, _rest = loading.whose()
        zone = who.zone_of_all()
        today = who.now.astimezone(zone).date()
        monday = today + timedelta(days=7 - today.weekday())
        one = who.doctors[0].id

        def offered(of: loading.Whose, first: Any, last: Any, rows: Any = None) -> int:
            tables = loading.timetables(of, first, last, rows)
            return len(slots.shown(slots.in_time_order(tables, wish, asking, first, last), of))

        wish = Wish()
        asking = asker(SYSTEM, who.now, wish, audience="staff")

        def day() -> int:
            found = single.of(one, monday, monday)
            assert found
            return offered(found[0], monday, monday, found[1])

        def week() -> int:
            return offered(loading.one(one), monday, monday + timedelta(days=6))

        def first_free() -> int:
            everybody, _rest = loading.whose()
            end = today + timedelta(days=DAYS_AHEAD - 1)
            return len(soonest.of_each(everybody, wish, asking, today, end))

        def whole() -> int:
            everybody, _rest = loading.whose()
            return offered(everybody, monday, monday + timedelta(days=DAYS - 1))

    for name, work, times in (
        ("one doctor, a day", day, rounds),
        ("one doctor, a week", week, rounds),
        (f"first free of each of {DOCTORS}", first_free, rounds),
        (f"all of {DOCTORS} doctors × {DAYS} days", whole, max(rounds // 10, 3)),
    ):
        print(_row(name, work, times))


def _row(name: str, work: Callable[[], int], times: int) -> str:
    """Of the whole call, and of its statements sent again by themselves (with their round trips): the best of several,
    which is what it costs, not what else the machine was doing.
    """
    found, sent, _spent = _once(work)
    for _ in range(7):  # the first ones prepare the statements
        _once(work)
        _again(sent)
    whole = min(_once(work)[2] for _ in range(times))
    database = min(_again(sent) for _ in range(times))
    label = f"{name} ({found})"
    return f"{label:<36}{sum(map(len, sent)):>10}{len(sent):>6}{database:>13.2f}{whole:>11.2f}"


def _once(work: Callable[[], int]) -> tuple[int, list[list[Any]], float]:
    """How many slots were found, the pipelines that asked for them, less their COMMIT, and the milliseconds."""
    db.take_back()
    entering.enter(SLUG)
    with pg.watching() as sent:
        begun = time.perf_counter()
        found = work()
        spent = time.perf_counter() - begun
    pipelines = [[each for each in pipeline if each[0] != "COMMIT"] for pipeline in sent.pipelines]
    return found, [pipeline for pipeline in pipelines if pipeline], spent * 1000


def _again(pipelines: list[list[Any]]) -> float:
    """The milliseconds that the same statements take alone."""
    db.take_back()
    entering.enter(SLUG)
    begun = time.perf_counter()
    for pipeline in pipelines:
        db.send(*pipeline)
    return (time.perf_counter() - begun) * 1000
