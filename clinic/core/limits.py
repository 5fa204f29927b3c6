"""How often: throttles for what is guessed, limits for what is asked too fast.

Sign-in and codes are counted in PostgreSQL, exactly and for all processes together, on a connection beside the
request's, so that a try counts although the request is taken back. A try is counted before it is made and given back
when it succeeds: many guesses at once are no way around.

For JSON calls each process leases a score of tokens at a time. (flask-limiter would do both by its decorators at 100 µs
a request; its storage interface and its arithmetic alone, which are the ``limits`` package, take 15.)
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, parse
from limits.strategies import FixedWindowRateLimiter

from clinic.core import aside, log, tenancy
from clinic.core.errors import TooMany
from clinic.core.windows import Leases, Windows

API = "/api/"
PER_KEY = parse("3000/minute")
PER_ADDRESS = parse("6000/minute")
PER_VISITOR = parse("600/minute")
"""Pages of those who are not signed in: a waiting room behind one router, but no machine that has us work out times."""
TRIES = {
    "sign_in": {
        # One person forgets their password; one address is a whole clinic behind its router.
        "account_at_address": parse("10/minute"),
        "account": parse("100/hour"),
        "address": parse("60/minute"),
    },
}


class Limits:
    """Both kinds of limits of one application."""

    def __init__(self, app: Flask) -> None:
        self.windows = Windows(aside.engine(app), str(app.config["SECRET_KEY"]))
        self.leases = Leases(self.windows)
        self.exactly = FixedWindowRateLimiter(self.windows)
        self.roughly = FixedWindowRateLimiter(self.leases)


def install(app: Flask) -> None:
    """Hang the limits behind the doors; ``RATE_LIMITS=off`` takes them away and says so in the log."""
    if not on(app):
        log.get("clinic.limits").warning("rate limits are off", rate_limits="off")
        return
    app.extensions["limits"] = Limits(app)
    app.before_request(count_call)
    app.after_request(say_what_is_left)


def on(app: Flask) -> bool:
    """Whether this application counts at all: ``RATE_LIMITS`` of the environment, or of Flask's config (tests)."""
    settings = app.config.get("SETTINGS")
    return bool(app.config.get("RATE_LIMITS", settings.rate_limits if settings else True))


# -- what is asked too fast --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Left:
    """What a caller has left in a window."""

    limit: int
    remaining: int
    seconds: int


def count_call() -> None:
    """Before a JSON call, behind the door: one token of the key's window and one of the address's.

    Before a visitor's page one of the visitors' at that address. Raises ``TooMany`` with ``Retry-After``.
    """
    if not request.path.startswith(API):
        if g.actor.kind == "anonymous" and tenancy.current() is not None:
            _count_visitor()
        return
    tenant = tenancy.current()
    mine = [(PER_ADDRESS, ("address", whereabouts()))]
    if g.actor.kind == "key":
        mine.insert(0, (PER_KEY, ("key", f"{tenant.id if tenant else ''}:{g.actor.id}")))
    limits: Limits = current_app.extensions["limits"]
    for limit, names in mine:
        allowed = limits.roughly.hit(limit, *names)
        left = _left(limits.roughly, limit, *names)
        if "left" not in g or left.remaining < g.left.remaining:
            g.left = left
        if not allowed:
            g.left = left
            raise TooMany(headers={"Retry-After": str(left.seconds)})


def _count_visitor() -> None:
    limits: Limits = current_app.extensions["limits"]
    names = ("visitor", whereabouts())
    if not limits.roughly.hit(PER_VISITOR, *names):
        raise TooMany(headers={"Retry-After": str(_left(limits.roughly, PER_VISITOR, *names).seconds)})


def whereabouts() -> str:
    """Whose address this is, as far as one can tell: of IPv6 the network of 64 bits, all of which one machine has."""
    address = request.remote_addr or ""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def _left(limiter: FixedWindowRateLimiter, limit: RateLimitItem, *names: str) -> Left:
    window = limiter.get_window_stats(limit, *names)
    return Left(limit.amount, max(0, window.remaining), max(1, round(window.reset_time - time.time())))


def say_what_is_left(response: Response) -> Response:
    """``RateLimit-*`` of the window that is nearest to its end of tokens; ``Reset`` in seconds."""
    left: Left | None = g.get("left")
    if left is not None:
        response.headers["RateLimit-Limit"] = str(left.limit)
        response.headers["RateLimit-Remaining"] = str(left.remaining)
        response.headers["RateLimit-Reset"] = str(left.seconds)
    return response


# -- what is guessed ---------------------------------------------------------------------------------------------


class Attempt:
    """A counted try; ``succeeded`` gives it back, so that only what went wrong adds up."""

    def __init__(self, limits: Limits | None, spent: list[tuple[RateLimitItem, tuple[str, ...]]]) -> None:
        self.limits, self.spent = limits, spent

    def succeeded(self) -> None:
        """It was no guess: take it off the count again."""
        if self.limits is not None:
            for limit, names in self.spent:
                self.limits.windows.incr(limit.key_for(*names), limit.get_expiry(), -1)


def attempt(what: str, *, account: str) -> Attempt:
    """Count a try at *what* (a name in ``TRIES``) for *account* from this request's address, before it is made.

    The answer is the same whether the account exists or not. Raises ``TooMany`` with ``Retry-After``.
    """
    limits: Limits | None = current_app.extensions.get("limits")
    if limits is None:
        return Attempt(None, [])
    address, whose = whereabouts(), f"{tenancy.require().id}:{account}"
    names: dict[str, tuple[str, ...]] = {
        "account_at_address": (what, whose, address),
        "account": (what, whose),
        "address": (what, address),
    }
    spent = []
    for scope, limit in TRIES[what].items():
        if not limits.exactly.hit(limit, *names[scope]):
            left = _left(limits.exactly, limit, *names[scope])
            raise TooMany(headers={"Retry-After": str(left.seconds)})
        spent.append((limit, names[scope]))
    return Attempt(limits, spent)


def forgive() -> None:
    """Forget every window (tests, and an operator's console)."""
    found: Any = current_app.extensions.get("limits")
    if found is not None:
        found.leases.reset()
