"""A clinic of our own in the demo, made over HTTP like any customer's: doctors, hours, patients, portal visitors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from bench.demo import Demo
from bench.load import Address, Answer, fire, one_by_one

V1 = "/api/v1"
ZONES = (
    "Pacific/Auckland", "Asia/Tokyo", "Asia/Kolkata", "Asia/Dubai", "Europe/Paris", "Atlantic/Azores",
    "America/Sao_Paulo", "America/Bogota", "America/Los_Angeles", "Pacific/Honolulu",
)  # fmt: skip
TOKEN = re.compile(r'name="?csrf_token"?[^>]*value="([^"]+)"')
CHOICE = re.compile(r'name="choice"[^>]*value="([^"]+)"')


class Unexpected(Exception):
    """Setting up went wrong; the message quotes the answer."""


@dataclass(slots=True)
class Visitor:
    """Somebody on the portal: the cookie of their browser, and the token of its forms."""

    cookie: str
    token: str

    def confirm(
        self, address: Address, choice: str, *, name: str, phone: str, key: str | None = None
    ) -> bytes:
        """The last press: *Book this visit*. *choice*: a time as the portal's pages carry it; *key*: the form's own."""
        fields = [
            ("csrf_token", self.token),
            ("choice", choice),
            ("name", name),
            ("phone", phone),
            ("idempotency_key", key or secrets.token_hex(16)),
        ]
        return address.request("POST", "/book/confirm", fields, headers={"Cookie": self.cookie})


@dataclass
class Clinic:
    """One clinic and a key of every scope."""

    demo: Demo
    slug: str
    key: str
    zone: ZoneInfo
    made: dict[str, int] = field(default_factory=dict)

    @cached_property
    def address(self) -> Address:
        return self.demo.address(self.slug)

    @property
    def today(self) -> date:
        return datetime.now(self.zone).date()

    def request(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> bytes:
        """A JSON call as bytes. *key*: its idempotency key."""
        headers = {"X-Api-Key": self.key, **({"Idempotency-Key": key} if key else {})}
        return self.address.request(method, V1 + path, body, headers=headers)

    def get(self, path: str) -> Any:
        return _sound(fire(self.address, [self.request("GET", path)]))[0]

    def post(self, path: str, body: Any) -> Any:
        return self.post_all(path, [body])[0]

    def post_all(self, path: str, bodies: Iterable[Any]) -> list[Any]:
        """What was answered to each. Raises ``Unexpected`` for anything but 2xx."""
        return _sound(one_by_one(self.address, [self.request("POST", path, body) for body in bodies]))

    def doctors(
        self, count: int, *, hours: tuple[str, str] | None = ("00:00", "24:00"), **more: Any
    ) -> list[str]:
        """The ids of new doctors, who receive every day in these *hours* (None: no hours)."""
        ids = [self._doctor(**more) for _ in range(count)]
        if hours:
            start, end = hours
            midnight = end == "24:00"
            rule = {"start_time": start, "end_time": "00:00" if midnight else end, "ends_next_day": midnight}
            for id in ids:
                self.post_all(f"/doctors/{id}/availability", ({**rule, "weekday": day} for day in range(7)))
        return ids

    def _doctor(self, **more: Any) -> str:
        number = self.made["doctor"] = self.made.get("doctor", 0) + 1
        made: str = self.post("/doctors", {"full_name": f"Dora Number {number}", "slot_minutes": 30, **more})[
            "id"
        ]
        return made

    def patients(self, count: int) -> list[str]:
        """The ids of new patients."""
        first = self.made.get("patient", 0)
        self.made["patient"] = first + count
        people = (
            {"full_name": f"Petra Person {number}", "phone": f"+57300{number:07d}"}
            for number in range(first, first + count)
        )
        return [made["id"] for made in self.post_all("/patients", people)]

    def starts(self, doctor_id: str, day: date) -> list[datetime]:
        """The free starts of a doctor on a day, as the clinic offers them."""
        items = self.get(f"/slots?doctor_id={doctor_id}&date={day}")["items"]
        return [datetime.fromisoformat(item["start"]) for item in items]

    def choices(self, doctor_id: str, day: date) -> list[str]:
        """The same times as the buttons of the portal carry them, in the same order."""
        path = f"/book/times?doctor={doctor_id}&day={day}"
        page = fire(self.address, [self.address.request("GET", path)])[0]
        return [unescape(found) for found in CHOICE.findall(page.text)]

    def visitors(self, count: int, choice: str) -> list[Visitor]:
        """So many browsers that have opened the portal's form for this time."""
        path = f"/book/details?choice={choice}"
        pages = one_by_one(self.address, [self.address.request("GET", path)] * count)
        return [_visitor(page) for page in pages]


def _visitor(page: Answer) -> Visitor:
    token = TOKEN.search(page.text)
    cookies = [value.split(";")[0] for name, value in page.headers if name == "set-cookie"]
    if page.status != 200 or token is None:
        raise Unexpected(f"the portal answered {page.status}: {page.text[:300]}")
    return Visitor("; ".join(cookies), token[1])


def _sound(answers: Sequence[Answer]) -> list[Any]:
    for answer in answers:
        if not 200 <= answer.status < 300:
            raise Unexpected(f"{answer.status}: {answer.text[:500]}")
    return [answer.json for answer in answers]


def forenoon(now: datetime) -> ZoneInfo:
    """A zone where it is about ten o'clock, so that no measurement runs into midnight."""
    return min((ZoneInfo(name) for name in ZONES), key=lambda zone: abs(now.astimezone(zone).hour - 10))


def open_clinic(demo: Demo, slug: str = "bench") -> Clinic:
    """A new clinic where it is forenoon. Patients may book as often as they like."""
    zone = forenoon(datetime.now(UTC))
    platform = demo.address()
    body = {
        "name": "Bench Clinic", "slug": slug, "timezone": zone.key, "country": "CO",
        "owner": {"name": "Olga Owner", "email": f"owner@{slug}.example"},
    }  # fmt: skip
    headers = {"X-Api-Key": demo.summary["master_api_key"]}
    made = _sound(fire(platform, [platform.request("POST", f"{V1}/admin/tenants", body, headers=headers)]))[0]
    clinic = Clinic(demo, slug, made["api_key"]["secret"], zone)
    changes = {"max_open_bookings_per_patient": 1000, "max_days_ahead": 365}
    _sound(fire(clinic.address, [clinic.request("PATCH", "/settings", changes)]))
    return clinic


def later(clinic: Clinic, days: int) -> date:
    return clinic.today + timedelta(days=days)
