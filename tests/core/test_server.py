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
