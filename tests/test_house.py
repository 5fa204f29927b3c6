"""The rules of the house, one test each; and for each rule a small bad house that it must refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

import clinic
from clinic.core.access import allow, public
from clinic.core.db import Base
from clinic.core.errors import MEANINGS, Refusal
from config import Settings
from tests import house, promises

Routes = dict[str, Callable[..., Any]]
HOUSE = Path(clinic.__file__).parent

# The few tables that belong to no clinic, and the few routes that are open to everybody. Each addition is a decision.
GLOBAL_TABLES = {"tenant", "lookup_value", "rate_window", "heartbeat"}
PUBLIC_ROUTES = {
    "tenants.home",
    "accounts.login", "accounts.sign_in", "accounts.sign_out",
    "docs.page", "docs.document", "docs.elsewhere", "docs.redoc",
    "health.up", "health.ready",
    "look.theme_css", "look.style_guide", "look.style_guide_people",
    "demo.enter", "demo.come_in",
}  # fmt: skip

# How many files may wait for the noun that halves them.
FEW = 4


@pytest.fixture(scope="module")
def tables() -> MetaData:
    clinic.load_models()
    return Base.metadata


@pytest.fixture(scope="module")
def routes() -> Routes:
    """The view of each route. Flask's own for static files is none of ours; the door lets them pass by name."""
    nowhere = "postgresql://clinic_app@localhost/nowhere"
    settings = Settings(
        environment="demo", database_url=nowhere, secret_key="s" * 40, master_api_key="m" * 40
    )
    app = clinic.create_app(settings)
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}
    return {endpoint: app.view_functions[endpoint] for endpoint in endpoints}


def test_rooms_look_left() -> None:
    assert house.rooms_look_left(HOUSE) == []
    assert ("core", *clinic.ROOMS) == house.ROOMS, "the house is built from left to right"


def test_floors_look_down() -> None:
    assert house.floors_look_down(HOUSE) == []


def test_nobody_imports_a_face() -> None:
    assert house.nobody_imports_a_face(HOUSE) == []


def test_no_request_below_forms() -> None:
    assert house.no_request_below_forms(HOUSE) == []


def test_no_session_above_actions() -> None:
    assert house.no_session_above_actions(HOUSE) == []


def test_each_room_has_its_card() -> None:
    assert house.each_room_has_its_card(HOUSE) == []


def test_files_stay_short() -> None:
    assert house.files_stay_short(HOUSE) == []
    long = [path for path, lines in house.lengths(HOUSE).items() if lines > house.LONG]
    assert len(long) <= FEW, f"over {house.LONG} lines, each a noun waiting to be named: {long}"


def test_verbs_take_keywords_and_who_acts_comes_last() -> None:
    assert house.verbs_take_keywords(HOUSE) == []


def test_a_fragment_has_one_name_in_four_places() -> None:
    assert house.a_fragment_has_one_name(HOUSE) == []


def test_every_route_is_guarded(routes: Routes) -> None:
    assert promises.every_route_is_guarded(routes) == []


def test_few_routes_are_public(routes: Routes) -> None:
    assert {name for name, view in routes.items() if getattr(view, "public", False)} <= PUBLIC_ROUTES


def test_tables_keep_the_clinics_apart(tables: MetaData) -> None:
    assert promises.clinics_keep_apart(tables, GLOBAL_TABLES) == []


def test_constraints_are_sentences(tables: MetaData) -> None:
    assert promises.constraints_are_sentences(tables) == []


def test_refusals_have_a_name_and_mean_a_constraint_that_exists(tables: MetaData) -> None:
    ours = [each for each in kinds_of(Refusal) if each.__module__.startswith("clinic.")]
    assert (
        promises.refusals_have_a_name(each for each in ours if not each.__module__.startswith("clinic.core."))
        == []
    )
    assert promises.meanings_exist(MEANINGS, tables) == []


def kinds_of(base: type) -> list[type]:
    below: list[type] = base.__subclasses__()
    return [*below, *(kind for each in below for kind in kinds_of(each))]


# What each rule refuses: the rule, a file, what is wrong in it.
BAD_LINES = [
    (house.rooms_look_left, "schedule/queries.py", "from clinic.booking import models"),
    (house.rooms_look_left, "core/db.py", "def late():\n    import clinic.tenants.queries"),
    (house.rooms_look_left, "booking/hours.py", "from ..queue import models"),
    (house.rooms_look_left, "billing/models.py", ""),
    (house.floors_look_down, "booking/models.py", "from clinic.booking import queries"),
    (house.floors_look_down, "booking/queries.py", "from clinic.patients.actions import merge"),
    (house.floors_look_down, "booking/actions.py", "from clinic.booking import forms"),
    (house.floors_look_down, "booking/actions_series.py", "from clinic.booking.schemas import Body"),
    (house.floors_look_down, "booking/models.py", "from clinic.booking import busy"),
    (house.floors_look_down, "booking/notes.py", "from clinic.booking import forms"),
    (house.nobody_imports_a_face, "queue/actions.py", "from clinic.booking import views"),
    (house.nobody_imports_a_face, "queue/views.py", "import_module('clinic.booking.views')"),
    (house.no_request_below_forms, "booking/actions.py", "from flask import request"),
    (house.no_request_below_forms, "booking/hours.py", "from flask_babel import gettext"),
    (house.no_session_above_actions, "booking/views.py", "from clinic.core.db import session"),
    (house.no_session_above_actions, "booking/forms.py", "from sqlalchemy import select"),
    (house.each_room_has_its_card, "booking/__init__.py", '"""Visits."""\nfrom clinic.booking import models'),
    (house.each_room_has_its_card, "queue/models.py", ""),
    (house.files_stay_short, "booking/models.py", "x = 1\n" * 401),
    (house.verbs_take_keywords, "booking/actions.py", "@action\ndef move(visit, to, *, by): ..."),
    (house.verbs_take_keywords, "booking/actions.py", "@action\ndef move(visit, *, by, to): ..."),
    (
        house.a_fragment_has_one_name,
        "booking/views.py",
        "@desk.get('/times')\ndef slots(): 'booking/_slots.html'",
    ),
    (
        house.a_fragment_has_one_name,
        "booking/views.py",
        "@desk.get('/slots')\ndef times(): 'booking/_slots.html'",
    ),
    (
        house.a_fragment_has_one_name,
        "booking/views.py",
        "@desk.get('/board')\ndef board(): 'booking/_board.html'",
    ),
]


@pytest.mark.parametrize(("rule", "path", "line"), BAD_LINES)
def test_a_rule_of_source_bites(
    rule: Callable[[Path], list[str]], path: str, line: str, tmp_path: Path
) -> None:
    bad = build(tmp_path, {path: line})
    assert len(rule(bad)) == 1


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _path, _text in BAD_LINES))
def test_a_good_house_breaks_no_rule(rule: Callable[[Path], list[str]], tmp_path: Path) -> None:
    assert rule(build(tmp_path, {})) == []


def build(folder: Path, changed: dict[str, str]) -> Path:
    """A small good house of one room and a half, with the *changed* files in place of its own."""
    good = {
        "__init__.py": "from clinic.booking import views",
        "core/__init__.py": '"""The plumbing."""',
        "booking/__init__.py": '"""Visits."""',
        "booking/hours.py": "from datetime import time",
        "booking/models.py": "from clinic.booking import hours\nfrom clinic.core.db import Base",
        "booking/busy.py": "from clinic.booking import models",
        "booking/queries.py": "from clinic.booking import busy, models\nfrom sqlalchemy import select",
        "booking/actions.py": "@action\ndef move(visit, *, to, by): ...",
        "booking/forms.py": "from flask_wtf import FlaskForm\nfrom clinic.booking import actions",
        "booking/views.py": "import flask\n@desk.get('/book/slots')\ndef slots(): 'booking/_slots.html'",
    }
    fresh = folder / "clinic"
    for path, text in {**good, **changed}.items():
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).write_text(text)
    for fragment, text in {"_slots.html": '<section id="slots">', "_board.html": "<section>"}.items():
        template = fresh.parent / "templates" / "booking" / fragment
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(text)
    return fresh


def test_the_rule_of_guarded_routes_bites() -> None:
    def view() -> None: ...

    assert promises.every_route_is_guarded({"slots": view}) == ["slots is unguarded"]
    assert promises.every_route_is_guarded({"slots": allow("slots.read")(view)}) == []
    assert promises.every_route_is_guarded({"slots": public(view)}) == ["slots is both guarded and public"]
    view.__dict__.update(permission="ReadSlots", public=False)
    assert promises.every_route_is_guarded({"slots": view}) == ["slots: ReadSlots is not things.verb"]


def column(name: str, *more: Any, key: bool = False) -> Column[Any]:
    return Column(name, Uuid, *more, primary_key=key, nullable=False)


OF = ForeignKeyConstraint
BOTH = ["tenant_id", "doctor_id"], ["doctor.tenant_id", "doctor.id"]


@pytest.mark.parametrize(
    ("table", "breach"),
    [
        ([column("id", key=True), column("tenant_id", key=True)], "the primary key is"),
        ([column("tenant_id"), column("id", key=True)], "the primary key is"),
        ([UniqueConstraint("doctor_id", name="visit_one")], "visit_one reaches over clinics"),
        ([ExcludeConstraint(("doctor_id", "="), name="visit_no_overlap")], "visit_no_overlap reaches over clinics"),
        ([Index("visit_one_index", "doctor_id", unique=True)], "visit_one_index reaches over clinics"),
        ([OF(["doctor_id"], ["doctor.id"], name="visit_of")], "visit_of may point into another clinic"),
        ([OF(*BOTH, name="visit_of", ondelete="SET NULL")], "visit_of would set tenant_id to null"),
    ],
)  # fmt: skip
def test_the_rule_that_clinics_keep_apart_bites(table: list[Any], breach: str) -> None:
    own_key = [] if isinstance(table[0], Column) else [column("tenant_id", key=True), column("id", key=True)]
    tables = MetaData()
    Table("doctor", tables, column("tenant_id", key=True), column("id", key=True))
    Table("visit", tables, *own_key, column("doctor_id"), *table)
    (said,) = promises.clinics_keep_apart(tables, set())
    assert breach in said


def test_a_global_table_points_at_no_clinic() -> None:
    tables = MetaData()
    Table("doctor", tables, column("tenant_id", key=True), column("id", key=True))
    Table("tenant", tables, column("id", key=True), column("doctor_id", ForeignKey("doctor.id")))
    assert promises.clinics_keep_apart(tables, {"tenant"}) == ["tenant is global and points at doctor"]


def test_the_rules_of_names_bite() -> None:
    tables = MetaData()
    Table(
        "visit",
        tables,
        column("id"),
        UniqueConstraint("id", name="uq1"),
        CheckConstraint("true", "visit_ends"),
    )
    assert promises.constraints_are_sentences(tables) == ["visit: a UniqueConstraint is called uq1"]
    assert promises.meanings_exist(["uq1", "visit_starts"], tables) == [
        "no constraint is called visit_starts"
    ]
    nameless, one = (
        type("Nameless", (Refusal,), {}),
        type("One", (Refusal,), {"code": "one", "title": "One."}),
    )
    twin = type("Twin", (Refusal,), {"code": "one", "title": "Twin."})
    assert len(promises.refusals_have_a_name([nameless])) == 1
    assert promises.refusals_have_a_name([one, twin]) == ["Twin and One share the code one"]
