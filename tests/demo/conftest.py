"""Demos that the tests of this folder start, and one that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.demo.running import Demo


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    demos: list[Demo] = []

    def start(folder: str = "data", **variables: str) -> Demo:
        demos.append(Demo(tmp_path / folder, **variables))
        return demos[-1]

    yield start
    for each in demos:
        each.process.kill()
        each.process.wait()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "data", WORKERS="2").opened()
    yield running
    running.process.kill()
    running.process.wait()
