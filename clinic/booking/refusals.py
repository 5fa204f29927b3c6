"""What booking says no with: a class for each code of API.md §6, made of the engine's reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from clinic.core.access import Actor
from clinic.core.errors import Conflict, Gone, Refusal, Unprocessable, means
from clinic.core.i18n import lazy_gettext as _
from clinic.schedule import reasons
from clinic.schedule.facts import TAKEN, Reason


@means("appointment_no_overlap", "appointment_one_per_place", "hold_no_overlap", "hold_one_per_place")
class SlotTaken(Conflict):
    """Booked, held or inside a buffer. ``extra["alternatives"]``: the three nearest free slots of the doctor."""

    code = "slot_taken"
    title = _("This time has just been taken.")


@means("doctor_day_within_cap")
class DayFull(Conflict):
    code = "day_full"
    title = _("The day is full.")


@means("appointment_patient_once")
class PatientBusy(Conflict):
    code = "patient_busy"
    title = _("The patient already has a visit at this time.")


class PatientLimit(Conflict):
    code = "patient_limit"
    title = _("The patient has as many open bookings as the clinic allows.")


@means("appointment_room_once", "appointment_room_one_doctor")
class RoomBusy(Unprocessable):
    code = "room_busy"
    title = _("No suitable room is free at this time.")


class NotThisTime(Unprocessable):
    """The schedule says no; ``code`` is always the engine's (``outside_hours``, ``blocked``, ``past`` …)."""

    code = "not_bookable"
    title = _("This time cannot be booked.")


class CancelTooLate(Unprocessable):
    code = "cancel_too_late"
    title = _("It is too late to cancel or move this visit online. Please call the clinic.")


class NotToday(Unprocessable):
    code = "not_today"
    title = _("The visit is not today.")


class AlreadyCheckedIn(Conflict):
    code = "already_checked_in"
    title = _("The patient is checked in already.")


class HoldExpired(Gone):
    code = "hold_expired"
    title = _("The time was kept for you for a few minutes; they are over. Choose again.")


class AlreadyExtended(Conflict):
    code = "already_extended"
    title = _("The time was kept longer once already.")


@means("proposal_one_open")
class AlreadyProposed(Conflict):
    """Two who propose at the same moment: the visit's one proposal is the other's."""

    code = "already_proposed"
    title = _("Somebody has just proposed another time for this visit.")


class AlreadyAnswered(Conflict):
    """``extra["status_now"]``: how what was proposed or offered has been answered."""

    code = "already_answered"
    title = _("This was answered already.")


class NothingToUndo(Conflict):
    code = "nothing_to_undo"
    title = _("There is nothing left to undo.")


TIMES: tuple[type[Refusal], ...] = (NotThisTime, SlotTaken, DayFull, RoomBusy, PatientBusy)
"""What may be against a time that somebody wants."""


class Vanished(Exception):
    """The database kept a row out that the rules had let in: ask the rules again (RULES §2.6)."""


def of(found: Sequence[Reason], by: Actor, day: date | None = None) -> Refusal:
    """The refusal for the most telling of the engine's reasons, worded for who asked; *day*: the date asked about."""
    first = found[0]
    sentence = reasons.sentence(first, audience="staff" if by.audience == "staff" else "patient", day=day)
    sentence = sentence[:1].upper() + sentence[1:] + "."
    if first.code in TAKEN:
        return SlotTaken(sentence)
    if first.code == "day_full":
        return DayFull(sentence)
    if first.code == "room_busy":
        return RoomBusy(sentence)
    return NotThisTime(sentence, code=first.code)
