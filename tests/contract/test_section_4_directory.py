"""API.md §4: locations, specialties, rooms, services, doctors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.asking import ids, made, ok, refused

ALWAYS = {"id", "version", "created_at", "updated_at", "is_active"}
FULL: dict[str, dict[str, Any]] = {
    "locations": {
        "name": "Annex", "timezone": "America/Lima", "code": "ANX", "address": "Calle 1 # 2-3", "city": "Lima",
        "state": "LI", "postal_code": "15001", "country": "PE", "phone": "+51912345678", "email": "a@n.example",
        "latitude": -12.05, "longitude": -77.04, "external_ids": {"his": "L1"},
    },
    "specialties": {"name": "Cardiology", "code": "cardio"},
    "rooms": {"location_id": "{main}", "name": "Room 1", "kind": "xray"},
    "services": {
        "name": "Scan", "duration_minutes": 45, "code": "scan", "buffer_before_minutes": 5, "buffer_after_minutes": 10,
        "capacity": 2, "modality": "video", "online_bookable": False, "requires_approval": True, "price": 99.5,
        "currency": "USD", "min_notice_minutes": 60, "max_days_ahead": 30, "cancel_notice_minutes": 120,
        "room_kind": "xray", "color": "#aabbcc", "external_ids": {"his": "S1"},
    },
    "doctors": {
        "first_name": "Marie", "last_name": "Curie", "code": "MC", "email": "m@c.example", "phone": "+573001112233",
        "document_type": "CC", "document_number": "12.345", "license_number": "L-1", "qualifications": "Two prizes",
        "experience_years": 30, "bio": "Works.", "photo_url": "https://example.org/m.png", "languages": ["fr", "pl"],
        "specialties": ["general"], "location_ids": ["{main}"], "service_ids": ["{visit}"], "booking_mode": "token",
        "queue_order": "appointment", "slot_minutes": 20, "max_appointments_per_day": 12,
        "custom_fields": {"wing": "A"}, "external_ids": {"his": "D1"},
    },
}  # fmt: skip
ENOUGH: dict[str, dict[str, Any]] = {
    "locations": {"name": "Annex", "timezone": "America/Lima"},
    "specialties": {"name": "Cardiology", "code": "cardio"},
    "rooms": {"location_id": "{main}", "name": "Room 1"},
    "services": {"name": "Scan", "duration_minutes": 45},
    "doctors": {"first_name": "Marie", "last_name": "Curie"},
}


def filled(value: Any, north: Any) -> Any:
    if isinstance(value, dict):
        return {name: filled(part, north) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, north) for part in value]
    return value.format(main=north.main, visit=north.visit) if isinstance(value, str) else value


@pytest.mark.parametrize("kind", sorted(FULL))
def test_every_field_is_taken_and_answered(api, north, kind):
    body = filled(FULL[kind], north)
    record = made(api, f"/{kind}", body)
    assert record.keys() >= ALWAYS
    assert {name: record[name] for name in body} == body
    assert ok(api.get(f"/{kind}/{record['id']}")) == record
    assert (
        next(item for item in ok(api.get(f"/{kind}"))["items"] if item["id"] == record["id"]).items()
        >= record.items()
    )


@pytest.mark.parametrize("kind", sorted(FULL))
def test_every_field_can_be_changed(api, north, kind):
    record = made(api, f"/{kind}", filled(ENOUGH[kind], north))
    body = filled(FULL[kind], north)
    assert ok(api.patch(f"/{kind}/{record['id']}", body)).items() >= body.items()


@pytest.mark.parametrize("kind", sorted(ENOUGH))
def test_what_is_enough_is_enough_and_less_is_not(api, north, kind):
    body = filled(ENOUGH[kind], north)
    made(api, f"/{kind}", body)
    for name in body:
        less = {other: value for other, value in body.items() if other != name}
        refused(api.post(f"/{kind}", less), 422, "required", f"/{name}")


@pytest.mark.parametrize("name", ["full_name", "name"])
def test_a_doctors_whole_name_is_enough(api, name):
    doctor = made(api, "/doctors", {name: "Marie Skłodowska Curie"})
    assert doctor["full_name"] == "Marie Skłodowska Curie"
    refused(api.post("/doctors", {}), 422, "required")


@pytest.mark.parametrize("kind", ["locations", "specialties", "services", "doctors"])
def test_a_code_is_unique_and_found(api, north, kind):
    first = made(api, f"/{kind}", filled(ENOUGH[kind], north) | {"code": "ABC"})
    other = (
        {**filled(ENOUGH[kind], north), "name": "Other", "code": "abc"}
        if kind != "doctors"
        else {"full_name": "O P", "code": "abc"}
    )
    refused(api.post(f"/{kind}", other), 409, "code_taken")
    if kind in ("doctors", "services", "specialties"):
        assert ids(api.get(f"/{kind}", code="ABC")) == [first["id"]]


# -- locations --------------------------------------------------------------------------------------------------------


def test_locations_are_filtered_by_city_words_and_distance(api, north):
    lima = made(api, "/locations", {**FULL["locations"]})["id"]
    assert ids(api.get("/locations", city="Lima")) == [lima]
    assert ids(api.get("/locations", city="lima")) == [lima]
    assert ids(api.get("/locations", city="Nowhere")) == []
    assert lima in ids(api.get("/locations", q="anx"))
    assert lima in ids(api.get("/locations", q="anne"))
    assert ids(api.get("/locations", near="-12.05,-77.04", radius_km=1)) == [lima]
    assert ids(api.get("/locations", near="-12.05,-77.04"))[0] == lima
    assert ids(api.get("/locations", near="40,-3", radius_km=10)) == []
    for wrong in ({"near": "x"}, {"near": "91,0"}, {"radius_km": 5}, {"near": "1,1", "radius_km": -1}):
        refused(api.get("/locations", **wrong), 422)


def test_the_doctors_of_a_location(api, north):
    annex = made(api, "/locations", ENOUGH["locations"])["id"]
    doctor = made(api, "/doctors", {"full_name": "A B", "location_ids": [annex]})["id"]
    assert doctor in ids(api.get(f"/locations/{annex}/doctors"))
    assert doctor in ids(api.get("/doctors", location_id=annex))
    assert doctor not in ids(api.get(f"/locations/{north.main}/doctors"))
    assert doctor not in ids(api.get("/doctors", location_id=str(north.main)))
    api.delete(f"/doctors/{doctor}")
    assert doctor not in ids(api.get(f"/locations/{annex}/doctors"))
    assert doctor in ids(api.get(f"/locations/{annex}/doctors", include_inactive="true"))


@pytest.mark.parametrize(
    ("more", "at"),
    [({"timezone": "x"}, "/timezone"), ({"latitude": 91}, "/latitude"), ({"longitude": -181}, "/longitude"),
     ({"email": "x"}, "/email"), ({"country": "Peru"}, "/country"), ({"name": " "}, "/name")],
)  # fmt: skip
def test_a_location_that_cannot_be_is_422(api, more, at):
    refused(api.post("/locations", ENOUGH["locations"] | more), 422, at=at)


# -- services ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", ["in_person", "video", "phone", "home"])
def test_a_modality_is_one_of_four(api, modality):
    assert made(api, "/services", {**ENOUGH["services"], "modality": modality})["modality"] == modality


@pytest.mark.parametrize(
    ("more", "at"),
    [({"duration_minutes": 0}, "/duration_minutes"), ({"duration_minutes": 1441}, "/duration_minutes"),
     ({"buffer_after_minutes": -1}, "/buffer_after_minutes"), ({"capacity": 0}, "/capacity"),
     ({"modality": "x"}, "/modality"), ({"price": -1}, "/price"), ({"color": "red"}, "/color"),
     ({"currency": "XXXX"}, "/currency"), ({"questions": "x"}, "/questions")],
)  # fmt: skip
def test_a_service_that_cannot_be_is_422(api, more, at):
    refused(api.post("/services", ENOUGH["services"] | more), 422, at=at)


def test_questions_are_kept(api):
    questions: list[dict[str, Any]] = [
        {"label": "Allergies?", "type": "text", "required": True},
        {"label": "Which?", "type": "choice", "choices": ["a", "b"]},
        {"label": "First time?", "type": "yes_no"},
        {"label": "Since?", "type": "date"},
    ]
    said = made(api, "/services", {**ENOUGH["services"], "questions": questions})["questions"]
    assert [
        {name: item[name] for name in question} for item, question in zip(said, questions, strict=True)
    ] == questions


# -- doctors ----------------------------------------------------------------------------------------------------------


def test_a_doctor_is_found_by_document(api, north):
    doctor = made(api, "/doctors", {"full_name": "A B", "document_type": "CC", "document_number": "12.345-6"})
    for number in ("12.345-6", "123456", "12 345 6"):
        assert ok(api.get(f"/doctors/by-document/CC/{number}"))["id"] == doctor["id"]
        assert ids(api.get("/doctors", document_type="CC", document_number=number)) == [doctor["id"]]
    refused(api.get("/doctors/by-document/CC/9"), 404)
    refused(
        api.post("/doctors", {"full_name": "C D", "document_type": "CC", "document_number": "123456"}), 409
    )


def test_doctors_are_filtered(api, north):
    doctor = made(api, "/doctors", filled(FULL["doctors"], north))["id"]
    assert set(ids(api.get("/doctors", specialty="general"))) == {doctor, str(north.bose)}
    assert ids(api.get("/doctors", code="MC")) == [doctor]
    assert ids(api.get("/doctors", q="curie")) == [doctor]
    assert ids(api.get("/doctors", q="mar cur")) == [doctor]
    assert doctor in ids(api.get("/doctors", location_id=str(north.main)))
    assert ids(api.get("/doctors", q="nobody")) == []


@pytest.mark.parametrize(("mode", "order"), [("timed", "appointment"), ("token", "arrival")])
def test_the_queue_order_is_that_of_the_mode_unless_it_is_said(api, mode, order):
    assert made(api, "/doctors", {"full_name": "A B", "booking_mode": mode})["queue_order"] == order
    other = "arrival" if order == "appointment" else "appointment"
    assert (
        made(api, "/doctors", {"full_name": "A B", "booking_mode": mode, "queue_order": other})["queue_order"]
        == other
    )


@pytest.mark.parametrize(
    ("more", "at"),
    [({"booking_mode": "x"}, "/booking_mode"), ({"queue_order": "x"}, "/queue_order"),
     ({"slot_minutes": 0}, "/slot_minutes"),
     ({"max_appointments_per_day": -1}, "/max_appointments_per_day"), ({"email": "x"}, "/email"),
     ({"photo_url": "x"}, "/photo_url"), ({"experience_years": -1}, "/experience_years"),
     ({"languages": "es"}, "/languages"),
     ({"languages": ["1"]}, "/languages/0"), ({"document_number": "1"}, "/document_type")],
)  # fmt: skip
def test_a_doctor_that_cannot_be_is_422(api, more, at):
    refused(api.post("/doctors", {"full_name": "A B", **more}), 422, at=at)


def test_a_user_is_one_doctor(api, north):
    refused(api.post("/doctors", {"full_name": "A B", "user_id": str(north.bose_user)}), 409)
    user = made(api, "/doctors", {"full_name": "A B", "user_id": str(north.ana_user)})
    assert user["user_id"] == str(north.ana_user)


def test_a_room_of_a_location(api, north):
    room = made(api, "/rooms", filled(FULL["rooms"], north))["id"]
    assert ids(api.get("/rooms", location_id=str(north.main))) == [room]
    assert ids(api.get("/rooms", kind="xray")) == [room]
    assert ids(api.get("/rooms", kind="mri")) == []
