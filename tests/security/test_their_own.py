"""Whose records somebody finds: doctors their own visits and patients, patients themselves and whom they answer for."""

from __future__ import annotations

from datetime import UTC

import pytest

from clinic.booking import actions as booking
from clinic.booking.asking import Asked
from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.core.entering import acting_in
from clinic.patients import actions as patients
from tests.booking.times import at, iso


def looks(patient_id):
    with acting_in("north"):
        rows = db.rows(
            "SELECT act FROM audit_event WHERE tenant_id = %(tenant)s"
            " AND (patient_id = %(id)s OR %(id)s = ANY(object_ids)) AND actor_kind = 'user' ORDER BY id",
            id=patient_id,
        )
    return [row.act for row in rows]


def form_for(north, patient_id):
    start = at("09:30").astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    return f"/appointments/new?doctor={north.bose}&start={start}&patient={patient_id}"


def test_a_doctor_learns_no_name_by_an_id_in_an_address(page, north):
    shown = page("bose").get(form_for(north, north.carla))
    assert "Carla" not in shown.html


def test_a_name_that_an_address_brings_is_on_record(page, north):
    shown = page("ana").get(form_for(north, north.carla))
    assert "Carla Ruiz Gómez" in shown.html
    assert "patient.list" in looks(north.carla)


def test_a_doctor_books_nobody_by_an_id_who_is_not_their_patient(in_north):
    from clinic.core.access import Actor
    from clinic.core.errors import Invalid

    bose = Actor("user", in_north.bose_user, "doctor", doctor_id=in_north.bose)
    asked = Asked(doctor_id=in_north.bose, patient_id=in_north.carla, start=at("09:30"))
    with pytest.raises(Invalid) as refusal:
        booking.book(asked=asked, by=bose)
    assert refusal.value.code == "unknown_id"
    booking.book(asked=asked, by=SYSTEM)
    later = Asked(doctor_id=in_north.bose, patient_id=in_north.carla, start=at("10:30"))
    assert booking.book(asked=later, by=bose).patient_id == in_north.carla


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(document.domain)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example/meet",
        "https://user@evil.example",
        "meet me there",
    ],
)
def test_the_link_of_a_video_visit_is_a_web_address(api, north, address):
    """It is a link on the patient's page, from whichever integration it came."""
    visit = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    refused = api.post("/appointments", {**visit, "meeting_url": address})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/meeting_url")
    made = api.post("/appointments", {**visit, "meeting_url": "https://meet.example/a?b=c"})
    assert made.json["meeting_url"] == "https://meet.example/a?b=c"
    changed = api.patch(f"/appointments/{made.json['id']}", {"meeting_url": address})
    assert (changed.status_code, changed.json["errors"][0]["pointer"]) == (422, "/meeting_url")


@pytest.fixture
def who_sees_only(app, north):
    """Carla may see Emil's visits, and may not book for him."""
    with acting_in("north"):
        guardian = {"patient_id": north.carla, "relation": "aunt", "may_see": True, "may_book": False}
        patients.update(north.emil, changes={"guardians": [guardian]}, by=SYSTEM)
        asked = Asked(doctor_id=north.bose, patient_id=north.emil, start=at("09:30"))
        return booking.book(asked=asked, by=SYSTEM)


def test_who_may_only_see_neither_calls_off_nor_moves(app, north, who_sees_only):
    from clinic.booking import moves, steps
    from clinic.core.access import Actor
    from clinic.core.errors import Forbidden

    carla = Actor("user", north.carla, "patient", patient_id=north.carla)
    id = who_sees_only.id
    with acting_in("north"):
        for verb in (
            lambda: steps.cancel(id=id, by=carla),
            lambda: steps.confirm(id=id, by=carla),
            lambda: moves.move(id=id, start=at("10:30"), by=carla),
        ):
            with pytest.raises(Forbidden):
                verb()


def test_who_may_only_see_is_given_no_link_that_does_more(carla, page, who_sees_only):
    """A signed link opens to whoever has it. This one is for Carla alone, and calls nothing off."""
    shown = carla.get("/my/visits")
    assert "For Emil Ruiz Gómez" in shown
    address = shown.tree.one("a.visit").get("href")
    opened = carla.get(address)
    assert "Emil Ruiz Gómez" in opened
    assert not opened.find('a[href$="/cancel"]')
    assert carla.get(f"{address}/cancel").url == address
    token = opened.find('[name="csrf_token"]').get("value")
    refused = carla.client.post(
        f"{address}/cancel", data={"csrf_token": token}, base_url="http://north.localhost"
    )
    assert refused.status_code == 403
    page().get(address, status=404)


def test_a_link_that_was_sent_opens_to_whoever_has_it(carla, page, north, who_sees_only):
    """Also to Carla, who is signed in and may otherwise only see."""
    from clinic.booking import forms_portal

    with carla.app.test_request_context(base_url="http://north.localhost"), acting_in("north"):
        address = forms_portal.link_to(who_sees_only.id)
    for browser in (carla, page()):
        assert browser.get(f"{address}/cancel").find("form[action$='/cancel']")
