"""Time that is not offered, as people enter it: a doctor's blocks, closures of a location or of the whole clinic.

Given as ``start`` and ``end``, each a time or a date (then midnight to midnight, the last date included). What repeats
(``rrule``) repeats its wall-clock time in the zone of the doctor, the location or the clinic. The arithmetic is
``timeoff``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_

from clinic.core import tenancy
from clinic.core.access import Actor
from clinic.core.errors import FieldError, Invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import booked, recurrence
from clinic.schedule.models import BlockedTime, Closure
from clinic.schedule.moments import begin_of, end_of
from clinic.schedule.ofdoctor import OfDoctor, Ranged, out_of_order, zone_of
from clinic.schedule.walltime import epoch, local_date, wall
from clinic.tenants.models import Location
from clinic.tenants.queries import location

T = TypeVar("T", bound=BlockedTime | Closure)

FOR_EVER = datetime(3000, 1, 1, tzinfo=UTC)
SPARE = timedelta(days=2)
"""Whole days, and what repeats, are other instants in other zones: no two clocks on earth are further apart."""


class TimeAway(Ranged[T]):
    """Blocks and closures: a range, perhaps of whole days, perhaps repeated."""

    def zone(self, record: T) -> ZoneInfo:
        """The zone on whose clock this is read and repeated."""
        raise NotImplementedError

    def where(self, filters: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
        yield from super().where(filters)
        if (first := filters.get("from_")) is not None:
            # ``until_at`` has days to spare: what does not repeat is over when it says so.
            since = begin_of(first, tenancy.require().zone, at="/from")
            yield or_(self.model.rrule.is_not(None), self.model.ends_at > since)

    def fill(self, record: T, fields: Mapping[str, Any]) -> None:
        plain = dict(fields)
        start, end, is_new = plain.pop("start", None), plain.pop("end", None), not record.version
        super().fill(record, plain)
        zone = self.zone(record)
        if start is not None:
            record.starts_at = begin_of(start, zone, at="/start")
        if end is not None:
            record.ends_at = end_of(end, zone, at="/end")
            if not isinstance(end, datetime) and record.ends_at <= record.starts_at:
                raise out_of_order("/end")
        elif is_new:
            if not record.all_day:
                raise Invalid(FieldError("/end", "required", str(_("This is required."))))
            record.ends_at = record.starts_at
        if record.all_day and record.ends_at == record.starts_at:
            # "All day, from the 24th to the 24th" is the 24th.
            record.ends_at = end_of(local_date(epoch(record.starts_at), zone), zone, at="/end")
        if record.ends_at <= record.starts_at:
            raise out_of_order("/end")
        record.until_at = _until(record, zone)


class Blocks(TimeAway[BlockedTime], OfDoctor[BlockedTime]):
    """A doctor's blocked time."""

    reach = (BlockedTime.starts_at, BlockedTime.until_at)
    refusal = booked.AppointmentsInBlock

    def zone(self, record: BlockedTime) -> ZoneInfo:
        return zone_of(record.doctor_id)


class Closures(TimeAway[Closure]):
    """A location, or without one the whole clinic, is closed. Any doctor may receive there: all are locked."""

    reach = (Closure.starts_at, Closure.until_at)

    def zone(self, record: Closure) -> ZoneInfo:
        return (
            ZoneInfo(location(record.location_id).timezone) if record.location_id else tenancy.require().zone
        )

    @contextmanager
    def around(self, record: Closure, *, act: str, force: bool, by: Actor) -> Iterator[None]:
        booked.lock(None, by=by)
        with booked.kept(None, force=force, by=by):
            yield


blocks = Blocks(BlockedTime, order=[BlockedTime.starts_at], custom="block")
closures = Closures(Closure, order=[Closure.starts_at], refers={"location_id": Location})


def _until(record: BlockedTime | Closure, zone: ZoneInfo) -> datetime:
    """After this instant it reaches no more; 422 ``invalid_rrule`` for a rule that we do not take."""
    spare = SPARE if record.all_day or record.rrule else timedelta()
    if not record.rrule:
        return record.ends_at + spare
    first = wall(record.starts_at, zone)
    try:
        recurrence.check(record.rrule, first, zone)
        ends = recurrence.ends(record.rrule, first, zone)
    except recurrence.InvalidRecurrence as broken:
        message = _("This is not a repetition that we know: %(reason)s.", reason=str(broken))
        raise Invalid(FieldError("/rrule", broken.code, str(message))) from None
    if ends is None:
        return FOR_EVER
    return ends.replace(tzinfo=UTC) + (record.ends_at - record.starts_at) + spare
