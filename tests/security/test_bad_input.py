"""What nobody types by hand: it gets a clear no, never a fault, and none of it gets into a log of the database."""

from __future__ import annotations

import base64
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import orjson
import pytest

from clinic.core.access import SYSTEM
from clinic.patients import actions as patients
from clinic.schedule.timetable import Timetable

NOBODY = str(UUID(int=7))


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).rstrip(b"=").decode()


@pytest.fixture
def database_says(server):
    """What the database's log has got since the test began."""
    with open(server["log"]) as log:
        log.seek(0, 2)
        begin = log.tell()

    def said() -> str:
        with open(server["log"]) as log:
            log.seek(begin)
            return log.read()

    return said


@pytest.mark.parametrize(
    "forged",
    [
        cursor("Zyxwander", "-infinity", NOBODY),
        cursor("2026-11-23", "Zyxwander", NOBODY),
        cursor("2026-11-23", "2026-11-23T09:00:00", NOBODY),
        cursor("99999999-01-01", "-infinity", NOBODY),
        cursor("infinity", "infinity", NOBODY),
        cursor("2026-11-23", "-infinity"),
    ],
)
def test_a_forged_cursor_of_visits_is_no_cursor(api, database_says, forged):
    answer = api.get("/appointments", cursor=forged)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")
    assert "ERROR" not in database_says()


@pytest.mark.parametrize("name", [None, "ana", "bose"])
def test_what_no_database_can_keep_is_no_fault_on_any_page(app, page, north, name):
    """The NUL character in every field of every page's address and form."""
    browser = page(name)
    token = browser.get("/login" if name is None else "/patients").find('[name="csrf_token"]').get("value")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/api/", "/static/", "/health", "/styleguide")):
            continue
        path = rule.rule.replace("<uuid:id>", str(north.carla)).replace("<token>", "x")
        for method in rule.methods & {"GET", "POST"}:
            fields = dict.fromkeys(FIELDS, "a\0b")
            more = {"query_string": fields} if method == "GET" else {"data": fields | {"csrf_token": token}}
            answer = browser.client.open(path, method=method, base_url="http://north.localhost", **more)
            assert answer.status_code < 500, f"{method} {rule.rule}"


FIELDS = (
    "q full_name name phone email birth_date patient_id picked doctor start date location service reason find "
    "overbook_reason instead back why slot to urgent urgent_reason minutes choice hold person idempotency_key version "
    "access_reason gender document_type next kept kept_path token move part_of_day specialty patient day password"
).split()


def test_a_clinic_never_runs_out_of_file_numbers(api):
    """An integration that gives the last number there is would keep the clinic from ever taking a patient again."""
    greedy = {"full_name": "Zoe Last", "phone": "+573001112233", "file_number": 2**31 - 1}
    assert api.post("/patients", greedy).json["code"] == "out_of_range"
    carla = api.get("/patients", q="Carla").json["items"][0]
    answer = api.patch(f"/patients/{carla['id']}", {"file_number": 2**31 - 1})
    assert answer.json["code"] == "out_of_range"


def test_after_the_largest_file_number_there_are_others(in_north):
    patients.create(
        fields={"full_name": "Zoe Last", "phone": "+573001112233", "file_number": 999_999_999}, by=SYSTEM
    )
    assert patients.create(fields={"full_name": "Max Next", "phone": "+573001112234"}, by=SYSTEM).made


def test_whether_a_doctor_is_free_for_a_thousand_years_is_told_at_once(api, north):
    """The engine would unroll every day of them: seconds of one question."""
    asked = {"start": "1900-01-01T09:00:00", "end": "2900-01-01T09:00:00"}
    with patch.object(Timetable, "reasons", autospec=True, side_effect=Timetable.reasons) as ask:
        answer = api.get(f"/doctors/{north.bose}/check-availability", **asked)
    assert "invalid_duration" in [reason["code"] for reason in answer.json["reasons"]]
    _table, start, _wish, _asker, end = ask.call_args.args
    assert end - start < timedelta(days=2)


@pytest.mark.parametrize("address", ["unknown", "203.0.113.7:4711", "fe80::1%eth0", "[2001:db8::1]:80", ""])
def test_a_proxy_that_tells_no_address_stops_nobody(app, api, north, address):
    """The audit holds addresses; what is none is left out, and the act goes on."""
    answer = api.open("GET", f"/patients/{north.carla}", environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == 200
