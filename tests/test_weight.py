"""How much a first visit to a page downloads: it must open on a bad telephone in a bad place."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urljoin, urlsplit

import pytest

from tests.pages import Page, PageClient

PAGE, SCRIPTS = 60_000, 40_000  # bytes, compressed
# Found in files: what a module imports, what a style sheet brings along.
BRINGS = {
    "js": re.compile(rb"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']"""),
    "css": re.compile(rb"""(?:@import\s+url\(|url\()["']?([^"')]+)"""),
}
MONDAY = date.today() + timedelta(days=7 - date.today().weekday())  # noqa: DTZ011 - any full day will do

PAGES = [
    (None, "/book"),
    (None, "/book/doctors"),
    (None, "/book/times?who=any"),
    (None, "/login"),
    ("ana", "/desk"),
    ("ana", f"/desk?date={MONDAY}"),
    ("ana", f"/week?date={MONDAY}"),
    ("ana", f"/month?date={MONDAY}"),
    ("ana", "/queue"),
    ("ana", "/patients"),
    ("ana", "/patients/new"),
    ("ana", "/appointments/new"),
    ("ana", "/board"),
    ("bose", "/my-day"),
]


def small(body: bytes) -> int:
    return len(gzip.compress(body, 6))


def brought(client: PageClient, page: Page) -> dict[str, int]:
    """Every file that a browser fetches for *page*, with its compressed size; those that files bring along too."""
    found: dict[str, int] = {}
    waiting = [
        *(node.get("src") for node in page.all("script[src]")),
        *(node.get("href") for node in page.all("link[href]")),
        *(node.get("href").partition("#")[0] for node in page.all("use[href]")),
        *(node.get("src") for node in page.all("img[src]")),
    ]
    while waiting:
        address = urljoin(page.url, waiting.pop())
        path = urlsplit(address).path
        if path in found or address.startswith("data:"):
            continue
        answer = client.client.get(address, base_url=f"http://{client.host}")
        assert answer.status_code == 200, address
        body = answer.get_data()
        found[path] = small(body)
        kind = BRINGS.get(path.rpartition(".")[2])
        waiting += [urljoin(path, each.decode()) for each in kind.findall(body)] if kind else []
    return found


def weigh(client: PageClient, page: Page) -> tuple[int, int, dict[str, int]]:
    """Bytes of all, bytes of scripts, and bytes of each, for the one who has to find what is heavy."""
    files = brought(client, page)
    scripts = sum(size for path, size in files.items() if path.endswith(".js"))
    return small(page.html.encode()) + sum(files.values()), scripts, files


@pytest.mark.parametrize(("who", "address"), PAGES)
def test_a_page_is_light_on_the_first_visit(
    who: str | None, address: str, page: Callable[..., PageClient]
) -> None:
    client = page(who)
    weight, scripts, files = weigh(client, client.get(address))
    assert weight < PAGE, files
    assert scripts < SCRIPTS, files


def test_what_files_bring_along_is_weighed_too(page: Callable[..., PageClient]) -> None:
    client = page("ana")
    files = brought(client, client.get("/desk"))
    assert any("bootstrap" in path for path in files), "a style sheet's own"
    assert any("combobox" in path for path in files), "a module's own"
    assert "/static/icons.svg" in files


def test_no_page_brings_a_font(page: Callable[..., PageClient]) -> None:
    client = page("ana")
    files = brought(client, client.get("/desk")) | brought(client, client.get("/book"))
    assert not [path for path in files if path.endswith((".woff", ".woff2", ".ttf", ".otf"))]
