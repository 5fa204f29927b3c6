"""Several visits at once, all or none of them (API.md §6: two children, one trip).

The locks of all are taken first, in the one order that everybody keeps, so that two groups never wait for each other
in a circle. What is against one of them is told at its place in the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from clinic.booking import actions, locks
from clinic.booking.asking import Asked
from clinic.booking.queries import Visit
from clinic.booking.refusals import HoldExpired, PatientBusy, PatientLimit
from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import FieldError, Forbidden, Refusal

WHERE = {PatientBusy: "/patient_id", PatientLimit: "/patient_id", HoldExpired: "/hold_id"}
"""Which field of an item a refusal is about; all others are about its time."""


@db.action
def book_all(*, items: Sequence[Asked], by: Actor) -> list[Visit]:
    """Book them all, in their order, or none. Raises what booking one raises, its pointer below ``/items/<place>``."""
    ready = []
    for place, asked in enumerate(items):
        with told_at(place, _when(asked)):
            whose = actions.prepare(asked, by=by)
            patient_id = actions.patient_of(whose.asked, by=by)
            known = replace(whose.asked, patient_id=patient_id, patient=None, patient_document=None)
            ready.append(whose._replace(asked=known))
    lock(ready)
    visits = []
    for place, each in enumerate(ready):
        with told_at(place, _when(each.asked)):
            visits.append(actions.take(each, by=by))
    return visits


def lock(ready: Sequence[actions.Ready]) -> None:
    """Every lock that these bookings need, each kind sorted; booking them takes the same ones again for nothing."""
    services = [each.who.service for each in ready]
    db.send(
        *locks.statements(
            patients=[each.asked.patient_id for each in ready if each.asked.patient_id],
            days=[(each.who.doctors[0].id, day) for each in ready for day in each.days],
            room_kinds=[service.room_kind for service in services if service],
            room_ids=[each.asked.room_id for each in ready],
        )
    )


@contextmanager
def told_at(place: int, when: str = "/start") -> Iterator[None]:
    """A refusal of one item says which one, in the pointers of its errors; *when*: the field of its time."""
    try:
        yield
    except Forbidden:
        raise
    except Refusal as refusal:
        field = WHERE.get(type(refusal), when)
        wrong = refusal.errors or [FieldError(field, refusal.code, str(refusal.detail))]
        refusal.errors = [
            FieldError(f"/items/{place}{error.pointer}", error.code, error.message) for error in wrong
        ]
        raise


def _when(asked: Asked) -> str:
    return "/start" if asked.start else "/date"
