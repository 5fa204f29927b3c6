"""The virtual environment beside the checkout: made, filled and entered by whatever command comes first.

Nothing but the standard library is imported here, and nothing that Python 3.8 could not read: whoever has too old a
Python or no packages yet shall get a sentence, not a traceback.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Iterator  # noqa: UP035

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".clinic.json"
LOCK = VENV / ".clinic.lock"  # not .lock: uv waits for that one itself
OLDEST = (3, 11)
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;?)", re.MULTILINE)


def ensure(*, dev: bool) -> None:
    """Return when this interpreter has every package (*dev*: those for tests and lint too).

    Otherwise make ``.venv``, install there and run the same command in it: then this does not return. Exits with a
    sentence when that cannot be done.
    """
    if sys.version_info < OLDEST:
        _enter_a_newer_one()
    files = [ROOT / "requirements.txt", *([ROOT / "requirements-dev.txt"] if dev else [])]
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if stamped(files) and inside:
        return
    if not inside and satisfied(files):
        return
    try:
        if not stamped(files):
            with _locked():
                if not stamped(files):
                    _make()
                    install(files)
    except PermissionError as error:
        sys.exit(f"The packages cannot be installed: {error.filename or VENV} may not be written.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"The packages could not be installed ({' '.join(map(str, error.cmd[:4]))} … failed).")
    if not inside:
        _enter(str(PYTHON))


def _enter(python: str) -> None:
    """Run this same command in another interpreter, in this process's place."""
    environment = dict(os.environ)
    if python == str(PYTHON):
        environment["VIRTUAL_ENV"] = str(VENV)
        environment["PATH"] = os.pathsep.join([str(PYTHON.parent), environment.get("PATH", os.defpath)])
    environment.pop("PYTHONHOME", None)
    sys.stdout.flush()
    os.execve(python, [python, "-m", "clinic", *sys.argv[1:]], environment)  # noqa: S606


def _enter_a_newer_one() -> None:
    """This Python is too old: take one that is not, or say so."""
    names = [f"python3.{minor}" for minor in range(OLDEST[1] + 9, OLDEST[1] - 1, -1)]
    for python in (str(PYTHON), *map(shutil.which, names)):
        if python and _is_new_enough(python):
            _enter(python)
    wanted, found = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
    sys.exit(
        f"The clinic needs Python {wanted} or newer, and this is {found}. If you have one: make PYTHON=… demo"
    )


def stamped(files: list[Path]) -> bool:
    """Whether ``.venv`` was filled from exactly these files."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return PYTHON.exists() and all(stamp.get(path.name) == _digest(path) for path in files)


def satisfied(files: list[Path]) -> bool:
    """Whether this interpreter has every package that the files pin, in the pinned version.

    A package may be pinned several times, each for another Python or system: one of them must be there.
    """
    pins = [pin for path in files for pin in PIN.findall(path.read_text("utf-8"))]
    for name, _version, condition in pins:
        try:
            if metadata.version(name) not in {version for other, version, _ in pins if other == name}:
                return False
        except metadata.PackageNotFoundError:
            if not condition:  # with a condition it may be meant for another system or Python
                return False
    return True


def install(files: list[Path]) -> None:
    """Bring ``.venv`` to what the files pin, every package checked against its hash. Hold the lock."""
    _say("Installing the packages …")
    wanted = ["--require-hashes", *(part for path in files for part in ("-r", str(path)))]
    tool = uv()
    by_uv = [str(tool), "pip", "install", "-q", "--compile-bytecode", "--python", str(PYTHON), *wanted]
    if tool is None or subprocess.run(by_uv, env={"UV_SYSTEM_CERTS": "1", **os.environ}).returncode != 0:
        _say("… with pip, which takes a little longer")
        subprocess.run(
            [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True
        )
    # Our own files too: where Python is told to write no bytecode, each process of the demo would compile them anew.
    subprocess.run([PYTHON, "-m", "compileall", "-q", ROOT / "clinic", ROOT / "config.py"])
    known = json.loads(STAMP.read_text("utf-8")) if STAMP.exists() else {}
    STAMP.write_text(json.dumps({**known, **{path.name: _digest(path) for path in files}}), "utf-8")


def uv() -> str | None:
    """The uv installer: the environment's own, the machine's, or one fetched now. None if there is none to be had."""
    own = PYTHON.with_name("uv")
    if own.exists():
        return str(own)
    if found := shutil.which("uv"):
        return found
    fetch = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "uv"]
    fetched = subprocess.run(fetch, stderr=subprocess.DEVNULL)
    return str(own) if fetched.returncode == 0 and own.exists() else None


def _make() -> None:
    """A virtual environment with pip in it, unless there is one that works."""
    if _works():
        return
    _say(f"Making the virtual environment {VENV} …")
    for child in VENV.iterdir():
        if child != LOCK:
            shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
    made = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.DEVNULL).returncode
    if made != 0 and (tool := shutil.which("uv")):
        command = [tool, "venv", "-q", "--allow-existing", "--seed", "--python", sys.executable, str(VENV)]
        made = subprocess.run(command).returncode
    if made != 0:
        sys.exit(
            "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"
        )


def _works() -> bool:
    """Whether there is an interpreter in ``.venv`` that starts, is new enough and has pip or was filled before."""
    if not _is_new_enough(str(PYTHON)):
        return False
    has_pip = subprocess.run([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0
    return has_pip or shutil.which("uv") is not None


def _is_new_enough(python: str) -> bool:
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([python, "-c", check], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


@contextmanager
def _locked() -> Iterator[None]:
    """Two commands at once: the second waits, and finds the work done."""
    VENV.mkdir(exist_ok=True)
    with open(LOCK, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
