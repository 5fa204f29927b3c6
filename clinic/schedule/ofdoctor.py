"""What records of a doctor's time have in common: whose they are, when they reach, what they may not take away."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from clinic.core import tenancy
from clinic.core.access import Actor
from clinic.core.db import Versioned
from clinic.core.errors import FieldError, Invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.records import Records
from clinic.schedule import booked, loading
from clinic.schedule.moments import begin_of, end_of

M = TypeVar("M", bound=Versioned)


class OfDoctor(Records[M]):
    """Records with a ``doctor_id``: the doctor is locked first, and booked visits keep their time unless forced."""

    refusal: type[booked.AppointmentsAffected] = booked.AppointmentsAffected
    adds: ClassVar[frozenset[str]] = frozenset()
    """The acts that add time and take none away."""

    @contextmanager
    def around(self, record: M, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        doctor = [cast("Any", record).doctor_id]
        booked.lock(doctor, by=by)
        with booked.kept(doctor, force=force, by=by, refusal=self.refusal, adding=act in self.adds):
            yield


class Ranged(Records[M]):
    """Records that reach from an instant to an instant. Filters ``from_`` and ``to``: dates (whole days) or times."""

    reach: ClassVar[tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]]

    def where(self, filters: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
        plain = dict(filters)
        first, last, zone = plain.pop("from_", None), plain.pop("to", None), tenancy.require().zone
        begins, ends = self.reach
        since = None if first is None else begin_of(first, zone, at="/from")
        until = None if last is None else end_of(last, zone, at="/to")
        if since is not None and until is not None and until <= since:
            raise Invalid(FieldError("/to", "invalid_range", str(_("The end is before the beginning."))))
        if since is not None:
            yield ends > since
        if until is not None:
            yield begins < until
        yield from super().where(plain)


def out_of_order(at: str) -> Invalid:
    """The end does not come after the start: 422 at the pointer *at*."""
    return Invalid(FieldError(at, "out_of_order", str(_("The end comes after the start."))))


def zone_of(doctor_id: uuid.UUID, location_id: uuid.UUID | None = None) -> ZoneInfo:
    """The zone on whose clock a doctor's times are read: the location's, else of the doctor's first; ``NotFound``."""
    who = loading.one(doctor_id)
    return who.zone_at(location_id) if location_id else who.zone_of(who.doctors[0])
