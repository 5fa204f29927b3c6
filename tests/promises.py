"""The rules of the house (CONTRIBUTING.md) about what runs: routes, tables, refusals. Each answers its breaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import MetaData, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint

SNAKE = re.compile(r"[a-z]+(_[a-z0-9]+)*")


def every_route_is_guarded(routes: Mapping[str, Callable[..., Any]]) -> list[str]:
    """*routes*: the view function by its endpoint. Each says either whom it asks for, or that it is open to all."""
    found = []
    for endpoint, view in routes.items():
        permission, public = getattr(view, "permission", None), getattr(view, "public", False)
        if bool(permission) == bool(public):
            found.append(f"{endpoint} is {'both guarded and public' if public else 'unguarded'}")
        elif permission and not re.fullmatch(rf"{SNAKE.pattern}\.{SNAKE.pattern}", permission):
            found.append(f"{endpoint}: {permission} is not things.verb")
    return found


def clinics_keep_apart(metadata: MetaData, global_tables: Iterable[str]) -> list[str]:
    """Every key of a clinic's table begins with, every promise contains, the clinic. Global tables point at none."""
    found = []
    common = set(global_tables)
    for table in metadata.tables.values():
        if table.name in common:
            found += [
                f"{table.name} is global and points at {key.referred_table.name}"
                for key in table.foreign_key_constraints
                if key.referred_table.name not in common
            ]
            continue
        key = list(table.primary_key.columns.keys())
        if key[:1] != ["tenant_id"] or table.c.tenant_id.nullable:
            found.append(f"{table.name}: the primary key is {key}")
        for promise in promises(table):
            if "tenant_id" not in promise.columns:
                found.append(f"{table.name}: {promise.name} reaches over clinics")
        for foreign in table.foreign_key_constraints:
            pairs = [(element.parent.name, element.column.name) for element in foreign.elements]
            if foreign.referred_table.name not in common and ("tenant_id", "tenant_id") not in pairs:
                found.append(f"{table.name}: {foreign.name} may point into another clinic")
            if (foreign.ondelete or "").upper() == "SET NULL":
                found.append(f"{table.name}: {foreign.name} would set tenant_id to null")
    return found


def promises(table: Table) -> list[Any]:
    """What the database promises about more than one row: UNIQUE, EXCLUDE and unique indexes."""
    constraints = [
        each for each in table.constraints if isinstance(each, UniqueConstraint | ExcludeConstraint)
    ]
    return [*constraints, *(index for index in table.indexes if index.unique)]


def named(table: Table) -> list[Any]:
    return [*table.constraints, *table.indexes]


def constraints_are_sentences(metadata: MetaData) -> list[str]:
    """``appointment_one_per_place``: a name of its own that begins with the table's."""
    return [
        f"{table.name}: a {type(each).__name__} is called {each.name}"
        for table in metadata.tables.values()
        for each in named(table)
        if not isinstance(each, PrimaryKeyConstraint)
        and not re.fullmatch(rf"{table.name}_\w+", str(each.name or ""))
    ]


def meanings_exist(meanings: Iterable[str], metadata: MetaData) -> list[str]:
    """A refusal that says what a constraint means names one that exists."""
    known = {str(each.name) for table in metadata.tables.values() for each in named(table)}
    return [f"no constraint is called {name}" for name in meanings if name not in known]


def refusals_have_a_name(refusals: Iterable[type]) -> list[str]:
    """Each refusal has a snake_case code of its own and says itself what is the matter."""
    found: list[str] = []
    taken: dict[str, type] = {}
    for refusal in refusals:
        code = vars(refusal).get("code", "")
        if not SNAKE.fullmatch(code) or "title" not in vars(refusal):
            found.append(f"{refusal.__name__} has no code or no title of its own")
        elif taken.setdefault(code, refusal) is not refusal:
            found.append(f"{refusal.__name__} and {taken[code].__name__} share the code {code}")
    return found
