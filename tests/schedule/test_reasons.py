"""Why not, in the clinic's words and in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from clinic.schedule.facts import CODES, Audience, Reason
from clinic.schedule.reasons import SENTENCES, sentence
from tests.schedule.people import BOGOTA, MONDAY

LEAVE = Reason("blocked", until=datetime(2027, 5, 4, tzinfo=BOGOTA), all_day=True, note="on leave")
LUNCH = Reason("blocked", until=datetime(2026, 11, 23, 13, 30, tzinfo=BOGOTA), note="lunch")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    app = Flask("clinic")
    Babel(app, default_locale="en_001")
    with app.app_context(), force_locale("en_GB"):
        yield


@pytest.mark.parametrize(
    ("reason", "audience", "day", "said"),
    [
        (LEAVE, "staff", None, "on leave until 3 May"),
        (LEAVE, "staff", date(2027, 4, 30), "on leave until 3 May"),
        (LEAVE, "staff", MONDAY, "on leave until 3 May 2027"),
        # Why a doctor is away is none of the patient's business.
        (LEAVE, "patient", None, "not available until 3 May"),
        (LUNCH, "staff", MONDAY, "lunch until 13:30"),
        (LUNCH, "staff", None, "lunch until 23 November, 13:30"),
        (Reason("blocked", until=LUNCH.until), "staff", MONDAY, "not available until 13:30"),
        (Reason("closed", until=LEAVE.until, all_day=True), "patient", None, "closed until 3 May"),
        (
            Reason("closed", until=LEAVE.until, all_day=True, note="Labour Day"),
            "patient",
            None,
            "closed until 3 May (Labour Day)",
        ),
        (Reason("doctor_absent"), "staff", None, "the doctor is not here that day"),
        (Reason("doctor_absent", why="inactive"), "staff", None, "the doctor no longer works here"),
        (Reason("outside_hours"), "staff", None, "outside the doctor's hours"),
        (Reason("outside_hours", why="service"), "staff", None, "no hours for this visit type at that time"),
        (Reason("outside_hours", why="tokens"), "staff", None, "the doctor gives numbers, not times"),
        (Reason("min_notice", limit=30), "patient", None, "has to be booked at least 30 minutes ahead"),
        (Reason("min_notice", limit=60), "patient", None, "has to be booked at least 1 hour ahead"),
        (Reason("min_notice", limit=90), "patient", None, "has to be booked at least 90 minutes ahead"),
        (Reason("min_notice", limit=2880), "patient", None, "has to be booked at least 2 days ahead"),
        (Reason("too_far_ahead", limit=62), "patient", None, "cannot be booked more than 62 days ahead"),
        (Reason("past"), "staff", None, "this time has passed"),
    ],
)
def test_a_reason_is_a_sentence(reason: Reason, audience: Audience, day: Any, said: str) -> None:
    assert sentence(reason, audience=audience, day=day) == said


def test_dates_are_written_as_the_reader_writes_them() -> None:
    with force_locale("es_CO"):
        assert sentence(LEAVE).endswith("3 de mayo")


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_sentence(code: str) -> None:
    assert code in SENTENCES
    assert "%(" not in sentence(Reason(code, until=LEAVE.until, note="50 %", limit=3))


def test_what_the_clinic_wrote_is_kept_as_it_is() -> None:
    assert (
        sentence(Reason("blocked", until=LUNCH.until, note="100 %(until)s"), day=MONDAY)
        == "100 %(until)s until 13:30"
    )
