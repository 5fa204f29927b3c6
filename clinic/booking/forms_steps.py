"""One press on a page of the desk: what is answered when a step was taken, or could not be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, redirect, render_template, request

from clinic.booking.forms import back_to, is_fragment
from clinic.booking.series_steps import Outcome
from clinic.core import formats, pages
from clinic.core.errors import Conflict, Gone, Invalid, Refusal, Unprocessable
from clinic.core.i18n import gettext, ngettext
from clinic.core.jinja import say

CHANGED = {"HX-Trigger": "close-dialog, visits-changed"}
"""What the board and the queue ask for themselves after, and a dialog closes on."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was done, in a sentence; ``undo``: the address that takes it back."""

    text: str
    undo: str | None = None
    tone: str = "good"


REFUSED = (Conflict, Gone, Invalid, Unprocessable)
"""What the clinic's rules say no with; all else is a page of its own."""


def pressed(take: Callable[[], Said], *, home: str, to: str | None = None) -> Response:
    """Take a step and say so where it was pressed: beside the board, or on the page that one comes back to.

    What the clinic's rules refuse is said there as well, with nothing done: on a page after coming back, in a part of
    one as any refusal. *to*: where to go after, instead of back; *home*: where to, if nothing says where from.
    """
    try:
        said = take()
    except REFUSED as refusal:
        if is_fragment():
            raise
        said = Said(_words(refusal), tone="bad")
    return told(said, home=home, to=to)


def pressed_once(take: Callable[[], Said], *, home: str) -> Response:
    """The same for a press that makes something: a nervous finger makes it once (``ui.idempotency()`` in the form)."""
    try:
        return pages.once(lambda: told(take(), home=home))
    except (*REFUSED, pages.SentBefore) as refusal:
        if is_fragment():
            raise
        return told(Said(_words(refusal), tone="bad"), home=home)


def filled_in(form: Any, make: Callable[[Any], Response], again: Callable[..., Response]) -> Response:
    """A form that looks for a patient (its field ``q``) and makes something: what was sent, made once or shown again.

    *again*: the form as it was filled in, with a refusal or a status of its own.
    """
    if refusal := pages.too_old():
        return again(form, refusal)
    if "find" in request.form:
        form.validate()
        form.q.errors = []
        return again(form, status=200)
    if not form.validate():
        return again(form)
    try:
        return pages.once(lambda: make(form))
    except Refusal as refusal:
        return again(form, refusal)


def scope_in() -> str:
    """Which visits of a series a form means: ``this``, ``following`` or ``all``; this alone if it does not say."""
    given = request.form.get("scope", "")
    return given if given in ("following", "all") else "this"


def of_several(outcome: Outcome, said: str) -> Said:
    """What became of the visits of a series, each that stayed as it was with its reason; there is no one way back."""
    number = len(outcome.changed)
    changed = [ngettext("%(num)d more of the series too.", "%(num)d more of the series too.", number)]
    stayed = [f"{formats.at(each.start)}: {each.detail}" for each in outcome.refused]
    left = [gettext("Not: %(which)s", which="; ".join(stayed))] if stayed else []
    return Said(" ".join([said, *(changed if number else []), *left]), tone="wait" if stayed else "good")


def told(said: Said, *, home: str, to: str | None = None) -> Response:
    """Say what was done, and go back."""
    if is_fragment():
        html = render_template("booking/_said.html", text=said.text, undo=said.undo, tone=said.tone)
        return make_response(html, 200, CHANGED)
    say(said.text, tone=said.tone, undo=said.undo)
    return redirect(back_to(to or home, referrer=to is None), 303)  # type: ignore[return-value]


def _words(refusal: Refusal) -> str:
    return " ".join(str(error.message) for error in refusal.errors) or str(refusal.detail)
