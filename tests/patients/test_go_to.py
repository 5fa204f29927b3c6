"""Ctrl+K at the desk: one box for pages and patients, and each finds what is theirs."""

from __future__ import annotations

from typing import Any


def found(browser: Any, typed: str) -> list[str]:
    page = browser.get("/patients")
    token = page.find('input[name="csrf_token"]').get("value")
    answer = browser.client.post(
        "/go-to", data={"q": typed, "csrf_token": token}, base_url=f"http://{browser.host}"
    )
    assert answer.status_code == 200, answer.text
    return [option.text for option in type(page)(answer).all("[role=option]")]


def test_finds_pages_by_their_name_and_patients_by_theirs(page: Any) -> None:
    ana = page("ana")
    assert found(ana, "wee") == ["Week"]
    assert found(ana, "NEW PAT") == ["New patient"]
    assert any(option.startswith("Carla Ruiz Gómez") for option in found(ana, "carla"))
    assert found(ana, "zzzz") == ["Nothing found"]


def test_nothing_typed_is_every_page_and_nobody(page: Any) -> None:
    options = found(page("ana"), "")
    assert {"Calendar", "Week", "Month", "Queue", "Walk-in", "New patient"} <= set(options)
    assert not [option for option in options if "Carla" in option]


def test_a_doctor_is_offered_a_doctors_pages(page: Any) -> None:
    options = found(page("bose"), "")
    assert "My day" in options
    assert "Queue" not in options


def test_finds_nobody_of_another_clinic(page: Any) -> None:
    assert not [
        option for option in found(page("sven", "south"), "dora") if "Dora" in option and "North" in option
    ]
    assert found(page("sven", "south"), "zzzz") == ["Nothing found"]


def test_whoever_was_found_is_on_record(page: Any, in_north: Any) -> None:
    from clinic.core import db

    ana = page("ana")
    before = len(
        db.rows("SELECT 1 FROM audit_event WHERE tenant_id = %(tenant)s AND object_kind = 'patient'")
    )
    db.db.session.commit()
    found(ana, "carla")
    after = len(db.rows("SELECT 1 FROM audit_event WHERE tenant_id = %(tenant)s AND object_kind = 'patient'"))
    assert after == before + 1
