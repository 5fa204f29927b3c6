"""The deployment files keep what they promise. They are read here; docs/deploy.md says how they were run."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import Settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
PROXY = (ROOT / "deploy" / "nginx.conf.template").read_text("utf-8")
GUIDE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
# A name, a release line, and what it is built on: neither "latest" nor a bare major release of a moving base.
PINNED = re.compile(r"[a-z]+:\d+(\.\d+)?-(slim-)?[a-z]+")
# What containers are told by others than the person who runs them.
OF_NO_USE_THERE = {"HOST", "PORT", "DATA_DIR", "BACKUP_DATABASE_URL", "MIGRATION_DATABASE_URL"}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest), lines joined."""
    lines = [
        line
        for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last_stage() -> list[tuple[str, str]]:
    steps = instructions()
    begins = [number for number, (word, _rest) in enumerate(steps) if word == "FROM"]
    assert len(begins) == 2
    return steps[begins[-1] :]


# -- the image ------------------------------------------------------------------------------------------------------


def test_bases_are_pinned() -> None:
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    images += [service["image"] for service in SERVICES.values() if "build" not in service]
    assert [image for image in images if not PINNED.fullmatch(image)] == []


def test_the_image_runs_as_nobody_in_particular_and_owns_no_code() -> None:
    steps = last_stage()
    users = [rest for word, rest in steps if word == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert [rest for word, rest in steps if word == "COPY" and "--chown" in rest] == []
    assert [word for word, _rest in steps].index("USER") > max(
        number for number, (word, _rest) in enumerate(steps) if word in ("COPY", "RUN")
    )


def test_the_image_says_whether_it_is_well() -> None:
    (check,) = [rest for word, rest in last_stage() if word == "HEALTHCHECK"]
    command = json.loads(check.partition("CMD ")[2])
    assert "/health'" in command[-1]
    compile(command[-1], "HEALTHCHECK", "exec")


def test_packages_are_checked_and_translations_compiled_when_it_is_built() -> None:
    runs = " ".join(rest for word, rest in instructions() if word == "RUN")
    assert "--require-hashes -r requirements.txt" in runs
    assert "translations.compile()" in runs


def test_nothing_secret_goes_in() -> None:
    told = [rest for word, rest in instructions() if word in ("ENV", "ARG")]
    assert [line for line in told if re.search(r"(?i)secret|password|_key|database_url", line)] == []
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {".env", ".git", ".data", "tests"} <= set(ignored)


def test_migrations_are_a_command_of_their_own() -> None:
    (command,) = [json.loads(rest) for word, rest in last_stage() if word == "CMD"]
    assert command == ["python", "-m", "clinic", "serve"]
    assert SERVICES["migrate"]["command"] == ["python", "-m", "clinic", "migrate"]
    assert SERVICES["migrate"]["profiles"] == ["tools"]


# -- the services ---------------------------------------------------------------------------------------------------


def test_no_secret_stands_in_it_and_a_missing_one_stops_everything() -> None:
    secret = re.compile(r"(?i)password|secret|_key$")
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if secret.search(name):
                assert re.fullmatch(r"\$\{[A-Z_]+(:\?[^}]+)?\}", value), name
            assert not re.search(r"://[^:]+:(?!\$\{)", str(value)), name
    text = (ROOT / "compose.yaml").read_text("utf-8")
    for name in set(re.findall(r"\$\{([A-Z_]+(?:PASSWORD|SECRET_KEY|API_KEY))", text)):
        assert f"${{{name}:?" in text, f"{name} may be missing"
    assert ":-" not in "".join(re.findall(r"\$\{[A-Z_]*(?:PASSWORD|KEY)[^}]*\}", text))


def test_only_the_migrators_container_knows_the_migrators_password() -> None:
    knowing = {name for name, service in SERVICES.items() if "CLINIC_MIGRATOR" in json.dumps(service)}
    assert knowing == {"migrate", "database"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service, "only the proxy is reached from outside"


def test_every_variable_that_the_application_reads_is_told_or_explained() -> None:
    names = {name.upper() for name in Settings.model_fields}
    assert names - set(SERVICES["web"]["environment"]) <= OF_NO_USE_THERE
    assert set(SERVICES["web"]["environment"]) <= names, "a variable that nobody reads"
    assert SERVICES["worker"]["environment"] == SERVICES["web"]["environment"]
    explained = (ROOT / ".env.example").read_text("utf-8")
    assert [name for name in sorted(names) if f"#{name}=" not in explained] == []


def test_the_servers_log_holds_no_patient() -> None:
    said = " ".join(SERVICES["database"]["command"])
    for setting in re.findall(r"`(log_\w+ = \w+)`", GUIDE):
        assert setting.replace(" ", "") in said
    assert "log_min_error_statement=panic" in said


def test_the_oldest_and_the_newest_database_are_named() -> None:
    assert SERVICES["database"]["image"].startswith("postgres:18")
    assert SERVICES["console"]["image"] == SERVICES["database"]["image"]
    assert "15.14" in GUIDE
    assert "15.14" in (ROOT / "compose.yaml").read_text("utf-8")


# -- the proxy and the scripts ---------------------------------------------------------------------------------------


def test_the_proxy_buffers_and_lets_no_claim_through() -> None:
    assert "proxy_request_buffering on;" in PROXY
    assert "proxy_request_buffering off" not in PROXY
    for header in ("Host $http_host", "X-Forwarded-Host $http_host", "X-Forwarded-Proto $scheme"):
        assert f"proxy_set_header {header};" in PROXY
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in PROXY, "added to, a client chooses its address"
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "1"
    assert "access_log off;" in PROXY


def test_the_proxy_is_told_all_that_its_template_asks() -> None:
    asked = set(re.findall(r"\$\{(\w+)\}", PROXY))
    assert asked == set(SERVICES["proxy"]["environment"])


def test_the_roles_are_not_made_of_nothing_or_without_passwords() -> None:
    script = ROOT / "deploy" / "make-roles"
    passwords = {f"CLINIC_{name}_PASSWORD": "x" for name in ("APP", "MIGRATOR", "BACKUP")}
    path = {"PATH": "/usr/bin:/bin"}
    for env, given in ((path, "SELECT 1;"), (path | passwords, "")):
        ran = subprocess.run([script], env=env, input=given, capture_output=True, text=True)
        assert ran.returncode != 0


def test_every_file_and_command_that_the_guide_names_is_there() -> None:
    from clinic.__main__ import COMMANDS

    for link in re.findall(r"\]\(\.\./([^)]+)\)", GUIDE):
        assert (ROOT / link).exists(), link
    rooms = {"create-tenant"}
    named = set(re.findall(r"-m clinic ([a-z][a-z-]+)", GUIDE))
    assert named <= set(COMMANDS) | rooms
    told = set(re.findall(r"^ *([A-Z_]+)=\S+ (?:[A-Z]+=\S+ )*python", GUIDE, flags=re.MULTILINE))
    assert told
    assert told <= {name.upper() for name in Settings.model_fields}
