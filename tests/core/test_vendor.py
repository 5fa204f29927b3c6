"""What others wrote and we serve is listed, unchanged and licensed; pages load nothing else of theirs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from clinic.core.translations import ROOT
from tests.vendor import VENDOR, digest, folder, manifest, served

FREE = {"MIT", "0BSD", "ISC", "ISC AND MIT", "Apache-2.0", "BSD-3-Clause"}


def test_every_vendored_file_is_listed_and_every_listed_one_is_there() -> None:
    listed = [name for package in manifest() for name in package["files"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == served()


@pytest.mark.parametrize("package", manifest(), ids=folder)
def test_a_package_is_as_its_authors_published_it(package: dict[str, Any]) -> None:
    changed = [name for name, known in package["files"].items() if digest(name) != known]
    assert changed == []
    assert all(name.startswith(f"{folder(package)}/") for name in package["files"])


@pytest.mark.parametrize("package", manifest(), ids=folder)
def test_a_package_has_its_licence_beside_it(package: dict[str, Any]) -> None:
    assert package["licence"] in FREE
    text = (VENDOR / folder(package) / "LICENSE").read_text("utf-8")
    assert re.search(r"permission|licen[cs]e", text, re.IGNORECASE)


def test_pages_and_scripts_name_only_vendored_files_that_exist() -> None:
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").glob("*.*s")]
    text = "".join(path.read_text("utf-8") for path in sources)
    named = set(re.findall(r"vendor/([\w.@/-]+\.(?:js|css))", text))
    assert named
    assert named <= served()


def test_nothing_is_fetched_from_another_server() -> None:
    for path in (ROOT / "static").glob("*.*s"):
        addresses = re.findall(r"https?://[^\s\"')]+", path.read_text("utf-8"))
        assert addresses == [], path.name
