"""What a path names must be there before anything is said about what was sent (API.md §1, *order of checks*).

A room says once how a thing of its is looked up: ``stands("/doctors/<uuid:id>", doctors.one)``. It is asked only when a
body or query was refused, so a request that is right pays nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import request

PREFIX = "/api/v1"
NAMES = re.compile(r"<(?:\w+:)?(\w+)>")
Look = Callable[..., Any]
_looks: dict[str, Look] = {}


def stands(path: str, look: Look) -> None:
    """What is at *path* and below it is about a thing that *look*, given the path's parts, finds or not (404)."""
    _looks[PREFIX + path] = look


def must_stand() -> None:
    """``NotFound`` if what the request's path names is not there, or not for this caller."""
    rule = request.url_rule.rule if request.url_rule else ""
    given = request.view_args or {}
    for path, look in _looks.items():
        if _is_at(path, rule):
            look(*(given[name] for name in NAMES.findall(path)))


def _is_at(path: str, rule: str) -> bool:
    return rule.startswith(path) and rule[len(path) :][:1] in ("", "/", ".")
