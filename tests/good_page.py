"""What makes a page a good page, as rules that every page of every test is held to.

One h1 that opens the title, no id twice, every form with an action and a token, every label, target and address leading
somewhere, everything pressed or filled in has a name, and nothing that the content security policy forbids.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from tests.dom import Node, parse

NAMED = ("h1", "h2", "h3", "h4", "a", "button", "summary", "label", "legend", "caption", "th", "dt", "option")
UNSEEN = ("hidden", "submit", "button", "image", "reset")
VERBS = {"hx-get": "GET", "hx-post": "POST", "hx-put": "PUT", "hx-patch": "PATCH", "hx-delete": "DELETE"}
# What needs eval or inline code under htmx 4, and what is spelt as in 2.x and does nothing in 4.
BANNED = re.compile(
    r"on\w+|hx-on.*|hx-vars|hx-disinherit|hx-inherit|hx-disabled-elt|hx-ext|hx-history|hx-params|hx-prompt|hx-request"
)
UNFILLED = re.compile(r"%\(\w+\)[sd]|\{\{|\}\}|\{%")
WORDS_OF_ERROR = ("Error:", "Erreur :")  # \xa0 and its narrow kin are read as a space
LOADS = ("script", "link", "img", "form", "iframe", "use")
POINTERS = (
    "aria-describedby",
    "aria-labelledby",
    "aria-controls",
    "list",
    "form",
    "data-opens",
    "data-copies",
)
SWAPS = (
    "innerHTML outerHTML outerSync innerMorph outerMorph textContent before beforebegin prepend afterbegin append "
    "beforeend after afterend delete none"
).split()


def problems(html: str, app: Flask | None = None, *, url: str = "/", host: str = "localhost") -> list[str]:
    """What is wrong with a page, or with a fragment (HTML that does not begin with a doctype); empty if nothing is."""
    tree = parse(html)
    wrong = [
        *_code(tree),
        *_ids(tree),
        *_forms(tree),
        *_names(tree),
        *_pictures(tree),
        *_strings(tree),
        *_swaps(tree),
    ]
    if html.lstrip()[:9].lower() == "<!doctype":
        wrong += [*_frame(tree), *_references(tree)]
    if app is not None:
        wrong += _routes(tree, app, url, host)
    return wrong


def _frame(tree: Node) -> list[str]:
    wrong = []
    headings = tree.all("h1")
    title = (tree.find("head title") or Node("", {})).text
    for word in WORDS_OF_ERROR:
        title = title.removeprefix(word).strip()
    if len(headings) != 1:
        wrong.append(f"{len(headings)} h1 instead of one")
    elif not headings[0].text or not title.startswith(headings[0].text):
        wrong.append(f"the title {title!r} does not begin with the h1 {headings[0].text!r}")
    if len(tree.all("main")) != 1:
        wrong.append("not one main")
    page = tree.find("html")
    if page is None or not page.get("lang") or page.get("dir") not in ("ltr", "rtl"):
        wrong.append("html without lang or dir")
    if not tree.find('meta[name="viewport"]'):
        wrong.append("no viewport")
    return wrong


def _code(tree: Node) -> list[str]:
    """Nothing that the content security policy forbids, and nothing that htmx 4 needs eval for."""
    wrong = []
    for node in tree:
        if node.doubled:
            wrong.append(f"an attribute stands twice on <{node.tag}>: {node.attrs}")
        if node.tag == "style" or "style" in node.attrs:
            wrong.append(f"a style inside the page: <{node.tag}>")
        if node.tag == "script" and not node.get("src"):
            wrong.append("a script inside the page")
        for name, value in node.attrs.items():
            if BANNED.fullmatch(name):
                wrong.append(f"{name} on <{node.tag}>")
            if name.startswith(("hx-", "href", "action")) and value.strip().lower().startswith(
                ("js:", "javascript:")
            ):
                wrong.append(f"code in {name}")
            if name == "hx-trigger" and "[" in value:
                wrong.append(f"a filter in hx-trigger: {value}")
        away = [node.get(name) for name in ("src", "href", "action") if urlsplit(node.get(name)).netloc]
        if node.tag in LOADS:
            wrong += [f"<{node.tag}> reaches another server: {address}" for address in away]
    return wrong


def _ids(tree: Node) -> list[str]:
    times = Counter(node.get("id") for node in tree if "id" in node.attrs)
    return [f"the id {id} stands {count} times" for id, count in times.items() if count > 1]


def _forms(tree: Node) -> list[str]:
    wrong = []
    for form in tree.all("form"):
        where, method = form.get("action"), form.get("method", "get").lower()
        if "action" not in form.attrs:
            wrong.append("a form without an action")
        if method == "post" and not form.find('input[name="csrf_token"]'):
            wrong.append(f"the form {where} has no token")
        if method == "get" and form.find('input[name="csrf_token"]'):
            wrong.append(f"the form {where} puts its token into the address")
        if method not in ("get", "post", "dialog"):
            wrong.append(f"the form {where} has the method {method}, which no browser sends")
        if form.closest("form") is not form or any(node.tag == "form" for node in form):
            wrong.append(f"a form inside the form {where}")
        if not form.all('button, input[type="submit"]') and "data-submits" not in form.attrs:
            wrong.append(f"the form {where} has no button")
    return wrong


def _names(tree: Node) -> list[str]:
    """Everything that is pressed, filled in or heads something has a name."""
    wrong = []
    labelled = {label.get("for") for label in tree.all("label")}
    ids = {node.get("id") for node in tree}
    for node in tree:
        if node.tag in NAMED and not node.name:
            empty_cell = node.tag == "option" and node.get("value") == ""
            wrong += [] if empty_cell else [f"an empty <{node.tag}>: {node.attrs}"]
        typed = node.tag == "input" and node.get("type", "text") not in UNSEEN
        called = node.get("aria-label") or node.get("aria-labelledby") or node.closest("label")
        if (typed or node.tag in ("select", "textarea")) and not called and node.get("id") not in labelled:
            wrong.append(f"no label for {node.get('name') or node.attrs}")
        if node.tag == "label" and node.get("for") and node.get("for") not in ids:
            wrong.append(f"a label for {node.get('for')}, which is not there")
        if node.tag == "button" and not node.get("type"):
            wrong.append(f"a button without a type: {node.name}")
    return wrong


def _pictures(tree: Node) -> list[str]:
    wrong = [f"no alt on {node.get('src')}" for node in tree.all("img") if "alt" not in node.attrs]
    drawings = [
        node.get("aria-label") or node.get("aria-hidden") or node.find("title") for node in tree.all("svg")
    ]
    return wrong + ["a drawing that is neither named nor hidden" for known in drawings if not known]


def _strings(tree: Node) -> list[str]:
    """Nothing that a template or a translation left unfilled."""
    told = ("title", "aria-label", "placeholder", "alt")
    texts = [tree.text, *(node.get(name) for node in tree for name in told)]
    return [f"left unfilled: {found.group()}" for text in texts if (found := UNFILLED.search(text))]


def _references(tree: Node) -> list[str]:
    """What a page points at inside itself is there."""
    wrong = []
    ids = {node.get("id") for node in tree if node.get("id")}
    for node in tree:
        for name in POINTERS:
            lost = [id for id in node.get(name).split() if id not in ids]
            wrong += [f"{name} on <{node.tag}> points at {id}, which is not there" for id in lost]
        link = node.get("href") if node.tag == "a" else ""
        if link.startswith("#") and len(link) > 1 and link[1:] not in ids:
            wrong.append(f"a link to {link}, which is not there")
        target = node.get("hx-target") or node.get("hx-target:inherited")
        if target and not _target(tree, node, target):
            wrong.append(f"the hx-target {target} is not there")
    return wrong


def _target(tree: Node, node: Node, target: str) -> bool:
    way, _, rest = target.partition(" ")
    if way in ("this", "body", "next", "previous") and not rest:
        return True
    if way == "closest":
        return node.closest(rest) is not None
    if way == "find":
        return node.find(rest) is not None
    return tree.find(rest if way in ("next", "previous") else target) is not None


def _swaps(tree: Node) -> list[str]:
    ways = [node.get("hx-swap") for node in tree if node.get("hx-swap")]
    return [
        f"hx-swap {way} is not of htmx 4"
        for way in ways
        if ":" not in way.split()[0] and way.split()[0] not in SWAPS
    ]


def _routes(tree: Node, app: Flask, url: str, host: str) -> list[str]:
    """Every address of ours leads somewhere, by the method that is used; every file that a page loads exists."""
    wrong = []
    for node in tree:
        asked = [(verb, node.get(name)) for name, verb in VERBS.items() if name in node.attrs]
        if node.tag in ("a", "link", "script", "img", "use"):
            asked.append(("GET", node.get("href") or node.get("src")))
        if node.tag == "form" and node.get("method") != "dialog":
            asked.append((node.get("method", "get").upper(), node.get("action") or url))
        for method, address in asked:
            reason = _leads_nowhere(app, method, address, url, host) if address else None
            wrong += [f"{method} {address} on <{node.tag}>: {reason}"] if reason else []
    return wrong


def _leads_nowhere(app: Flask, method: str, address: str, url: str, host: str) -> str | None:
    split = urlsplit(urljoin(f"http://{host}{url}", address))
    if split.scheme not in ("http", "https") or split.hostname != host.split(":")[0]:
        return None
    if split.path.startswith(f"{app.static_url_path}/"):
        file = Path(str(app.static_folder)) / split.path.removeprefix(f"{app.static_url_path}/")
        return None if file.is_file() else "there is no such file"
    try:
        app.url_map.bind(host).match(split.path, method=method, query_args=dict(parse_qsl(split.query)))
    except RequestRedirect:
        return None
    except MethodNotAllowed:
        return "the method is not allowed"
    except HTTPException:
        return "no route"
    return None
