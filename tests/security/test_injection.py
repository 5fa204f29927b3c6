"""What people typed stays text: in pages, in attributes, in calendar files, in headers."""

from __future__ import annotations

import pytest

from tests.booking.times import iso
from tests.dom import parse

EVIL = "<img src=x onerror=alert(1)>\"'`&100%s{0}"
TAGS = {"img", "script", "iframe", "object", "embed", "base", "meta"}


@pytest.fixture
def evil(api, north):
    """Everything that can be named is named badly; the ids of what stands on the screens."""
    api.patch(f"/doctors/{north.bose}", {"full_name": f"{EVIL} D"})
    api.patch(f"/services/{north.visit}", {"name": f"{EVIL} S"})
    api.patch(f"/locations/{north.main}", {"name": f"{EVIL} L", "address": EVIL, "city": EVIL})
    api.patch("/settings", {"name": f"{EVIL} C"})
    patient = api.post(
        "/patients",
        {
            "full_name": f"{EVIL} P", "phone": "3007654321", "address": EVIL, "notes": EVIL, "tags": [EVIL],
            "allergies": [EVIL], "insurer": EVIL, "emergency_contact": {"name": EVIL, "relation": EVIL},
            "email": "p@mail.example",
        },
    ).json["id"]  # fmt: skip
    body = {"patient_id": patient, "doctor_id": str(north.bose), "service_id": str(north.visit)}
    visit = api.post("/appointments", {**body, "start": iso("09:30"), "reason": EVIL, "notes": EVIL}).json[
        "id"
    ]
    walk_in = {**body, "walk_in": True, "reason": EVIL, "priority": "urgent", "priority_reason": EVIL}
    entry = api.post("/checkins", walk_in).json
    api.post(f"/appointments/{visit}/cancel", {"reason": EVIL})
    return {"patient": patient, "visit": visit, "here": entry["appointment_id"]}


def badly(html: str) -> list[str]:
    """Elements and attributes that only what was typed could have brought."""
    tree = parse(html)
    found = [node.tag for node in tree.all("body *") if node.tag in TAGS]
    found += [name for node in tree.all("*") for name in node.attrs if name.startswith("on")]
    return found


SCREENS = {
    "ana": """
        /desk /desk/print /week /week?doctor={doctor} /month /queue /board /patients/{patient} /patients/{patient}/edit
        /patients/{patient}/visits
        /appointments/{visit} /appointments/{here}/panel
        /appointments/new?doctor={doctor}&number=1&date=2026-11-23&patient={patient}
        /appointments/times?part_of_day=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E
    """,
    "bose": "/my-day /my-day/mine",
    None: """
        /book /book/doctors /book/times?doctor=any&day=%22%3E%3Cimg%20src=x%3E
        /login?next=/%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E /nowhere/%3Cimg%20src=x%3E
    """,
}


def test_a_bad_name_is_a_name_on_every_page(page, north, evil):
    for who, addresses in SCREENS.items():
        browser = page(who)
        for address in addresses.split():
            path = address.format(doctor=north.bose, **evil)
            answer = browser.client.get(path, base_url="http://north.localhost", follow_redirects=True)
            assert answer.status_code < 500, address
            assert badly(answer.text) == [], address


def test_a_search_says_again_what_was_typed_and_no_more(page, evil):
    ana = page("ana")
    for where in ("/patients", "/patients/results", "/patients/found"):
        token = ana.get("/patients").find('[name="csrf_token"]').get("value")
        form = {"q": "img src onerror", "csrf_token": token}
        assert badly(ana.client.post(where, base_url="http://north.localhost", data=form).text) == []
        form["q"] = EVIL
        assert badly(ana.client.post(where, base_url="http://north.localhost", data=form).text) == []


def test_a_name_breaks_out_of_no_line_of_a_calendar_file(api, north, page):
    api.patch(f"/doctors/{north.bose}", {"full_name": "Bose;X=1,\\nATTENDEE:mailto:evil@mail.example"})
    api.patch(f"/locations/{north.main}", {"name": "Main\\;BEGIN:VEVENT"})
    visit = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    file = api.get(f"/appointments/{api.post('/appointments', visit).json['id']}.ics").text
    lines = file.replace("\r\n ", "").split("\r\n")
    assert not [line for line in lines if line.startswith(("ATTENDEE", "X=1"))]
    assert lines.count("BEGIN:VEVENT") == 1


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", "a\nb", "a\tb", "a\x1bb", "\u2028" * 3])
def test_a_name_breaks_out_of_no_header_or_log(api, name):
    answer = api.post("/patients", {"full_name": name, "phone": "3007654321"})
    assert answer.status_code in (201, 422)
    assert not answer.headers.getlist("Set-Cookie")


def test_problem_documents_say_nothing_of_what_was_sent(api, north):
    marked = "zyxwander"
    for body in (
        {marked: marked},
        {
            "full_name": [marked],
            "phone": marked,
            "gender": marked,
            "birth_date": marked,
            "guardians": [{"x": marked}],
        },
        {"full_name": marked, "phone": "3001234567", "document_type": marked, "document_number": marked},
        {"full_name": marked, "phone": "3001234567", "custom_fields": {marked: {"a": "\u0000"}}},
    ):
        answer = api.post("/patients", body)
        assert answer.status_code == 422
        said = [error["message"] for error in answer.json["errors"]] + [
            answer.json["detail"],
            answer.json["title"],
        ]
        assert not [sentence for sentence in said if marked in sentence]
    for path, query in (
        (f"/patients/{marked}", {}),
        ("/appointments", {marked: 1}),
        ("/slots", {"from": marked}),
    ):
        assert marked not in api.get(path, **query).json["detail"]
