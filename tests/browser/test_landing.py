"""The first minute: whoever ran ``make demo`` opens the start page and is at the desk one press later."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect
from werkzeug.serving import make_server

from tests.demo.playing import demo_of

pytestmark = pytest.mark.browser


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Iterator[str]:
    """The address of a demo's start page."""
    server = make_server("127.0.0.1", 0, demo_of(app, tmp_path), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.port}/"
    server.shutdown()
    thread.join(10)


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")]
)
def test_one_press_leads_from_the_start_page_to_the_desk(window, start, width, scheme):
    newcomer = window(width, scheme=scheme)
    page = newcomer.page
    page.goto(start)
    newcomer.look()
    page.get_by_role("link", name="Front desk", exact=True).click()
    page.wait_for_url("**/desk")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_going_back_leads_to_the_start_page_and_signs_nobody_in_again(window, start):
    newcomer = window(1440)
    page = newcomer.page
    page.goto(start)
    page.get_by_role("link", name="Doctor's day").click()
    page.wait_for_url("**/my-day")
    page.go_back()
    expect(page).to_have_url(start)


def test_without_scripts_it_is_two_presses(window, start):
    newcomer = window(390, scripts=False)
    page = newcomer.page
    page.goto(start)
    page.locator("a.role", has_text="Owner").first.click()
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")


def test_the_first_step_is_the_page_of_patients(window, start):
    newcomer = window(390)
    newcomer.page.goto(start)
    newcomer.page.get_by_role("link", name="Choose a time").click()
    newcomer.page.wait_for_url("**/book")
