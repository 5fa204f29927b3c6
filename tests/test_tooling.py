"""The tools hold what they promise: thin make targets, hashed packages, lint that bites, catalogues that parse."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from clinic.core import translations

ROOT = Path(__file__).parents[1]

# API.md §0.
COMMANDS = """demo serve worker migrate rollback migration history heads seed reset-db psql
              lint format type-check test cover bench fuzz screenshots backup restore""".split()


def make_targets(makefile: str) -> dict[str, list[str]]:
    """The recipe of each target, ``$@`` and variables filled in as far as it takes to compare them."""
    targets: dict[str, list[str]] = {}
    names: list[str] = []
    for line in makefile.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for name in names:
                targets[name].append(line.strip().lstrip("@").replace("$@", name))
        elif rule := re.match(r"([a-z][\w -]*):(?!=)", line):
            names = rule[1].split()
            targets.update((name, targets.get(name, [])) for name in names)
    return targets


def test_every_make_target_is_a_thin_call_of_the_command_of_its_name() -> None:
    targets = make_targets((ROOT / "Makefile").read_text("utf-8"))
    thick = {
        name: recipe
        for name, recipe in targets.items()
        if len(recipe) != 1 or not re.fullmatch(rf"\S+ -m clinic {name}( \$[({{]\w+[)}}])*", recipe[0])
    }
    assert thick == {}
    assert set(COMMANDS) <= set(targets)


def test_a_thick_target_is_noticed() -> None:
    assert make_targets("A := 1\n.PHONY: demo\ndemo lint: ## runs\n\t@$(PY) -m clinic $@\n\techo done\n") == {
        "demo": ["$(PY) -m clinic demo", "echo done"],
        "lint": ["$(PY) -m clinic lint", "echo done"],
    }


def test_help_names_every_command() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "clinic", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(COMMANDS) <= set(re.findall(r"[a-z][a-z-]+", said.stdout))


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_and_hashed(lock: str) -> None:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)
    packages = text.replace("\\\n", " ").splitlines()
    pinned = re.compile(r"[\w.-]+(\[[\w,-]+\])?==\S+( ;[^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [line for line in packages if not pinned.fullmatch(line)] == []


@pytest.mark.parametrize("lock", ["requirements", "requirements-dev"])
def test_the_lock_holds_what_was_asked_for(lock: str) -> None:
    asked = re.findall(r"^(\w[\w-]*)", (ROOT / f"{lock}.in").read_text("utf-8"), flags=re.MULTILINE)
    locked = re.findall(r"^([\w.-]+)", (ROOT / f"{lock}.txt").read_text("utf-8"), flags=re.MULTILINE)
    assert asked
    assert set(asked) <= set(locked)


def test_the_licence_is_mit() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License\n")
    assert "the Clinic developers" in text


def test_the_commit_hook_fetches_nothing_and_runs_make_lint() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    assert [hook["entry"] for hook in config["repos"][0]["hooks"]] == ["python3 -m clinic lint"]


@pytest.mark.parametrize(
    ("lint", "tests", "said"),
    [(0, 0, "3 passed in 0.10s"), (2, 0, "3 passed in 0.10s"), (0, 2, "1 failed in 0.20s"), (0, 0, "")],
)
def test_ci_fails_when_either_half_fails(lint: int, tests: int, said: str, tmp_path: Path) -> None:
    make = tmp_path / "make"
    make.write_text(
        f'#!/bin/sh\n[ "$CLINIC_REQUIRE_BROWSER" = 1 ] || exit 9\n'
        f'[ "$1" = lint ] && exit {lint}\necho "{said}"\nexit {tests}\n'
    )
    make.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run([ROOT / ".ci" / "run"], env=env, capture_output=True, text=True)
    assert (ran.returncode == 0) == (lint == tests == 0 and bool(said))
    assert ran.stdout.splitlines()[-1] == (said or "no tests ran")


BANNED = {
    "C001": ['<p style="color: red">x</p>', '<p {% if red %}style="color: red"{% endif %}>x</p>'],
    "C002": ['<button type="button" onclick="go()">x</button>'],
    "C003": ['<button type="button" hx-on:click="go()">x</button>', '<p data-hx-on--load="go()">x</p>'],
    "C004": ["<p hx-vals='js:{a: 1}'>x</p>", '<p hx-trigger="click[ctrlKey]">x</p>', '<a href="javascript:x">x</a>'],
    "C005": ["<script>go()</script>", "<style>p { color: red }</style>"],
    "C006": ['<script src="https://example.org/a.js"></script>', '<link rel="stylesheet" href="//example.org/a.css">'],
    "C007": ["<p>{{ name | safe }}</p>", "{% autoescape false %}x{% endautoescape %}"],
}  # fmt: skip

ALLOWED = """\
{% set style = "calm" %}
<section id="slots" data-only="style" hx-get="{{ url_for("booking.slots") }}" hx-trigger="every 4s">
  <script src="{{ url_for("static", filename="app.js") }}" type="module"></script>
  <a href="{{ url_for("booking.book") }}">{{ _("On Monday onwards = fine, it is safe.") }}</a>
</section>
"""


def djlint(*files: Path) -> str:
    """What our lint says of templates, read with our own configuration."""
    ran = subprocess.run(
        [sys.executable, "-m", "djlint", "--lint", "--quiet", "--linter-output-format", "{filename} {code}",
         "--configuration", ROOT / "pyproject.toml", "--rules", ROOT / ".djlint_rules.yaml", *files],
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout


def test_the_lint_of_templates_bites_and_lets_the_rest_pass(tmp_path: Path) -> None:
    for code, lines in BANNED.items():
        for number, line in enumerate(lines):
            (tmp_path / f"{code}-{number}.html").write_text(line + "\n")
    (tmp_path / "allowed.html").write_text(ALLOWED)
    said = djlint(tmp_path)
    for code, lines in BANNED.items():
        for number in range(len(lines)):
            assert re.search(rf"{code}-{number}\.html {code}\b", said), f"{lines[number]} passes"
    assert "allowed.html" not in said


@pytest.mark.parametrize("path", translations.catalogues(), ids=lambda path: path.parts[-3])
def test_a_catalogue_parses_and_keeps_its_placeholders(path: Path) -> None:
    catalogue = translations.read(path)
    wrong = {message.id: errors for message in catalogue if (errors := list(message.check(catalogue)))}
    assert wrong == {}


def test_the_catalogues_are_spanish_and_french() -> None:
    assert {path.parts[-3] for path in translations.catalogues()} >= {"es", "fr"}
