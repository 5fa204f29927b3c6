"""The web server: granian's WSGI workers on one listening socket that outlives them.

The parent opens the socket and starts ``WORKERS`` processes that all accept from it. Whoever connects while a process
is dead or being replaced waits in the socket's queue and is answered by the next; a process that is killed loses only
what it was answering. (Granian's own parent gives each worker a socket of its own on Linux, whose queue dies with it,
and ends altogether when a worker dies twice within a few seconds. So its worker is called directly here, which
``tests/core/test_server.py`` holds against a new version.)

``python -m clinic.core.server FD MODULE:APP`` is one such process.
"""

from __future__ import annotations

import gc
import logging
import socket
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import clinic
from clinic.core.processes import CannotStart, Child, Supervisor

if TYPE_CHECKING:
    from config import Settings

ROOT = Path(__file__).resolve().parents[2]
BACKLOG = 2048
"""Connections that may wait to be accepted (the system may allow fewer: ``net.core.somaxconn``)."""
CONNECTIONS = 1024
"""Connections that one process holds at a time; idle ones count."""
STOP_SECONDS = 3.0
"""How long a process may finish what it is answering when it is asked to stop."""
EMPTY = ("204", "304")
"""Answers without a body."""
HOPELESS = 5
"""So many deaths without a quiet moment, and ``serve`` gives up: whoever started it shall notice."""

log = logging.getLogger(__name__)


class PortTaken(CannotStart):
    """Somebody else listens where we should."""


def reserve(host: str, port: int, *, patience: float = 2.0) -> socket.socket:
    """A socket bound to the address, not listening yet. Waits *patience* seconds for a predecessor to be gone.

    Raises ``PortTaken``.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    until = time.monotonic() + patience
    while True:
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: else what follows an answer's headers waits until the other side has noticed those.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind(address)
            return listener
        except OSError as error:
            listener.close()
            if time.monotonic() > until:
                raise PortTaken(
                    f"Port {port} on {host} cannot be used: {error.strerror}. Choose another PORT."
                ) from None
        time.sleep(0.1)


def listen(listener: socket.socket) -> None:
    """Take connections from now on; they wait until a process accepts them. Raises ``PortTaken``."""
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        raise PortTaken(f"Port {listener.getsockname()[1]} cannot be used: {error.strerror}.") from None


def web(
    listener: socket.socket,
    *,
    app: str = "wsgi:app",
    env: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> Child:
    """One web process on *listener*, to be kept by a supervisor."""
    fd = listener.fileno()
    command = [sys.executable, "-m", "clinic.core.server", str(fd), app]
    return Child("web", command, env=env, cwd=ROOT, output=output, pass_fds=[fd], patience=STOP_SECONDS)


def serve(settings: Settings, *, app: str = "wsgi:app") -> int:
    """Serve in the foreground until SIGTERM or SIGINT. Answers the exit code. Raises ``PortTaken``."""
    listener = reserve(settings.host, settings.port)
    supervisor = Supervisor()
    try:
        listen(listener)
        for _ in range(settings.workers):
            supervisor.keep(web(listener, app=app))
        while not supervisor.stopping:
            supervisor.step()
            if supervisor.deaths("web") >= HOPELESS * settings.workers:
                log.error("the web processes do not stay alive")
                return 1
    finally:
        listener.close()
        supervisor.stop()
    return 0


def work(fd: int, app: str) -> None:
    """Be a web process: answer with *app* (``module:name``) what comes in on the listening socket *fd*."""
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Loops, RuntimeModes, TaskImpl
    from granian.log import LogLevels
    from granian.server.mp import MPServer

    MPServer._spawn_wsgi_worker(
        1,  # this worker's number
        None,  # its title in the list of processes
        lambda: settled(load(app)),
        ((None, SocketHolder(fd, False, BACKLOG)), None),  # type: ignore[call-arg]
        None,  # metrics of granian's own
        Loops.auto,
        True,
        LogLevels.warning,  # requests are logged by the application
        None,
        (),
        runtime_mode=RuntimeModes.mt,
        runtime_threads=1,
        runtime_blocking_threads=512,
        blocking_threads=clinic.settings().threads,
        blocking_threads_idle_timeout=30,
        backpressure=CONNECTIONS,
        task_impl=TaskImpl.asyncio,
        http_mode=HTTPModes.http1,
        http1_settings=None,
        http2_settings=None,
        websockets=False,
        static_path=None,  # WhiteNoise answers files, with the headers of every answer
        log_access_fmt=None,
        ssl_ctx=(False, None, None, None, "tls1.3", None, [], False),
        scope_opts={"url_path_prefix": None},
        metrics=(None, None),
    )


def load(app: str) -> Any:
    """The WSGI callable called *app* (``module:name``), its answers in one piece."""
    module, _, name = app.partition(":")
    return in_one_piece(getattr(import_module(module), name))


def settled(app: Any) -> Any:
    """*app*, and what stands now stands for good: nobody looks for garbage among it, nor after every few objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    return app


def in_one_piece(app: Callable[..., Any]) -> Callable[..., Any]:
    """*app*, its answers as lists where their length is told beforehand; what has none is a stream and stays one.

    Granian sends a list together with its headers. Anything else goes through a channel, piece by piece between two
    threads, and the pieces reach the network one by one.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        whole = False

        def told(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            nonlocal whole
            whole = status[:3] in EMPTY or any(name.lower() == "content-length" for name, _ in headers)
            return start(status, headers, *fault)

        pieces = app(environ, told)
        if not whole:
            return pieces
        try:
            return list(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    return answer


if __name__ == "__main__":
    work(int(sys.argv[1]), sys.argv[2])
