"""A toy clinic of one dictionary, to hold the JSON face's glue to API.md §1 without a room and without a database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from flask import Flask, Response, g, request
from flask_babel import Babel
from werkzeug.exceptions import HTTPException

from clinic.core import api_face, cursor, fields, json, times
from clinic.core.access import ANONYMOUS, PLATFORM, Actor, allow, public
from clinic.core.api import ApiBlueprint, answer, expected_version, page
from clinic.core.errors import Conflict, NotFound, Refusal, Stale, Unauthorized
from clinic.core.problem import from_http_exception, problem
from clinic.core.schema import Body, Expand, Listing, ListOf, Partial, Query, Record
from clinic.core.text import Text

ANA = uuid.UUID("0190b2a4-7b2c-7000-8000-000000000001")
NOBODY = uuid.UUID("0190b2a4-7b2c-7000-8000-00000000ffff")
ROOT = Path(__file__).parents[2]
KEY = {"X-Api-Key": "ck_toy"}
START = datetime(2026, 11, 23, 14, tzinfo=UTC)


class NameTaken(Conflict):
    code, title = "name_taken", "Somebody has this name."


class GuestAddress(Body):
    street: fields.Line
    city: fields.Name | None = None


class GuestFields(Body):
    name: fields.Name
    nickname: str | None = None  # a room's own text, without a type of ours
    notes: fields.Note | None = None
    phone: fields.Phone | None = None
    email: fields.Email | None = None
    birth_date: times.Date | None = None
    gender: Literal["f", "m", "x"] | None = None
    tags: Annotated[list[fields.Code], fields.Field(max_length=5)] = []
    address: GuestAddress | None = None
    doctor_id: uuid.UUID | None = None
    seen_at: times.WallOrInstant | None = None
    weight: Annotated[int, fields.Field(ge=1, le=500)] | None = None
    vip: bool = False
    custom_fields: fields.FreeObject | None = None


class GuestNew(GuestFields):
    idempotency_key: Annotated[str, Text(255)] | None = None


class GuestChange(GuestFields, Partial):
    """Any part of a person."""


class Guest(Record):
    name: str
    notes: str | None
    vip: bool
    friend: dict[str, str] | None = None


class GuestSearch(Listing):
    q: fields.Search | None = None
    word: str | None = None
    status: list[Literal["new", "old"]] = []
    since: times.DateOrInstant | None = None
    vip: bool | None = None
    expand: Expand[Literal["friend", "doctor"]] = frozenset()


class GuestForced(Query):
    force: bool = False


def people(count: int) -> dict[uuid.UUID, dict[str, Any]]:
    return {
        uuid.UUID(int=ANA.int + number): {
            "id": uuid.UUID(int=ANA.int + number),
            "version": 1,
            "created_at": START,
            "updated_at": START,
            "is_active": True,
            "name": f"Ana {number:03}",
            "notes": None,
            "vip": False,
        }
        for number in range(count)
    }


Client: TypeAlias = Any
"""A test client; to the type checker Flask's own may always answer no JSON."""


def toy_client(count: int = 3) -> Client:
    """A caller of a fresh application."""
    return toy_app(count).test_client()


def toy_app(count: int = 3, **config: Any) -> Flask:
    """A fresh application with *count* people; ``CHECK_ANSWERS`` is on."""
    app = Flask("toy", static_folder=None, template_folder=str(ROOT / "templates"))
    app.config.update(CHECK_ANSWERS=True, **config)
    app.json = json.OrjsonProvider(app)
    app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
    Babel(app)
    known = people(count)
    app.extensions["people"] = known
    api = ApiBlueprint("people", __name__, about="Those who come and go.")
    _hang_people(api, known)
    _hang_others(api, known)
    app.register_blueprint(api)
    app.register_blueprint(api_face.docs)
    _hang_doors(app)
    return app


def _find(known: dict[uuid.UUID, dict[str, Any]], id: uuid.UUID) -> dict[str, Any]:
    if id not in known:
        raise NotFound
    return known[id]


def _hang_people(api: ApiBlueprint, known: dict[uuid.UUID, dict[str, Any]]) -> None:
    @api.get("/people", answers=ListOf[Guest])
    @allow("patients.find")
    def every(query: GuestSearch) -> Any:
        """All people, by name."""
        after = cursor.decode(query.cursor, (str, uuid.UUID))
        rows = sorted(known.values(), key=lambda row: (row["name"], row["id"]))
        rows = [row for row in rows if after is None or (row["name"], row["id"]) > after]
        return page(rows[: query.limit + 1], query.limit, lambda row: (row["name"], row["id"]))

    @api.post("/people", answers={201: Guest}, refuses=[NameTaken])
    @allow("patients.write")
    def create(body: GuestNew) -> Response:
        """Enter a person.

        Twice the same name is refused.
        """
        if any(row["name"] == body.name for row in known.values()):
            raise NameTaken(extra={"existing_id": str(ANA)})
        row = next(iter(people(1).values())) | {"id": uuid.uuid4(), "name": body.name, "notes": body.notes}  # noqa: TID251
        known[row["id"]] = row
        return answer(row, version=1, status=201, location=f"/api/v1/people/{row['id']}")

    @api.get("/people/<uuid:id>", answers=Guest)
    @allow("patients.read")
    def read(id: uuid.UUID) -> Response:
        """One person."""
        return answer(_find(known, id), version=_find(known, id)["version"])

    @api.patch("/people/<uuid:id>", answers=Guest)
    @allow("patients.write")
    def change(id: uuid.UUID, body: GuestChange) -> Response:
        """Change a person."""
        row = _find(known, id)
        wanted = expected_version()
        if wanted is not None and wanted != row["version"]:
            raise Stale
        row |= {name: value for name, value in body.given().items() if name in ("name", "notes", "vip")}
        row["version"] += 1
        return answer(row, version=row["version"])

    @api.delete("/people/<uuid:id>")
    @allow("patients.remove")
    def remove(id: uuid.UUID, query: GuestForced) -> None:
        """Let a person go."""
        _find(known, id)
        del known[id]

    @api.post("/people/<uuid:id>/greet", answers=Guest)
    @allow("patients.write")
    def greet(id: uuid.UUID) -> dict[str, Any]:
        """A call that needs no body."""
        return _find(known, id)


def _hang_others(api: ApiBlueprint, known: dict[uuid.UUID, dict[str, Any]]) -> None:
    @api.get("/people/by-name/<name>", answers=Guest)
    @allow("patients.read")
    def by_name(name: str) -> dict[str, Any]:
        """A person by name."""
        if "\0" in name:
            raise RuntimeError("as the database would say")
        return next((row for row in known.values() if row["name"] == name), None) or _find(known, NOBODY)

    @api.post("/keys", answers={201: Guest}, secret=True)
    @allow("keys.write")
    def secret() -> dict[str, Any]:
        """An answer that is never kept."""
        return _find(known, ANA)

    @api.post("/admin/bootstrap", answers=Guest)
    @allow("platform.run")
    def bootstrap() -> dict[str, Any]:
        """For the operator."""
        return _find(known, ANA)

    @api.get("/open", answers=Guest)
    @public
    def welcome() -> dict[str, Any]:
        """For everybody."""
        return _find(known, ANA)

    @api.get("/fault")
    @allow("patients.read")
    def fault() -> None:
        """Breaks."""
        raise RuntimeError("secret of Carla")


def _hang_doors(app: Flask) -> None:
    """The doors as ``core.doors`` has them, without hosts and without a database."""

    @app.before_request
    def open_the_door() -> None:
        g.request_id = "toy-1"
        g.actor = ANONYMOUS
        view = app.view_functions.get(request.endpoint or "")
        if request.path.startswith("/api/") and not getattr(view, "public", False):
            given = request.headers.get("X-Api-Key") or request.headers.get("Authorization", "")[7:]
            if given != "ck_toy":
                raise Unauthorized
            g.actor = Actor("key", ANA, scopes=frozenset({"patients:read", "patients:write", "admin"}))
            if "/admin/" in request.path:
                g.actor = PLATFORM

    app.register_error_handler(Refusal, problem)
    app.register_error_handler(HTTPException, lambda error: problem(from_http_exception(error)))
