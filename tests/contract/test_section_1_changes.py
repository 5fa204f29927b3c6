"""API.md §1: partial change, versions, caching, deleting and restoring, custom fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.times import iso
from tests.contract.asking import booked, ids, made, ok, refused

RECORDS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str | None]] = {
    # kind: where it is made, what it needs, a change, a field that may be cleared
    "patient": ("/patients", {"full_name": "A B", "phone": "3001112233"}, {"city": "Cali"}, "city"),
    "doctor": ("/doctors", {"full_name": "A B"}, {"bio": "Writes."}, "bio"),
    "location": ("/locations", {"name": "L", "timezone": "America/Bogota"}, {"city": "Cali"}, "city"),
    "service": ("/services", {"name": "S", "duration_minutes": 20}, {"color": "#0f766e"}, "color"),
    "specialty": ("/specialties", {"name": "S", "code": "s"}, {"name": "T"}, None),
    "room": ("/rooms", {"name": "R", "location_id": "{main}"}, {"kind": "xray"}, "kind"),
    "availability": (
        "/doctors/{bose}/availability", {"weekday": 5, "start_time": "09:00", "end_time": "10:00"},
        {"valid_until": "2031-01-07"}, "valid_until",
    ),
    "blocked-time": (
        "/doctors/{bose}/blocked-times", {"start": "2031-01-07", "all_day": True}, {"reason": "ill"}, "reason",
    ),
    "appointment": (
        "/appointments", {"patient_id": "{carla}", "doctor_id": "{bose}", "start": iso("09:00")}, {"notes": "x"},
        "notes",
    ),
    "lookup": ("/lookups/genders", {"code": "own", "label": "Own"}, {"label": "Other"}, None),
}  # fmt: skip
PLACES = {"availability": "/availability", "blocked-time": "/blocked-times"}
KINDS = sorted(RECORDS)


@pytest.fixture
def a(api, north):
    """``a("room")``: a fresh record of a kind and where it stands."""

    def make(kind: str) -> tuple[str, dict[str, Any]]:
        path, body, _change, _field = RECORDS[kind]
        names = {name: str(getattr(north, name)) for name in ("carla", "bose", "main")}
        body = {
            name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()
        }
        record = made(api, path.format(**names), body)
        return f"{PLACES.get(kind, path.format(**names))}/{record['id']}", record

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_patch_changes_the_fields_that_are_sent_and_no_other(api, a, kind):
    path, record = a(kind)
    change = RECORDS[kind][2]
    changed = ok(api.patch(path, change))
    moved = {"version", "updated_at", *change}
    assert {name: changed[name] for name in change} == change
    record.pop("possible_duplicates", None)
    assert {name: value for name, value in changed.items() if name not in moved} == {
        name: value for name, value in record.items() if name not in moved
    }
    assert changed["version"] == record["version"] + 1
    assert changed["updated_at"] > record["updated_at"]
    assert ok(api.get(path)) == changed


@pytest.mark.parametrize("kind", [kind for kind in KINDS if RECORDS[kind][3]])
def test_null_clears_a_field_that_may_be_empty(api, a, kind):
    path, _record = a(kind)
    field = RECORDS[kind][3]
    ok(api.patch(path, RECORDS[kind][2]))
    assert ok(api.patch(path, {field: None}))[field] is None


EMPTIED: dict[str, dict[str, Any]] = {
    "doctor": {"languages": ["es"], "custom_fields": {"a": 1}, "external_ids": {"his": "1"}},
    "patient": {
        "allergies": ["nuts"],
        "tags": ["a"],
        "custom_fields": {"a": 1},
        "external_ids": {"his": "1"},
    },
    "location": {"external_ids": {"his": "1"}},
    "service": {"questions": [{"label": "Why?"}], "external_ids": {"his": "1"}},
    "appointment": {"custom_fields": {"a": 1}, "external_ids": {"his": "1", "lab": "2"}},
    "availability": {"custom_fields": {"a": 1}},
    "blocked-time": {"custom_fields": {"a": 1}},
}


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in EMPTIED for field in EMPTIED[kind]])
def test_null_empties_a_list_or_an_object(api, a, kind, field):
    path, _record = a(kind)
    assert ok(api.patch(path, {field: EMPTIED[kind][field]}))[field]
    assert not ok(api.patch(path, {field: None}))[field]
    assert ok(api.get(path))[field] in ({}, [])


@pytest.mark.parametrize(
    ("kind", "field"),
    [("location", "name"), ("location", "timezone"), ("service", "name"), ("service", "duration_minutes"),
     ("specialty", "code"), ("room", "name"), ("availability", "weekday"), ("availability", "start_time"),
     ("lookup", "label"), ("blocked-time", "start"), ("service", "online_bookable")],
)  # fmt: skip
def test_null_is_refused_where_it_may_not_be(api, a, kind, field):
    path, record = a(kind)
    refused(api.patch(path, {field: None}), 422, at=f"/{field}")
    assert ok(api.get(path))["version"] == record["version"]


@pytest.mark.parametrize("kind", KINDS)
def test_if_match_makes_a_change_conditional(api, a, kind):
    path, record = a(kind)
    change, version = RECORDS[kind][2], record["version"]
    assert api.get(path).headers["ETag"] == f'"{version}"'
    refused(api.patch(path, change, headers={"If-Match": f'"{version + 1}"'}), 412, "stale_version")
    done = api.patch(path, change, headers={"If-Match": f'"{version}"'})
    assert ok(done)["version"] == version + 1
    assert done.headers["ETag"] == f'"{version + 1}"'
    refused(api.patch(path, change, headers={"If-Match": f'"{version}"'}), 412, "stale_version")
    refused(api.patch(path, change, headers={"If-Match": '"nonsense"'}), 412, "stale_version")
    ok(api.patch(path, change, headers={"If-Match": "*"}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "appointment"])
def test_if_match_holds_for_deleting_too(api, a, kind):
    path, record = a(kind)
    refused(api.delete(path, headers={"If-Match": f'"{record["version"] + 7}"'}), 412, "stale_version")
    assert api.delete(path, headers={"If-Match": f'"{record["version"]}"'}).status_code == 204


@pytest.mark.parametrize("kind", KINDS)
def test_what_made_it_says_its_version_and_where_it_is(api, north, kind):
    path, body, _change, _field = RECORDS[kind]
    names = {name: str(getattr(north, name)) for name in ("carla", "bose", "main")}
    body = {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}
    answer = api.post(path.format(**names), body)
    record = ok(answer, 201)
    assert answer.headers["ETag"] == f'"{record["version"]}"'
    assert answer.headers["Location"].endswith(record["id"])
    where = answer.headers["Location"].split("/api/v1", 1)[1]
    assert ok(api.get(where))["id"] == record["id"]


@pytest.mark.parametrize("kind", KINDS)
def test_if_none_match_saves_the_body(api, a, kind):
    path, record = a(kind)
    again = api.get(path, headers={"If-None-Match": f'"{record["version"]}"'})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == f'"{record["version"]}"'
    ok(api.patch(path, RECORDS[kind][2]))
    ok(api.get(path, headers={"If-None-Match": f'"{record["version"]}"'}))


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, deflate, br"])
def test_the_etag_is_the_version_however_the_body_travels(api, north, coding):
    path = f"/patients/{north.carla}"
    version = ok(api.patch(path, {"notes": "long " * 400}))["version"]
    packed = api.get(path, headers={"Accept-Encoding": coding})
    assert packed.headers["Content-Encoding"] in coding
    assert packed.headers["ETag"] == f'"{version}"'
    known = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": coding}
    assert api.get(path, headers=known).status_code == 304


def test_lists_of_slots_and_queue_have_an_etag(api, north):
    query = {"date": iso("09:00")[:10]}
    for path, more in (
        ("/slots", query),
        ("/slots/days", query),
        (f"/doctors/{north.bose}/slots", query),
        (f"/doctors/{north.tok}/queue", {}),
    ):
        first = api.get(path, **more)
        tag = first.headers["ETag"]
        assert api.get(path, **more, headers={"If-None-Match": tag}).status_code == 304
    tag = api.get("/slots", **query).headers["ETag"]
    booked(api, north)
    assert api.get("/slots", **query, headers={"If-None-Match": tag}).status_code == 200
    tag = api.get(f"/doctors/{north.tok}/queue").headers["ETag"]
    made(api, "/checkins", {"patient_id": str(north.dora), "doctor_id": str(north.tok), "walk_in": True})
    assert api.get(f"/doctors/{north.tok}/queue", headers={"If-None-Match": tag}).status_code == 200


def test_settings_and_a_doctors_day_have_a_version_too(api, north):
    for path, method, change in (
        ("/settings", "PATCH", {"hold_minutes": 7}),
        (f"/doctors/{north.bose}/days/2031-01-07", "PUT", {"notes": "x"}),
    ):
        got = api.get(path)
        tag, version = got.headers["ETag"], got.json["version"]
        assert tag == f'"{version}"'
        refused(
            api.open(method, path, change, headers={"If-Match": f'"{version + 5}"'}), 412, "stale_version"
        )
        ok(api.open(method, path, change, headers={"If-Match": tag}))
        refused(api.open(method, path, change, headers={"If-Match": tag}), 412, "stale_version")


@pytest.mark.parametrize("step", ["cancel", "confirm", "no-show", "reschedule"])
def test_a_step_is_conditional_too(api, north, step):
    visit = booked(api, north)
    body = {"start": iso("11:00")} if step == "reschedule" else None
    path = f"/appointments/{visit['id']}/{step}"
    refused(api.post(path, body, headers={"If-Match": '"99"'}), 412, "stale_version")
    done = ok(api.post(path, body, headers={"If-Match": f'"{visit["version"]}"'}))
    assert done["version"] == visit["version"] + 1


# -- deleting ---------------------------------------------------------------------------------------------------------

SOFT = [kind for kind in KINDS if kind != "appointment"]


def lists(kind: str, north: Any) -> str:
    return RECORDS[kind][0].format(carla=north.carla, bose=north.bose, main=north.main)


@pytest.mark.parametrize("kind", SOFT)
def test_deleting_is_soft_and_can_be_taken_back(api, a, north, kind):
    path, record = a(kind)
    assert api.delete(path).status_code == 204
    assert record["id"] not in ids(api.get(lists(kind, north)))
    assert record["id"] in ids(api.get(lists(kind, north), include_inactive="true"))
    assert ok(api.get(path))["is_active"] is False
    back = ok(api.post(f"{path}/restore"))
    assert back["is_active"] is True
    assert back["version"] > record["version"]
    assert record["id"] in ids(api.get(lists(kind, north)))


@pytest.mark.parametrize("kind", SOFT)
def test_deleting_and_restoring_twice_are_harmless(api, a, kind):
    path, _record = a(kind)
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    assert [api.post(f"{path}/restore").status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/doctors/{bose}/overrides", {"date": "2031-01-07"}, "/overrides"),
        ("/closures", {"start": "2031-01-07", "all_day": True}, "/closures"),
        (
            "/sessions",
            {"doctor_id": "{bose}", "start": "2031-01-07T09:00:00", "duration_minutes": 60},
            "/sessions",
        ),
    ],
)
def test_overrides_closures_and_sessions_are_deleted_softly_too(api, north, path, body, place):
    body = {
        name: value.format(bose=north.bose) if isinstance(value, str) else value
        for name, value in body.items()
    }
    path = path.format(bose=north.bose)
    id = made(api, path, body)["id"]
    assert api.delete(f"{place}/{id}").status_code == 204
    assert id not in ids(api.get(path))
    assert id in ids(api.get(path, include_inactive="true"))
    assert ok(api.post(f"{place}/{id}/restore"))["is_active"] is True


def test_deleting_a_visit_cancels_it(api, north):
    visit = booked(api, north)["id"]
    assert api.delete(f"/appointments/{visit}").status_code in (200, 204)
    assert ok(api.get(f"/appointments/{visit}"))["status"] == "cancelled"


def test_a_hold_that_is_deleted_is_gone(api, north):
    hold = made(api, "/holds", {"doctor_id": str(north.bose), "start": iso("09:00")})["id"]
    assert api.delete(f"/holds/{hold}").status_code == 204
    refused(api.delete(f"/holds/{hold}"), 404, "not_found")


def test_an_inactive_record_cannot_be_used_for_new_ones(api, north, a):
    service = made(api, "/services", {"name": "Old", "duration_minutes": 30})["id"]
    api.delete(f"/services/{service}")
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:00")}
    refused(api.post("/appointments", body | {"service_id": service}), 422, "unknown_id", "/service_id")
    api.delete(f"/patients/{north.dora}")
    refused(
        api.post("/appointments", body | {"patient_id": str(north.dora)}), 422, "unknown_id", "/patient_id"
    )
    doctor = made(api, "/doctors", {"full_name": "Gone Away"})["id"]
    api.delete(f"/doctors/{doctor}")
    refused(api.post("/appointments", body | {"doctor_id": doctor}), 422, "unknown_id", "/doctor_id")
    refused(api.post("/holds", {"doctor_id": doctor, "start": iso("09:00")}), 422, "unknown_id", "/doctor_id")


# -- custom fields ----------------------------------------------------------------------------------------------------

CUSTOM = ("patient", "doctor", "appointment", "availability", "blocked-time")


@pytest.mark.parametrize("kind", CUSTOM)
def test_custom_fields_are_an_object_that_is_kept(api, a, kind):
    path, record = a(kind)
    assert record["custom_fields"] == {}
    given = {"bed": 4, "tags": ["a", "ñ"], "deep": {"yes": True, "none": None}}
    assert ok(api.patch(path, {"custom_fields": given}))["custom_fields"] == given
    assert ok(api.get(path))["custom_fields"] == given
    nothing: list[str] = []
    for wrong in (nothing, "x", 5):
        refused(api.patch(path, {"custom_fields": wrong}), 422, at="/custom_fields")


SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["bed"],
    "properties": {"bed": {"type": "integer", "minimum": 1}},
}  # fmt: skip


@pytest.mark.parametrize("kind", ["patient", "doctor", "appointment", "availability", "block"])
def test_a_schema_of_the_clinics_own_is_set_and_read(api, kind):
    assert isinstance(ok(api.get(f"/custom-fields/{kind}")), dict)
    assert ok(api.put(f"/custom-fields/{kind}", SCHEMA)) == SCHEMA
    assert ok(api.get(f"/custom-fields/{kind}")) == SCHEMA
    refused(api.put(f"/custom-fields/{kind}", {"type": "nonsense"}), 422)


@pytest.mark.parametrize("kind", CUSTOM)
def test_custom_fields_are_held_to_the_clinics_schema(api, a, kind):
    path, _record = a(kind)
    ok(api.put(f"/custom-fields/{'block' if kind == 'blocked-time' else kind}", SCHEMA))
    refused(api.patch(path, {"custom_fields": {"bed": "x"}}), 422, at="/custom_fields/bed")
    refused(api.patch(path, {"custom_fields": {"bed": 1, "more": 1}}), 422)
    refused(api.patch(path, {"custom_fields": {}}), 422)
    assert ok(api.patch(path, {"custom_fields": {"bed": 2}}))["custom_fields"] == {"bed": 2}
    ok(api.patch(path, RECORDS[kind][2]))


def test_an_unknown_kind_has_no_schema(api):
    refused(api.get("/custom-fields/nothing"), 404, "not_found")
    refused(api.put("/custom-fields/nothing", {}), 404, "not_found")
