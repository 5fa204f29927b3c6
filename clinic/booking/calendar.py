"""A visit as a calendar file (RFC 5545), for the patient's own calendar.

No clinical text: calendars are shared and shown on locked screens. The title says where and with whom, not why.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from clinic.core import tenancy
from clinic.core.formats import phone
from clinic.core.i18n import gettext

STATUS = {"pending": "TENTATIVE", "cancelled": "CANCELLED", "rejected": "CANCELLED", "no_show": "CANCELLED"}


def file(visit: Any, *, url: str | None = None) -> bytes:
    """The file of a visit (a row of ``queries_portal.visit``); *url* is the page to move or cancel it on.

    A moved visit keeps its UID and has a higher SEQUENCE: calendars replace the old time (RFC 5546 §2.1.4). A number
    of a day is an event of the whole day.
    """
    tenant = tenancy.require()
    event = Event()
    event.add("uid", f"{visit.id}@{tenant.slug}")
    event.add("sequence", visit.version - 1)
    event.add("dtstamp", visit.updated_at.astimezone(UTC))
    event.add("status", STATUS.get(visit.status, "CONFIRMED"))
    event.add("summary", gettext("%(clinic)s: %(doctor)s", clinic=tenant.name, doctor=visit.doctor_name))
    if visit.starts_at is None:
        event.add("dtstart", visit.date)
        event.add("dtend", visit.date + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        zone = ZoneInfo(visit.timezone)
        event.add("dtstart", visit.starts_at.astimezone(zone))
        event.add("dtend", visit.ends_at.astimezone(zone))
    place = [visit.location_name, visit.location_address, visit.location_city]
    if any(place):
        event.add("location", vText(", ".join(filter(None, place))))
    event.add("description", "\n".join(_lines(visit, url)))
    if url:
        event.add("url", url)
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _lines(visit: Any, url: str | None) -> list[str]:
    lines = []
    if visit.token is not None:
        lines.append(gettext("Your number: %(number)s", number=visit.token))
    number = visit.location_phone or tenancy.require().setting("phone")
    if number:
        lines.append(gettext("Telephone: %(number)s", number=phone(number)))
    if url:
        lines.append(gettext("Move or cancel: %(url)s", url=url))
    return lines
