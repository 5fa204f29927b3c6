"""Callers over plain sockets: each has one connection that is kept alive, and all of them start from a barrier.

A client that is itself slow, or that connects while it is measured, shows a server's races and its speed smaller than
they are. So requests are bytes that were made before, connections are open before anybody calls, and an answer is read
with as little work as possible (HTTP/1.1 with a length or in chunks, RFC 9112).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

PATIENCE = 60.0
"""Seconds that a caller waits for an answer."""
AT_ONCE = 64
"""So many connections are opened at the same time: more than a listener's queue may take."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and by which name it is called (the clinic's host)."""

    host: str
    port: int
    name: str

    def request(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """A whole request as bytes. *body*: fields of a form (a list of pairs), or anything else as JSON."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.name}"]
        content = b""
        if isinstance(body, list):
            content = urlencode(body).encode()
            lines.append("Content-Type: application/x-www-form-urlencoded")
        elif body is not None:
            content = json.dumps(body).encode()
            lines.append("Content-Type: application/json")
        if method != "GET":
            lines.append(f"Content-Length: {len(content)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` 0: nothing did, the connection broke off."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    seconds: float = 0.0

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        """The first header of this name (in small letters)."""
        return next((value for known, value in self.headers if known == name), None)

    def code(self) -> str:
        """Its status, and the stable word of a problem document: ``409 slot_taken``."""
        problem = "problem+json" in (self.header("content-type") or "")
        return f"{self.status} {self.json['code']}" if problem else str(self.status)


BROKEN = Answer(0)


class Caller(asyncio.Protocol):
    """One connection. ``ask`` sends a request and waits for its answer; one at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.read = bytearray()
        self.waiting: asyncio.Future[Answer] | None = None
        self.since = 0.0

    @classmethod
    async def connect(cls, address: Address) -> Caller:
        loop = asyncio.get_running_loop()
        _transport, caller = await loop.create_connection(cls, address.host, address.port)
        return caller

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.read += data
        if self.waiting is not None and (answer := self._whole()) is not None:
            self.read.clear()
            self._give(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self._give(BROKEN)

    def _give(self, answer: Answer) -> None:
        waiting, self.waiting = self.waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _whole(self) -> Answer | None:
        """The answer that was read, once all of it is there."""
        end = self.read.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self.read[:end].decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        pairs = (line.partition(":") for line in lines)
        headers = [(name.strip().lower(), value.strip()) for name, _colon, value in pairs]
        found = dict(headers)
        rest = memoryview(self.read)[end + 4 :]
        try:
            if status in (204, 304):
                body: bytes | None = b""
            elif found.get("transfer-encoding") == "chunked":
                body = _unchunked(bytes(rest))
            else:
                length = int(found.get("content-length", 0))
                body = bytes(rest[:length]) if len(rest) >= length else None
        finally:
            rest.release()
        if body is None:
            return None
        return Answer(status, headers, body, time.perf_counter() - self.since)

    async def ask(self, request: bytes) -> Answer:
        """The answer to *request*; ``BROKEN`` when the server hangs up instead. Raises ``TimeoutError``."""
        if self.transport is None:
            return BROKEN
        waiting = self.waiting = asyncio.get_running_loop().create_future()
        self.since = time.perf_counter()
        self.transport.write(request)
        return await asyncio.wait_for(waiting, PATIENCE)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


def _unchunked(raw: bytes) -> bytes | None:
    whole, at = b"", 0
    while (end := raw.find(b"\r\n", at)) >= 0:
        size = int(raw[at:end].split(b";")[0], 16)
        if size == 0:
            return whole
        if len(raw) < end + 2 + size + 2:
            return None
        whole += raw[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
    return None


async def callers(address: Address, count: int) -> list[Caller]:
    """So many open connections."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> Caller:
        async with gate:
            return await Caller.connect(address)

    return await asyncio.gather(*(one() for _ in range(count)))


async def volley(address: Address, requests: Sequence[bytes]) -> list[Answer]:
    """Each request by a caller of its own, all at once, when every connection is open; the answers in their order."""
    everybody = await callers(address, len(requests))
    barrier = asyncio.Event()

    async def call(caller: Caller, request: bytes) -> Answer:
        await barrier.wait()
        return await caller.ask(request)

    calls = [
        asyncio.create_task(call(caller, request))
        for caller, request in zip(everybody, requests, strict=True)
    ]
    await asyncio.sleep(0)  # everybody stands at the barrier
    barrier.set()
    try:
        return await asyncio.gather(*calls)
    finally:
        for caller in everybody:
            caller.close()


def fire(address: Address, requests: Sequence[bytes]) -> list[Answer]:
    """``volley`` for who has no loop."""
    return asyncio.run(volley(address, requests))


def one_by_one(address: Address, requests: Iterable[bytes], *, connections: int = 8) -> list[Answer]:
    """All requests over a few connections, each as soon as one is free: for setting things up."""
    waiting = list(enumerate(requests))

    async def run() -> list[Answer]:
        answers: list[Answer] = [BROKEN] * len(waiting)
        work = iter(waiting)

        async def carry(caller: Caller) -> None:
            for place, request in work:
                answers[place] = await caller.ask(request)
            caller.close()

        everybody = await callers(address, min(connections, len(waiting)))
        await asyncio.gather(*(carry(caller) for caller in everybody))
        return answers

    return asyncio.run(run()) if waiting else []


@dataclass(slots=True)
class Drive:
    """What a measurement saw: answers by status, milliseconds of each, and answers per second."""

    statuses: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    total: int = 0
    """All answers, those of the warming up too."""

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds if self.seconds else 0.0

    def at(self, share: float) -> float:
        """The milliseconds within which this *share* of the answers came."""
        ordered = sorted(self.times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0


def drive(
    address: Address, make: Callable[[int], bytes], *, connections: int, seconds: float, warm: float = 0.5
) -> Drive:
    """Keep *connections* busy for so many *seconds*; ``make(n)`` is the n-th request. The first *warm* do not count."""
    numbers = itertools.count()
    seen = Drive()

    async def keep_busy(caller: Caller, begins: float, ends: float) -> None:
        while (now := time.perf_counter()) < ends:
            answer = await caller.ask(make(next(numbers)))
            if answer.status == 0:
                raise ConnectionError("the server hung up")
            seen.total += 1
            if now >= begins:
                seen.times.append(answer.seconds)
                seen.statuses[answer.status] = seen.statuses.get(answer.status, 0) + 1

    async def run() -> None:
        everybody = await callers(address, connections)
        begins = time.perf_counter() + warm
        ends = begins + seconds
        await asyncio.gather(*(keep_busy(caller, begins, ends) for caller in everybody))
        seen.seconds = time.perf_counter() - begins
        for caller in everybody:
            caller.close()

    asyncio.run(run())
    return seen
