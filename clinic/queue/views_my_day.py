"""The doctor's own day: the next patient large, the queue at the door, the visits of today."""

from __future__ import annotations

from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from clinic.booking import queries_desk
from clinic.core import audit, navigation
from clinic.core.access import allow
from clinic.core.conditional import polled
from clinic.core.doors import StaffPages
from clinic.core.i18n import gettext
from clinic.core.i18n import lazy_gettext as _
from clinic.core.jinja import say
from clinic.queue import today
from clinic.schedule import days

bp = StaffPages("my_day", __name__)
navigation.add(
    "staff", "my_day.my_day", _("My day"), icon="stethoscope", right="own_day.read", order=5, key="g m"
)

DELAYS = (0, 10, 20, 30, 45, 60)
LAST_VISITS = 4


@bp.get("/my-day")
@allow("day.read")
def my_day() -> Any:
    """My visits, my queue, who is next."""
    if not g.actor.is_doctor:
        return redirect(url_for("desk.board"))
    if g.actor.doctor_id is None:
        return render_template("queue/no_doctor.html")
    shown = _shown()
    _on_record(shown)
    return render_template("queue/my_day.html", **shown)


@bp.get("/my-day/mine")
@allow("own_day.read")
def mine() -> Any:
    """The same without the page around it, asked for again and again; unchanged: 304."""
    if g.actor.doctor_id is None:
        return Response(status=204)
    shown = _shown()

    def draw() -> str:
        _on_record(shown)
        return render_template("queue/_mine.html", **shown)

    return polled(draw, version=shown["today"].version)


@bp.post("/my-day/delay")
@allow("own_day.read")
def delay() -> Any:
    """I run late by so many minutes: estimates follow."""
    given = request.form.get("minutes", "")
    if g.actor.doctor_id is not None and given.isdigit() and int(given) in DELAYS:
        minutes = int(given)
        of = today.read(by=g.actor).of[0]
        days.put(g.actor.doctor_id, on=of.date, fields={"delay_minutes": minutes}, by=g.actor)
        if minutes:
            say(gettext("Estimated waits are %(minutes)d minutes longer now.", minutes=minutes))
        else:
            say(gettext("You are on time again."))
    return redirect(url_for("my_day.my_day"), 303)


def _shown() -> dict[str, Any]:
    found = today.read(whole_day=True, by=g.actor)
    mine = found.of[0]
    now = next(iter([*mine.in_room, *mine.called, *mine.waiting]), None)
    return {
        "today": found,
        "mine": mine,
        "place": now,
        "state": now.entry.status if now else None,
        "before": _before(now.entry) if now else [],
        "delays": DELAYS,
    }


def _before(entry: Any) -> list[Any]:
    """The patient's last visits with this doctor."""
    return queries_desk.of_patient(entry.patient_id, before=entry.date, most=LAST_VISITS, by=g.actor)


def _on_record(shown: dict[str, Any]) -> None:
    today.on_record(shown["today"], by=g.actor)
    if shown["place"]:
        entry = shown["place"].entry
        audit.read("appointment", entry.appointment_id, by=g.actor, patient_id=entry.patient_id)
