"""The last step in the queue taken back: visit and place go back together."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from clinic.booking import queries as visits
from clinic.booking.refusals import NothingToUndo
from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.queue import actions, arriving, queries, undoing


@pytest.fixture
def here(in_north: Any) -> Any:
    return arriving.walk_in(doctor_id=in_north.bose, patient_id=in_north.carla, by=SYSTEM)


def states(here: Any) -> tuple[str, str]:
    now = queries.entry(here.id, by=SYSTEM)
    return now.status, now.visit_status


@pytest.mark.parametrize(
    ("steps", "before"),
    [
        (["call"], ("waiting", "checked_in")),
        (["skip"], ("waiting", "checked_in")),
        (["call", "skip"], ("called", "checked_in")),
        (["skip", "requeue"], ("skipped", "checked_in")),
        (["start"], ("waiting", "checked_in")),
        (["call", "start"], ("called", "checked_in")),
        (["start", "serve"], ("in_room", "in_progress")),
        (["leave"], ("waiting", "checked_in")),
        (["call", "leave"], ("called", "checked_in")),
    ],
)
def test_puts_back_what_was_before(here: Any, steps: list[str], before: tuple[str, str]) -> None:
    for step in steps:
        getattr(actions, step)(id=here.id, by=SYSTEM)
    undoing.undo(id=here.id, by=SYSTEM)
    assert states(here) == before


def test_takes_back_a_check_in_and_keeps_the_number(here: Any, north: Any) -> None:
    undoing.undo(id=here.id, by=SYSTEM)
    assert states(here)[1] == "booked"
    assert queries.day_of([north.bose], here.date)[1] == []
    again = arriving.check_in(appointment_id=here.appointment_id, by=SYSTEM)
    assert (again.id, again.position) == (here.id, here.position)
    undoing.undo(id=here.id, by=SYSTEM)
    assert visits.visit(here.appointment_id, by=SYSTEM).status == "booked"


def test_goes_back_one_step_only(here: Any) -> None:
    actions.call(id=here.id, by=SYSTEM)
    undoing.undo(id=here.id, by=SYSTEM)
    with pytest.raises(NothingToUndo):
        undoing.undo(id=here.id, by=SYSTEM)


def test_goes_back_no_further_than_ten_minutes(here: Any, superuser: str) -> None:
    actions.call(id=here.id, by=SYSTEM)
    with psycopg.connect(superuser) as connection:  # nobody else changes what happened
        connection.execute("UPDATE queue_transition SET at = at - interval '11 minutes'")
    with pytest.raises(NothingToUndo):
        undoing.undo(id=here.id, by=SYSTEM)


def test_does_not_take_back_a_transfer(here: Any, north: Any) -> None:
    arriving.transfer(id=here.id, doctor_id=north.tok, by=SYSTEM)
    with pytest.raises(NothingToUndo):
        undoing.undo(id=here.id, by=SYSTEM)


def test_is_on_record(here: Any) -> None:
    actions.call(id=here.id, by=SYSTEM)
    undoing.undo(id=here.id, by=SYSTEM)
    (row,) = db.rows(
        "SELECT patient_id FROM audit_event WHERE tenant_id = %(tenant)s AND act = 'queue.undo' AND object_id = %(id)s",
        id=here.id,
    )
    assert row.patient_id == here.patient_id
