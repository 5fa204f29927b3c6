"""A page as a tree: as much of HTML and of selectors as tests of our own pages need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from typing import NamedTuple

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
INLINE = frozenset("a abbr b code em i kbd small span strong time".split())
SILENT = frozenset(("script", "style", "template"))
SIMPLE = re.compile(
    r"""([a-z][\w-]*|\*)|#([\w-]+)|\.([\w-]+)|\[([\w:-]+)(?:([*^$]?=)["']?([^"'\]]*)["']?)?\]""", re.I
)


@dataclass(eq=False)
class Node:
    """An element; text is kept between the children. ``doubled``: it has an attribute twice."""

    tag: str
    attrs: dict[str, str]
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)
    doubled: bool = False

    def __iter__(self) -> Iterator[Node]:
        """Every element below, in the order of the page."""
        return iter(self.below)

    @cached_property
    def below(self) -> list[Node]:
        """Every element below; a page does not change once it is read."""
        found: list[Node] = []
        waiting = [child for child in reversed(self.children) if isinstance(child, Node)]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting += [child for child in reversed(node.children) if isinstance(child, Node)]
        return found

    @cached_property
    def classes(self) -> list[str]:
        return self.get("class").split()

    def __contains__(self, other: Node) -> bool:
        return any(node is other for node in self)

    def get(self, name: str, default: str = "") -> str:
        return self.attrs.get(name, default)

    @property
    def text(self) -> str:
        """What is read, with single spaces."""
        if self.tag in SILENT:
            return ""
        return " ".join("".join(map(_read, self.children)).split())

    @property
    def name(self) -> str:
        """What assistive technology calls it, near enough: label, own text, alternative text of pictures inside."""
        pictures = [node.get("alt") or node.get("aria-label") for node in self if node.tag in ("img", "svg")]
        own = self.get("aria-label") or self.text or self.get("title") or self.get("value")
        return own or " ".join(filter(None, pictures))

    def all(self, selector: str) -> list[Node]:
        """The elements below that match: ``form[action^="/book"] input, #slots .slot``."""
        ways = _ways(selector)
        return [node for node in self.below if any(_matches(node, way) for way in ways)]

    def find(self, selector: str) -> Node | None:
        found = self.all(selector)
        return found[0] if found else None

    def one(self, selector: str) -> Node:
        """The only element that matches; an assertion error tells otherwise."""
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} of {selector} in the page"
        return found[0]

    def closest(self, selector: str) -> Node | None:
        ((wanted,),) = _ways(selector)
        node: Node | None = self
        while node is not None and not _simple(node, wanted):
            node = node.parent
        return node


def parse(html: str) -> Node:
    """The tree of a page or of a fragment."""
    parser = _Builder()
    parser.feed(html)
    parser.close()
    return parser.root


def _read(child: Node | str) -> str:
    if isinstance(child, str):
        return child
    return child.text if child.tag in INLINE else f" {child.text} "


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        node.doubled = len(attrs) != len(node.attrs)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.here = self.here.parent or self.root

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self.here
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None:
            self.here = node.parent or self.root

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


class Part(NamedTuple):
    """One condition of a selector; what it does not ask for is empty."""

    tag: str
    id: str
    class_: str
    name: str
    how: str
    value: str


Simple = tuple[Part, ...]


@cache
def _ways(selector: str) -> tuple[tuple[Simple, ...], ...]:
    """A selector as its alternatives, each the steps from the outermost element inwards."""
    return tuple(tuple(_parts(step) for step in way.split()) for way in selector.split(","))


def _parts(step: str) -> Simple:
    found = list(SIMPLE.finditer(step))
    if "".join(part.group() for part in found) != step:
        raise ValueError(f"tests do not read the selector {step}")
    return tuple(Part(*(word or "" for word in part.groups())) for part in found)


def _matches(node: Node, way: tuple[Simple, ...]) -> bool:
    if not _simple(node, way[-1]):
        return False
    above = node.parent
    for step in reversed(way[:-1]):
        while above is not None and not _simple(above, step):
            above = above.parent
        if above is None:
            return False
        above = above.parent
    return True


def _simple(node: Node, parts: Simple) -> bool:
    if not node.tag:
        return False
    for tag, id, class_, name, how, value in parts:
        if tag and tag not in (node.tag, "*"):
            return False
        if id and node.attrs.get("id") != id:
            return False
        if class_ and class_ not in node.classes:
            return False
        if name:
            has = node.attrs.get(name)
            if has is None or (how and not _compares(has, how, value)):
                return False
    return True


def _compares(has: str, how: str, value: str) -> bool:
    if how == "=":
        return has == value
    if how == "^=":
        return has.startswith(value)
    return has.endswith(value) if how == "$=" else value in has
