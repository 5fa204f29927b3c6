"""API.md §1: errors, status codes, and what bad input gets (issue 2)."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.booking.times import iso
from tests.contract.asking import UNKNOWN, booked, made, ok, refused

BODIES = (
    ("POST", "/patients"), ("PATCH", "/patients/{carla}"), ("POST", "/doctors"), ("PATCH", "/doctors/{bose}"),
    ("POST", "/locations"), ("POST", "/services"), ("POST", "/specialties"), ("POST", "/rooms"), ("PATCH", "/settings"),
    ("POST", "/doctors/{bose}/availability"), ("POST", "/doctors/{bose}/overrides"), ("POST", "/sessions"),
    ("POST", "/doctors/{bose}/blocked-times"), ("POST", "/closures"), ("PUT", "/doctors/{bose}/days/2031-01-07"),
    ("POST", "/lookups/genders"), ("POST", "/api-keys"), ("POST", "/holds"), ("POST", "/appointments"),
    ("POST", "/checkins"), ("POST", "/doctors/{tok}/queue/call-next"),
)  # fmt: skip


def where(path: str, north: Any) -> str:
    return path.format(carla=north.carla, bose=north.bose, tok=north.tok)


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_what_is_not_json_is_400_what_is_no_object_422_and_what_is_not_called_json_415(
    api, north, method, path
):
    path = where(path, north)
    for sent in (b"{", b"{'a': 1}", b'{"a": NaN}', b"\xff\xfe", b'{"a": 1,}'):
        refused(api.open(method, path, data=sent, content_type="application/json"), 400, "malformed")
    for sent in (b"[]", b'"x"', b"1", b"null"):
        answer = api.open(method, path, data=sent, content_type="application/json")
        refused(answer, 422)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        refused(api.open(method, path, data=b"{}", content_type=kind), 415, "unsupported_media_type")
    refused(api.open(method, path, data=b"[" * 100_000, content_type="application/json"), 400, "malformed")


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_more_than_a_mebibyte_is_413(api, north, method, path):
    big = b'{"notes": "' + b"x" * (1024 * 1024) + b'"}'
    refused(api.open(method, where(path, north), data=big, content_type="application/json"), 413, "too_large")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/patients", {"full_name": "A", "phone": "3001112233"}, "full_name"),
        ("/patients", {"full_name": "A", "phone": "3001112233", "notes": "A"}, "notes"),
        ("/doctors", {"full_name": "A", "bio": "A"}, "bio"),
        ("/locations", {"name": "A", "timezone": "America/Bogota", "address": "A"}, "address"),
        ("/services", {"name": "A", "duration_minutes": 10}, "name"),
        ("/specialties", {"name": "A", "code": "a"}, "name"),
        ("/rooms", {"name": "A", "location_id": "{main}"}, "name"),
        ("/closures", {"start": "2031-01-07", "all_day": True, "reason": "A"}, "reason"),
        ("/doctors/{bose}/blocked-times", {"start": "2031-01-07", "all_day": True, "reason": "A"}, "reason"),
        (
            "/appointments",
            {"patient_id": "{carla}", "doctor_id": "{bose}", "start": iso("09:00"), "reason": "A"},
            "reason",
        ),
        (
            "/appointments",
            {"patient_id": "{carla}", "doctor_id": "{bose}", "start": iso("09:00"), "notes": "A"},
            "notes",
        ),
        (
            "/checkins",
            {"patient_id": "{carla}", "doctor_id": "{tok}", "walk_in": True, "reason": "A"},
            "reason",
        ),
        ("/api-keys", {"name": "A"}, "name"),
        ("/lookups/genders", {"code": "own", "label": "A"}, "label"),
    ],
)
def test_a_text_has_an_end_no_control_characters_and_keeps_what_people_write(api, north, path, body, field):
    names = {name: str(getattr(north, name)) for name in ("carla", "bose", "main", "tok")}
    body = {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}
    path = path.format(**names)
    refused(api.post(path, body | {field: "x" * 900_000}), 422, "too_long", f"/{field}")
    for wrong in ("a\x00b", "a\x1bb", "a\x7fb", "a\u0085b"):
        refused(api.post(path, body | {field: wrong}), 422, "control_character", f"/{field}")
    refused(api.post(path, body | {field: 5}), 422, "invalid_type", f"/{field}")
    refused(api.post(path, body | {field: ["x"]}), 422, "invalid_type", f"/{field}")
    for kept in ("María 👩🏽‍⚕️ Núñez-O'Brien García Márquez", "李小龍", "<b>&amp;\"'"):
        if path != "/specialties":
            body = {**body, field: kept}
            answer = api.post(path, body | ({"start": iso("09:30")} if path == "/appointments" else {}))
            if path in ("/appointments", "/checkins", "/lookups/genders") and answer.status_code == 409:
                continue
            if field in answer.json and answer.status_code == 201:
                assert answer.json[field] == kept


@pytest.mark.parametrize(
    "name", ["María José Pérez de la Cruz", "Zoë 🌻", "O’Neill", "Ñ", "李 小龍", "al-Ḥasan ibn al-Haytham"]
)
def test_names_are_kept_as_typed(api, name):
    assert made(api, "/patients", {"full_name": name, "phone": "3001112233"})["full_name"] == name
    assert made(api, "/doctors", {"full_name": name})["full_name"] == name


def test_two_surnames_stay_apart(api):
    body = {
        "first_name": "Gabriel",
        "middle_name": "José",
        "last_name": "García",
        "second_last_name": "Márquez",
    }
    patient = made(api, "/patients", body | {"phone": "3001112233"})
    assert {name: patient[name] for name in body} == body
    assert patient["full_name"] == "Gabriel José García Márquez"


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"patient_id": 5}, "/patient_id"), ({"patient_id": "x"}, "/patient_id"), ({"overbook": "yes"}, "/overbook"),
        ({"duration_minutes": "30"}, "/duration_minutes"), ({"duration_minutes": 1.5}, "/duration_minutes"),
        ({"start": 1700000000}, "/start"), ({"start": True}, "/start"), ({"patient": "Carla"}, "/patient"),
        ({"external_ids": []}, "/external_ids"), ({"external_ids": {"his": 5}}, "/external_ids/his"),
        ({"modality": "carrier pigeon"}, "/modality"), ({"date": 0}, "/date"), ({"source": "moon"}, "/source"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_422_at_its_field(api, north, body, at):
    whole = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:00"), **body}
    refused(api.post("/appointments", whole), 422, at=at)


def test_several_errors_come_at_once_each_at_its_field(api):
    said = refused(
        api.post("/patients", {"full_name": 5, "phone": "1", "birth_date": "x", "zzz": 1}),
        422,
        "validation_error",
    )
    assert {error["pointer"] for error in said["errors"]} == {"/full_name", "/phone", "/birth_date", "/zzz"}
    assert all(error["message"] for error in said["errors"])


def test_the_top_code_is_the_fields_own_if_they_agree(api):
    said = refused(api.post("/specialties", {}), 422, "required")
    assert {error["pointer"] for error in said["errors"]} == {"/name", "/code"}


def test_a_body_that_is_missing_is_told_what_it_needs(api):
    refused(api.post("/specialties"), 422, "required", "/name")


def test_a_refusal_repeats_nothing_that_was_sent(api, north):
    for body in ({"full_name": "Secret Words", "phone": "Secret Words"}, {"full_name": ["Secret Words"]}):
        assert "Secret" not in api.post("/patients", body).get_data(as_text=True)


def test_a_fault_of_ours_shows_nothing_of_itself(api, north):
    for path in (
        "/patients?q=%27%20OR%201%3D1--",
        "/patients?q=%25%5C_",
        f"/appointments?external_id={'x' * 300}:y",
    ):
        answer = api.open("GET", path)
        assert answer.status_code < 500
        assert "psycopg" not in answer.get_data(as_text=True)
        assert "SELECT" not in answer.get_data(as_text=True)


def test_a_refusal_has_a_type_that_leads_somewhere(api, app):
    said = refused(api.get(f"/patients/{UNKNOWN}"), 404)
    page = app.test_client().get(said["type"].split("#")[0], base_url="http://north.localhost")
    assert page.status_code == 200


@pytest.mark.parametrize("language", ["es", "fr", "en"])
def test_titles_come_in_the_callers_language_codes_do_not(api, language):
    said = api.get(f"/patients/{UNKNOWN}", headers={"Accept-Language": language}).json
    assert said["code"] == "not_found"
    assert said["title"]


def test_a_json_type_with_a_suffix_or_a_charset_is_json(api):
    for kind in ("application/json; charset=utf-8", "application/vnd.api+json"):
        sent = b'{"name": "S", "code": "s-%d"}' % len(kind)
        assert api.open("POST", "/specialties", data=sent, content_type=kind).status_code == 201


def test_nothing_is_left_half_written(api, north):
    before = len(ok(api.get("/patients", limit=200))["items"])
    body = {
        "patient": {"full_name": "New One", "phone": "3001112233"},
        "doctor_id": str(north.bose),
        "start": iso("08:00"),
    }
    refused(api.post("/appointments", body), 422, "outside_hours")
    booked(api, north, "09:00")
    refused(api.post("/appointments", body | {"start": iso("09:00")}), 409, "slot_taken")
    assert len(ok(api.get("/patients", limit=200))["items"]) == before


class Sent(io.BytesIO):
    """A body that remembers how much of it was read."""

    gone = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.gone += len(piece)
        return piece


@pytest.mark.parametrize(
    ("path", "key", "size", "status"),
    [("/nothing", True, 100_000, 404), ("/patients", False, 100_000, 401), ("/slots", True, 100_000, 405),
     ("/patients", True, 2 * 1024 * 1024, 413)],
)  # fmt: skip
def test_a_refused_body_is_read_to_its_end_so_that_the_connection_stays(app, north, path, key, size, status):
    sent = Sent(b" " * size)
    answer = app.test_client().post(
        f"/api/v1{path}",
        base_url="http://north.localhost",
        input_stream=sent,
        content_length=size,
        content_type="application/json",
        headers={"Authorization": f"Bearer {north.api_key if key else 'ck_no'}"},
    )
    assert (answer.status_code, sent.gone) == (status, size)


def test_what_never_ends_is_not_read_for_ever(app, north):
    sent = Sent(b" " * (32 * 1024 * 1024))
    headers = {"Authorization": f"Bearer {north.api_key}", "Content-Type": "application/json"}
    answer = app.test_client().post(
        "/api/v1/patients",
        base_url="http://north.localhost",
        input_stream=sent,
        content_length=32 * 1024 * 1024,
        headers=headers,
    )
    assert answer.status_code == 413
    assert sent.gone <= 8 * 1024 * 1024
