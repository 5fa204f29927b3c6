"""Two who act at once where somebody looks before they leap: one winner, one good answer."""

from __future__ import annotations

from contextvars import Context
from threading import Thread
from unittest.mock import patch

import pytest

from clinic.booking import holds, steps
from clinic.booking.refusals import AlreadyExtended
from clinic.core import db, entering
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import Refusal
from clinic.queue import actions as queue
from clinic.queue import arriving, queries
from tests.booking.times import at


def meanwhile(app, work):
    """Another request, from beginning to end."""

    def run():
        with app.app_context(), entering.acting_in("north"):
            work()

    other = Thread(target=Context().run, args=(run,))
    other.start()
    other.join()


@pytest.fixture
def waiting(in_north):
    """Carla waits at Dr Bose's door, without an appointment."""
    return arriving.walk_in(doctor_id=in_north.bose, patient_id=in_north.carla, by=SYSTEM)


def test_who_was_called_in_meanwhile_is_not_sent_on(app, in_north, waiting):
    """The desk looks and sees somebody waiting; the doctor starts; then the desk sends them to another door."""
    hand_over = steps.hand_over

    def after_the_doctor(**asked):
        meanwhile(app, lambda: queue.start(id=waiting.id, by=SYSTEM))
        return hand_over(**asked)

    with patch.object(steps, "hand_over", after_the_doctor), pytest.raises(Refusal) as refusal:
        arriving.transfer(id=waiting.id, doctor_id=in_north.tok, by=SYSTEM)
    assert refusal.value.status == 409
    db.take_back()
    with entering.acting_in("north"):
        entry = queries.entry(waiting.id, by=SYSTEM)
    assert (entry.status, entry.visit_status, entry.doctor_id) == ("in_room", "in_progress", in_north.bose)


def test_a_doctor_sends_somebody_on_to_another(app, in_north, waiting):
    """They are another doctor's patient afterwards, and that is no reason to fail."""
    bose = Actor("user", in_north.bose_user, "doctor", doctor_id=in_north.bose)
    assert arriving.transfer(id=waiting.id, doctor_id=in_north.tok, by=bose).doctor_id == in_north.tok


def test_a_hold_is_extended_once_by_however_many(app, in_north, at_once):
    key = Actor("key", in_north.carla)
    made = holds.hold(doctor_id=in_north.bose, start=at("09:30"), by=key)

    def extend(_number):
        with entering.acting_in("north"):
            return holds.extend(id=made.id, by=key).expires_at

    said = at_once(8, extend)
    assert sum(isinstance(each, AlreadyExtended) for each in said) == 7
