"""A page as a tree: as much of HTML and of selectors as tests of our own pages need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

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
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child

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
        ways = [way.split() for way in selector.split(",")]
        return [node for node in self if any(_matches(node, way) for way in ways)]

    def find(self, selector: str) -> Node | None:
        found = self.all(selector)
        return found[0] if found else None

    def one(self, selector: str) -> Node:
        """The only element that matches; an assertion error tells otherwise."""
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} of {selector} in the page"
        return found[0]

    def closest(self, selector: str) -> Node | None:
        node: Node | None = self
        while node is not None and not _simple(node, selector):
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


def _matches(node: Node, way: list[str]) -> bool:
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


def _simple(node: Node, selector: str) -> bool:
    parts = list(SIMPLE.finditer(selector))
    if not node.tag or "".join(part.group() for part in parts) != selector:
        if node.tag:
            raise ValueError(f"tests do not read the selector {selector}")
        return False
    for part in parts:
        tag, id, class_, name, how, value = part.groups()
        has = node.attrs.get(name) if name else None
        if tag and tag not in (node.tag, "*"):
            return False
        if id and node.get("id") != id:
            return False
        if class_ and class_ not in node.get("class").split():
            return False
        if name and (has is None or (how and not _compares(has, how, value))):
            return False
    return True


def _compares(has: str, how: str, value: str) -> bool:
    return {"=": has == value, "^=": has.startswith(value), "$=": has.endswith(value), "*=": value in has}[
        how
    ]
