"""What is written on a visit: reason, notes, how it takes place, the clinic's own fields; of one or of its series."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, make_response, render_template, request, url_for

from clinic.booking import details as writing
from clinic.booking import queries_desk, series_steps
from clinic.booking.forms_details import DetailsForm
from clinic.booking.forms_steps import Said, of_several, scope_in, told
from clinic.core import audit
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import Refusal, Stale
from clinic.core.i18n import gettext
from clinic.patients import opening

bp = StaffPages("details", __name__)


@bp.get("/appointments/<uuid:id>/details")
@allow("appointments.change")
def details(id: uuid.UUID) -> str:
    """The form with what is written."""
    visit = _visit(id)
    audit.read("appointment", id, by=g.actor, patient_id=visit.patient_id)
    return _shown(_form(visit, formdata=None))


@bp.post("/appointments/<uuid:id>/details")
@allow("appointments.change")
def change(id: uuid.UUID) -> Any:
    """Change it; of a series those visits that are meant."""
    visit = _visit(id)
    form = _form(visit)
    if not form.validate():
        return make_response(_shown(form), 422)
    seen, form.version.data = form.version.data, str(visit.version)
    scope, said = scope_in(), gettext("The details are changed.")
    named: dict[str, Any] = {"id": id, "changes": form.changes(), "version": visit.version, "by": g.actor}
    try:
        if seen != form.version.data:  # now it has been seen: who saves once more means it
            raise Stale
        if scope == "this":
            writing.change(**named)
            done = Said(said)
        else:
            done = of_several(series_steps.change(scope=scope, **named), said)
    except Refusal as refusal:
        return make_response(_shown(form, form.told(refusal)), refusal.status)
    to = url_for("visits.visit", id=id)
    return told(done, home=to, to=to)


def _visit(id: uuid.UUID) -> Any:
    visit, _history = queries_desk.shown(id, by=g.actor)
    return visit


def _form(visit: Any, **more: Any) -> DetailsForm:
    return DetailsForm(visit, closed=opening.is_closed(visit, g.actor), **more)


def _shown(form: DetailsForm, refusal: Refusal | None = None) -> str:
    back = request.values.get("back", "")
    return render_template("booking/details.html", form=form, visit=form.visit, refusal=refusal, back=back)
