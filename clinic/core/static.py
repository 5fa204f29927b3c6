"""Files that never change under their address: styles, scripts, icons, vendored libraries.

WhiteNoise answers them before Flask is asked, with the same security headers as every page. Addresses carry their
content's hash or a version, so a browser keeps them for ever. ``compress`` writes compressed copies beside them, once,
at the first start of a demo or when an image is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

FOR_EVER = 365 * 24 * 3600
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SMALLEST = 1024
TEXT = {".css", ".js", ".svg", ".html", ".json", ".txt"}


class Files(WhiteNoise):
    """Answers a compressed copy only if it is one of the file as it is: who changes a style sheet sees the change."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        file = super().get_static_file(path, url, stat_cache)
        copy = Path(f"{path}.gz")
        if copy.exists() and copy.stat().st_mtime < Path(path).stat().st_mtime:
            file.alternatives = [each for each in file.alternatives if each[1] == path]
        return file


def install(app: Flask) -> None:
    """Answer ``/static/…`` in front of the application *app*."""
    app.wsgi_app = Files(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(app.static_folder),
        prefix="/static/",
        max_age=FOR_EVER,
        autorefresh=app.config["ENVIRONMENT"] == "test",
        add_headers_function=_with_headers,
        allow_all_origins=False,
    )


def _with_headers(headers: Headers, _path: str, _url: str) -> None:
    for name, value in HEADERS.items():
        headers.add_header(name, value)


def compress(folder: Path) -> int:
    """Write a ``.gz`` beside every text file that has none or an older one; how many were written."""
    compressor = Compressor(use_gzip=True, use_brotli=False, quiet=True)
    written = 0
    for file in sorted(folder.rglob("*")):
        copy = file.with_name(file.name + ".gz")
        is_current = copy.exists() and copy.stat().st_mtime >= file.stat().st_mtime
        if file.suffix in TEXT and file.stat().st_size >= SMALLEST and not is_current:
            list(compressor.compress(str(file)))
            written += 1
    return written
