"""Single commands reach the demo's database, whether the demo runs or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.running import ROOT, Demo

ASK = ("psql", "-X", "-A", "-t", "-c", "SELECT current_user")


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY"))}
    return subprocess.run(
        [sys.executable, "-m", "clinic", *arguments],
        cwd=ROOT,
        env={**plain, "ENVIRONMENT": "demo", "DATA_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("role", "name"), [("migrator", "clinic_migrator"), ("app", "clinic_app"), ("superuser", "postgres")]
)
def test_psql_reaches_the_running_demo_in_any_role(role: str, name: str, demo: Demo) -> None:
    said = command(demo.folder, *ASK, "--role", role)
    assert (said.returncode, said.stdout.strip()) == (0, name), said.stderr


def test_psql_brings_the_server_when_no_demo_runs_and_ends_it(tmp_path: Path) -> None:
    said = command(tmp_path / "data", *ASK)
    assert (said.returncode, said.stdout.strip()) == (0, "clinic_migrator"), said.stderr
    assert not (tmp_path / "data" / "postgres" / "postmaster.pid").exists()


def test_a_running_demo_is_not_reset(demo: Demo) -> None:
    starts = demo.starts()
    said = command(demo.folder, "reset-db")
    assert said.returncode == 1
    assert "already runs" in said.stderr
    assert demo.starts() == starts


@pytest.mark.parametrize(
    "variables",
    [
        {"DATABASE_URL": "postgresql://db.example/clinic"},
        {"ENVIRONMENT": "test"},
        {"ENVIRONMENT": "production"},
    ],
)
def test_only_the_demos_own_database_is_ever_reset(variables: dict[str, str], tmp_path: Path) -> None:
    said = command(tmp_path / "data", "reset-db", **variables)
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert not (tmp_path / "data").exists()


def test_the_demo_refuses_to_be_production(tmp_path: Path) -> None:
    said = command(tmp_path / "data", "demo", ENVIRONMENT="production")
    assert said.returncode == 1
    assert "SECRET_KEY is missing" in said.stderr
    assert "Traceback" not in said.stderr


def test_the_front_door_needs_the_standard_library_alone() -> None:
    look = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import clinic.__main__ as door; door.main(['help'])"
    )
    said = subprocess.run([sys.executable, "-I", "-S", "-c", look], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "demo" in said.stdout
