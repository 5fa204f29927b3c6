"""The directory beside its doctors: specialties, rooms and visit types; and the end of a location.

What is given up is not offered any more. Visits that were booked with it stand no longer (``booked``), and any doctor
may have some, so all doctors are locked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from clinic.core import db, tenancy
from clinic.core.access import Actor
from clinic.core.db import Versioned
from clinic.core.errors import FieldError, Invalid, invalid, means
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.records import CodeTaken, Records
from clinic.schedule import booked
from clinic.schedule.models import Room, Service, Specialty
from clinic.tenants import actions as organisation
from clinic.tenants.models import Location

M = TypeVar("M", bound=Versioned)

means("specialty_one_per_code", "service_one_per_code", "doctor_one_per_code")(CodeTaken)


class Bookable(Records[M]):
    """Records that visits are booked with."""

    @contextmanager
    def around(self, record: M, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        if act not in ("remove", "restore"):
            yield
            return
        booked.lock(None, by=by)
        with booked.kept(None, force=force, by=by):
            yield


class Services(Bookable[Service]):
    """Visit types. A price without a currency is in the clinic's."""

    def fill(self, record: Service, fields: Mapping[str, Any]) -> None:
        super().fill(record, fields)
        if "questions" in fields:
            record.questions = _with_ids(fields["questions"])
        if record.price is not None and record.currency is None:
            record.currency = tenancy.require().currency


def _with_ids(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions with an id each, by which an appointment keeps the answer: their own, or q1, q2 … 422 for a bad one."""
    taken: set[str] = set()
    for place, question in enumerate(questions):
        if question.get("id") in taken:
            message = str(_("Another question has this id."))
            raise Invalid(FieldError(f"/questions/{place}/id", "repeated", message))
        if (question.get("type") == "choice") != bool(question.get("choices")):
            message = str(_("A question of the type choice has choices, and no other."))
            raise Invalid(FieldError(f"/questions/{place}/choices", "required", message))
        taken |= {question["id"]} if question.get("id") else set()
    free = (name for number in count(1) if (name := f"q{number}") not in taken)
    return [{**question, "id": question.get("id") or next(free)} for question in questions]


specialties = Records(Specialty, order=[Specialty.name])
rooms = Bookable(Room, order=[Room.name], refers={"location_id": Location})
services = Services(Service, order=[Service.name], outside=True)


@db.action
def remove_location(id: uuid.UUID, *, version: int | None = None, force: bool = False, by: Actor) -> None:
    """Take a location out of use. Raises ``NotFound``, ``Stale``, ``AppointmentsAffected``."""
    booked.lock(None, by=by)
    with booked.kept(None, force=force, by=by):
        organisation.remove_location(id, version=version, by=by)


@db.action
def restore_location(id: uuid.UUID, *, version: int | None = None, force: bool = False, by: Actor) -> Any:
    """Bring a location back, and the visits that stand there. Raises ``NotFound``, ``Stale``, ``CodeTaken``."""
    booked.lock(None, by=by)
    with booked.kept(None, force=force, by=by):
        return organisation.restore_location(id, version=version, by=by)


SPECIALTIES = """
SELECT id, code FROM specialty
 WHERE tenant_id = %(tenant)s AND is_active AND (lower(code) = ANY(%(codes)s) OR id = ANY(%(ids)s))
"""


def specialty_ids(given: Sequence[str], *, at: str) -> list[uuid.UUID]:
    """The specialties that *given* codes or ids mean; 422 ``unknown_code`` at ``{at}/{place}`` of what means none."""
    wanted = [text.strip() for text in given]
    rows = db.rows(
        SPECIALTIES,
        codes=[text.lower() for text in wanted],
        ids=[id for text in wanted if (id := parse_id(text))],
    )
    known = {row.code.lower(): row.id for row in rows} | {str(row.id): row.id for row in rows}
    unknown = [place for place, text in enumerate(wanted) if text.lower() not in known]
    if unknown:
        message = str(_("There is no specialty by this code."))
        raise Invalid([FieldError(f"{at}/{place}", "unknown_code", message) for place in unknown])
    return [known[text.lower()] for text in wanted]


def specialty_id(given: str, *, at: str) -> uuid.UUID:
    """The same for one, at the pointer *at*."""
    found = db.row(
        SPECIALTIES, codes=[given.strip().lower()], ids=[id for id in [parse_id(given.strip())] if id]
    )
    if found is None:
        raise invalid(at, "unknown_code", _("There is no specialty by this code."))
    return found.id  # type: ignore[no-any-return]
