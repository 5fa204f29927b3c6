"""The rules of the house (CONTRIBUTING.md) about its source, each answering its breaches as sentences.

They read by ``ast`` and run nothing; *house* is a folder of rooms such as ``clinic/``. ``test_house.py`` holds our
house to each rule, and each rule to its bite. The rules about what runs are in ``promises.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOMS = (
    "core", "tenants", "accounts", "patients", "schedule", "booking", "queue", "outreach", "reports", "fhir", "demo",
)  # fmt: skip
FLOORS: dict[str, float] = {
    "models": 1, "queries": 2, "actions": 3, "forms": 4, "schemas": 4, "views": 5, "portal": 5, "api": 5, "cli": 5,
}  # fmt: skip
FORMS, FACE = 4, 5
LONGEST, LONG = 400, 300
REQUEST = re.compile(r"(flask|flask_\w+|werkzeug|wtforms)(\.|$)")
SESSION = re.compile(r"(sqlalchemy|psycopg|flask_sqlalchemy|clinic\.core\.db)(\.|$)")
FRAGMENT = re.compile(r"[\"'](\w+)/_(\w+)\.html[\"']")


@dataclass(frozen=True)
class File:
    """One source file of a room: ``booking/actions.py`` is the file *actions* of the room *booking*."""

    house: Path
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse((self.house / self.path).read_text("utf-8"))

    @property
    def room(self) -> str:
        return self.path.parts[0]

    @property
    def name(self) -> str:
        """The file, or the folder that a floor has become: ``booking/views/desk.py`` belongs to *views*."""
        return Path(self.path.parts[1]).stem

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Line and full dotted name of everything imported, inside functions too."""
        package = ["clinic", *self.path.parts[:-1]]
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = [*package[: len(package) + 1 - node.level]] if node.level else []
                base += [node.module] if node.module else []
                found += [(node.lineno, ".".join([*base, alias.name])) for alias in node.names]
            elif isinstance(node, ast.Call) and "import_module" in (
                getattr(node.func, key, "") for key in ("id", "attr")
            ):
                found += [(node.lineno, str(arg.value)) for arg in node.args if isinstance(arg, ast.Constant)]
        return found

    @cached_property
    def of_the_house(self) -> list[tuple[int, str, str]]:
        """Line, room and file name of every import from a room."""
        found = []
        for line, dotted in self.imports:
            top, room, name, *_rest = (*dotted.split("."), "", "")
            if top == "clinic" and room in ROOMS:
                found.append((line, room, name))
        return found

    def at(self, line: int) -> str:
        return f"{self.path.as_posix()}:{line}"


@lru_cache
def files(house: Path) -> list[File]:
    """Every source file in a room (the front door, ``clinic/__init__.py``, hangs all rooms and is free)."""
    return [File(house, path.relative_to(house)) for path in sorted(house.glob("*/**/*.py"))]


def floor(house: Path, room: str, name: str) -> float:
    """The floor a file stands on: by its name (``actions``, ``actions_series``), or, for a noun, by what it needs.

    A noun such as ``schedule/hours.py`` that needs no table and no floor is pure and lies below all (0). One that
    reads tables through ``core.db`` or imports a floor lies half a step above it, so that floor cannot import it.
    """
    return known_floor(name) or nouns(house).get((room, name), 0.0)


def known_floor(name: str) -> float | None:
    return FLOORS.get(name.split("_")[0])


@lru_cache
def nouns(house: Path) -> dict[tuple[str, str], float]:
    """How high each noun lies. A noun rises with what it needs, until none rises any more."""
    needs = [
        ((file.room, file.name), (room, name))
        for file in files(house)
        if known_floor(file.name) is None
        for _line, room, name in file.of_the_house
    ]
    heights: dict[tuple[str, str], float] = {}
    rising = True
    while rising:
        rising = False
        for noun, (room, name) in needs:
            if room == "core":
                least = FLOORS["models"] + 0.5 if name == "db" else 0.0
            else:
                known = known_floor(name)
                least = known + 0.5 if known else heights.get((room, name), 0.0)
            if least > heights.get(noun, 0.0):
                heights[noun] = least
                rising = True
    return heights


def storeys(house: Path) -> Iterator[tuple[File, float]]:
    """Every file that stands on a floor, with its height. Core has no floors, and a card (``__init__``) is none."""
    for file in files(house):
        if file.room != "core" and file.name != "__init__":
            yield file, floor(house, file.room, file.name)


def rooms_look_left(house: Path) -> list[str]:
    found = [f"{file.room} is not a room" for file in files(house) if file.room not in ROOMS]
    for file in files(house):
        for line, room, _name in file.of_the_house:
            if file.room in ROOMS and ROOMS.index(room) > ROOMS.index(file.room):
                found.append(f"{file.at(line)}: {file.room} looks right, at {room}")
    return found


def floors_look_down(house: Path) -> list[str]:
    found = []
    for file, height in storeys(house):
        if height > FORMS and height not in FLOORS.values():
            found.append(f"{file.path.as_posix()}: a noun stands below forms")
        for line, room, name in file.of_the_house:
            if room != "core" and height < floor(house, room, name) < FACE:
                found.append(f"{file.at(line)}: {file.name} looks up, at {room}.{name}")
    return found


def nobody_imports_a_face(house: Path) -> list[str]:
    return [
        f"{file.at(line)}: imports the face {room}.{name}"
        for file in files(house)
        for line, room, name in file.of_the_house
        if room != "core" and floor(house, room, name) == FACE and (room, name) != (file.room, file.name)
    ]


def no_request_below_forms(house: Path) -> list[str]:
    return [
        f"{file.at(line)}: {dotted} below forms"
        for file, height in storeys(house)
        for line, dotted in file.imports
        if height < FORMS and REQUEST.match(dotted)
    ]


def no_session_above_actions(house: Path) -> list[str]:
    return [
        f"{file.at(line)}: {dotted} above actions"
        for file, height in storeys(house)
        for line, dotted in file.imports
        if height in (FORMS, FACE) and SESSION.match(dotted)
    ]


def each_room_has_its_card(house: Path) -> list[str]:
    """The card is the docstring of ``__init__.py``, and nothing else is there: importing a table must stay cheap."""
    found = []
    for room in sorted({file.room for file in files(house)}):
        card = next((file for file in files(house) if file.path == Path(room, "__init__.py")), None)
        if card is None or not ast.get_docstring(card.tree) or len(card.tree.body) > 1:
            found.append(f"{room}/__init__.py is not a card: a docstring and nothing else")
    return found


def files_stay_short(house: Path) -> list[str]:
    return [f"{path}: {length} lines" for path, length in lengths(house).items() if length > LONGEST]


def lengths(house: Path) -> dict[str, int]:
    return {
        file.path.as_posix(): len((house / file.path).read_text("utf-8").splitlines())
        for file in files(house)
    }


def functions(file: File) -> Iterator[tuple[ast.FunctionDef, list[str]]]:
    """Every function of a file with its decorators as text."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef):
            yield node, [ast.unparse(decorator) for decorator in node.decorator_list]


def verbs_take_keywords(house: Path) -> list[str]:
    """``actions.move(appointment, to=…, by=actor)``: the record it is about, then keywords, who acts last."""
    found = []
    for file, _height in storeys(house):
        for verb, decorators in functions(file):
            if not {"action", "db.action"} & set(decorators):
                continue
            loose = [arg.arg for arg in (*verb.args.posonlyargs, *verb.args.args)]
            keywords = [arg.arg for arg in verb.args.kwonlyargs]
            if len(loose) > 1:
                found.append(
                    f"{file.at(verb.lineno)}: {verb.name} takes {', '.join(loose[1:])} without a keyword"
                )
            if "by" in loose or "by" in keywords[:-1]:
                found.append(f"{file.at(verb.lineno)}: who acts comes last in {verb.name}")
    return found


def a_fragment_has_one_name(house: Path) -> list[str]:
    """``GET …/slots``, endpoint ``slots``, ``booking/_slots.html``, ``id="slots"``: one name in four places."""
    found = []
    for file, height in storeys(house):
        for view, decorators in functions(file):
            address = next((text for text in decorators if re.match(r"\w+\.get\(", text)), None)
            if height != FACE or address is None:
                continue
            last_part = "".join(re.findall(r"\('(?:[^']*/)?([^/']+)/?'", address))
            for room, name in set(FRAGMENT.findall(ast.unparse(view))):
                names = [last_part.replace("-", "_"), view.name]
                template = house.parent / "templates" / room / f"_{name}.html"
                if template.is_file():
                    ids = re.findall(r'\bid="([^"]*)"', template.read_text("utf-8"))
                    names.append(ids[0].replace("-", "_") if ids else "(no id)")
                if set(names) != {name}:
                    found.append(f"{file.at(view.lineno)}: _{name}.html is called {', '.join(names)}")
    return found
