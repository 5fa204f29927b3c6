"""Accounts: made with a role, given another, shut; owners are made by owners, and the last one stays."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from typing import Any

import pytest

from clinic.accounts import actions, queries
from clinic.core import db
from clinic.core.access import PLATFORM, SYSTEM, Actor
from clinic.core.entering import acting_in
from clinic.core.errors import NotFound, Stale


def olga(north: Any) -> Actor:
    return Actor("user", north.olga, "owner", name="Olga")


MIA = Actor("user", uuid.UUID(int=1), "manager", name="Mia")
ADMIN_KEY = Actor("key", uuid.UUID(int=2), scopes=frozenset({"admin"}))


def create(by: Actor = SYSTEM, **given: Any) -> Any:
    return actions.create_user(
        **{"email": "Eva@North.example", "name": "Eva", "role": "receptionist", **given}, by=by
    )


def test_an_address_serves_one_account(in_north: Any) -> None:
    create()
    with pytest.raises(actions.EmailTaken):
        create(email="eVA@north.EXAMPLE")
    assert queries.user_by_email("EVA@north.example").name == "Eva"


def test_the_same_address_may_work_at_two_clinics(in_north: Any, south: Any) -> None:
    create()
    with acting_in("south"):
        assert create().name == "Eva"


@pytest.mark.race
def test_two_at_once_make_one_account(north: Any, at_once: Any) -> None:
    def invite(_number: int) -> Any:
        with acting_in("north"):
            return create()

    answers = at_once(6, invite)
    assert len([answer for answer in answers if isinstance(answer, actions.EmailTaken)]) == 5


@pytest.mark.parametrize("by", [MIA, ADMIN_KEY])
def test_only_owners_make_change_and_remove_owners(in_north: Any, north: Any, by: Actor) -> None:
    for act in (
        lambda: create(by=by, role="owner"),
        lambda: actions.set_role(north.ana_user, role="owner", by=by),
        lambda: actions.set_role(north.olga, role="manager", by=by),
        lambda: actions.deactivate(north.olga, by=by),
    ):
        with pytest.raises(actions.OwnersOnly):
            act()
    assert actions.set_role(north.ana_user, role="manager", by=by).role == "manager"
    assert actions.set_role(north.ana_user, role="owner", by=olga(north)).role == "owner"


def test_the_last_owner_stays(in_north: Any, north: Any) -> None:
    for act in (
        lambda: actions.set_role(north.olga, role="manager", by=olga(north)),
        lambda: actions.deactivate(north.olga, by=olga(north)),
    ):
        with pytest.raises(actions.LastOwner):
            act()
    create(role="owner", by=olga(north))
    assert actions.set_role(north.olga, role="manager", by=olga(north)).role == "manager"


@pytest.mark.race
def test_two_owners_who_step_down_at_once_leave_one(
    in_north: Any, north: Any, at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [north.olga, create(role="owner", by=PLATFORM).id]
    # Each waits before its commit for the other to have come as far, which the locks must prevent.
    both, end_sessions = threading.Barrier(2), actions.end_sessions

    def slowly(*args: Any, **more: Any) -> int:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return end_sessions(*args, **more)

    monkeypatch.setattr(actions, "end_sessions", slowly)

    def step_down(number: int) -> Any:
        with acting_in("north"):
            return actions.set_role(owners[number], role="manager", by=SYSTEM)

    answers = at_once(2, step_down)
    assert len([answer for answer in answers if isinstance(answer, actions.LastOwner)]) == 1, answers


def test_a_change_is_made_to_the_version_that_was_seen(in_north: Any, north: Any) -> None:
    with pytest.raises(Stale):
        actions.set_role(north.ana_user, role="manager", version=7, by=SYSTEM)
    assert actions.set_role(north.ana_user, role="manager", version=1, by=SYSTEM).version == 2


def test_shutting_twice_is_harmless(in_north: Any, north: Any) -> None:
    for _ in range(2):
        actions.deactivate(north.ana_user, by=SYSTEM)
    user = queries.user(north.ana_user)
    assert (user.is_active, user.version) == (False, 2)


def test_another_clinics_user_is_not_found(in_north: Any, south: Any) -> None:
    with pytest.raises(NotFound):
        actions.deactivate(south.sven_user, by=SYSTEM)


def test_the_record_holds_fields_and_no_names(in_north: Any) -> None:
    create()
    (row,) = db.rows(
        "SELECT a::text AS line FROM audit_event a WHERE tenant_id = %(tenant)s AND act = 'user.create'"
        " ORDER BY id DESC LIMIT 1"
    )
    assert "receptionist" in row.line
    assert "Eva" not in row.line
    assert "north.example" not in row.line
