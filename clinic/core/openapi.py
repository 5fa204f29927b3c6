"""The OpenAPI 3.1 document, generated from the routes.

spectree collects the models and walks the routes; what it does not know is added here: problem documents, rights,
conditional and idempotent requests.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import spectree
from flask import Flask, current_app
from spectree.plugins.flask_plugin import FlaskPlugin

from clinic.core.access import RIGHTS
from clinic.core.problem import MEDIA_TYPE
from clinic.core.schema import Problem

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from clinic.core.api import Route

TITLE, VERSION = "Clinic API", "1"
ABOUT = """Appointments, patients, schedules and queues of one clinic; the clinic is the host's first name.

Errors are problem documents (RFC 9457) with a stable `code`. Lists come in pages: pass `next_cursor` as `cursor`.
A `POST` with an `Idempotency-Key` may be sent again safely; a change with `If-Match` is made only to the version that
you saw. Times are RFC 3339; without an offset they are the wall clock of the location."""

SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`ck_…`) or an access token of `/auth/login`.",
    },
    "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "An API key (`ck_…`)."},
    "master_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "The operator's key, on the platform host alone.",
    },
}
COMMON = {
    400: ("Malformed", "The request could not be read."),
    401: ("Unauthorized", "No credential, or one that is not valid on this host."),
    403: ("Forbidden", "The credential lacks the right, or the clinic is suspended."),
    404: ("NotFound", "Unknown, or not the caller's to see."),
    409: ("Conflict", "The state of things does not allow it."),
    410: ("Gone", "No longer there."),
    412: ("Stale", "Changed meanwhile: `If-Match` names an older version."),
    413: ("TooLarge", "The body is over 1 MiB."),
    415: ("UnsupportedType", "The body is not `application/json`."),
    422: ("Invalid", "Fields that cannot be used (`errors`), or a business rule that says no."),
    429: ("TooMany", "Too many requests."),
    500: ("Fault", "A fault of ours."),
    503: ("Unavailable", "Busy or away for a moment."),
}
HEADERS = {
    "ETag": {"description": "The version, for `If-Match` and `If-None-Match`.", "schema": {"type": "string"}},
    "X-Request-Id": {"description": "Names this request in our log.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Allow": {"description": "The methods that this address answers.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true`: the first answer, given again.",
        "schema": {"type": "string"},
    },
}
PARAMETERS = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and request again: the same answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "Change only this version.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Answer 304 if this is still the version.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
}


class Glue(FlaskPlugin):
    """spectree's Flask face without its checking: ``core.api`` checks, in the order that API.md asks for."""

    def validate(self, func: Callable[..., Any], *settings: Any, **path: Any) -> Any:
        return func(**path)

    def find_routes(self) -> Iterator[Rule]:
        for rule in current_app.url_map.iter_rules():
            if getattr(current_app.view_functions[rule.endpoint], "route", None) is not None:
                yield rule


def _named(model: Any) -> str:
    return str(model.__name__)


SPEC = spectree.SpecTree(
    backend=Glue,
    mode="strict",
    annotations=False,
    naming_strategy=_named,
    nested_naming_strategy=lambda _parent, child: child,
    validation_error_model=Problem,
    title=TITLE,
    version=VERSION,
    description=ABOUT,
)
_models: dict[str, type] = {}
_about: dict[str, str] = {}


def describe(view: Callable[..., Any], route: Route, about: str) -> Callable[..., Any]:
    """Enter a route in the document. Two different models of one name are refused: ``TypeError``."""
    for model in (route.body, route.query, *route.answers.values()):
        if model is not None and _models.setdefault(_named(model), model) is not model:
            raise TypeError(f"two models are called {_named(model)}")
    if about:
        _about[route.tag] = about
    entered: Callable[..., Any] = SPEC.validate(
        query=route.query,
        json=route.body,
        resp=spectree.Response(**{f"HTTP_{status}": model for status, model in route.answers.items()}),
        tags=[route.tag],
        operation_id=route.name,
        deprecated=route.deprecated,
    )(view)
    return entered


def document(app: Flask) -> dict[str, Any]:
    """The document of *app*'s routes, made once."""
    made: dict[str, Any] | None = app.extensions.get("openapi")
    if made is None:
        with app.app_context():
            made = app.extensions["openapi"] = _made(app)
    return made


def _made(app: Flask) -> dict[str, Any]:
    fresh = copy.copy(SPEC)
    fresh.models = copy.deepcopy(SPEC.models)  # generating takes them apart
    said: dict[str, Any] = json.loads(json.dumps(fresh.spec))
    views = {view.route.name: view for view in app.view_functions.values() if hasattr(view, "route")}
    for methods in said["paths"].values():
        for operation in methods.values():
            _complete(operation, views[operation["operationId"]])
    said["openapi"] = "3.1.0"
    said["servers"] = [{"url": "/"}]
    said["tags"] = [{**tag, "description": _about.get(tag["name"], "")} for tag in said["tags"]]
    said["security"] = [{"bearer": []}, {"api_key": []}]
    said["components"] |= {
        "securitySchemes": SECURITY,
        "parameters": PARAMETERS,
        "headers": HEADERS,
        "responses": {name: _problem(about, status) for status, (name, about) in COMMON.items()},
    }
    _keep_what_is_used(said)
    return said


def _problem(about: str, status: int) -> dict[str, Any]:
    names = ["X-Request-Id", *(["Retry-After"] if status in (429, 503) else [])]
    return {
        "description": about,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _complete(operation: dict[str, Any], view: Any) -> None:
    route: Route = view.route
    writes = route.method != "GET"
    right = getattr(view, "permission", None)
    operation["description"] = "\n\n".join(
        filter(None, (operation["description"], _needs(right), _codes(route)))
    )
    if right is None:
        operation["security"] = []
    elif right.startswith("platform."):
        operation["security"] = [{"master_key": []}]
    else:
        operation.pop("security", None)
    for parameter in operation["parameters"]:
        if not parameter.get("description"):
            parameter.pop("description", None)
        parameter["schema"] = _of_a_query(parameter["schema"])
    if "requestBody" in operation and route.body is not None:
        operation["requestBody"]["required"] = any(f.is_required() for f in route.body.model_fields.values())
    _parameters(operation, route)
    responses = operation["responses"]
    for status, response in responses.items():
        response["headers"] = {
            name: {"$ref": f"#/components/headers/{name}"} for name in _headers(route, status)
        }
    if route.method == "GET" and "200" in responses:
        responses["304"] = {"description": "Not Modified"}
    asked = (
        {413, 422, 429, 500, 503, 404, 403} | ({400, 415} if writes else set()) | ({401} if right else set())
    )
    if route.method in ("PATCH", "PUT", "DELETE"):
        asked.add(412)
    if route.keeps:
        asked.add(409)
    for status in sorted(asked | {refusal.status for refusal in route.refuses}):
        responses[str(status)] = {"$ref": f"#/components/responses/{COMMON[status][0]}"}


def _of_a_query(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema as a query can say it: left out is left out, there is no null in text."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1:
        schema = {**schema, **kinds[0]}
        schema.pop("anyOf" if "anyOf" not in kinds[0] else "", None)
    return {
        name: value
        for name, value in schema.items()
        if name not in ("title", "description") and not (name == "default" and value in (None, []))
    }


def _parameters(operation: dict[str, Any], route: Route) -> None:
    name = {"GET": "IfNoneMatch", "PATCH": "IfMatch", "PUT": "IfMatch", "DELETE": "IfMatch"}.get(route.method)
    if route.keeps:
        name = "IdempotencyKey"
    if name:
        operation["parameters"].append({"$ref": f"#/components/parameters/{name}"})


def _headers(route: Route, status: str) -> list[str]:
    found = ["X-Request-Id"]
    if status in ("200", "201"):
        found.append("ETag")
    if route.keeps:
        found.append("Idempotent-Replayed")
    return found


def _needs(right: str | None) -> str:
    if right is None:
        return "Open to everybody."
    scopes, roles = RIGHTS.get(right, ((), ()))
    keys = f"API keys with {' or '.join(f'`{scope}`' for scope in scopes)}" if scopes else ""
    people = f"users ({', '.join(role for role in roles if role != 'anonymous')})" if roles else ""
    return f"For {' and '.join(filter(None, (keys, people))) or 'the operator'}."


def _codes(route: Route) -> str:
    return (
        "Refusals: " + ", ".join(f"`{r.code}` ({r.status})" for r in route.refuses) + "."
        if route.refuses
        else ""
    )


def _keep_what_is_used(said: dict[str, Any]) -> None:
    """Drop the schemas that nothing in this document leads to (another application's models, in tests)."""
    schemas = said["components"]["schemas"]
    used: set[str] = set()
    waiting = [said["paths"], said["components"]["responses"]]
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.removeprefix("#/components/schemas/")
            if name in schemas and name not in used:
                used.add(name)
                waiting.append(schemas[name])
    said["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
