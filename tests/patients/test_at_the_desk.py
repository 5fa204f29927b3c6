"""The register as Ana sees it at the desk: search, record, new patient, change. Everything without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import db
from clinic.core.access import SYSTEM
from clinic.patients import actions, queries
from tests.cast import password
from tests.pages import PageClient

ZOE = {"full_name": "Zoé Núñez", "phone": "300 555 0000"}


@pytest.fixture
def ana(app: Any, north: Any) -> Any:
    return signed_in(app, "ana")


def signed_in(app: Any, name: str) -> PageClient:
    """Somebody's browser, at the page of patients."""
    client = PageClient(app, "north.localhost")
    form = client.get("/login?next=/patients")
    client.post_form(form, {"email": f"{name}@north.example", "password": password(name)}, form="login")
    return client


def shown(page: Any) -> list[str]:
    """The names in the table of results."""
    return [link.text for link in page.all("#results tbody a")]


# -- search -------------------------------------------------------------------------------------------------------


def test_searches_by_a_form(ana: Any, north: Any) -> None:
    start = ana.get("/patients")
    assert shown(start) == []
    found = ana.post_form(start, {"q": "gomez carla"}, form="/patients")
    assert shown(found) == ["Carla Ruiz Gómez"]
    assert found.url == "/patients", "what was typed is no part of the address"
    assert found.find("#q").get("value") == "gomez carla"
    assert ana.click(found, "Carla Ruiz Gómez").h1 == "Carla Ruiz Gómez"


def test_searches_while_one_types(ana: Any, north: Any) -> None:
    start = ana.get("/patients")
    form = start.form("/patients")
    assert (form.get("hx-post"), form.get("hx-target")) == ("/patients/results", "#results")
    fragment = send(ana, start, "/patients/results", q="4567")
    assert "<html" not in fragment.text
    assert "Carla Ruiz Gómez" in fragment.text
    assert "Dora" not in fragment.text


def test_answers_the_options_of_a_box(ana: Any, north: Any) -> None:
    options = send(ana, ana.get("/patients"), "/patients/found", q="ruiz")
    assert options.text.count('role="option"') == 3
    assert f'data-value="{north.carla}"' in options.text
    assert 'aria-disabled="true"' in send(ana, ana.get("/patients"), "/patients/found", q="nobody").text


def send(browser: Any, page: Any, url: str, **fields: str) -> Any:
    token = page.find('input[name="csrf_token"]').get("value")
    return browser.client.post(
        url,
        data={"csrf_token": token, **fields},
        base_url="http://north.localhost",
        headers={"HX-Request": "true"},
    )


def test_says_when_nobody_is_found(ana: Any) -> None:
    page = ana.post_form(ana.get("/patients"), {"q": "xqzw"}, form="/patients")
    assert "Nobody found" in page
    assert page.find('#results a[href="/patients/new"]')


@pytest.mark.parametrize("typed", ["", "   ", "'; --", "<script>", "x" * 5000, "\x07", "😀"])
def test_whatever_is_typed_is_answered(ana: Any, typed: str) -> None:
    page = ana.post_form(ana.get("/patients"), {"q": typed}, form="/patients")
    assert shown(page) == []
    assert "<script>" not in page.find("#results").text


def test_without_a_token_nothing_is_searched(ana: Any) -> None:
    answer = ana.client.post("/patients/results", data={"q": "carla"}, base_url="http://north.localhost")
    assert answer.status_code >= 400
    assert "Carla" not in answer.text


# -- a record -----------------------------------------------------------------------------------------------------


def test_shows_a_record_and_keeps_the_look(ana: Any, in_north: Any) -> None:
    changes = {
        "allergies": ["nuts"],
        "notes": "one\ntwo",
        "guardians": [{"patient_id": in_north.dora, "relation": "aunt"}],
    }
    actions.update(in_north.carla, changes=changes, by=SYSTEM)
    page = ana.get(f"/patients/{in_north.carla}")
    assert page.h1 == "Carla Ruiz Gómez"
    for words in ("nuts", "one", "two", "Dora Ruiz Gómez", "aunt", "300 1234567"):
        assert words in page, words
    looks = db.rows(
        "SELECT * FROM audit_event WHERE tenant_id = %(tenant)s AND patient_id = %(id)s AND act = 'patient.read'",
        id=in_north.carla,
    )
    assert [look.actor_id for look in looks] == [in_north.ana_user]


def test_nobody_there(ana: Any, south: Any) -> None:
    for id in (south.pierre, "01a1f7f4-4701-74a6-8d9a-94567ef66fe1"):
        ana.get(f"/patients/{id}", status=404)


def test_asks_why_before_it_shows_a_confidential_record(ana: Any, in_north: Any) -> None:
    confidential = {"roles": ["owner"], "user_ids": []}
    actions.update(in_north.carla, changes={"confidential": confidential, "notes": "secret"}, by=SYSTEM)
    asked = ana.get(f"/patients/{in_north.carla}", status=403)
    assert "Carla" not in asked
    assert "secret" not in asked
    again = ana.post_form(asked, {"access_reason": " "}, status=403)
    assert again.errors
    opened = ana.post_form(again, {"access_reason": "emergency"})
    assert "secret" in opened
    edit = ana.post_form(opened, form=f"/patients/{in_north.carla}/edit")
    changed = ana.post_form(edit, {"city": "Cali"}, status=403)
    assert "Why do you open it?" in changed, "the record is asked for again, and it says why once more"
    assert queries.patient(in_north.carla, by=SYSTEM).city == "Cali"


# -- new ----------------------------------------------------------------------------------------------------------


def test_makes_a_patient(ana: Any, in_north: Any) -> None:
    everything = {
        **ZOE, "birth_date": "23/11/1980", "email": "zoe@example.org", "document_type": "CC", "gender": "female",
        "document_number": "1.020", "phone_alt": "+33612345678", "address": "Calle 1", "city": "Cali",
        "insurer": "Sura", "insurer_number": "S1", "blood_group": "O+", "allergies": "nuts\npenicillin, dust",
        "contact_name": "Luis", "contact_phone": "3001112233", "preferred_language": "fr", "tags": "vip, new",
        "notes": "one\r\ntwo",
    }  # fmt: skip
    page = ana.post_form(ana.get("/patients/new"), everything, form="/patients/new")
    assert page.h1 == "Zoé Núñez"
    assert "The patient is registered" in page
    (row,) = queries.find("zoe nunez", limit=5, by=SYSTEM)[0]
    assert (row.phone, row.phone_alt, str(row.birth_date)) == ("+573005550000", "+33612345678", "1980-11-23")
    assert (row.document_type, row.document_key, row.gender, row.blood_group) == (
        "CC",
        "1020",
        "female",
        "O+",
    )
    assert (row.allergies, row.tags) == (["nuts", "penicillin", "dust"], ["vip", "new"])
    assert row.emergency_contact == {"name": "Luis", "phone": "+573001112233"}
    assert (row.notes, row.preferred_language, row.insurer) == ("one\ntwo", "fr", "Sura")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"full_name": ""}, "full_name"),
        ({"phone": ""}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": "zoe@"}, "email"),
        ({"birth_date": "31/02/1980"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"document_number": "12"}, "document_type"),
        ({"document_type": "CC"}, "document_number"),
        ({"document_type": "XX", "document_number": "1"}, "document_type"),
        ({"full_name": "Zo\x07é"}, "full_name"),
        ({"full_name": "x" * 300}, "full_name"),
        ({"notes": "x" * 30_000}, "notes"),
        ({"contact_phone": "12"}, "contact_phone"),
    ],
)
def test_says_what_is_wrong_at_the_field_and_keeps_what_was_typed(
    ana: Any, fields: dict[str, str], field: str
) -> None:
    typed = {**ZOE, "city": "Cali", **fields}
    page = ana.post_form(ana.get("/patients/new"), typed, form="/patients/new", status=422)
    assert page.find(f"#{field}-error"), page
    assert page.find(f'.error-summary a[href="#{field}"]')
    assert page.title.startswith("Error:")
    for name, value in typed.items():
        node = page.find(f"#{name}")
        kept = node.text if node.tag == "textarea" else node.get("value")
        if node.tag == "select":
            kept = node.find("option[selected]").get("value")
        assert kept.strip() == value.strip() or "\x07" in value, name


def test_a_megabyte_is_refused(ana: Any, north: Any) -> None:
    page = ana.post_form(
        ana.get("/patients/new"), {**ZOE, "notes": "x" * 1024 * 1024}, form="/patients/new", status=413
    )
    assert page.h1
    assert "Zoé" not in page


@pytest.mark.parametrize(
    "name", ["😀😀", "O’Neil-Smith", "María Pérez y González", "<b>Zoé</b>", "Zoé %(name)"]
)
def test_names_are_kept_as_typed(ana: Any, name: str) -> None:
    page = ana.post_form(ana.get("/patients/new"), {**ZOE, "full_name": name}, form="/patients/new")
    assert page.h1 == name


def test_pressed_twice_is_once(ana: Any, in_north: Any) -> None:
    form = ana.get("/patients/new")
    typed = {"full_name": "Zoé Núñez", "email": "zoe@example.org"}
    first = ana.post_form(form, typed, form="/patients/new")
    again = ana.post_form(form, typed, form="/patients/new")
    assert first.url == again.url
    assert len(queries.find("zoe nunez", limit=5, by=SYSTEM)[0]) == 1


def test_who_is_known_is_shown(ana: Any, north: Any) -> None:
    page = ana.post_form(
        ana.get("/patients/new"),
        {"full_name": "carla ruiz gomez", "phone": "300 123 4567"},
        form="/patients/new",
    )
    assert page.url == f"/patients/{north.carla}"
    assert "was registered already" in page


def test_a_known_document_leads_to_its_record(ana: Any, in_north: Any) -> None:
    actions.update(in_north.carla, changes={"document_type": "CC", "document_number": "12"}, by=SYSTEM)
    typed = {**ZOE, "document_type": "CC", "document_number": "1.2"}
    page = ana.post_form(ana.get("/patients/new"), typed, form="/patients/new", status=409)
    assert page.find(f'a[href="/patients/{in_north.carla}"]')
    assert page.find("#full_name").get("value") == ZOE["full_name"]


def test_points_at_who_may_be_the_same(ana: Any, north: Any) -> None:
    typed = {"full_name": "Carla Ruis Gomez", "phone": "300 123 4567"}
    page = ana.post_form(ana.get("/patients/new"), typed, form="/patients/new")
    assert "may be the same person" in page
    assert page.find(f'main a[href="/patients/{north.carla}"]')


# -- change -------------------------------------------------------------------------------------------------------


def test_changes_what_was_changed(ana: Any, in_north: Any) -> None:
    edit = ana.get(f"/patients/{in_north.carla}/edit")
    page = ana.post_form(edit, {"city": "Cali", "phone": "+57 300 123 4567"})
    assert (page.h1, "Cali" in page) == ("Carla Ruiz Gómez", True)
    entry = db.row(
        "SELECT details FROM audit_event"
        " WHERE tenant_id = %(tenant)s AND patient_id = %(id)s AND act = 'patient.change'",
        id=in_north.carla,
    )
    assert entry.details == {"fields": ["city"]}


def test_a_form_that_changes_nothing_changes_nothing(ana: Any, in_north: Any) -> None:
    before = {
        "allergies": ["nuts"],
        "tags": ["a, b", "c"],
        "notes": "one\ntwo",
        "emergency_contact": {"name": "Luis"},
        "age": 40,
        "preferred_language": "pt-BR",
    }
    actions.update(in_north.carla, changes=before, by=SYSTEM)
    version = queries.patient(in_north.carla, by=SYSTEM).version
    ana.post_form(ana.get(f"/patients/{in_north.carla}/edit"))
    row = queries.patient(in_north.carla, by=SYSTEM)
    assert (row.version, row.birth_date_is_estimated) == (version, True)


def test_somebody_else_changed_it_meanwhile(ana: Any, in_north: Any) -> None:
    edit = ana.get(f"/patients/{in_north.carla}/edit")
    actions.update(in_north.carla, changes={"address": "Calle 2"}, by=SYSTEM)
    again = ana.post_form(edit, {"city": "Cali"}, status=412)
    assert again.find("#city").get("value") == "Cali"
    assert queries.patient(in_north.carla, by=SYSTEM).city is None
    ana.post_form(again, {"address": "Calle 2"})
    row = queries.patient(in_north.carla, by=SYSTEM)
    assert (row.city, row.address) == ("Cali", "Calle 2")


def test_a_change_that_cannot_be_says_so_at_the_field(ana: Any, in_north: Any) -> None:
    page = ana.post_form(
        ana.get(f"/patients/{in_north.carla}/edit"), {"phone": "12", "city": "Cali"}, status=422
    )
    assert page.find("#phone-error")
    assert page.find("#city").get("value") == "Cali"
    page = ana.post_form(page, {"phone": "", "city": "Cali"}, status=422)
    assert page.find("#phone-error")


def test_removes_with_a_way_back(ana: Any, in_north: Any) -> None:
    page = ana.post_form(ana.get(f"/patients/{in_north.carla}"), form=f"/patients/{in_north.carla}/remove")
    assert not queries.patient(in_north.carla, by=SYSTEM).is_active
    ana.post_form(page, form="Restore")
    assert queries.patient(in_north.carla, by=SYSTEM).is_active


# -- who ----------------------------------------------------------------------------------------------------------


def test_visitors_sign_in_first(app: Any, north: Any) -> None:
    visitor = PageClient(app, "north.localhost")
    for url in ("/patients", f"/patients/{north.carla}", "/patients/new", f"/patients/{north.carla}/edit"):
        assert visitor.get(url).url.startswith("/login?next=")


def test_doctors_see_their_patients_and_change_nothing(app: Any, in_north: Any) -> None:
    from tests.patients.test_search import visit

    visit(in_north.carla, in_north.bose)
    db.session.commit()
    bose = signed_in(app, "bose")
    assert shown(bose.post_form(bose.get("/patients"), {"q": "ruiz"}, form="/patients")) == [
        "Carla Ruiz Gómez"
    ]
    assert "Change" not in [link.text for link in bose.get(f"/patients/{in_north.carla}").all("main a")]
    bose.get(f"/patients/{in_north.dora}", status=404)
    bose.get(f"/patients/{in_north.carla}/edit", status=403)
