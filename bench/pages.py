"""What pages cost against a bare page of the same server: the day, its fragments, the queue, and a queue that has not
changed (304). Measured in turns, so that whatever else the machine does touches all of them alike.
"""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from statistics import median
from typing import Any

from bench.demo import Demo
from bench.load import Address, Answer, drive, fire

CONNECTIONS = 8


def run(demo: Demo, *, repeat: int | None = None, short: bool = False) -> None:
    """Print requests per second of each page, and their ratio to a bare page of the same server."""
    rounds, seconds = repeat or (3 if short else 5), 1.0 if short else 3.0
    address = demo.address("north")
    signed_in = {"Cookie": sign_in(address, demo.summary["tenants"][0]["users"])}
    days, queue = address.request("GET", "/desk/day", headers=signed_in), "/queue/board"
    tag = fire(address, [address.request("GET", queue, headers=signed_in)])[0].header("etag")
    unchanged = {**signed_in, "If-None-Match": tag or ""}
    pages = {
        "bare page (/login)": address.request("GET", "/login"),
        "day board, page": address.request("GET", "/desk", headers=signed_in),
        "day board, fragment": days,
        "times of a visit type, page": address.request("GET", times_of(address)),
        "times of a visit type, fragment": address.request(
            "GET", times_of(address).replace("/book/times", "/book/slots")
        ),
        "queue, page": address.request("GET", "/queue", headers=signed_in),
        "queue, fragment": address.request("GET", queue, headers=signed_in),
        "queue, unchanged (304)": address.request("GET", queue, headers=unchanged),
        "doctors as JSON": address.request(
            "GET", "/api/v1/doctors", headers={"X-Api-Key": demo.summary["tenants"][0]["api_key"]}
        ),
    }
    speeds: dict[str, list[float]] = {name: [] for name in pages}
    statuses: dict[str, set[int]] = {name: set() for name in pages}
    for _ in range(rounds):
        for name, request in pages.items():
            seen = drive(address, lambda _n, r=request: r, connections=CONNECTIONS, seconds=seconds)  # type: ignore[misc]
            speeds[name].append(seen.per_second)
            statuses[name] |= seen.statuses.keys()
    bare = median(speeds["bare page (/login)"])
    print(f"\npages, {CONNECTIONS} connections, medians of {rounds} rounds of {seconds:g} s in turns")
    for name, measured in speeds.items():
        per_second = median(measured)
        print(f"  {name:34} {per_second:7.0f}/s  {per_second / bare:5.2f} of the bare page  {statuses[name]}")


def times_of(address: Address) -> str:
    """The portal's page of times for its first visit type."""
    reasons = fire(address, [address.request("GET", "/book")])[0]
    found = re.search(r'href="(/book/times[^"]*)"', reasons.text)
    return found.group(1).replace("&amp;", "&") if found else "/book/times"


def sign_in(address: Address, users: list[dict[str, Any]]) -> str:
    """The cookies of a receptionist who has just signed in."""
    user = next(each for each in users if each["role"] == "receptionist")
    page = fire(address, [address.request("GET", "/login")])[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token, "no form on the sign-in page"
    before = cookies(page)
    form = [("csrf_token", token.group(1)), ("email", user["email"]), ("password", user["password"])]
    entered = fire(address, [address.request("POST", "/login", form, headers={"Cookie": before})])[0]
    assert entered.status in (302, 303), entered.status
    return cookies(entered)


def cookies(answer: Answer) -> str:
    """What a browser would send after this answer."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in answer.headers:
        if name == "set-cookie":
            jar.load(value)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
