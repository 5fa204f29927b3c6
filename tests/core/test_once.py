"""A form that creates something is done once, however often its button is pressed."""

from __future__ import annotations

import pytest
from flask import g, redirect

from clinic.core import entering, pages
from clinic.core.access import Actor
from clinic.core.errors import Conflict
from clinic.core.ids import new_id

BY = Actor("anonymous", new_id())


@pytest.fixture
def sent(app, north):
    """``sent(do, **fields)``: what ``once`` answers to a form with these fields."""

    def send(do, **fields):
        with app.test_request_context("/things", method="POST", data=fields), entering.acting_in("north"):
            g.actor = BY
            return pages.once(do)

    return send


@pytest.fixture
def thing():
    """Makes one more thing each time it is called."""
    made = []

    def make():
        made.append(1)
        return redirect(f"/things/{len(made)}", 303)

    make.made = made  # type: ignore[attr-defined]
    return make


def test_a_double_click_makes_one_thing_and_leads_there_twice(sent, thing):
    first, second = (sent(thing, name="one", idempotency_key="k") for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location) == (303, "/things/1")
    assert len(thing.made) == 1


def test_the_token_may_differ_the_answers_may_not(sent, thing):
    sent(thing, name="one", idempotency_key="k", csrf_token="a")
    sent(thing, name="one", idempotency_key="k", csrf_token="b")
    assert len(thing.made) == 1
    with pytest.raises(pages.SentBefore):
        sent(thing, name="two", idempotency_key="k", csrf_token="b")


@pytest.mark.parametrize("key", [{}, {"idempotency_key": ""}, {"idempotency_key": "x" * 256}])
def test_a_form_without_a_usable_key_is_simply_done(sent, thing, key):
    sent(thing, name="one", **key)
    sent(thing, name="one", **key)
    assert len(thing.made) == 2


def test_a_refusal_is_raised_and_the_form_may_be_sent_again(sent, thing):
    def refuse():
        raise Conflict

    with pytest.raises(Conflict):
        sent(refuse, name="one", idempotency_key="k")
    assert sent(thing, name="one", idempotency_key="k").location == "/things/1"


def test_a_fragment_is_answered_again_with_what_htmx_was_told(sent):
    def fragment():
        return "<p>done</p>", 200, {"HX-Trigger": "close-dialog", "Set-Cookie": "a=b"}

    sent(fragment, idempotency_key="k")
    again = sent(lambda: "another", idempotency_key="k")
    assert again.get_data(as_text=True) == "<p>done</p>"
    assert again.headers["HX-Trigger"] == "close-dialog"
    assert "Set-Cookie" not in again.headers


def test_a_form_of_another_session_is_too_old(app, north):
    with app.test_request_context("/things", method="POST", data={"csrf_token": "forged"}):
        assert isinstance(pages.too_old(), pages.PageTooOld)
