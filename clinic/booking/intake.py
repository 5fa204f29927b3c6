"""What a visit type asks beforehand, and whether it was answered (API.md §4, ``questions`` of a service).

Patients answer what is required; staff may leave anything out: they will ask again. Answers are kept by the question's
id. A visit type that asks nothing takes whatever is said.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clinic.core import db, madeup
from clinic.core.errors import FieldError, Invalid
from clinic.core.i18n import lazy_gettext as _
from clinic.core.madeup import Wanted
from clinic.core.parsing import Wrong
from clinic.core.times import iso_date

LONGEST = 4000
KINDS = {"text": "lines", "choice": "choice", "yes_no": "yes_no", "date": "date"}
QUESTIONS = "SELECT questions FROM service WHERE tenant_id = %(tenant)s AND id = %(id)s"


def of_service(id: uuid.UUID | None) -> list[dict[str, Any]]:
    """What a visit type asks; nothing without one."""
    row = db.row(QUESTIONS, id=id) if id else None
    return list(row.questions) if row else []


def wanted(questions: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """The questions as a form shows them."""
    return [
        Wanted(
            question["id"],
            question["label"],
            KINDS[question.get("type", "text")],
            required=bool(question.get("required")),
            choices=tuple((choice, choice) for choice in question.get("choices", ())),
        )
        for question in questions
    ]


def told(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Questions with what was answered; an answer to what is no longer asked stands under its id."""
    asked = wanted(questions)
    others = [Wanted(id, id) for id in (answers or {}).keys() - {each.key for each in asked}]
    return madeup.told([*asked, *sorted(others, key=lambda each: each.key)], answers)


def checked(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any] | None, *, bound: bool
) -> Mapping[str, Any] | None:
    """The answers as they are kept: none that are empty. *bound*: what is required must be answered.

    Raises ``Invalid`` with ``/intake_answers/<id>``: ``required``, ``unknown_question``, ``invalid_answer``.
    """
    if not questions:
        return answers
    given = {id: answer for id, answer in (answers or {}).items() if answer not in (None, "")}
    wrong = list(_against(questions, given, bound=bound))
    if wrong:
        raise Invalid(wrong)
    return given or None


def _against(
    questions: Sequence[Mapping[str, Any]], given: Mapping[str, Any], *, bound: bool
) -> Iterator[FieldError]:
    known = {question["id"]: question for question in questions}
    for id, question in known.items():
        if id not in given and bound and question.get("required"):
            yield _error(id, "required", _("Please answer this."))
        elif id in given and not _answers(question, given[id]):
            yield _error(id, "invalid_answer", _("This does not answer the question."))
    for id in given.keys() - known.keys():
        yield _error(id, "unknown_question", _("This question was not asked."))


def _answers(question: Mapping[str, Any], answer: Any) -> bool:
    kind = question.get("type", "text")
    if kind == "yes_no":
        return isinstance(answer, bool)
    if not isinstance(answer, str):
        return False
    if kind == "choice":
        return answer in question.get("choices", ())
    if kind == "date":
        try:
            return bool(iso_date(answer))
        except Wrong:
            return False
    return len(answer) <= LONGEST


def _error(id: str, code: str, message: Any) -> FieldError:
    step = id.replace("~", "~0").replace("/", "~1")
    return FieldError(f"/intake_answers/{step}", code, str(message))
