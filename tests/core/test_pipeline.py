"""Statements go out together and their answers come in together, whatever happens to one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from clinic.core import pipeline
from clinic.core.ids import new_id
from clinic.core.pipeline import Line

Said = tuple[str, dict[str, Any]]
NAMES: Said = ("SELECT name FROM pg_prepared_statements ORDER BY prepare_time, name", {})


@pytest.fixture
def connection(superuser: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(superuser, prepare_threshold=None) as found:
        found.execute("CREATE TEMPORARY TABLE cup (id int PRIMARY KEY, note text)")
        found.commit()
        yield found
        if not found.closed:
            found.rollback()


@pytest.fixture
def line(connection: psycopg.Connection[Any]) -> Line:
    return Line(connection, 1)


def put(id: int, note: str = "") -> Said:
    return "INSERT INTO cup VALUES (%(id)s, %(note)s)", {"id": id, "note": note}


def cups(line: Line) -> list[int]:
    return [row.id for row in line.send([("SELECT id FROM cup ORDER BY id", {})])[0]]


def prepared(line: Line) -> int:
    return len(line.send([NAMES])[0])


def test_each_statement_has_its_own_rows(line):
    answers = line.send(
        [put(1), ("SELECT 7 AS seven, 'x' AS x", {}), ("SELECT id FROM cup WHERE id = 9", {})]
    )
    assert answers[0] == []
    assert (answers[1][0].seven, answers[1][0].x) == (7, "x")
    assert answers[2] == []


def test_a_name_said_twice_is_one_value_and_a_doubled_percent_sign_is_one(line):
    sql = "SELECT %(a)s::text || %(b)s::text || %(a)s::text AS said, 7 %% 4 AS rest"
    assert line.send([(sql, {"a": "o", "b": "-", "unused": 1})])[0] == [("o-o", 3)]


def test_values_come_back_as_they_went(line):
    given = {
        "uuid": new_id(), "int8": 2**40, "bool": True, "text": "ñ%(x)s", "date": date(2028, 2, 29), "int4": None,
        "timestamptz": datetime(2026, 3, 1, 12, tzinfo=UTC), "bytea": b"\0\xff", "_uuid": [new_id(), new_id()],
    }  # fmt: skip
    sql = "SELECT " + ", ".join(f"%({kind})s::{kind} AS the_{kind}" for kind in given)
    assert list(line.send([(sql, given)])[0][0]) == list(given.values())


def test_the_first_that_fails_is_told_and_nothing_after_it_is_done(line, connection):
    with pytest.raises(psycopg.errors.UniqueViolation) as told:
        line.send([put(1), put(1), ("SELECT 1 / 0", {}), ("COMMIT", {})])
    assert told.value.diag.constraint_name == "cup_pkey"
    connection.rollback()
    assert cups(line) == []


def test_a_value_that_cannot_travel_sends_nothing(line, connection):
    with pytest.raises(psycopg.Error):
        line.send([put(1), put(2, "no\0name")])
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert cups(line) == []


def test_a_transaction_is_begun_and_ended_in_the_same_breath(line, connection):
    line.send([put(1), ("COMMIT", {})])
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    connection.rollback()
    assert cups(line) == [1]


def test_what_is_said_again_is_prepared_and_stays_so_after_a_rollback(line, connection):
    for id in (1, 2, 3):
        line.send([put(id)])
        connection.rollback()
    assert prepared(line) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cup")
    connection.rollback()
    line.send([put(4), put(5)])
    assert cups(line) == [4, 5]


def test_behind_a_pooler_nothing_is_prepared(connection):
    line = Line(connection, None)
    for id in range(8):
        line.send([put(id)])
    assert prepared(line) == 0


def test_the_same_twice_in_a_breath_is_prepared_once(connection):
    line = Line(connection, 0)
    line.send([put(1), put(2)])
    assert prepared(Line(connection, None)) == 1


def test_what_was_not_used_for_longest_is_let_go(connection):
    line, other = Line(connection, 0), Line(connection, None)
    with patch.object(pipeline, "PREPARED_MOST", 2):
        for id in range(5):
            assert line.send([(f"SELECT {id} AS id", {})])[0] == [(id,)]
            assert prepared(other) == min(id + 1, 2)
        assert line.send([("SELECT 0 AS id", {}), ("SELECT 4 AS id", {})]) == [[(0,)], [(4,)]]


def test_what_could_not_be_prepared_is_prepared_the_next_time(connection):
    line = Line(connection, 0)
    later: list[Said] = [("SELECT id FROM saucer", {})]
    with pytest.raises(psycopg.errors.UndefinedTable):
        line.send(later)
    connection.rollback()
    line.send([("CREATE TEMPORARY TABLE saucer (id int)", {})])
    assert line.send(later) == [[]]


def test_what_came_after_a_failure_is_prepared_the_next_time(connection):
    line = Line(connection, 0)
    line.send([put(1)])
    with pytest.raises(psycopg.errors.UniqueViolation):
        line.send([put(1), ("SELECT id FROM cup", {})])
    connection.rollback()
    assert line.send([("SELECT id FROM cup", {})]) == [[]]


def test_a_table_changed_under_a_prepared_statement_fails_one_transaction(line, connection):
    every: list[Said] = [("SELECT * FROM cup", {})]
    for _ in range(3):
        line.send([*every, ("COMMIT", {})])
    line.send([("ALTER TABLE cup ADD COLUMN colour text DEFAULT 'blue'", {}), ("COMMIT", {})])
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        line.send(every)
    connection.rollback()
    line.send([("INSERT INTO cup (id) VALUES (%(id)s)", {"id": 1})])
    assert line.send(every)[0][0].colour == "blue"


def test_much_in_both_directions_at_once_does_not_get_stuck(line):
    much = "x" * 3_000_000
    answers = line.send([("SELECT %(much)s::text AS said", {"much": much})] * 4)
    assert [rows[0].said == much for rows in answers] == [True] * 4


def test_an_exchange_that_was_interrupted_is_never_continued(line, connection):
    class Stop(BaseException):
        pass

    with patch.object(Line, "_next", side_effect=Stop), pytest.raises(Stop):
        line.send([put(1)])
    assert connection.closed


def test_a_connection_that_died_says_so(line, connection, superuser):
    with psycopg.connect(superuser, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        line.send([put(1)])
    assert connection.closed
