"""API.md §0, as far as it can be tried without starting a demo: variables, commands, health."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("port", 8000),
        ("host", "127.0.0.1"),
        ("data_dir", Path(".data")),
        ("base_domain", "localhost"),
        ("workers", 2),
        ("rate_limits", True),
        ("environment", "demo"),
        ("log_level", "INFO"),
        ("max_appointments_per_doctor_per_day", 10),
        ("secret_key", None),
        ("master_api_key", None),
        ("database_url", None),
        ("migration_database_url", None),
    ],
)
def test_a_variable_has_the_default_of_the_table(name: str, default: object) -> None:
    assert Settings.model_fields[name].default == default


COMMANDS = (
    "demo serve worker migrate rollback migration history heads seed reset-db psql lint format type-check test cover"
    " bench fuzz screenshots backup restore"
).split()


def test_every_command_of_the_contract_is_there() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "clinic", "help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    assert set(COMMANDS) <= {line.split()[0] for line in said.splitlines() if line.startswith("  ")}


def test_make_knows_every_command() -> None:
    targets = (ROOT / "Makefile").read_text().split()
    assert set(COMMANDS) <= set(targets)


@pytest.mark.parametrize(
    "host", ["localhost", "north.localhost", "127.0.0.1:8000", "[::1]:8000", "nobody.example"]
)
def test_health_answers_on_any_host(app, host) -> None:
    assert app.test_client().get("/health", base_url=f"http://{host}").status_code == 200


def test_ready_says_what_is_missing(app) -> None:
    answer = app.test_client().get("/health/ready", base_url="http://10.0.0.7")
    assert answer.status_code in (200, 503)
    assert "database" in answer.get_data(as_text=True)
