"""Counted windows of time: how often something was done since a window began.

``Windows`` are rows of PostgreSQL, exact and shared by every process. Of ``Leases`` each process takes a score at a
time, so that a call costs no round trip; what it took and did not use is lost to the others, never the other way round.
Both are storages of the ``limits`` package, which does the arithmetic.

A window's key is a keyed hash: the table names no person and no address.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from dataclasses import dataclass, field

import psycopg
from limits.storage import Storage
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from clinic.core import aside

SCORE = 20
MANY_LEASES = 10_000
SAME_WINDOW = 0.5
"""Seconds by which two looks at the end of one window may differ."""

SPEND = """
INSERT INTO rate_window AS w (key, count, expires_at)
VALUES (%(key)s, greatest(%(amount)s, 0), now() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN w.expires_at <= now() THEN excluded.count ELSE greatest(w.count + %(amount)s, 0) END,
    expires_at = CASE WHEN w.expires_at <= now() THEN excluded.expires_at ELSE w.expires_at END
RETURNING count, extract(epoch FROM expires_at - now())::float8 AS seconds
"""
LOOK = """
SELECT count, extract(epoch FROM expires_at - now())::float8 AS seconds FROM rate_window
 WHERE key = %(key)s AND expires_at > now()
"""
TIDY = """
DELETE FROM rate_window WHERE key IN
    (SELECT key FROM rate_window WHERE expires_at <= now() LIMIT 100 FOR UPDATE SKIP LOCKED)
"""


class Windows(Storage):
    """Fixed windows in PostgreSQL, one row each, shared by every process."""

    STORAGE_SCHEME = None

    def __init__(self, pool: Engine, secret: str) -> None:
        super().__init__()
        self.pool, self.secret = pool, secret.encode()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return (psycopg.Error, SQLAlchemyError)

    def name(self, key: str) -> str:
        return hmac.new(self.secret, key.encode(), hashlib.sha256).hexdigest()[:40]

    def spend(self, key: str, seconds: int, amount: int) -> tuple[int, float]:
        """Count *amount* more (less, if negative) in the window of *key*; answers the count and the seconds left."""
        found = aside.row(self.pool, SPEND, key=self.name(key), seconds=seconds, amount=amount)
        if found.count == amount:  # a new window: a good moment to sweep out old ones
            aside.row(self.pool, TIDY)
        return found.count, found.seconds

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self.spend(key, expiry, amount)[0]

    def get(self, key: str) -> int:
        found = aside.row(self.pool, LOOK, key=self.name(key))
        return found.count if found else 0

    def get_expiry(self, key: str) -> float:
        found = aside.row(self.pool, LOOK, key=self.name(key))
        return time.time() + (found.seconds if found else 0)

    def check(self) -> bool:
        return bool(aside.row(self.pool, "SELECT true AS here").here)

    def reset(self) -> int | None:
        aside.row(self.pool, "DELETE FROM rate_window")
        return None

    def clear(self, key: str) -> None:
        aside.row(self.pool, "DELETE FROM rate_window WHERE key = %(key)s", key=self.name(key))


@dataclass(slots=True)
class Lease:
    """What this process took of a window: counts from ``first`` up to ``last``, until ``ends`` (monotonic seconds).

    ``spare``: more of the same, which others took at the same time.
    """

    first: int
    last: int
    ends: float
    spare: list[tuple[int, int]] = field(default_factory=list)

    def take(self, amount: int) -> int | None:
        """The next *amount* of it, as the count that it makes; None if there is not so much left."""
        while self.first + amount > self.last:
            if not self.spare:
                return None
            self.first, self.last = self.spare.pop()
        self.first += amount
        return self.first


class Leases(Storage):
    """Windows of which this process takes a score of tokens at a time."""

    STORAGE_SCHEME = None

    def __init__(self, windows: Windows, score: int = SCORE) -> None:
        super().__init__()
        self.windows, self.score = windows, score
        self.leases: dict[str, Lease] = {}
        self.lock = threading.Lock()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return self.windows.base_exceptions

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self.lock:
            lease = self.leases.get(key)
            if lease is not None and lease.ends > time.monotonic():
                counted = lease.take(amount)
                if counted is not None:
                    return counted
        # The round trip is outside the lock: two who come at once lease twice, and both leases are used.
        taken = max(self.score, amount)
        count, seconds = self.windows.spend(key, expiry, taken)
        with self.lock:
            if len(self.leases) >= MANY_LEASES:
                now = time.monotonic()
                self.leases = {name: lease for name, lease in self.leases.items() if lease.ends > now}
            self._keep(key, Lease(count - taken + amount, count, time.monotonic() + seconds))
        return count - taken + amount

    def _keep(self, key: str, new: Lease) -> None:
        """Hold *new* beside what another thread has leased meanwhile, if that is of the same window."""
        old = self.leases.get(key)
        if old is not None and abs(old.ends - new.ends) < SAME_WINDOW:
            new.spare = [*old.spare, (old.first, old.last)]
        self.leases[key] = new

    def get(self, key: str) -> int:
        lease = self.leases.get(key)
        return lease.first if lease and lease.ends > time.monotonic() else 0

    def get_expiry(self, key: str) -> float:
        lease = self.leases.get(key)
        return time.time() + max(0.0, lease.ends - time.monotonic() if lease else 0.0)

    def check(self) -> bool:
        return self.windows.check()

    def reset(self) -> int | None:
        self.leases.clear()
        return self.windows.reset()

    def clear(self, key: str) -> None:
        self.leases.pop(key, None)
        self.windows.clear(key)
