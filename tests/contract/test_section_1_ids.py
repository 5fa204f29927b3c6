"""API.md §1: ids, outside ids, lookups, phones."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.booking.times import iso, working_day
from tests.contract.asking import UNKNOWN, booked, ids, made, ok, refused

ONE = (
    "GET /patients/{id}", "PATCH /patients/{id}", "DELETE /patients/{id}", "POST /patients/{id}/restore",
    "GET /patients/{id}/appointments", "GET /doctors/{id}", "PATCH /doctors/{id}", "DELETE /doctors/{id}",
    "POST /doctors/{id}/restore", "GET /doctors/{id}/availability", "POST /doctors/{id}/availability",
    "GET /doctors/{id}/overrides", "POST /doctors/{id}/overrides", "GET /doctors/{id}/blocked-times",
    "POST /doctors/{id}/blocked-times", "GET /doctors/{id}/days/2030-01-07", "PUT /doctors/{id}/days/2030-01-07",
    "GET /doctors/{id}/days", "GET /doctors/{id}/slots", "GET /doctors/{id}/check-availability",
    "GET /doctors/{id}/queue", "POST /doctors/{id}/queue/call-next", "GET /locations/{id}", "PATCH /locations/{id}",
    "DELETE /locations/{id}", "GET /locations/{id}/doctors", "POST /locations/{id}/restore", "GET /services/{id}",
    "PATCH /services/{id}", "DELETE /services/{id}", "POST /services/{id}/restore", "GET /specialties/{id}",
    "PATCH /specialties/{id}", "DELETE /specialties/{id}", "GET /rooms/{id}", "PATCH /rooms/{id}",
    "DELETE /rooms/{id}", "GET /availability/{id}", "PATCH /availability/{id}", "DELETE /availability/{id}",
    "DELETE /overrides/{id}", "GET /blocked-times/{id}", "PATCH /blocked-times/{id}", "DELETE /blocked-times/{id}",
    "DELETE /closures/{id}", "DELETE /sessions/{id}", "GET /appointments/{id}", "PATCH /appointments/{id}",
    "DELETE /appointments/{id}", "GET /appointments/{id}/history", "GET /appointments/{id}.ics",
    "POST /appointments/{id}/cancel", "POST /appointments/{id}/confirm", "POST /appointments/{id}/approve",
    "POST /appointments/{id}/reject", "POST /appointments/{id}/no-show", "POST /appointments/{id}/start",
    "POST /appointments/{id}/complete", "POST /appointments/{id}/restore", "POST /appointments/{id}/undo",
    "POST /appointments/{id}/reschedule", "POST /holds/{id}/extend", "DELETE /holds/{id}", "GET /checkins/{id}",
    "POST /queue/{id}/call", "POST /queue/{id}/start", "POST /queue/{id}/serve", "POST /queue/{id}/skip",
    "POST /queue/{id}/requeue", "POST /queue/{id}/leave", "POST /queue/{id}/priority", "POST /queue/{id}/transfer",
    "GET /api-keys/{id}", "POST /api-keys/{id}/rotate", "POST /api-keys/{id}/revoke",
    "PATCH /lookups/genders/{id}", "DELETE /lookups/genders/{id}", "DELETE /waitlist/{id}",
    "POST /proposals/{id}/confirm", "DELETE /proposals/{id}",
)  # fmt: skip

BODIES: dict[str, Any] = {
    "/availability": {"weekday": 0, "start_time": "09:00", "end_time": "10:00"},
    "/overrides": {"date": "2030-01-07"},
    "/blocked-times": {"start": "2030-01-07", "end": "2030-01-07", "all_day": True},
    "/reschedule": {"start": "2030-01-07T09:00:00"},
    "/priority": {"priority": "normal"},
    "/transfer": {"doctor_id": UNKNOWN},
}
QUERIES: dict[str, dict[str, str]] = {
    "/days": {"from": "2030-01-07", "to": "2030-01-08"},
    "/slots": {"date": "2030-01-07"},
    "/check-availability": {"start": "2030-01-07T09:00:00"},
}


def ask(api: Any, call: str, id: str) -> Any:
    method, path = call.split()
    end = "/" + path.rsplit("/", 1)[1]
    body = {} if method in ("PATCH", "PUT") else BODIES.get(end) if method == "POST" else None
    return api.open(method, path.format(id=id), body, query_string=QUERIES.get(end, {}))


@pytest.fixture
def foreign(api_of, south) -> dict[str, str]:
    """An id of each kind of thing that South has, by where it would be read; North may never see them."""
    theirs = api_of("south")
    doctor, day = str(south.bose), working_day()
    visit = {"patient_id": str(south.pierre), "doctor_id": doctor, "start": f"{day}T09:00:00"}
    walk_in = {"patient_id": str(south.pierre), "doctor_id": str(south.tok), "walk_in": True}
    session = {"doctor_id": doctor, "start": "2031-03-07T09:00:00", "duration_minutes": 60}
    entry = made(theirs, "/checkins", walk_in)["id"]
    whole_day = {"start": "2031-01-07", "all_day": True}
    appointment = made(theirs, "/appointments", visit)["id"]
    wish = {"patient_id": str(south.pierre), "doctor_id": doctor, "from": f"{day}", "to": f"{day}"}
    return {
        "patients": str(south.pierre), "doctors": doctor, "locations": str(south.main), "services": str(south.visit),
        "specialties": str(south.general), "availability": str(south.bose_hours_0), "checkins": entry, "queue": entry,
        "appointments": appointment,
        "holds": made(theirs, "/holds", {"doctor_id": doctor, "start": f"{day}T10:00:00"})["id"],
        "rooms": made(theirs, "/rooms", {"location_id": str(south.main), "name": "One"})["id"],
        "blocked-times": made(theirs, f"/doctors/{doctor}/blocked-times", whole_day)["id"],
        "overrides": made(theirs, f"/doctors/{doctor}/overrides", {"date": "2031-01-08"})["id"],
        "closures": made(theirs, "/closures", {"start": "2031-02-07", "all_day": True})["id"],
        "sessions": made(theirs, "/sessions", session)["id"],
        "lookups": made(theirs, "/lookups/genders", {"code": "own", "label": "Own"})["id"],
        "api-keys": made(theirs, "/api-keys", {"name": "theirs"})["id"],
        "waitlist": made(theirs, "/waitlist", wish)["id"],
        "proposals": ok(theirs.post("/appointments/reassign", {"ids": [appointment]}))["items"][0]["id"],
    }  # fmt: skip


def test_ids_are_uuids_of_version_7(api, north):
    visit = booked(api, north)
    for id in (
        visit["id"],
        visit["patient_id"],
        visit["doctor_id"],
        made(api, "/specialties", {"name": "x", "code": "x"})["id"],
    ):
        assert uuid.UUID(id).version == 7


def test_an_id_of_another_tenant_in_a_path_is_answered_as_one_that_does_not_exist(api, foreign):
    for call in ONE:
        kind = call.split("/")[1].split(".")[0]
        said = refused(ask(api, call, UNKNOWN), 404, "not_found")
        strange = refused(ask(api, call, foreign[kind]), 404)
        assert {**strange, "request_id": 0} == {**said, "request_id": 0}, call


@pytest.mark.parametrize("text", ["1", "x", "00000000-0000-0000-0000-00000000000", "%00", "' or 1=1"])
def test_what_is_no_id_is_404_too(api, text):
    for path in (f"/patients/{text}", f"/appointments/{text}/cancel", f"/doctors/{text}/slots"):
        answer = api.post(path) if path.endswith("cancel") else api.get(path)
        refused(answer, 404, "not_found")


VISIT = {"patient_id": "carla", "doctor_id": "bose", "start": "09:30"}
SESSION = {"doctor_id": "bose", "start": "09:30", "duration_minutes": 30}


@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        ("/appointments", {**VISIT, "patient_id": "?"}, "/patient_id"),
        ("/appointments", {**VISIT, "doctor_id": "?"}, "/doctor_id"),
        ("/appointments", {**VISIT, "service_id": "?"}, "/service_id"),
        ("/appointments", {**VISIT, "location_id": "?"}, "/location_id"),
        ("/appointments", {**VISIT, "room_id": "?"}, "/room_id"),
        ("/appointments", {**VISIT, "session_id": "?"}, "/session_id"),
        ("/holds", {"doctor_id": "?", "start": "09:30"}, "/doctor_id"),
        ("/holds", {"doctor_id": "bose", "service_id": "?", "start": "09:30"}, "/service_id"),
        ("/checkins", {"appointment_id": "?"}, "/appointment_id"),
        ("/checkins", {"patient_id": "?", "doctor_id": "tok", "walk_in": True}, "/patient_id"),
        ("/checkins", {"patient_id": "carla", "doctor_id": "?", "walk_in": True}, "/doctor_id"),
        ("/checkins", {"patient_id": "carla", "doctor_id": "tok", "service_id": "?", "walk_in": True}, "/service_id"),
        ("/rooms", {"location_id": "?", "name": "x"}, "/location_id"),
        ("/doctors", {"full_name": "A B", "location_ids": ["?"]}, "/location_ids/0"),
        ("/doctors", {"full_name": "A B", "service_ids": ["?"]}, "/service_ids/0"),
        ("/doctors", {"full_name": "A B", "user_id": "?"}, "/user_id"),
        ("/closures", {"start": "2031-01-01", "all_day": True, "location_id": "?"}, "/location_id"),
        ("/sessions", {**SESSION, "doctor_id": "?"}, "/doctor_id"),
        ("/sessions", {**SESSION, "location_id": "?"}, "/location_id"),
        ("/sessions", {**SESSION, "service_ids": ["?"]}, "/service_ids/0"),
        ("/patients", {"full_name": "A B", "guardians": [{"patient_id": "?"}]}, "/guardians/0/patient_id"),
        (
            "/patients", {"full_name": "A B", "phone": "3001112299", "confidential": {"user_ids": ["?"]}},
            "/confidential/user_ids/0",
        ),
    ],
)  # fmt: skip
def test_an_unknown_or_foreign_id_in_a_body_is_422_at_its_place(api, api_of, north, south, path, body, at):
    known = {"carla": str(north.carla), "bose": str(north.bose), "tok": str(north.tok), "09:30": iso("09:30")}
    kind = at.strip("/").split("/")[0]
    theirs = {"doctor_id": south.bose, "service_id": south.visit, "service_ids": south.visit, "location_id": south.main,
              "location_ids": south.main}.get(kind, south.pierre)  # fmt: skip

    def put(value: Any, id: str) -> Any:
        if isinstance(value, dict):
            return {name: put(part, id) for name, part in value.items()}
        if isinstance(value, list):
            return [put(part, id) for part in value]
        return id if value == "?" else known.get(value, value) if isinstance(value, str) else value

    for id in (UNKNOWN, str(theirs)):
        refused(api.post(path, put(body, id)), 422, "unknown_id", at)


@pytest.mark.parametrize("name", ["patient_id", "doctor_id", "service_id", "location_id", "room_id"])
def test_an_unknown_id_in_a_series_is_422_at_its_place(api, north, name):
    known = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    body = {**known, "rrule": "FREQ=WEEKLY;COUNT=2", name: UNKNOWN}
    refused(api.post("/appointments/series", body), 422, "unknown_id", f"/{name}")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/appointments", "patient_id"), ("/appointments", "doctor_id"), ("/appointments", "location_id"),
        ("/appointments", "service_id"), ("/slots", "doctor_id"), ("/slots", "location_id"), ("/slots", "service_id"),
        ("/slots/days", "doctor_id"), ("/slots/next", "service_id"), ("/doctors", "location_id"),
        ("/doctors", "service_id"), ("/rooms", "location_id"), ("/sessions", "doctor_id"), ("/closures", "location_id"),
        ("/waitlist", "patient_id"), ("/waitlist", "doctor_id"), ("/waitlist", "service_id"),
        ("/proposals", "appointment_id"),
    ],
)  # fmt: skip
def test_an_unknown_or_foreign_id_in_a_query_is_422_at_its_name(api, south, path, name):
    more = {"date": "2030-01-07"} if path in ("/slots", "/slots/days") else {}
    theirs = {
        "patient_id": south.pierre,
        "doctor_id": south.bose,
        "location_id": south.main,
        "service_id": south.visit,
        "appointment_id": south.pierre,
    }
    for id in (UNKNOWN, str(theirs[name])):
        refused(api.get(path, **more, **{name: id}), 422, "unknown_id", f"/{name}")
    refused(api.get(path, **more, **{name: "x"}), 422, "invalid_id", f"/{name}")


def test_a_hold_that_is_not_the_callers_is_answered_as_one_that_is_over(api, api_of, north, south):
    theirs = made(
        api_of("south"), "/holds", {"doctor_id": str(south.bose), "start": f"{working_day()}T10:00:00"}
    )["id"]
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    for id in (UNKNOWN, theirs):
        refused(api.post("/appointments", body | {"hold_id": id}), 410, "hold_expired")


# -- outside ids ------------------------------------------------------------------------------------------------------

KINDS = ("patient", "doctor", "location", "service", "appointment")
NUMBER = iter(range(1000, 9999))


def with_outside_id(
    api: Any, north: Any, kind: str, value: str, clock: str = "09:00", patient: str = "carla"
) -> Any:
    outside = {"external_ids": {"his": value}}
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "patient": ("/patients", {"full_name": "A B", "phone": f"+57300999{next(NUMBER)}"}),
        "doctor": ("/doctors", {"full_name": "A B"}),
        "location": ("/locations", {"name": "Annex", "timezone": "America/Bogota"}),
        "service": ("/services", {"name": "Long", "duration_minutes": 60}),
        "appointment": (
            "/appointments",
            {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(clock)},
        ),
    }
    path, body = bodies[kind]
    return api.post(path, body | outside)


@pytest.mark.parametrize("kind", KINDS)
def test_an_outside_id_is_kept_found_and_unique(api, north, kind):
    first = ok(with_outside_id(api, north, kind, "A-1"), 201)
    assert first["external_ids"] == {"his": "A-1"}
    again = refused(with_outside_id(api, north, kind, "A-1", "10:00", "dora"), 409, "external_id_taken")
    assert again["existing_id"] == first["id"]
    other = ok(with_outside_id(api, north, kind, "A-2", "10:00", "dora"), 201)
    path = f"/{kind}s"
    assert ids(api.get(path, external_id="his:A-1")) == [first["id"]]
    assert ids(api.get(path, external_id="his:nothing")) == []
    assert ids(api.get(path, external_id="other:A-1")) == []
    refused(api.patch(f"{path}/{other['id']}", {"external_ids": {"his": "A-1"}}), 409, "external_id_taken")
    ok(api.patch(f"{path}/{other['id']}", {"external_ids": {"his": "A-3"}}))
    assert ids(api.get(path, external_id="his:A-3")) == [other["id"]]
    refused(api.get(path, external_id="his"), 422)


def test_another_kind_or_tenant_may_have_the_same_outside_id(api, api_of, north, south):
    for kind in KINDS:
        ok(with_outside_id(api, north, kind, "SAME"), 201)
    body = {"full_name": "A B", "phone": "+33612345600", "external_ids": {"his": "SAME"}}
    made(api_of("south"), "/patients", body)


# -- lookups ----------------------------------------------------------------------------------------------------------


def test_a_lookup_is_given_as_code_or_id_and_answered_as_code(api, north):
    (values,) = [
        each["values"] for each in ok(api.get("/lookups"))["items"] if each["kind"] == "document_types"
    ]
    kind = values[0]
    for number, given in enumerate((kind["code"], kind["id"], kind["code"].lower())):
        body = {"document_type": given, "document_number": f"77{number}", "full_name": "A B"}
        assert made(api, "/patients", body)["document_type"] == kind["code"]
        made_doctor = made(api, "/doctors", body)
        assert made_doctor["document_type"] == kind["code"]
        found = api.get(f"/patients/by-document/{given}/{body['document_number']}")
        assert ok(found)["document_type"] == kind["code"]
        assert (
            ok(api.get(f"/doctors/by-document/{given}/{body['document_number']}"))["id"] == made_doctor["id"]
        )


def test_an_appointment_type_is_given_as_code_or_id(api, north):
    (values,) = [
        each["values"] for each in ok(api.get("/lookups"))["items"] if each["kind"] == "appointment_types"
    ]
    first = booked(api, north, "09:00", appointment_type=values[0]["code"])
    second = booked(api, north, "10:00", appointment_type=values[0]["id"])
    assert first["appointment_type"] == second["appointment_type"] == values[0]["code"]


def test_a_specialty_is_given_as_code_or_id_and_answered_as_code(api, north):
    for given in ("general", str(north.general)):
        assert made(api, "/doctors", {"full_name": "A B", "specialties": [given]})["specialties"] == [
            "general"
        ]
        assert str(north.bose) in ids(api.get("/doctors", specialty=given))
        assert ok(api.get("/slots", date=working_day().isoformat(), specialty=given))["items"]


@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        ("/patients", {"full_name": "A B", "phone": "3001112233", "gender": "nothing"}, "/gender"),
        (
            "/patients",
            {"full_name": "A B", "document_type": "nothing", "document_number": "1"},
            "/document_type",
        ),
        (
            "/patients",
            {"full_name": "A B", "document_type": UNKNOWN, "document_number": "1"},
            "/document_type",
        ),
        (
            "/doctors",
            {"full_name": "A B", "document_type": "nothing", "document_number": "1"},
            "/document_type",
        ),
        ("/doctors", {"full_name": "A B", "specialties": ["nothing"]}, "/specialties/0"),
    ],
)
def test_an_unknown_code_is_422(api, path, body, at):
    refused(api.post(path, body), 422, "unknown_code", at)


def test_an_unknown_code_of_a_visit_or_a_query_is_422(api, north):
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    refused(
        api.post("/appointments", body | {"appointment_type": "nothing"}),
        422,
        "unknown_code",
        "/appointment_type",
    )
    refused(api.get("/slots", date="2030-01-07", specialty="nothing"), 422, "unknown_code", "/specialty")
    refused(api.get("/doctors", specialty="nothing"), 422, "unknown_code", "/specialty")
    refused(
        api.get("/patients", document_type="nothing", document_number="1"),
        422,
        "unknown_code",
        "/document_type",
    )


# -- phones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", ["300 111 22 33", "(300) 111-2233", "+57 300 1112233", "0057 300 111 2233", "3001112233"]
)
def test_a_phone_is_taken_in_any_spelling_and_answered_as_e164(api, given):
    assert made(api, "/patients", {"full_name": "A B", "phone": given})["phone"] == "+573001112233"


def test_a_phone_is_read_as_its_tenants_country_has_it(api_of):
    south = api_of("south")
    assert (
        made(south, "/patients", {"full_name": "A B", "phone": "06 12 34 56 00"})["phone"] == "+33612345600"
    )
    assert (
        made(south, "/patients", {"full_name": "C D", "phone": "+57 300 1112233"})["phone"] == "+573001112233"
    )


@pytest.mark.parametrize("given", ["123", "abc", "+999999999999", "300111223", "3" * 60])
def test_a_phone_that_cannot_be_rung_is_422(api, north, given):
    refused(api.post("/patients", {"full_name": "A B", "phone": given}), 422, "invalid_phone", "/phone")
    refused(api.patch(f"/patients/{north.carla}", {"phone_alt": given}), 422, "invalid_phone", "/phone_alt")
    refused(api.post("/doctors", {"full_name": "A B", "phone": given}), 422, "invalid_phone", "/phone")
    refused(api.patch(f"/locations/{north.main}", {"phone": given}), 422, "invalid_phone", "/phone")
    refused(api.get("/patients", phone=given), 422, "invalid_phone", "/phone")
