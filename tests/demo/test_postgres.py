"""The embedded server starts whatever was left behind, and tells its log nothing about people."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from clinic.demo.postgres import Server, ServerFailed

ROOT = Path(__file__).parents[2]
WORD = secrets.token_urlsafe(16)
LONG = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b"
STARTS_AND_WAITS = """
import sys, time, pathlib
from clinic.demo.postgres import Server
server = Server(pathlib.Path(sys.argv[1]), password=sys.argv[2], fast=True)
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all: each test finds it as the one before left it."""
    return tmp_path_factory.mktemp("server") / "postgres"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    with Server(data, password=WORD, fast=True) as running:
        yield running


def ask(server: Server, question: str) -> object:
    with psycopg.connect(server.superuser_url) as connection:
        return connection.execute(question).fetchall()[0][0]


def until(what: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_opens_on_loopback_alone_and_wants_a_password(server: Server) -> None:
    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server, "SHOW unix_socket_directories") == ""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url("postgres", "guess", "postgres"))


def test_touches_no_folder_above_its_own(server: Server, data: Path) -> None:
    closed = data.parent.parent
    assert closed.stat().st_mode & 0o077 == 0, "the folder above is closed to others, and the server runs"
    assert data.stat().st_mode & 0o077 == 0


def test_starts_over_the_note_of_a_server_that_is_gone(data: Path) -> None:
    stale = [str(os.getpid()), str(data), "1", "5432", "", "127.0.0.1", "0 0", "ready"]
    (data / "postmaster.pid").write_text("\n".join(stale) + "\n")  # this pid lives, but is no server
    with Server(data, password=WORD, fast=True) as server:
        assert ask(server, "SELECT 1") == 1


def test_ends_a_server_that_lost_its_launcher_and_takes_its_port(data: Path) -> None:
    lost = Server(data, password=WORD, fast=True)
    lost.start()
    with Server(data, password=WORD, fast=True, port=lost.port) as server:
        assert not lost.alive()
        assert (server.port, ask(server, "SELECT 1")) == (lost.port, 1)


def test_comes_back_after_a_kill_in_the_middle_of_work(server: Server) -> None:
    def work() -> None:
        with suppress(psycopg.OperationalError):
            ask(server, LONG)

    worker = threading.Thread(target=work)
    worker.start()
    until(lambda: ask(server, f"SELECT count(*) FROM pg_stat_activity WHERE query = '{LONG}'") == 1)
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.launch()  # its own process still computes, and would keep a new server out
    worker.join()

    def back() -> bool:
        with suppress(psycopg.OperationalError):
            return ask(server, "SELECT 1") == 1
        return False

    until(back)


def test_takes_another_port_when_its_own_is_taken(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with Server(data, password=WORD, fast=True, port=taken) as server:
            assert server.port != taken
            assert ask(server, "SELECT 1") == 1


def test_an_interrupted_beginning_is_begun_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with Server(tmp_path / "postgres", password=WORD, fast=True) as server:
        assert ask(server, "SELECT 1") == 1
    assert not half.exists()


def test_a_lost_password_is_named(server: Server) -> None:
    server.stop()
    other = Server(server.data, password="another", fast=True)
    with pytest.raises(ServerFailed, match="is not the server's"):
        other.start()
    assert not other.alive()


def test_its_log_holds_no_value_of_a_row(server: Server) -> None:
    canary = f"canary{secrets.token_hex(4)}"
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE person (document text UNIQUE, age int CHECK (age > 0))")
        connection.execute("INSERT INTO person VALUES (%s, 1)", [canary])
        for wrong in ("INSERT INTO person VALUES (%s, 1)", "INSERT INTO person VALUES (%s, -1)"):
            with pytest.raises(psycopg.IntegrityError, match=canary):
                connection.execute(wrong, [canary])
    log = server.log.read_text()
    assert "duplicate key value violates unique constraint" in log
    assert canary not in log


def test_dies_with_the_process_that_started_it(data: Path) -> None:
    command = [sys.executable, "-c", STARTS_AND_WAITS, str(data), WORD]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        launcher.kill()
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
