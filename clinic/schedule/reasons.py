"""Why not, in the clinic's words: the one file of the slot engine that knows a language.

Sentences are said in the language of whoever reads them, and are fragments that stand after a time ("09:30: on leave
until 3 May"). What the clinic wrote about a doctor's block is for staff; patients are told that, not why, the doctor
is away.
"""

from __future__ import annotations

from datetime import date, timedelta

from babel.dates import format_skeleton, format_time
from babel.units import format_unit

from clinic.core.i18n import lazy_gettext as _
from clinic.core.i18n import locale
from clinic.schedule.facts import Audience, Reason

SENTENCES = {
    "past": _("this time has passed"),
    "not_bookable_online": _("this visit type is booked by the clinic only"),
    "doctor_absent": _("the doctor is not here that day"),
    "doctor_absent.inactive": _("the doctor no longer works here"),
    "closed": _("closed until %(until)s"),
    "closed.note": _("closed until %(until)s (%(note)s)"),
    "blocked": _("not available until %(until)s"),
    "blocked.note": _("%(note)s until %(until)s"),
    "outside_hours": _("outside the doctor's hours"),
    "outside_hours.service": _("no hours for this visit type at that time"),
    "outside_hours.not_offered": _("the doctor does not offer this visit type"),
    "outside_hours.tokens": _("the doctor gives numbers, not times"),
    "outside_hours.times": _("the doctor gives times, not numbers"),
    "invalid_duration": _("a visit cannot last that long here"),
    "off_grid": _("no visit begins at this time"),
    "too_far_ahead": _("cannot be booked more than %(limit)s ahead"),
    "min_notice": _("has to be booked at least %(limit)s ahead"),
    "day_full": _("the day is full"),
    "booked": _("already booked"),
    "held": _("somebody is booking it at this moment"),
    "buffer": _("too close to another visit"),
    "room_busy": _("no room is free"),
}


def sentence(reason: Reason, *, audience: Audience = "staff", day: date | None = None) -> str:
    """A reason in the reader's language. *day*: the local date asked about; what ends on it ends at a time."""
    note = reason.note if audience == "staff" or reason.code == "closed" else None
    kind = f"{reason.code}.{'note' if note else reason.why}"
    said = SENTENCES[kind if kind in SENTENCES else reason.code]
    return str(said) % {"note": note, "until": _until(reason, day), "limit": _limit(reason)}


def _until(reason: Reason, day: date | None) -> str:
    if reason.until is None:
        return ""
    # Whole days end at a midnight, and people name the day before it.
    ends = reason.until.replace(tzinfo=None)
    last = (ends - timedelta(seconds=1)).date() if reason.all_day else ends.date()
    years = "y" if day is not None and day.year != last.year else ""
    named = format_skeleton(f"{years}MMMMd", last, locale=locale())
    if reason.all_day:
        return named
    clock = format_time(ends.time(), "short", locale=locale())
    return clock if last == day else f"{named}, {clock}"


def _limit(reason: Reason) -> str:
    if reason.limit is None:
        return ""
    if reason.code == "too_far_ahead":
        return format_unit(reason.limit, "duration-day", locale=locale())
    for minutes, unit in ((24 * 60, "duration-day"), (60, "duration-hour")):
        if reason.limit and reason.limit % minutes == 0:
            return format_unit(reason.limit // minutes, unit, locale=locale())
    return format_unit(reason.limit, "duration-minute", locale=locale())
