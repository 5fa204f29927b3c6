"""The seal over the audit: it holds, and it shows what was changed behind the application's back."""

from __future__ import annotations

import psycopg
import pytest

from clinic.core import audit, db, entering, sealing
from clinic.core.access import SYSTEM
from clinic.core.ids import new_id


@pytest.fixture
def sealed(in_north):
    """A chain of two links."""
    _act()
    assert sealing.seal() > 0
    _act()
    assert sealing.seal() > 0
    return in_north


@db.action
def _act():
    audit.record("test.act", "test", new_id(), by=SYSTEM)


def test_the_chain_holds(sealed):
    assert sealing.verify() is None


def test_nothing_new_makes_no_link(sealed):
    assert sealing.seal() == 0


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_event SET actor_kind = 'nobody' WHERE act = 'test.act'",
        "DELETE FROM audit_event WHERE act = 'test.act'",
        "UPDATE audit_seal SET count = count - 1",
        "UPDATE audit_seal SET hash = '\\x00'",
    ],
)
def test_a_change_behind_our_back_shows(sealed, superuser, tampering):
    db.session.rollback()
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(tampering)
    with entering.acting_in("north"):
        assert sealing.verify() is not None


def test_what_is_not_finished_waits_for_the_next_link(app, north, superuser):
    """A row of a transaction that is still open would come to stand before rows that are sealed already."""
    with psycopg.connect(superuser) as slow:
        slow.execute("SELECT set_tenant(%s)", [north.id])
        slow.execute(
            "INSERT INTO audit_event (tenant_id, id, actor_kind, act, object_kind)"
            " VALUES (%s, %s, 'system', 'slow', 'test')",
            [north.id, new_id()],
        )
        with entering.acting_in("north"):
            _act()
            sealing.seal()
        slow.commit()
    with entering.acting_in("north"):
        sealing.seal()
        assert sealing.verify() is None
        assert (
            db.row("SELECT sum(count) AS n FROM audit_seal WHERE tenant_id = %(tenant)s").n
            == db.row("SELECT count(*) AS n FROM audit_event WHERE tenant_id = %(tenant)s").n
        )
