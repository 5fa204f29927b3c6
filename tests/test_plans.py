"""The hot statements go by an index, as the app's role, among a thousand clinics (RULES §7, *Plans under RLS*).

What a call really sends is planned again, once knowing its values and once for any: the server does the one at first
and the other later. No table of a clinic is read from end to end, and what was built for a statement is used by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from flask import Flask

from bench.pg import literal
from clinic import create_app
from clinic.core import db, entering, roles
from clinic.core.pipeline import Line, compiled
from config import Settings
from tests import cast
from tests.booking.times import iso, today, working_day
from tests.clients import Api
from tests.conftest import MASTER, TEMPLATE
from tests.contract.asking import made

CLINICS, ROWS = 1000, 4
"""So many clinics beside the cast's, with so many rows of each kind that North has."""
VISITS = 3000
"""More of North's own: among a handful any index does."""

NEIGHBOURS = f"""
CREATE TEMPORARY TABLE neighbour AS
SELECT gen_random_uuid() AS id, 'clinic-' || n AS slug FROM generate_series(1, {CLINICS}) n
"""
OF_CLINICS = """
SELECT c.relname AS name, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns,
       array_agg(CASE WHEN t.typname = 'uuid' AND a.attname <> 'tenant_id'
                      THEN format('md5(n.id::text || s.%I::text)::uuid', a.attname)
                      WHEN a.attname = 'tenant_id' THEN 'n.id' ELSE format('s.%I', a.attname) END
                 ORDER BY a.attnum) AS values
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = '' AND a.attidentity = ''
  JOIN pg_type t ON t.oid = a.atttypid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
 GROUP BY c.relname HAVING bool_or(a.attname = 'tenant_id')
"""
Statement = tuple[str, Mapping[str, Any]]


class Crowd:
    """The application on a database of its own, with the cast and a thousand neighbours."""

    def __init__(self, app: Flask, north: cast.Clinic, tables: frozenset[str]) -> None:
        self.app, self.north, self.tables = app, north, tables
        self.api = Api(app, "north.localhost", north.api_key)

    def sent(self, call: Callable[[], Any]) -> list[Statement]:
        """What *call* sends on the clinic's tables. Its answer must be a good one."""
        with _listening() as heard:
            answer = call()
        assert answer.status_code < 300, answer.json
        return [(sql, params) for sql, params in heard if any(name in sql for name in self.tables)]

    def plans(self, sql: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every node of the plans that the app's role gets for a statement."""
        text, names = compiled(sql)
        values = ", ".join(literal(params[name], lambda value: literal(value, str)) for name in names)
        asked = f"EXPLAIN (FORMAT JSON) EXECUTE hot{f'({values})' if names else ''}"
        with self.app.app_context(), entering.acting_in("north"):
            kinds = _kinds(params[name] for name in names)
            for mode in ("force_custom_plan", "force_generic_plan"):
                connection = db.driver()
                connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
                connection.execute(f"PREPARE hot{kinds} AS {text.decode()}")
                ((found,),) = connection.execute(asked).fetchall()
                connection.execute("DEALLOCATE hot")
                yield from _nodes(found[0]["Plan"])


def _kinds(values: Any) -> str:
    """The types of parameters, as the driver tells them; those of texts are left to their places."""
    found = [literal(value, lambda each: literal(each, str)).rpartition("::")[2] for value in values]
    known = ("uuid", "uuid[]", "timestamptz", "date", "bytea", "jsonb", "date[]", "bigint[]", "text[]")
    kinds = [kind if kind in known else "unknown" for kind in found]
    return f" ({', '.join(kinds)})" if kinds else ""


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


@contextmanager
def _listening() -> Iterator[list[Statement]]:
    heard: list[Statement] = []
    send = Line.send

    def told(self: Line, statements: Sequence[Statement]) -> list[list[Any]]:
        heard.extend(statements)
        return send(self, statements)

    with patch.object(Line, "send", told):
        yield heard


@pytest.fixture(scope="module")
def crowd(server: dict[str, str], worker_id: str) -> Crowd:
    name = f"clinic_crowd_{worker_id}"
    roles.create_database(server["superuser"], name, template=TEMPLATE)
    app = create_app(
        Settings(
            environment="test",
            database_url=server["app"].format(name),
            secret_key="test-secret-key-" + "fedcba9876543210" * 2,
            master_api_key=MASTER,
            rate_limits=False,
        ),
        TESTING=True,
    )
    with app.app_context():
        north = cast.assemble()["north"]
    _furnish(Api(app, "north.localhost", north.api_key), north)
    with psycopg.connect(server["superuser"].rsplit("/", 1)[0] + "/" + name, autocommit=True) as connection:
        return Crowd(app, north, _multiply(connection, north))


def _furnish(api: Api, north: cast.Clinic) -> None:
    """A little of everything that hot statements look at."""
    doctor, day = str(north.bose), working_day().isoformat()
    later = (working_day() + timedelta(days=70)).isoformat()
    things: list[tuple[str, dict[str, Any]]] = [
        ("/appointments", {"doctor_id": doctor, "patient_id": str(north.carla), "start": iso("11:00")}),
        ("/holds", {"doctor_id": doctor, "start": iso("11:30")}),
        (f"/doctors/{doctor}/blocked-times", {"start": f"{day}T15:00:00", "end": f"{day}T16:00:00"}),
        ("/closures", {"start": f"{later}T08:00:00", "end": f"{later}T09:00:00"}),
        (f"/doctors/{doctor}/overrides", {"date": later}),
        ("/sessions", {"doctor_id": doctor, "start": f"{later}T18:00:00", "end": f"{later}T19:00:00"}),
        ("/checkins", {"doctor_id": doctor, "patient_id": str(north.carla), "walk_in": True}),
        (
            "/patients",
            {
                "full_name": "Marta Crowd",
                "external_ids": {"lab": "1"},
                "guardians": [{"patient_id": str(north.carla), "relation": "mother"}],
            },
        ),
        (
            "/doctors",
            {"full_name": "Dr Link", "location_ids": [str(north.main)], "service_ids": [str(north.visit)]},
        ),
        ("/waitlist", {"patient_id": str(north.carla), "doctor_id": doctor, "from": day, "to": later}),
    ]
    for path, body in things:
        made(api, path, body)


def _multiply(connection: psycopg.Connection[Any], north: cast.Clinic) -> frozenset[str]:
    """North's rows for a thousand neighbours, every id another; the names of the tables of clinics."""
    connection.execute("SET session_replication_role = replica")
    connection.execute(NEIGHBOURS)
    connection.execute(
        "INSERT INTO tenant SELECT (jsonb_populate_record(t, jsonb_build_object('id', n.id, 'slug', n.slug))).*"
        " FROM tenant t CROSS JOIN neighbour n WHERE t.slug = 'north'"
    )
    tables = connection.execute(OF_CLINICS).fetchall()
    for table, columns, values in tables:
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM (SELECT * FROM {table} WHERE tenant_id = %s LIMIT {ROWS}) s CROSS JOIN neighbour n"
            " ON CONFLICT DO NOTHING",
            [north.id],
        )
    (columns,) = (columns for table, columns, _values in tables if table == "appointment")
    moved = {
        "id": "gen_random_uuid()",
        "starts_at": "s.starts_at + n * interval '30 minutes'",
        "ends_at": "s.ends_at + n * interval '30 minutes'",
        "date": "(s.starts_at + n * interval '30 minutes')::date",
        "status": "'booked'",
    }
    connection.execute(
        f"INSERT INTO appointment ({', '.join(columns)})"
        f" SELECT {', '.join(moved.get(name, f's.{name}') for name in columns)}"
        f" FROM (SELECT * FROM appointment WHERE tenant_id = %s AND starts_at IS NOT NULL LIMIT 1) s,"
        f" generate_series(100, 100 + {VISITS}) n",
        [north.id],
    )
    connection.execute("ANALYZE")
    connection.execute("VACUUM ANALYZE appointment")  # as time does: what the index holds is read there alone
    return frozenset(table for table, _columns, _values in tables)


def hot(crowd: Crowd) -> dict[str, tuple[Callable[[], Any], set[str]]]:
    """Calls that are made all day, each with the indexes that were built for it."""
    api, north = crowd.api, crowd.north
    doctor, day = str(north.bose), working_day().isoformat()
    visit = {"patient_id": str(north.carla), "doctor_id": doctor}
    return {
        "slots of a doctor": (lambda: api.get("/slots", doctor_id=doctor, date=day), {"appointment_busy"}),
        "free times of all": (lambda: api.get("/slots", date=day), {"appointment_busy"}),
        "who is free first": (lambda: api.get("/slots/next"), {"doctor_day_pkey"}),
        "a doctor's day": (
            lambda: api.get("/appointments", doctor_id=doctor, date=day), {"appointment_by_day"}
        ),
        "a patient's visits": (
            lambda: api.get(f"/patients/{north.carla}/appointments"), {"appointment_by_patient"}
        ),
        "a search": (lambda: api.get("/patients", q="marta crowd"), {"patient_token_by_token"}),
        "a booking": (
            lambda: api.post("/appointments", {**visit, "start": iso("10:00")}),
            {"appointment_busy", "appointment_by_patient", "patient_pkey", "doctor_pkey", "doctor_day_pkey"},
        ),
        "a walk-in": (
            lambda: api.post("/checkins", {**visit, "walk_in": True}), {"queue_entry_by_state"}
        ),
        "a queue": (lambda: api.get(f"/doctors/{doctor}/queue", date=f"{today()}"), {"queue_entry_one_per_position"}),
        "call next": (
            lambda: api.post(f"/doctors/{doctor}/queue/call-next", {}), {"queue_entry_by_state"}
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def planned(crowd: Crowd) -> dict[str, list[dict[str, Any]]]:
    """Every node of every plan, by call."""
    return {
        name: [
            {**node, "Said": " ".join(sql.split())[:90]}
            for sql, params in crowd.sent(call)
            for node in crowd.plans(sql, params)
        ]
        for name, (call, _indexes) in hot(crowd).items()
    }


def test_hot_calls_read_no_table_of_a_clinic_from_end_to_end(
    crowd: Crowd, planned: dict[str, list[dict[str, Any]]]
) -> None:
    read = {
        (name, node["Relation Name"], node["Said"])
        for name, nodes in planned.items()
        for node in nodes
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") in crowd.tables
    }
    assert read == set()


def test_hot_calls_go_by_the_indexes_that_were_built_for_them(
    crowd: Crowd, planned: dict[str, list[dict[str, Any]]]
) -> None:
    missed = {
        name: indexes - {node.get("Index Name") for node in planned[name]}
        for name, (_call, indexes) in hot(crowd).items()
    }
    assert {name: indexes for name, indexes in missed.items() if indexes} == {}
