"""What is written on a visit besides its time, at the desk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.test_desk_book import TAXI


@pytest.fixture
def where(book: Any) -> str:
    return f"/appointments/{book(reason='Cough')}/details"


def of(api: Any, where: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(where.removesuffix("/details")).json
    return found


def test_changes_what_was_typed_over(page: Any, api: Any, where: str) -> None:
    ana = page("ana")
    form = ana.get(where)
    assert form.h1 == "Visit details"
    assert form.find("#reason").get("value") == "Cough"
    typed = {"notes": "Wheelchair", "modality": "video", "meeting_url": "https://meet.example/carla"}
    shown = ana.post_form(form, typed, form=where)
    assert "The details are changed." in shown
    assert "Wheelchair" in shown
    assert of(api, where).items() >= {**typed, "reason": "Cough"}.items()


def test_the_clinics_own_fields_too(page: Any, api: Any, where: str) -> None:
    api.put("/custom-fields/appointment", TAXI)
    ana = page("ana")
    again = ana.post_form(ana.get(where), {"custom_fields.km": "3"}, form=where, status=422)
    assert again.errors == ["Needs a taxi: This is required."]
    ana.post_form(again, {"custom_fields.taxi": "no"}, form=where)
    assert of(api, where)["custom_fields"] == {"taxi": False, "km": 3}


def test_what_cannot_be_is_said_at_the_field(page: Any, api: Any, where: str) -> None:
    ana = page("ana")
    again = ana.post_form(ana.get(where), {"meeting_url": "meet me"}, form=where, status=422)
    assert again.find("#meeting_url-error")
    assert again.find("#meeting_url").get("value") == "meet me"
    wrong = ana.post_form(ana.get(where), {"appointment_type": "nonsense"}, form=where, status=422)
    assert wrong.find("#appointment_type-error")


def test_somebody_else_changed_it_meanwhile(page: Any, api: Any, where: str) -> None:
    ana = page("ana")
    form = ana.get(where)
    api.patch(where.removesuffix("/details"), {"notes": "Phoned"})
    again = ana.post_form(form, {"reason": "Fever"}, form=where, status=412)
    ana.post_form(again, form=where)
    assert of(api, where)["reason"] == "Fever"


def test_the_visit_leads_there(page: Any, where: str) -> None:
    ana = page("ana")
    visit = ana.get(where.removesuffix("/details"))
    assert ana.click(visit, "Change details").h1 == "Visit details"


def test_of_a_closed_record_the_clinics_fields_are_not_shown(
    page: Any, api: Any, north: Any, where: str
) -> None:
    api.put("/custom-fields/appointment", TAXI)
    api.patch(where.removesuffix("/details"), {"custom_fields": {"taxi": True}})
    api.patch(f"/patients/{north.carla}", {"confidential": {"roles": ["owner"]}})
    ana = page("ana")
    form = ana.get(where)
    assert not form.find('[name="custom_fields.taxi"]')
    ana.post_form(form, {"notes": "x"}, form=where)
    assert of(api, where)["custom_fields"] == {"taxi": True}
