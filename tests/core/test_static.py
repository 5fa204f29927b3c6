"""Files: answered before the application is asked, compressed, with the headers of every answer."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from flask import Flask
from whitenoise import WhiteNoise

from clinic.core import static


def get(app, path, **headers):
    return app.test_client().get(path, base_url="http://north.localhost", headers=headers)


@pytest.mark.parametrize("path", ["/static/app.css", "/static/app.js", "/static/icons.svg"])
def test_a_file_has_the_headers_of_every_answer_and_is_kept_for_ever(app, path):
    answer = get(app, path)
    assert answer.status_code == 200
    assert static.HEADERS.items() <= dict(answer.headers).items()
    assert "max-age=31536000" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/static/../config.py", "/static/%2e%2e/config.py", "/static/nothing.css"])
def test_what_is_no_file_of_ours_is_not_found(app, path):
    assert get(app, path).status_code == 404


def test_a_compressed_copy_is_sent_to_who_can_read_it(tmp_path: Path):
    (tmp_path / "big.css").write_text("a { color: red }\n" * 200)
    (tmp_path / "small.css").write_text("a {}")
    assert static.compress(tmp_path) == 1
    assert static.compress(tmp_path) == 0
    bare = Flask("bare", static_folder=str(tmp_path))
    bare.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        bare.wsgi_app, root=str(tmp_path), prefix="/static/"
    )
    plain = bare.test_client().get("/static/big.css")
    packed = bare.test_client().get("/static/big.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 5


def test_a_changed_file_is_compressed_anew(tmp_path: Path):
    import os

    file = tmp_path / "a.css"
    file.write_text("a { color: red }\n" * 200)
    static.compress(tmp_path)
    file.write_text("a { color: blue }\n" * 200)
    os.utime(file, (file.stat().st_atime, file.stat().st_mtime + 10))
    assert static.compress(tmp_path) == 1


def test_a_compressed_copy_of_an_older_file_is_not_sent(tmp_path: Path):
    file = tmp_path / "big.css"
    file.write_text("a { color: red }\n" * 200)
    static.compress(tmp_path)
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 5_000_000_000))  # somebody has changed it since
    bare = Flask("bare", static_folder=str(tmp_path))
    bare.config["ENVIRONMENT"] = "test"
    static.install(bare)
    answer = get(bare, "/static/big.css", Accept_Encoding="gzip")
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    static.compress(tmp_path)
    assert get(bare, "/static/big.css", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
