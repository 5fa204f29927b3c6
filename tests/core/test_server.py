"""A web process answers on the socket it is handed. Granian's worker is called by hand: a new version is tried here."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clinic.core import server
from clinic.core.processes import Child

ROOT = Path(__file__).parents[2]
APP = "tests.demo.stub:app"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with server.reserve("127.0.0.1", 0) as reserved:
        server.listen(reserved)
        yield reserved


@pytest.fixture
def process(listener: socket.socket) -> Iterator[Child]:
    child = server.web(listener, app=APP)
    child.launch()
    yield child
    child.stop()


def get(listener: socket.socket, path: str) -> tuple[int, str]:
    host, port = listener.getsockname()
    connection = http.client.HTTPConnection(host, port, timeout=15)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_a_web_process_answers(listener: socket.socket, process: Child) -> None:
    assert get(listener, "/") == (200, str(process.pid))


def test_many_may_come_at_once(listener: socket.socket, process: Child) -> None:
    address = listener.getsockname()
    crowd = [socket.create_connection(address, timeout=15) for _ in range(250)]
    for each in crowd:
        each.sendall(b"GET / HTTP/1.1\r\nHost: clinic.test\r\nConnection: close\r\n\r\n")
    assert {each.recv(4096).split(b"\r\n")[0] for each in crowd} == {b"HTTP/1.1 200 OK"}
    for each in crowd:
        each.close()
    assert process.alive()


def test_the_rest_of_an_answer_waits_for_nobody(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        accepted.close()


class Pieces:
    """An answer bit by bit."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"a", b"b")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("status", "headers", "whole"),
    [
        ("200 OK", [("Content-Length", "2")], True),
        ("304 NOT MODIFIED", [], True),
        ("200 OK", [("Content-Type", "text/event-stream")], False),
    ],
)
def test_an_answer_of_known_length_goes_out_in_one_piece(
    status: str, headers: list[tuple[str, str]], whole: bool
) -> None:
    pieces, heard = Pieces(), []

    def app(_environ: dict[str, Any], start: Any) -> Pieces:
        start(status, headers)
        return pieces

    found = server.in_one_piece(app)({}, lambda *said: heard.append(said))
    assert heard == [(status, headers)]
    assert found == [b"a", b"b"] if whole else found is pieces
    assert pieces.closed is whole


def test_a_port_in_use_is_refused_with_a_sentence(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(server.PortTaken, match=f"Port {port} on 127.0.0.1 cannot be used"):
        server.reserve("127.0.0.1", port, patience=0)


def test_a_predecessor_that_is_just_ending_is_waited_for(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(server.PortTaken):
        server.reserve("127.0.0.1", port, patience=0.3)
    assert time.monotonic() - started > 0.3
    listener.close()
    server.reserve("127.0.0.1", port, patience=0).close()


SERVE = """
import clinic
from clinic.core.server import serve
raise SystemExit(serve(clinic.settings(), app="no_such_module:app"))
"""


def test_serve_gives_up_when_no_process_stays_alive() -> None:
    env = {**os.environ, "PORT": "0", "WORKERS": "1", "ENVIRONMENT": "demo"}
    said = subprocess.run([sys.executable, "-c", SERVE], cwd=ROOT, env=env, capture_output=True, text=True)
    assert said.returncode == 1
    assert "the web processes do not stay alive" in said.stderr
