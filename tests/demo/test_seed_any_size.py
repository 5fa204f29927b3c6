"""Demo data of any size: further clinics that are as true as those that people filled."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from flask import Flask

from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.core.entering import acting_in
from clinic.demo import bulk
from clinic.patients import queries as patients

SIZE = bulk.Size(patients=61, tenants=2, doctors=3, days=4)


@pytest.fixture
def made(app: Flask) -> bulk.Made:
    return bulk.fill(SIZE)


def test_clinics_patients_and_visits_are_as_many_as_asked(made: bulk.Made) -> None:
    assert (made.rows["clinics"], made.rows["patients"]) == (2, 61)
    counted = []
    for slug in ("clinic-0001", "clinic-0002"):
        with acting_in(slug):
            counted.append(db.row("SELECT count(*) AS n FROM patient WHERE tenant_id = %(tenant)s").n)
            times = db.row(
                "SELECT count(*) AS n, count(*) FILTER (WHERE starts_at < now()) AS past FROM appointment"
                " WHERE tenant_id = %(tenant)s"
            )
            assert 0 < times.past < times.n
    assert counted == [31, 30]


def test_the_same_number_makes_the_same_people(app: Flask, made: bulk.Made) -> None:
    def names(slug: str) -> list[str]:
        with acting_in(slug):
            rows = db.rows("SELECT full_name FROM patient WHERE tenant_id = %(tenant)s ORDER BY file_number")
            return [row.full_name for row in rows]

    first = names("clinic-0001")
    bulk.clinic("again", patients=31, size=SIZE, chance=Random("7/clinic-0001"), made=bulk.Made())
    assert names("again") == first
    assert names("clinic-0002")[:5] != first[:5]


def test_the_days_have_counted_what_stands_in_them(made: bulk.Made) -> None:
    with acting_in("clinic-0001"):
        wrong = db.rows(
            "SELECT d.date FROM doctor_day d WHERE d.tenant_id = %(tenant)s AND d.booked <>"
            " (SELECT count(*) FROM appointment a WHERE a.tenant_id = %(tenant)s AND a.doctor_id = d.doctor_id"
            "   AND a.date = d.date AND a.status NOT IN ('cancelled', 'rejected', 'no_show'))"
        )
        assert wrong == []
        assert db.row("SELECT sum(booked) AS n FROM doctor_day WHERE tenant_id = %(tenant)s").n > 0


def test_its_patients_are_found(made: bulk.Made) -> None:
    with acting_in("clinic-0001"):
        someone = db.row(
            "SELECT id, full_name FROM patient WHERE tenant_id = %(tenant)s AND file_number = 17 LIMIT 1"
        )
        rows, _more = patients.find(someone.full_name.upper(), limit=5, by=SYSTEM)
        assert someone.id in [row.id for row in rows]


def test_its_doctors_have_free_times(app: Flask, made: bulk.Made, api_of: Any) -> None:
    from tests.clients import Api, key_of

    api = Api(app, "clinic-0001.localhost", key_of("clinic-0001", ["schedule:read"]))
    assert api.get("/slots/next").json["items"]  # type: ignore[index]


def test_a_second_seed_adds_nothing_to_what_is_there(app: Flask, made: bulk.Made) -> None:
    assert bulk.fill(SIZE).rows == {}


def test_without_clinics_the_patients_go_to_north(app: Flask, north: Any) -> None:
    with acting_in("north"):
        before = db.row("SELECT count(*) AS n FROM patient WHERE tenant_id = %(tenant)s").n
    bulk.fill(bulk.Size(patients=40))
    bulk.fill(bulk.Size(patients=40))
    with acting_in("north"):
        assert db.row("SELECT count(*) AS n FROM patient WHERE tenant_id = %(tenant)s").n == before + 80
