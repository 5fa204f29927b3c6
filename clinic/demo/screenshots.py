"""``make screenshots``: every page of ``journeys`` as a person meets it, narrow, middling and wide, in light and dark.

They are of a demo of their own, which is made and thrown away: what is booked on the way stands in nobody's data.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core.processes import CannotStart
from clinic.demo import kept, pictures
from clinic.demo.journeys import CLINIC, JOURNEYS, NOBODY, README, Journey, Stop
from clinic.demo.people import NORTH, SOUTH
from config import ROOT, Settings

SIZES = {390: 844, 768: 1024, 1440: 900}
README_SIZES = {390: 844, 1280: 800}
SCHEMES = ("light", "dark")
HEAVIEST = 150_000
"""Bytes of a picture in the README."""
PATIENCE = 180  # seconds until a demo is there
ZONES = {plan.slug: plan.timezone for plan in (NORTH, SOUTH)}
PHONES = {"north": "300 765 43{}", "south": "06 12 34 56 {}"}


def run(arguments: list[str]) -> int:
    """Take the pictures. The exit code."""
    parser = argparse.ArgumentParser(prog="python -m clinic screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help="of pictures, such as desk; all if left out")
    parser.add_argument("--readme", action="store_true", help="those of the README, into docs/screenshots")
    given = parser.parse_args(arguments)
    known = {stop.name for journey in JOURNEYS for stop in journey.stops}
    if unknown := sorted(set(given.names) - known):
        raise CannotStart(f"There is no picture {', '.join(unknown)}. There are: {', '.join(sorted(known))}")
    wanted = set(README) if given.readme else set(given.names) or known
    target = ROOT / "docs" / "screenshots" if given.readme else Settings().data_dir.resolve() / "screenshots"
    target.mkdir(parents=True, exist_ok=True)
    if not given.names:  # pages that are gone shall leave no picture
        for path in target.glob("*.png"):
            path.unlink()
    with a_demo() as demo:
        make_interesting(demo)
        count = Photographer(demo, target, wanted, readme=given.readme).work()
    print(f"{count} pictures are in {target}")
    return 0


# -- the demo -------------------------------------------------------------------------------------------------------


@contextmanager
def a_demo() -> Iterator[dict[str, Any]]:
    """Somebody else's first minute: a demo on a folder that is thrown away. What stands in its ``demo.json``."""
    print("Making a demo …", flush=True)
    with tempfile.TemporaryDirectory(prefix="clinic-screenshots-") as folder:
        data = Path(folder, "data")
        plain = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY"))}
        ours = {"ENVIRONMENT": "demo", "DATA_DIR": str(data), "PORT": "0", "BASE_DOMAIN": "localhost"}
        process = subprocess.Popen(
            [sys.executable, "-m", "clinic", "demo"],
            cwd=ROOT,
            env={**plain, **ours, "HOST": "127.0.0.1"},
            stdout=subprocess.DEVNULL,
        )
        try:
            until = time.monotonic() + PATIENCE
            while (summary := kept.read(data / "demo.json")) is None:
                if process.poll() is not None or time.monotonic() > until:
                    raise CannotStart("The demo did not start; what it says stands above.")
                time.sleep(0.2)
            yield summary
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def clinic_by_day(demo: Mapping[str, Any]) -> dict[str, Any]:
    """The clinic where it is nearest to the middle of a morning: its day is the fullest."""

    def distance(clinic: Mapping[str, Any]) -> float:
        now = datetime.now(ZoneInfo(ZONES[clinic["slug"]]))
        return abs(now.hour + now.minute / 60 - 10.5)

    return min(demo["tenants"], key=distance)


def working_day(zone: str) -> str:
    """Today while there is time left in it, else the next day on which everybody works."""
    now = datetime.now(ZoneInfo(zone))
    day = now.date() + timedelta(days=now.hour >= 15)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.isoformat()


def make_interesting(demo: Mapping[str, Any]) -> None:
    """Let some of the doctor's people be here already: the doctor who signs in shall have a queue to look at."""
    clinic = clinic_by_day(demo)
    doctor = ask(demo, clinic, "GET", "/doctors?code=D1")["items"][0]["id"]
    today = datetime.now(ZoneInfo(ZONES[clinic["slug"]])).date()
    visits = ask(demo, clinic, "GET", f"/appointments?date={today}&doctor_id={doctor}")["items"]
    coming = [visit["id"] for visit in visits if visit["status"] in ("booked", "confirmed")]
    for visit in coming[:4]:
        ask(demo, clinic, "POST", "/checkins", {"appointment_id": visit})


def ask(demo: Mapping[str, Any], clinic: Mapping[str, Any], method: str, path: str, body: Any = None) -> Any:
    """The clinic's JSON API; what it refuses is left as it is."""
    host = demo["base_url"].partition("://")[2]
    connection = http.client.HTTPConnection("127.0.0.1", int(host.rpartition(":")[2]), timeout=30)
    headers = {"Host": f"{clinic['slug']}.{host}", "X-Api-Key": clinic["api_key"]}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


# -- the pictures ---------------------------------------------------------------------------------------------------


class Photographer:
    """Goes through the journeys once for each width, and looks at each stop in both colours."""

    def __init__(self, demo: Mapping[str, Any], target: Path, wanted: set[str], *, readme: bool) -> None:
        self.demo, self.target, self.wanted, self.readme = demo, target, wanted, readme
        self.clinic = clinic_by_day(demo)
        self.zone = ZONES[self.clinic["slug"]]
        self.count = 0

    def work(self) -> int:
        """Take them all; how many there are."""
        from playwright.sync_api import sync_playwright

        from tests.browser import find

        find.settle(fetch=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find.chromium(), args=["--no-sandbox", "--lang=en-GB"]
            )
            for number, (width, height) in enumerate((README_SIZES if self.readme else SIZES).items()):
                for journey in JOURNEYS:
                    if any(self._schemes(stop, width) for stop in journey.stops):
                        context = browser.new_context(
                            viewport={"width": width, "height": height},
                            locale="en-GB",
                            timezone_id=self.zone,
                            base_url=self._host(journey.host),
                        )
                        self._travel(context.new_page(), journey, width, number)
                        context.close()
            browser.close()
        return self.count

    def _schemes(self, stop: Stop, width: int) -> list[str]:
        """In which colours a stop is wanted at this width."""
        if stop.name not in self.wanted:
            return []
        return [each for each in SCHEMES if not self.readme or README[stop.name] == (width, each)]

    def _host(self, whose: str) -> str:
        base = str(self.demo["base_url"])
        hosts = {CLINIC: self.clinic["url"], NOBODY: base.replace("://", "://nobody.")}
        return str(hosts.get(whose, base))

    def _travel(self, page: Any, journey: Journey, width: int, number: int) -> None:
        from playwright.sync_api import Error

        page.set_default_timeout(15_000)
        if journey.role:
            self._sign_in(page, journey.role)
        last = max(at for at, stop in enumerate(journey.stops) if self._schemes(stop, width))
        for stop in journey.stops[: last + 1]:
            try:
                self._reach(page, stop, number)
            except Error as error:
                page.screenshot(path=self.target / "failed.png")
                raise CannotStart(f"{stop.name} at {width}, {page.url}: {error}") from None
            for scheme in self._schemes(stop, width):
                self._take(page, stop, width, scheme)

    def _sign_in(self, page: Any, role: str) -> None:
        person = next(user for user in self.clinic["users"] if user["role"] == role)
        page.goto("/login")
        page.get_by_label("E-mail address").fill(person["email"])
        page.get_by_label("Password").fill(person["password"])
        page.locator("main button[type=submit]").last.click()
        page.wait_for_url(lambda url: "/login" not in url)

    def _reach(self, page: Any, stop: Stop, number: int) -> None:
        if stop.go:
            answer = page.goto(stop.go.format(day=working_day(self.zone)))
            if answer is not None and answer.status >= 500:
                raise CannotStart(f"{stop.name}: {page.url} answered {answer.status}.")
        # A number of its own for each width: the same person has no two visits at once.
        phone = PHONES[self.clinic["slug"]].format(
            number + 10 if self.clinic["slug"] == "south" else 21 + number
        )
        for label, text in stop.fill.items():
            page.get_by_label(label).first.fill(text.format(phone=phone))
        if stop.press:
            page.locator(stop.press).locator("visible=true").first.click()
        for key in stop.keys:
            page.keyboard.press(key)
        page.locator(stop.see).locator("visible=true").first.wait_for()

    def _take(self, page: Any, stop: Stop, width: int, scheme: str) -> None:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(250)  # what fades in has faded in
        name = f"{stop.name}.png" if self.readme else f"{stop.name}-{width}-{scheme}.png"
        path = self.target / name
        taken = page.screenshot(full_page=stop.whole and not self.readme, animations="disabled")
        path.write_bytes(pictures.paletted(taken) if self.readme else pictures.squeezed(taken))
        if self.readme and path.stat().st_size > HEAVIEST:
            raise CannotStart(f"{path} has {path.stat().st_size} bytes, more than {HEAVIEST}.")
        self.count += 1
