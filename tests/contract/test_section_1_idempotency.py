"""API.md §1: an idempotency key on any POST."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.booking.times import iso, today
from tests.contract.asking import booked, ids, made, ok, refused

POSTS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "patients": ("/patients", {"full_name": "A B", "phone": "3001112233"}),
    "doctors": ("/doctors", {"full_name": "A B"}),
    "locations": ("/locations", {"name": "L", "timezone": "America/Bogota"}),
    "services": ("/services", {"name": "S", "duration_minutes": 20}),
    "specialties": ("/specialties", {"name": "S", "code": "s"}),
    "rooms": ("/rooms", {"name": "R", "location_id": "{main}"}),
    "availability": (
        "/doctors/{bose}/availability",
        {"weekday": 5, "start_time": "09:00", "end_time": "10:00"},
    ),
    "overrides": ("/doctors/{bose}/overrides", {"date": "2031-01-07"}),
    "blocked-times": ("/doctors/{bose}/blocked-times", {"start": "2031-01-07", "all_day": True}),
    "closures": ("/closures", {"start": "2031-01-07", "all_day": True}),
    "sessions": (
        "/sessions",
        {"doctor_id": "{bose}", "start": "2031-01-07T09:00:00", "duration_minutes": 60},
    ),
    "lookups": ("/lookups/genders", {"code": "own", "label": "Own"}),
    "holds": ("/holds", {"doctor_id": "{bose}", "start": iso("09:00")}),
    "appointments": (
        "/appointments",
        {"patient_id": "{carla}", "doctor_id": "{bose}", "start": iso("09:00")},
    ),
    "group": (
        "/appointments/group",
        {"items": [{"patient_id": "{carla}", "doctor_id": "{bose}", "start": iso("09:00")}]},
    ),
    "series": (
        "/appointments/series",
        {
            "patient_id": "{carla}",
            "doctor_id": "{bose}",
            "start": iso("09:00"),
            "rrule": "FREQ=WEEKLY;COUNT=2",
        },
    ),
    "waitlist": (
        "/waitlist",
        {"patient_id": "{carla}", "doctor_id": "{bose}", "from": iso("09:00")[:10], "to": iso("09:00")[:10]},
    ),
    "checkins": ("/checkins", {"patient_id": "{carla}", "doctor_id": "{tok}", "walk_in": True}),
    "restore": ("/patients/{carla}/restore", None),
}
REPLAYED = "Idempotent-Replayed"


def named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: named(part, names) for name, part in value.items()}
    if isinstance(value, list):
        return [named(part, names) for part in value]
    return value.format(**names) if isinstance(value, str) else value


def posting(kind: str, north: Any) -> tuple[str, Any]:
    path, body = POSTS[kind]
    names = {name: str(getattr(north, name)) for name in ("carla", "bose", "main", "tok")}
    return path.format(**names), named(body, names)


def same(first: Any, again: Any) -> None:
    """*again* is *first* once more: status, body byte for byte, ETag, request id; and says so."""
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.status_code == first.status_code
    assert again.get_data() == first.get_data()
    assert again.mimetype == first.mimetype
    for name in ("ETag", "X-Request-Id", "Location"):
        assert again.headers.get(name) == first.headers.get(name), name


def key(name: str = "key-1") -> dict[str, dict[str, str]]:
    return {"headers": {"Idempotency-Key": name}}


@pytest.mark.parametrize("kind", sorted(POSTS))
def test_the_same_post_again_is_answered_as_the_first_time(api, north, kind):
    path, body = posting(kind, north)
    first = api.post(path, body, **key())
    assert first.status_code in (200, 201), first.json
    same(first, api.post(path, body, **key()))


@pytest.mark.parametrize("kind", sorted(set(POSTS) - {"restore"}))
def test_another_request_under_the_key_is_refused(api, north, kind):
    path, body = posting(kind, north)
    assert api.post(path, body, **key()).status_code in (200, 201)
    refused(api.post(f"/patients/{north.dora}/restore", **key()), 422, "idempotency_key_reused")
    name = next(iter(body))
    refused(api.post(path, {**body, name: body[name] if name.endswith("_id") else "Other"}
                     | ({"notes": "other"} if name.endswith("_id") else {}), **key()), 422)  # fmt: skip


@pytest.mark.parametrize("spelling", [b'{"code":"s","name":"S"}', b'{ "name" : "S",\n "code" : "\\u0073" }'])
def test_the_same_request_is_known_however_it_is_written(api, spelling):
    first = api.post("/specialties", {"name": "S", "code": "s"}, **key())
    again = api.open(
        "POST",
        "/specialties/",
        data=spelling,
        content_type="application/json",
        headers={"Idempotency-Key": "key-1"},
    )
    same(first, again)


def test_a_query_belongs_to_the_request(api, north):
    made(api, "/specialties", {"name": "S", "code": "s"}, **key())
    answer = api.open(
        "POST", "/specialties?x=1", {"name": "S", "code": "s"}, headers={"Idempotency-Key": "key-1"}
    )
    refused(answer, 422)


def test_a_step_is_taken_once(api, north):
    visit = booked(api, north)["id"]
    first = api.post(f"/appointments/{visit}/cancel", {"reason": "ill"}, **key())
    same(first, api.post(f"/appointments/{visit}/cancel", {"reason": "ill"}, **key()))
    refused(api.post(f"/appointments/{visit}/cancel", {"reason": "ill"}), 409, "invalid_transition")


def test_call_next_calls_once(api, north):
    for patient in (north.carla, north.dora):
        made(api, "/checkins", {"patient_id": str(patient), "doctor_id": str(north.tok), "walk_in": True})
    first = api.post(f"/doctors/{north.tok}/queue/call-next", **key())
    same(first, api.post(f"/doctors/{north.tok}/queue/call-next", **key()))
    other = ok(api.post(f"/doctors/{north.tok}/queue/call-next"))
    assert other["patient_id"] != first.json["patient_id"]


def test_an_answer_without_a_body_is_given_again_too(api, north):
    first = api.post(f"/doctors/{north.tok}/queue/call-next", **key())
    assert first.status_code == 204
    made(api, "/checkins", {"patient_id": str(north.carla), "doctor_id": str(north.tok), "walk_in": True})
    again = api.post(f"/doctors/{north.tok}/queue/call-next", **key())
    assert (again.status_code, again.get_data(), again.headers[REPLAYED]) == (204, b"", "true")


@pytest.mark.parametrize("way", ["header", "body"])
def test_a_refusal_is_given_again_too(api, north, way):
    booked(api, north, "09:00")
    body = {"patient_id": str(north.dora), "doctor_id": str(north.bose), "start": iso("09:00")}
    with_key = body | {"idempotency_key": "key-1"} if way == "body" else body
    more = {} if way == "body" else key()
    first = api.post("/appointments", with_key, **more)
    refused(first, 409, "slot_taken")
    for item in ids(api.get("/appointments")):
        ok(api.post(f"/appointments/{item}/cancel"))
    same(first, api.post("/appointments", with_key, **more))
    made(api, "/appointments", body)


def test_a_business_422_is_given_again(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("08:00")}
    first = api.post("/appointments", body, **key())
    refused(first, 422, "outside_hours")
    same(first, api.post("/appointments", body, **key()))


def test_a_409_of_any_other_post_is_given_again(api, north):
    made(api, "/specialties", {"name": "S", "code": "s"})
    first = api.post("/specialties", {"name": "S", "code": "s"}, **key())
    refused(first, 409, "code_taken")
    same(first, api.post("/specialties", {"name": "S", "code": "s"}, **key()))
    body = {"full_name": "A B", "document_type": "CC", "document_number": "1"}
    made(api, "/patients", body)
    other = body | {"full_name": "C D"}
    first = api.post("/patients", other, **key("key-2"))
    refused(first, 409, "duplicate_patient")
    same(first, api.post("/patients", other, **key("key-2")))


@pytest.mark.parametrize("body", [{"full_name": "A B", "phone": "1"}, {"full_name": "A B", "zzz": 1}, {}])
def test_a_plain_mistake_is_not_kept(api, body):
    assert api.post("/patients", body, **key()).status_code == 422
    made(api, "/patients", {"full_name": "A B", "phone": "3001112233"}, **key())


def test_neither_is_an_unknown_id_nor_401_nor_403_nor_404(api, api_of, app, north):
    body = {"patient_id": str(north.main), "doctor_id": str(north.bose), "start": iso("09:00")}
    refused(api.post("/appointments", body, **key()), 422, "unknown_id")
    refused(api.post(f"/appointments/{north.main}/cancel", **key()), 404)
    refused(api_of("north", scopes=["appointments:read"]).post("/appointments", body, **key()), 403)
    made(api, "/appointments", body | {"patient_id": str(north.carla)}, **key())


def test_a_key_is_the_callers_own_and_the_tenants_own(api, api_of, north, south):
    body = {"name": "S", "code": "s"}
    made(api, "/specialties", body, **key())
    made(api_of("south"), "/specialties", body, **key())
    other = api_of("north", scopes=["schedule:write"])
    refused(other.post("/specialties", body, **key()), 409, "code_taken")


def test_rotating_a_key_keeps_the_caller(app, api, api_of):
    from tests.clients import Api

    mine = made(api, "/api-keys", {"name": "mine", "scopes": ["schedule:write"]})
    first = Api(app, "north.localhost", mine["secret"]).post(
        "/specialties", {"name": "S", "code": "s"}, **key()
    )
    assert first.status_code == 201
    secret = ok(api.post(f"/api-keys/{mine['id']}/rotate"))["secret"]
    same(first, Api(app, "north.localhost", secret).post("/specialties", {"name": "S", "code": "s"}, **key()))


@pytest.mark.parametrize("given", ["", "x" * 256, "a\tb"])
def test_a_key_has_1_to_255_characters(api, given):
    answer = api.post("/specialties", {"name": "S", "code": "s"}, headers={"Idempotency-Key": given})
    refused(answer, 422, "invalid_idempotency_key")


def test_255_characters_are_a_key(api):
    body = {"name": "S", "code": "s"}
    same(api.post("/specialties", body, **key("x" * 255)), api.post("/specialties", body, **key("x" * 255)))


# -- appointments -----------------------------------------------------------------------------------------------------


def test_the_body_field_of_a_visit_means_the_same_as_the_header(api, north):
    path, body = posting("appointments", north)
    first = api.post(path, body | {"idempotency_key": "key-1"})
    assert first.status_code == 201
    same(first, api.post(path, body | {"idempotency_key": "key-1"}))
    same(first, api.post(path, body, **key()))
    refused(
        api.post(path, {**body, "start": iso("10:00"), "idempotency_key": "key-1"}),
        422,
        "idempotency_key_reused",
    )
    refused(api.post(path, body | {"idempotency_key": "key-2"}, **key()), 422, "invalid_idempotency_key")
    assert len(ids(api.get("/appointments"))) == 1


@pytest.mark.parametrize("given", ["", "x" * 256, 5, None])
def test_the_body_field_is_a_key_too(api, north, given):
    path, body = posting("appointments", north)
    answer = api.post(path, body | {"idempotency_key": given})
    if given is None:
        assert answer.status_code == 201
    else:
        refused(answer, 422, at="/idempotency_key")


def test_a_bookings_key_stays_for_good_and_then_answers_the_visit_as_it_stands(api, north, superuser):
    path, body = posting("appointments", north)
    first = made(api, path, body, **key())
    ok(api.post(f"/appointments/{first['id']}/confirm"))
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM idempotency_key")  # the day after
    again = api.post(path, body, **key())
    assert again.status_code in (200, 201)
    assert (again.json["id"], again.json["status"]) == (first["id"], "confirmed")
    assert again.headers[REPLAYED] == "true"
    assert again.headers["ETag"] == f'"{again.json["version"]}"'
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM idempotency_key")
    refused(api.post(path, {**body, "start": iso("10:00")}, **key()), 422, "idempotency_key_reused")
    assert len(ids(api.get("/appointments"))) == 1


def test_a_walk_in_twice_is_one(api, north):
    path, body = posting("checkins", north)
    first = made(api, path, body, **key())
    again = ok(api.post(path, body, **key()), 201)
    assert again["id"] == first["id"]
    assert len(ok(api.get(f"/doctors/{north.tok}/queue"))["items"]) == 1
    assert ok(api.get(f"/doctors/{north.tok}/days/{today()}"))["last_position"] == 1


def test_two_at_once_with_one_key_do_it_once(api, app, north, at_once):
    from tests.clients import Api

    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:00")}
    answers = at_once(
        4, lambda _n: Api(app, "north.localhost", north.api_key).post("/appointments", body, **key())
    )
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.get_data() for answer in done}) == 1
    assert all(
        answer.status_code == 201 or answer.json["code"] == "idempotency_in_progress" for answer in answers
    )
    assert len(ids(api.get("/appointments"))) == 1


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_an_answer_with_a_secret_is_never_stored(api, platform, superuser):
    first = api.post("/api-keys", {"name": "x"}, **key())
    again = api.post("/api-keys", {"name": "x"}, **key())
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json["id"] != again.json["id"]
    assert REPLAYED not in again.headers
    rotated = [ok(api.post(f"/api-keys/{first.json['id']}/rotate", **key("r")))["secret"] for _ in range(2)]
    assert rotated[0] != rotated[1]
    owner = {"name": "O", "email": "o@new.example"}
    body = {"name": "N", "slug": "newone", "timezone": "America/Bogota", "country": "CO", "owner": owner}
    secret = made(platform, "/tenants", body, **key())["api_key"]["secret"]
    refused(platform.post("/tenants", body, **key()), 409, "slug_taken")
    with psycopg.connect(superuser) as connection:
        rows = connection.execute("SELECT body FROM idempotency_key WHERE body IS NOT NULL").fetchall()
    kept = b"".join(bytes(body) for (body,) in rows)
    for hidden in (first.json["secret"], again.json["secret"], secret, *rotated):
        assert hidden.encode() not in kept


def test_there_the_key_is_ignored_whatever_it_is(api):
    made(api, "/api-keys", {"name": "x"}, headers={"Idempotency-Key": "x" * 300})


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_key_on_anything_but_a_post_is_ignored(api, north, method):
    body = {"city": "Cali"} if method == "PATCH" else None
    for _ in range(2):
        answer = api.open(method, f"/patients/{north.carla}", body, headers={"Idempotency-Key": "k"})
        assert answer.status_code in (200, 204)
        assert REPLAYED not in answer.headers
