"""Every command finds its packages: in this environment, in ``.venv``, or not at all and says so."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from clinic.core import venv

FLASK = metadata.version("flask")


def pins(folder: Path, text: str) -> list[Path]:
    path = folder / "requirements.txt"
    path.write_text(text)
    return [path]


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        (f"flask=={FLASK} \\\n    --hash=sha256:00\n    # via this\n", True),
        ("flask==0.1 \\\n    --hash=sha256:00\n", False),
        ("no-such-package==1.0 \\\n    --hash=sha256:00\n", False),
        ("no-such-package==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n", True),
        ("flask==0.1 ; python_version < '4' \\\n    --hash=sha256:00\n", False),
        (f"flask[async]=={FLASK} \\\n    --hash=sha256:00\n", True),
        (f"flask==0.1 ; python_version < '3'\nflask=={FLASK} ; python_version >= '3'\n", True),
    ],
)
def test_an_environment_is_enough_when_it_has_every_pinned_version(
    text: str, enough: bool, tmp_path: Path
) -> None:
    assert venv.satisfied(pins(tmp_path, text)) == enough


def test_every_pin_of_ours_is_seen() -> None:
    for path in (venv.ROOT / "requirements.txt", venv.ROOT / "requirements-dev.txt"):
        lines = [line for line in path.read_text("utf-8").splitlines() if line[:1].isalnum()]
        assert len(venv.PIN.findall(path.read_text("utf-8"))) == len(lines)


def test_a_changed_requirement_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(venv, "PYTHON", Path(sys.executable))
    files = pins(tmp_path, "flask==1.0\n")
    assert not venv.stamped(files)
    venv.STAMP.write_text(f'{{"requirements.txt": "{venv._digest(files[0])}"}}')
    assert venv.stamped(files)
    pins(tmp_path, "flask==1.1\n")
    assert not venv.stamped(files)


def test_a_python_that_is_too_old_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "PYTHON", tmp_path / "none")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, and this is 3\.9"):
        venv.ensure(dev=False)


@pytest.mark.parametrize(("version", "left_alone"), [(FLASK, True), ("0.1", False)])
def test_an_environment_that_has_everything_is_left_alone(
    version: str, left_alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    pins(tmp_path, f"flask=={version}\n")
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(venv, "LOCK", tmp_path / ".venv" / ".lock")
    monkeypatch.setattr(venv, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(venv, "_make", lambda: done.append("made"))
    monkeypatch.setattr(venv, "install", lambda _files: done.append("filled"))
    monkeypatch.setattr(venv, "_enter", lambda _python: done.append("entered"))
    venv.ensure(dev=False)
    assert done == ([] if left_alone else ["made", "filled", "entered"])
