"""A verb and its last word, and what a read notes: one transaction, in as few round trips as its logic allows."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from clinic.core import audit, db
from clinic.core.access import SYSTEM
from clinic.core.entering import acting_in
from clinic.core.errors import Conflict
from clinic.core.ids import new_id

MARK = (
    "INSERT INTO counter (tenant_id, kind, last) VALUES (%(tenant)s, %(kind)s, 1)",
    "SELECT last FROM counter WHERE tenant_id = %(tenant)s AND kind = %(kind)s",
)


def mark(kind: str) -> db.Statement:
    return MARK[0], {"kind": kind}


def stands(kind: str) -> bool:
    with acting_in("north"):
        return db.row(MARK[1], kind=kind) is not None


def test_the_last_word_takes_the_commit_along(in_north: Any, statements: Any) -> None:
    @db.action
    def verb() -> None:
        db.send(mark("a"), last=True)

    with statements() as seen:
        verb()
    assert seen[-1] == "COMMIT"
    assert stands("a")


def test_what_fails_in_the_last_word_keeps_nothing(in_north: Any) -> None:
    @db.action
    def verb() -> None:
        db.send(mark("b"), mark("b"), last=True)

    with pytest.raises(Conflict):
        verb()
    assert not stands("b")


def test_the_last_word_of_an_inner_verb_is_not_the_outer_ones(in_north: Any) -> None:
    @db.action
    def inner() -> None:
        db.send(mark("c"), last=True)

    @db.action
    def outer() -> None:
        inner()
        raise Conflict

    with pytest.raises(Conflict):
        outer()
    assert not stands("c")


def test_nothing_is_asked_after_the_last_word(in_north: Any) -> None:
    @db.action
    def verb() -> None:
        db.send(mark("d"), last=True)
        db.row("SELECT 1")

    with pytest.raises(RuntimeError):
        verb()
    assert stands("d")  # it was the last word


def test_the_next_transaction_begins_anew(in_north: Any) -> None:
    @db.action
    def verb(kind: str) -> None:
        db.send(mark(kind), last=True)

    verb("e")
    verb("f")
    assert stands("e")
    assert stands("f")


def test_what_a_read_notes_is_written_with_its_commit(in_north: Any, statements: Any) -> None:
    with statements() as seen:
        db.row("SELECT 1")
        audit.read("patient", new_id(), by=SYSTEM)
        assert not any("audit_event" in sql for sql in seen)
        db.settle()
    assert [sql.split()[0] for sql in seen][-2:] == ["INSERT", "COMMIT"]


def test_who_only_reads_may_say_so_and_what_was_noted_goes_along(in_north: Any, statements: Any) -> None:
    with statements() as seen:
        audit.read("patient", new_id(), by=SYSTEM)
        (answer,) = db.send(("SELECT 7 AS seven", {}), last=True)
        assert answer == [(7,)]
        assert [sql.split()[0] for sql in seen][-3:] == ["SELECT", "INSERT", "COMMIT"]
        db.settle()
    assert [sql.split()[0] for sql in seen][-3:] == ["SELECT", "INSERT", "COMMIT"]


def test_a_note_that_cannot_be_written_fails_the_read(in_north: Any) -> None:
    db.row("SELECT 1")
    db.note(mark("g"))
    db.note(mark("g"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.settle()
    db.take_back()
    assert not stands("g")


def test_what_was_noted_before_a_refusal_is_not_the_next_requests(in_north: Any) -> None:
    db.row("SELECT 1")
    db.note(mark("h"))
    db.take_back()
    db.row("SELECT 1")
    db.settle()
    assert not stands("h")


def test_a_verb_writes_what_was_noted_before_it(in_north: Any) -> None:
    @db.action
    def verb() -> None:
        db.send(mark("j"), last=True)

    db.note(mark("i"))
    verb()
    assert stands("i")
    assert stands("j")
