"""Ctrl+K: one box that finds every page of the desk and every patient."""

from __future__ import annotations

from flask import g, render_template, request

from clinic.core import navigation
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.i18n import lazy_gettext as _
from clinic.core.text import fold
from clinic.patients import opening

bp = StaffPages("palette", __name__)
navigation.add("palette", "patients.new", _("New patient"), icon="user-plus", right="patients.find", order=60)

MOST = 6
LONGEST = 200


@bp.post("/go-to")
@allow("patients.find")
def go_to() -> str:
    """The pages and patients that match what was typed, as the options of a combobox."""
    typed = request.form.get("q", "")[:LONGEST].strip()
    words = fold(typed).split()
    pages = [
        way for way in navigation.destinations(g.actor) if all(word in fold(str(way.label)) for word in words)
    ]
    found = opening.look_up(typed, limit=MOST, by=g.actor)[0] if typed else []
    return render_template("patients/_go_to.html", pages=pages, found=found)
