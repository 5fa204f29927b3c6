"""The manifest of vendored files: ``python -m tests.vendor`` writes the hashes anew after a package was changed."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parents[1] / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
OURS = {"manifest.json", "README.md"}


def manifest() -> list[dict[str, Any]]:
    """The packages: name, version, licence (SPDX), files with their hashes as in ``integrity``."""
    packages: list[dict[str, Any]] = json.loads(MANIFEST.read_text("utf-8"))
    return packages


def served() -> set[str]:
    """Every vendored file, from ``static/vendor``."""
    # Compressed copies are made beside them at the first start; they are not vendored.
    paths = (
        path.relative_to(VENDOR) for path in VENDOR.rglob("*") if path.is_file() and path.suffix != ".gz"
    )
    return {path.as_posix() for path in paths if path.name not in OURS}


def digest(name: str) -> str:
    """The hash of a file as browsers write it in ``integrity``."""
    return "sha512-" + base64.b64encode(hashlib.sha512((VENDOR / name).read_bytes()).digest()).decode()


def folder(package: dict[str, Any]) -> str:
    """Where a package stands: its name without the scope, and its version."""
    return f"{package['name'].rpartition('/')[2]}-{package['version']}"


def main() -> None:
    packages = manifest()
    for package in packages:
        names = sorted(name for name in served() if name.startswith(f"{folder(package)}/"))
        package["files"] = {name: digest(name) for name in names}
    MANIFEST.write_text(json.dumps(packages, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
