"""The register at the desk: search, record, new patient, change. No patient's data stands in an address."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for

from clinic.core import custom, idempotency, madeup, navigation
from clinic.core.access import allow
from clinic.core.doors import StaffPages
from clinic.core.errors import Refusal, Stale
from clinic.core.i18n import lazy_gettext as _
from clinic.core.ids import parse_id
from clinic.core.jinja import say
from clinic.core.json import canonical
from clinic.patients import actions, forms, opening, queries
from clinic.patients.forms import PatientForm
from clinic.patients.refusals import Confidential, DuplicatePatient, HasAppointments

bp = StaffPages("patients", __name__)
navigation.add(
    "staff", "patients.search", _("Patients"), icon="users", right="patients.find", order=30, key="p"
)

SHOWN = 20
IN_A_BOX = 8
LONGEST = 200


# -- search -------------------------------------------------------------------------------------------------------


@bp.get("/patients")
@allow("patients.find")
def search() -> str:
    """The box, and nothing else yet."""
    return render_template("patients/search.html", typed="", found=None)


@bp.post("/patients")
@allow("patients.find")
def search_all() -> str:
    """The page with what the box finds."""
    return render_template("patients/search.html", **_found(SHOWN))


@bp.post("/patients/results")
@allow("patients.find")
def results() -> str:
    """The same as a fragment, while one types."""
    return render_template("patients/_results.html", **_found(SHOWN))


@bp.post("/patients/found")
@allow("patients.find")
def found() -> str:
    """The same as the options of a combobox: a patient's id is the value."""
    return render_template("patients/_found.html", **_found(IN_A_BOX))


def _found(limit: int) -> dict[str, Any]:
    typed = request.form.get("q", "")[:LONGEST].strip()
    if not typed:
        return {"typed": "", "found": None, "more": False}
    found, more = opening.look_up(typed, limit=limit, by=g.actor)
    return {"typed": typed, "found": found, "more": more}


# -- a record -----------------------------------------------------------------------------------------------------


@bp.get("/patients/<uuid:id>")
@allow("patients.find")
def record(id: uuid.UUID) -> Any:
    """A patient's record; of a confidential one the question why."""
    return _record(id, None)


@bp.post("/patients/<uuid:id>")
@allow("patients.find")
def record_with_reason(id: uuid.UUID) -> Any:
    """A confidential record, with the reason given."""
    return _record(id, _reason())


def _record(id: uuid.UUID, reason: str | None) -> Any:
    try:
        opened = opening.open_record(id, reason=reason, by=g.actor)
    except Confidential as refusal:
        return _ask_why(url_for("patients.record", id=id), refusal)
    alike = opening.alike([parse_id(each) for each in request.args.getlist("alike")], by=g.actor)
    more = madeup.told(custom.wanted("patient"), opened.row.custom_fields)
    return render_template("patients/record.html", patient=opened, alike=alike, reason=reason, more=more)


def _ask_why(action: str, refusal: Confidential) -> Response:
    asked = request.method == "POST"
    page = render_template(
        "patients/confidential.html", action=action, refusal=refusal if asked else None, why=refusal
    )
    return make_response(page, refusal.status)


def _reason() -> str | None:
    return request.form.get("access_reason", "")[:500].strip() or None


# -- new ----------------------------------------------------------------------------------------------------------


@bp.get("/patients/new")
@allow("patients.create")
def new() -> str:
    """The form for a new patient."""
    return render_template("patients/new.html", form=PatientForm(formdata=None), refusal=None, known=None)


@bp.post("/patients/new")
@allow("patients.create")
def create() -> Any:
    """Make a patient, or go to the one who is known."""
    form = PatientForm()
    if not form.validate_on_submit():
        return _new_again(form)
    try:
        return _once(lambda: _created(form))
    except Refusal as refusal:
        return _new_again(form, refusal)


def _created(form: PatientForm) -> str:
    made = actions.create(fields=form.filled_in(), by=g.actor)
    if made.made:
        say(_("The patient is registered."))
    else:
        say(_("This patient was registered already."), tone="info")
    return url_for("patients.record", id=made.id, alike=made.possible_duplicates or None)


def _new_again(form: PatientForm, refusal: Refusal | None = None) -> Response:
    known = refusal.extra["existing_id"] if isinstance(refusal, DuplicatePatient) else None
    page = render_template("patients/new.html", form=form, refusal=form.told(refusal), known=known)
    return make_response(page, refusal.status if refusal else 422)


def _once(make: Any) -> Response:
    """Send a form twice and it happens once: the form carries a key of its own."""
    key = request.form.get("idempotency_key", "")
    if not 1 <= len(key) <= 255:
        return redirect(make(), 303)  # type: ignore[return-value]
    sent = sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")

    def refuse(refusal: Refusal) -> idempotency.Answer:
        raise refusal

    answer = idempotency.once(
        key,
        sha256(request.path.encode() + canonical(sent)).digest(),
        by=g.actor,
        do=lambda: idempotency.Answer(303, b"", {"Location": make()}),
        refuse=refuse,
    )
    return Response(answer.body, answer.status, answer.headers)


# -- change -------------------------------------------------------------------------------------------------------


@bp.get("/patients/<uuid:id>/edit")
@allow("desk.use")
def edit(id: uuid.UUID) -> Any:
    """The form with a patient's record in it."""
    return _edit(id, None)


@bp.post("/patients/<uuid:id>/edit")
@allow("desk.use")
def change(id: uuid.UUID) -> Any:
    """Change a patient's record. With a reason alone: the form of a confidential one."""
    reason = _reason()
    if "version" not in request.form:
        return _edit(id, reason)
    try:
        opened = opening.open_record(id, reason=reason, by=g.actor)
    except Confidential as refusal:
        return _ask_why(url_for("patients.edit", id=id), refusal)
    form = PatientForm(kept=opened.row.custom_fields)
    if not form.validate_on_submit():
        return _edit_again(opened, form)
    seen, form.version.data = form.version.data, str(opened.row.version)
    try:
        if seen != form.version.data:  # now it has been seen: who saves once more means it
            raise Stale
        changes = form.changes(opened)
        actions.update(id, changes=changes, version=opened.row.version, reason=reason, by=g.actor)
    except Refusal as refusal:
        return _edit_again(opened, form, refusal)
    say(_("The record is saved."))
    return redirect(url_for("patients.record", id=id), 303)


def _edit(id: uuid.UUID, reason: str | None) -> Any:
    try:
        opened = opening.open_record(id, reason=reason, by=g.actor)
    except Confidential as refusal:
        return _ask_why(url_for("patients.edit", id=id), refusal)
    form = forms.of(opened, reason=reason)
    return render_template("patients/edit.html", patient=opened, form=form, refusal=None)


def _edit_again(opened: queries.Record, form: PatientForm, refusal: Refusal | None = None) -> Response:
    page = render_template("patients/edit.html", patient=opened, form=form, refusal=form.told(refusal))
    return make_response(page, refusal.status if refusal else 422)


@bp.post("/patients/<uuid:id>/remove")
@allow("patients.remove")
def remove(id: uuid.UUID) -> Any:
    """Take a patient out of lists and searches; it can be taken back."""
    try:
        actions.remove(id, reason=_reason(), by=g.actor)
    except HasAppointments as refusal:
        say(str(refusal.detail), tone="bad")
    else:
        say(_("The patient is removed from lists and searches."), undo=url_for("patients.restore", id=id))
    return redirect(url_for("patients.record", id=id), 303)


@bp.post("/patients/<uuid:id>/restore")
@allow("patients.remove")
def restore(id: uuid.UUID) -> Any:
    """Bring a patient back."""
    try:
        actions.restore(id, reason=_reason(), by=g.actor)
    except DuplicatePatient as refusal:
        say(str(refusal.detail), tone="bad")
    return redirect(url_for("patients.record", id=id), 303)
