"""A Chromium for the tests, wherever there is one.

In order: ``CLINIC_CHROMIUM``, Playwright's own, one on the PATH, Playwright's own fetched now, Debian's by apt when we
are root. Looking costs little and is always done; fetching is done once, by ``make test``. Nothing found: the browser's
tests are skipped with one reason, or fail with it if ``CLINIC_REQUIRE_BROWSER=1``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

VARIABLE = "CLINIC_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class NoBrowser(Exception):
    """There is no Chromium; the message is the reason why the tests are skipped."""


def chromium() -> str:
    """The path of a Chromium that is there. Raises ``NoBrowser``."""
    if given := os.environ.get(VARIABLE):
        if shutil.which(given) is None:
            raise NoBrowser(f"{VARIABLE} names {given}, which cannot be run")
        return given
    if found := _playwrights_own() or _on_path():
        return found
    raise NoBrowser(f"no Chromium: set {VARIABLE}, or run: playwright install chromium")


def required() -> bool:
    """Whether having none is a failure (CI says so)."""
    return os.environ.get("CLINIC_REQUIRE_BROWSER") == "1"


def settle(*, fetch: bool) -> None:
    """Look once for all test processes, which find it in the environment; with *fetch*, get one if there is none."""
    attempts: list[Callable[[], None]] = [_fetch_playwrights_own, _fetch_debians] if fetch else []
    while True:
        try:
            os.environ[VARIABLE] = chromium()
            return
        except NoBrowser as reason:
            if os.environ.get(VARIABLE) or not attempts:
                sys.stderr.write(f"{reason}\n")
                return
        attempts.pop(0)()


def _playwrights_own() -> str | None:
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Exception:  # noqa: BLE001 — a browser that cannot even be named is none
        return None
    return path if Path(path).exists() else None


def _on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _run(*command: str, seconds: float) -> bool:
    try:
        return (
            subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _fetch_playwrights_own() -> None:
    sys.stderr.write("Fetching a Chromium for the tests …\n")
    _run(sys.executable, "-m", "playwright", "install", "chromium", seconds=300)


def _fetch_debians() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    sys.stderr.write("… from Debian\n")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    _run("apt-get", "update", "-qq", seconds=300)
    _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", seconds=600)
