"""Free slots as answers: what a list of them shows, and the sentence that names one."""

from __future__ import annotations

import base64
import heapq
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import orjson

from clinic.core import db, tenancy
from clinic.core.errors import Refusal, invalid
from clinic.core.formats import clocks
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.schedule.facts import Asker, Slot, Wish
from clinic.schedule.loading import Whose
from clinic.schedule.timetable import Timetable


def seal(slot: Slot) -> str:
    """A slot as one opaque text, which booking accepts in place of doctor, service, location and start.

    It grants nothing: what it says is checked like the fields that it stands for.
    """
    service, location = slot.service_id, slot.location_id
    parts = [slot.doctor_id.hex, slot.at, service and service.hex, location and location.hex]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def unseal(slot: str) -> dict[str, Any]:
    """The doctor, start, service and location in a slot's text; 422 ``invalid_slot`` if it is none."""
    try:
        doctor, start, service, location = orjson.loads(
            base64.urlsafe_b64decode(slot + "=" * (-len(slot) % 4))
        )
        return {
            "doctor_id": uuid.UUID(hex=doctor),
            "start": datetime.fromtimestamp(start, UTC),
            "service_id": uuid.UUID(hex=service) if service else None,
            "location_id": uuid.UUID(hex=location) if location else None,
        }
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise invalid("/slot", "invalid_slot", _("This is not a slot that we offered.")) from None


def shown(found: Iterable[Slot], who: Whose) -> list[dict[str, Any]]:
    """Slots as the API answers them. ``start`` and ``end`` carry the location's offset.

    ``label`` is a sentence in the caller's language, which is asked for once and not for each of some hundreds.
    """
    names = {doctor.id: doctor.full_name for doctor in who.doctors}
    sentence, at = gettext("%(time)s with %(doctor)s"), clocks()
    return [
        {
            "slot": seal(slot),
            "doctor_id": slot.doctor_id,
            "location_id": slot.location_id,
            "service_id": slot.service_id,
            "start": (start := slot.start),
            "end": slot.end,
            "capacity": slot.capacity,
            "remaining": slot.remaining,
            "label": sentence % {"time": at(start), "doctor": names.get(slot.doctor_id, "")},
        }
        for slot in found
    ]


def parts_of_day() -> dict[str, tuple[time, time | None]]:
    """Morning, afternoon and evening as the clinic's settings bound them."""
    tenant = tenancy.require()
    noon, dusk = (time.fromisoformat(tenant.setting(name)) for name in ("morning_ends", "afternoon_ends"))
    return {"morning": (time(0), noon), "afternoon": (noon, dusk), "evening": (dusk, None)}


def in_time_order(
    tables: Sequence[Timetable],
    wish: Wish,
    asker: Asker,
    first: date | datetime,
    last: date | datetime,
    *,
    part_of_day: str | None = None,
    include_taken: bool = False,
) -> Iterator[Slot]:
    """The slots of several doctors merged by time; worked out as they are taken from the iterator."""
    part = parts_of_day()[part_of_day] if part_of_day else None
    offers = [
        table.offer(wish, asker, first, last, part_of_day=part, include_taken=include_taken)
        for table in tables
    ]
    return heapq.merge(*offers, key=lambda slot: (slot.at, str(slot.doctor_id)))


def first_of_each_day(slots: Iterator[Slot]) -> Iterator[Slot]:
    """``spread=day``: the first slot of each day."""
    seen: set[date] = set()
    for slot in slots:
        if slot.day not in seen:
            seen.add(slot.day)
            yield slot


def specialty(given: str) -> uuid.UUID:
    """The id of a specialty given as code or id; 422 ``unknown_code`` at /specialty."""
    found = db.row(
        "SELECT id FROM specialty WHERE tenant_id = %(tenant)s AND is_active AND (code = %(given)s OR id = %(id)s)",
        given=given,
        id=parse_id(given),
    )
    if found is None:
        raise invalid("/specialty", "unknown_code", _("There is no such specialty."))
    return found.id  # type: ignore[no-any-return]


def unknown_id(pointer: str) -> Refusal:
    """An id that does not exist here, or is another clinic's: 422, the same for both."""
    return invalid(pointer, "unknown_id", _("Nothing here has this id."))
