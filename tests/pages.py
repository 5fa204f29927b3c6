"""The browser of the tests: it reads each page as a person with a screen reader and a strict browser would.

``client.get("/book")`` answers a ``Page``; a page that breaks a rule of ``good_page`` fails the test that opened it, so
no test has to ask for it. ``client.post_form(page, {"name": "Carla"})`` fills in a form that the page really holds.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.dom import Node, parse
from tests.good_page import problems


class Page:
    """An answer in HTML: the tree, and what tests ask of it most."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.url = response.request.full_path.rstrip("?")
        self.html = response.get_data(as_text=True)
        self.tree = parse(self.html)

    @property
    def h1(self) -> str:
        return self.tree.one("h1").text

    @property
    def title(self) -> str:
        return self.tree.one("title").text

    @property
    def text(self) -> str:
        """What is read on the page."""
        return (self.tree.find("body") or self.tree).text

    @property
    def errors(self) -> list[str]:
        """The sentences in the summary of errors."""
        return [item.text for item in self.tree.all(".error-summary li")]

    def find(self, selector: str) -> Node | None:
        return self.tree.find(selector)

    def all(self, selector: str) -> list[Node]:
        return self.tree.all(selector)

    def form(self, which: str | None = None) -> Node:
        """The only form in ``main``, or the one that *which* names: its action, its button, a selector."""
        forms = self.tree.all("main form") if self.tree.find("main") and not which else self.tree.all("form")
        if which:
            named = [
                form
                for form in forms
                if which in (form.get("action"), *(node.name for node in form.all("button")))
            ]
            partly = [form for form in forms if which in form.get("action")]
            forms = named or partly or [node for node in self.tree.all(which) if node.tag == "form"]
            # The palette, which every page has, may go where the page's own form goes.
            inside = self.tree.all("main form")
            forms = [form for form in forms if form in inside] or forms
        assert len(forms) == 1, f"{len(forms)} forms {which or 'in main'} on {self.url}"
        return forms[0]

    def __contains__(self, words: str) -> bool:
        return words in self.text

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.url}: {self.text[:300]}>"


class PageClient:
    """Opens pages of one clinic's host (``north.localhost``), follows redirects, and checks each page."""

    def __init__(self, app: Flask, host: str = "localhost", *, client: FlaskClient | None = None) -> None:
        self.app = app
        self.host = host
        self.client = client or app.test_client()

    def get(self, url: str, status: int = 200, **more: Any) -> Page:
        """Open a page; a redirect is followed."""
        return self._answer(self._open(url, "GET", **more), status)

    def fragment(self, url: str, status: int = 200, **more: Any) -> Page:
        """Open what htmx would fetch; it is checked as a part of a page."""
        headers = {"HX-Request": "true", **more.pop("headers", {})}
        return self._answer(self._open(url, "GET", headers=headers, **more), status)

    def post_form(
        self,
        page: Page,
        data: dict[str, Any] | None = None,
        form: str | None = None,
        status: int = 200,
        *,
        button: str | None = None,
        **more: Any,
    ) -> Page:
        """Fill in *data* and send a form of *page* with its hidden fields and token; redirects are followed.

        A value of None leaves a field out, a list sends it several times. ``button``: the text or the value of the
        button to press, where buttons have names (the times of a day) or addresses of their own (``formaction``).
        """
        chosen = page.form(form)
        values = fields(chosen)
        for name, value in (data or {}).items():
            assert chosen.find(f'[name="{name}"]'), f"the form {chosen.get('action')} has no field {name}"
            given = value if isinstance(value, (list, tuple)) else [value]
            values = [(other, kept) for other, kept in values if other != name]
            values += [(name, str(each)) for each in given if each is not None]
        pressed = _button(chosen, button)
        if pressed is not None and pressed.get("name"):
            values.append((pressed.get("name"), pressed.get("value")))
        address = pressed.get("formaction") if pressed is not None else ""
        url = urljoin(page.url, address or chosen.get("action"))
        if chosen.get("method", "get").lower() == "get":
            return self._answer(self._open(url, "GET", query_string=values, **more), status)
        return self._answer(self._open(url, "POST", data=_grouped(values), **more), status)

    def click(self, page: Page, text: str, status: int = 200) -> Page:
        """Follow the link that reads *text*."""
        links = [link for link in page.all("a[href]") if text in (link.name, link.text)]
        assert links, f"no link {text!r} on {page.url}"
        return self.get(urljoin(page.url, links[0].get("href")), status)

    def _open(self, url: str, method: str, **more: Any) -> TestResponse:
        more.setdefault("follow_redirects", True)
        return self.client.open(url, method=method, base_url=f"http://{self.host}", **more)

    def _answer(self, response: TestResponse, status: int) -> Page:
        page = Page(response)
        assert page.status == status, f"{page.status} instead of {status}: {page}"
        if response.mimetype == "text/html" and page.html:
            wrong = problems(page.html, self.app, url=page.url, host=self.host)
            assert not wrong, f"{page.url} is not a good page:\n  " + "\n  ".join(wrong)
        return page


def fields(form: Node) -> list[tuple[str, str]]:
    """What a browser would send of a form that nobody touched."""
    values: list[tuple[str, str]] = []
    for node in form:
        name, kind = node.get("name"), node.get("type", "text").lower()
        if not name or "disabled" in node.attrs:
            continue
        if node.tag == "input" and kind in ("checkbox", "radio"):
            values += [(name, node.get("value", "on"))] if "checked" in node.attrs else []
        elif node.tag == "input" and kind not in ("submit", "button", "image", "reset", "file"):
            values.append((name, node.get("value")))
        elif node.tag == "textarea":
            typed = "".join(child for child in node.children if isinstance(child, str))
            values.append((name, typed.removeprefix("\n")))
        elif node.tag == "select":
            options = node.all("option")
            chosen = [option for option in options if "selected" in option.attrs]
            chosen = chosen or ([] if "multiple" in node.attrs else options[:1])
            values += [(name, option.attrs.get("value", option.text)) for option in chosen]
    return values


def _button(form: Node, button: str | None) -> Node | None:
    if button is None:
        return None
    found = [node for node in form.all("button") if button in (node.name, node.text, node.get("value"))]
    assert found, f"no button {button!r} in the form {form.get('action')}"
    return found[0]


def _grouped(values: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in values:
        grouped.setdefault(name, []).append(value)
    return grouped
