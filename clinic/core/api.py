"""The JSON face's glue: a room hangs its routes on an ``ApiBlueprint`` and writes plain functions.

    api = ApiBlueprint("patients", __name__, about="The register of patients.")

    @api.patch("/patients/<uuid:id>", answers=Patient, refuses=[DuplicatePatient])
    @allow("patients.write")
    def change(id: UUID, body: PatientChange) -> Response:
        \"\"\"Change a patient's record.\"\"\"
        patient = actions.change(queries.patient(id), **body.given(), version=expected_version(), by=g.actor)
        return answer(show(patient), version=patient.version)

``body`` and ``query`` are checked as the types that they are annotated with (``schema.Body``, ``schema.Query``); a
view without one refuses every field or parameter. The order of checks is API.md §1: the doors did host, 401 and 403,
routing 404 and 405; here come 413, 415, 400 and 422, each after a look whether what the path names is there
(``stands``). What the document says is read from the same annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel, ValidationError

from clinic.core import body as carried
from clinic.core import idempotency, openapi, tenancy
from clinic.core.conditional import NO_VERSION, answer, expected_version
from clinic.core.cursor import page
from clinic.core.errors import FieldError, Invalid, Malformed, NotFound, Refusal, TooLarge
from clinic.core.problem import problem
from clinic.core.schema import Nothing, Query, flawed
from clinic.core.standing import PREFIX, must_stand, stands
from clinic.core.text import CONTROL
from clinic.core.validation import field_errors

__all__ = ["NO_VERSION", "PREFIX", "ApiBlueprint", "Route", "answer", "expected_version", "page", "stands"]

KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Idempotent-Replayed")
View = Callable[..., Any]
V = TypeVar("V", bound=View)
Answers = Mapping[int, "type[BaseModel] | None"]


@dataclass(frozen=True, slots=True)
class Route:
    """What a route takes and answers. ``answers``: by status, the first is the usual one; None has no body."""

    name: str
    tag: str
    method: str
    answers: Answers
    refuses: tuple[type[Refusal], ...] = ()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    repeatable: frozenset[str] = frozenset()
    deprecated: bool = False
    keeps: bool = False
    """Whether the answer to a POST is kept under its idempotency key."""


class ApiBlueprint(Blueprint):
    """JSON routes of a room under ``/api/v1``; ``name`` is also their tag in the document."""

    door = "api"

    def __init__(self, name: str, import_name: str, *, about: str = "", url_prefix: str = PREFIX) -> None:
        super().__init__(f"{name}_api", import_name, url_prefix=url_prefix)
        self.tag, self.about = name, about

    def get(self, rule: str, **said: Any) -> Callable[[V], V]:
        return self.route(rule, methods=["GET"], **said)

    def post(self, rule: str, **said: Any) -> Callable[[V], V]:
        return self.route(rule, methods=["POST"], **said)

    def put(self, rule: str, **said: Any) -> Callable[[V], V]:
        return self.route(rule, methods=["PUT"], **said)

    def patch(self, rule: str, **said: Any) -> Callable[[V], V]:
        return self.route(rule, methods=["PATCH"], **said)

    def delete(self, rule: str, **said: Any) -> Callable[[V], V]:
        return self.route(rule, methods=["DELETE"], **said)

    def route(
        self,
        rule: str,
        *,
        answers: type[BaseModel] | Answers | None = None,
        refuses: Iterable[type[Refusal]] = (),
        secret: bool = False,
        deprecated: bool = False,
        **options: Any,
    ) -> Callable[[V], V]:
        """Hang a view here; ``get``, ``post``, ``put``, ``patch`` and ``delete`` take the same words.

        ``answers``: the model of 200, or models by status, or None for 204. ``refuses``: the business refusals beyond
        the common ones. ``secret``: the answer carries one, so no idempotency key keeps it. The view must already be
        marked ``@allow`` or ``@public``: ``TypeError`` if it is not.
        """
        (method,) = options.pop("methods", ["GET"])

        def hang(view: V) -> V:
            if not (getattr(view, "public", False) or hasattr(view, "permission")):
                raise TypeError(f"{view.__name__} says no right: put @allow or @public under the route")
            hints = get_type_hints(view)
            query = hints.get("query")
            route = Route(
                name=f"{self.tag}_{options.get('endpoint', view.__name__)}",
                tag=self.tag,
                method=method,
                answers=_by_status(answers),
                refuses=tuple(refuses),
                body=hints.get("body"),
                query=query,
                repeatable=_repeatable(query) if query else frozenset(),
                deprecated=deprecated,
                keeps=method == "POST" and not secret and _of_a_clinic(view),
            )
            # A trailing slash is the same path, and two slashes are not one: nothing here redirects.
            super(ApiBlueprint, self).route(
                rule, methods=[method], strict_slashes=False, merge_slashes=False, **options
            )(openapi.describe(_guarded(view, route), route, self.about))
            return view

        return hang


def _of_a_clinic(view: View) -> bool:
    """Whether a known caller of a clinic makes this call: keys are kept for them alone."""
    return not getattr(view, "public", False) and not view.permission.startswith("platform.")  # type: ignore[attr-defined]


def _by_status(answers: type[BaseModel] | Answers | None) -> Answers:
    if answers is None:
        return {204: None}
    return answers if isinstance(answers, Mapping) else {200: answers}


def _repeatable(query: type[BaseModel]) -> frozenset[str]:
    """The parameters that may be given more than once: lists and sets."""

    def many(kind: Any) -> bool:
        return get_origin(kind) in (list, frozenset) or any(many(part) for part in get_args(kind))

    return frozenset(name for name, field in query.model_fields.items() if many(field.annotation))


def _guarded(view: View, route: Route) -> View:
    """*view* behind its checks: what reaches it is clean, what leaves it is an answer."""
    body_model, query_model = route.body or Nothing, route.query or Query

    def taken() -> tuple[Any, Any]:
        body = query = None
        wrong: list[FieldError] = []
        if route.method != "GET":
            raw, sent = carried.read()
            try:
                body = body_model.model_validate_json(raw, strict=True)
            except ValidationError as error:
                wrong = _wrong(error, sent)
        elif "CONTENT_LENGTH" in request.environ and carried.too_large():
            raise TooLarge
        if route.query is not None or request.query_string:
            given = carried.read_query(route.repeatable)
            try:
                query = query_model.model_validate(given)
            except ValidationError as error:
                wrong += _wrong(error, given)
        if wrong:
            raise Invalid(wrong)
        return body, query

    @wraps(view)
    def guarded(**path: Any) -> Response:
        for value in path.values():
            if type(value) is str and CONTROL.search(value):
                raise NotFound
        try:
            body, query = taken()
        except Refusal:
            must_stand()
            raise
        if route.body is not None:
            path["body"] = body
        if route.query is not None:
            path["query"] = query
        return _kept(lambda: _answered(view(**path), route), route, body)

    guarded.route = route  # type: ignore[attr-defined]
    return guarded


def _wrong(error: ValidationError, sent: Any) -> list[FieldError]:
    found = field_errors(error, sent)
    # Our reading allows deeper nesting than the checking: what is too deep to check is malformed.
    if any(wrong["type"] == "json_invalid" for wrong in error.errors(include_input=False)):
        raise Malformed
    return found


def _answered(result: Any, route: Route) -> Response:
    if isinstance(result, Response):
        response = result
    elif result is None:
        response = Response(status=204)
    else:
        response = answer(result, status=next(iter(route.answers)))
    if response.status_code == 204:
        response.headers.pop("Content-Type", None)
    if current_app.config.get("CHECK_ANSWERS"):
        _check(response, route)
    return response


def _check(response: Response, route: Route) -> None:
    """In tests: an answer that the document does not promise is a fault."""
    status = response.status_code
    if status == 304:
        return
    if status not in route.answers:
        raise AssertionError(f"{route.name} answers {status}, which its document does not know")
    model = route.answers[status]
    flaw = flawed(model, response.get_data()) if model else None
    if flaw:
        raise AssertionError(f"{route.name} answers {status} unlike {model.__name__}: {flaw}")  # type: ignore[union-attr]


def _kept(do: Callable[[], Response], route: Route, body: BaseModel | None) -> Response:
    """The answer, kept under the request's idempotency key if it has one, or given again (API.md §1)."""
    if not route.keeps:
        return do()
    key = carried.idempotency_key(getattr(body, "idempotency_key", None))
    if key is None or tenancy.current() is None:
        return do()
    given = idempotency.once(
        key,
        carried.fingerprint(),
        by=g.actor,
        do=lambda: _to_keep(do()),
        refuse=lambda refusal: _to_keep(problem(refusal)),
    )
    response = Response(given.body, given.status, headers=given.headers)
    if "Content-Type" not in given.headers:
        response.headers.pop("Content-Type", None)
    if given.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _to_keep(response: Response) -> idempotency.Answer:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    headers["X-Request-Id"] = g.get("request_id") or ""
    return idempotency.Answer(response.status_code, response.get_data(), headers)
