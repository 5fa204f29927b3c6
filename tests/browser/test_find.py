"""The browser for the tests is looked for in the order that is promised, and its absence has one reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import find


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(find.VARIABLE, "")
    monkeypatch.setattr(find, "_playwrights_own", lambda: None)
    monkeypatch.setattr(find, "_on_path", lambda: None)
    monkeypatch.setattr(find, "_fetch_playwrights_own", lambda: None)
    monkeypatch.setattr(find, "_fetch_debians", lambda: None)


def test_the_named_one_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.touch(mode=0o755)
    monkeypatch.setenv(find.VARIABLE, str(browser))
    monkeypatch.setattr(find, "_playwrights_own", lambda: "playwright's")
    assert find.chromium() == str(browser)


def test_playwrights_own_comes_before_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_on_path", lambda: "on the path")
    assert find.chromium() == "on the path"
    monkeypatch.setattr(find, "_playwrights_own", lambda: "playwright's")
    assert find.chromium() == "playwright's"


def test_a_name_that_cannot_be_run_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_on_path", lambda: "on the path")
    monkeypatch.setenv(find.VARIABLE, "/no/such/browser")
    with pytest.raises(find.NoBrowser, match="/no/such/browser"):
        find.chromium()


def test_one_is_fetched_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch() -> None:
        monkeypatch.setattr(find, "_on_path", lambda: "debian's")

    monkeypatch.setattr(find, "_fetch_debians", fetch)
    find.settle(fetch=False)
    assert "no Chromium" in capsys.readouterr().err
    find.settle(fetch=True)
    assert os.environ[find.VARIABLE] == "debian's"
