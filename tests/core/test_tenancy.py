"""No clinic ever sees another's data: tried as the application's own role."""

from __future__ import annotations

import random
import re
import threading

import psycopg
import pytest

import clinic
from clinic.core import db, entering
from clinic.core.db import Base
from clinic.core.ids import new_id

clinic.load_models()
SECOND_WORDS = re.compile(r"\b(FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+)?(?:public\.)?([a-z_]+)")


@pytest.fixture
def as_app(server, database):
    """A connection with the application's role and nothing else."""
    with psycopg.connect(server["app"].format(database)) as connection:
        yield connection


def owned():
    return sorted(table.name for table in Base.metadata.tables.values() if "tenant_id" in table.columns)


@pytest.mark.parametrize("table", owned())
def test_without_a_clinic_there_are_no_rows(app, as_app, table):
    assert as_app.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("value", ["", "  ", None])
def test_an_empty_setting_is_no_clinic(app, as_app, value):
    if value is not None:
        as_app.execute("SELECT set_config('app.tenant_id', %s, true)", [value.strip()])
    assert as_app.execute("SELECT count(*) FROM patient").fetchone() == (0,)


def test_a_clinic_sees_its_own_rows_only(north, south, as_app):
    as_app.execute("SELECT set_tenant(%s)", [north.id])
    seen = {row[0] for row in as_app.execute("SELECT DISTINCT tenant_id FROM patient").fetchall()}
    assert seen == {north.id}


def test_a_row_of_another_clinic_cannot_be_written_moved_or_pointed_at(north, south, as_app):
    insert = "INSERT INTO specialty (tenant_id, id, code, name) VALUES (%s, %s, 'x', 'X')"
    as_app.execute("SELECT set_tenant(%s)", [north.id])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(insert, [south.id, new_id()])
    as_app.rollback()
    as_app.execute("SELECT set_tenant(%s)", [north.id])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute("UPDATE specialty SET tenant_id = %s", [south.id])
    as_app.rollback()
    as_app.execute("SELECT set_tenant(%s)", [north.id])
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        as_app.execute(
            "INSERT INTO patient_token (tenant_id, token, patient_id, words) VALUES (%s, 'x', %s, 'x')",
            [north.id, south.pierre],
        )


def test_the_clinic_is_forgotten_with_the_transaction(north, as_app):
    as_app.execute("SELECT set_tenant(%s)", [north.id])
    as_app.commit()
    assert as_app.execute("SELECT count(*) FROM patient").fetchone() == (0,)


def test_audit_rows_are_never_changed_or_taken_away(north, as_app):
    for sql in ("UPDATE audit_event SET act = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"):
        as_app.execute("SELECT set_tenant(%s)", [north.id])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(sql)
        as_app.rollback()


@pytest.mark.race
def test_many_threads_on_few_connections_never_answer_for_the_wrong_clinic(app, north, south, at_once):
    """The pool hands the same connections to both clinics in turn."""
    expected = {"north": north.id, "south": south.id}
    wrong = []
    narrow = threading.Semaphore(
        3
    )  # fewer connections in use than threads: each is handed from clinic to clinic

    def ask(number):
        chance = random.Random(number)
        for _ in range(40):
            slug = chance.choice(("north", "south"))
            with narrow, entering.acting_in(slug):
                found = {row.tenant_id for row in db.rows("SELECT DISTINCT tenant_id FROM patient")}
                if found != {expected[slug]}:
                    wrong.append((slug, found))
            db.session.remove()

    answers = at_once(16, ask)
    assert [answer for answer in answers if answer is not None] == []
    assert wrong == []


def test_a_session_level_setting_would_leak(north, as_app):
    """The control: why ``set_tenant`` is local to the transaction."""
    as_app.execute("SELECT set_config('app.tenant_id', %s, false)", [str(north.id)])
    as_app.commit()
    assert as_app.execute("SELECT count(*) > 0 FROM patient").fetchone() == (True,)


def test_every_statement_names_its_clinic(api, north, page, statements):
    """Row-level security is the second lock; the first is ``tenant_id =`` in each statement (RULES §1.7)."""
    from tests.booking.times import iso, today, working_day

    tables = set(owned())
    with statements() as seen:
        visit = api.post(
            "/appointments",
            {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")},
        ).json["id"]
        token = api.post(
            "/appointments",
            {"patient_id": str(north.carla), "doctor_id": str(north.tok), "date": today().isoformat()},
        ).json["id"]
        api.get("/patients", q="carla")
        api.get(f"/patients/{north.carla}")
        api.get("/slots", date=working_day().isoformat())
        api.get("/appointments", expand="patient,doctor,service,location")
        api.post(f"/appointments/{visit}/reschedule", {"start": iso("10:30")})
        entry = api.post("/checkins", {"appointment_id": token}).json["id"]
        api.post(f"/doctors/{north.tok}/queue/call-next")
        api.post(f"/queue/{entry}/start")
        api.post(f"/appointments/{visit}/cancel")
        api.post(f"/appointments/{visit}/undo")
        for listed in ("doctors", "services", "specialties", "rooms", "locations", "settings", "closures"):
            api.get(f"/{listed}")
        page("ana")
    touching = [sql for sql in seen if tables & {name for _, name in SECOND_WORDS.findall(sql)}]
    assert len(touching) > 60
    nameless = [
        sql
        for sql in touching
        if "tenant_id =" not in sql and not re.search(r"INSERT INTO \w+\s*\([^)]*tenant_id", sql)
    ]
    assert nameless == []
