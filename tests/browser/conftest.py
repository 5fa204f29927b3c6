"""A real browser before a real server: the application served by a thread of the test's own process.

``window(390)`` opens a phone at North's address. What its console complains of fails the test at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.browser import find
from tests.browser.looking import Window

HEIGHT = {390: 844, 768: 1024, 1440: 900}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, started once."""
    try:
        path = find.chromium()
    except find.NoBrowser as reason:
        if find.required():
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def port(built: Flask) -> Iterator[int]:
    """Where the application is served."""
    server = make_server("127.0.0.1", 0, built, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.port
    server.shutdown()
    thread.join(10)


@pytest.fixture
def window(app: Flask, chromium: Any, port: int) -> Iterator[Callable[..., Window]]:
    """``window(390)``, ``window(1440, scheme="dark", scripts=False)``: a browser of somebody's own."""
    opened: list[Window] = []

    def open(
        width: int = 390, *, scheme: str = "light", scripts: bool = True, slug: str = "north", **more: Any
    ) -> Window:
        settings = {"locale": "en-GB", "timezone_id": "America/Bogota", **more}
        context = chromium.new_context(
            viewport={"width": width, "height": HEIGHT.get(width, 900)},
            color_scheme=scheme,
            java_script_enabled=scripts,
            base_url=f"http://{slug}.localhost:{port}",
            **settings,
        )
        context.set_default_timeout(10_000)
        opened.append(Window(context, scripts=scripts))
        return opened[-1]

    yield open
    faults = [fault for each in opened for fault in each.faults()]
    for each in opened:
        each.close()
    assert not faults, "the browser complained:\n  " + "\n  ".join(faults)
