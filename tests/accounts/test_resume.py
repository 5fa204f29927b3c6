"""A session that ends in the middle of a form: what was typed survives signing in."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core import db
from clinic.core.entering import acting_in
from tests.cast import password
from tests.pages import fields

TYPED = {"patient": 'Zoë "Ñáñez" <b>García</b> 🩺', "tag": "a&b"}


def end_all_sessions() -> None:
    with acting_in("north"):
        db.rows("UPDATE user_session SET expires_at = now() WHERE tenant_id = %(tenant)s")
        db.session.commit()


def interrupted(client: Any, **more: Any) -> Any:
    """The form is filled in, the session ends, the form is sent."""
    page = client.get("/small-desk")
    end_all_sessions()
    return client.post_form(page, TYPED, status=401, **more)


def signing_in(client: Any, page: Any, name: str = "ana") -> Any:
    return client.post_form(page, {"email": f"{name}@north.example", "password": password(name)})


def test_what_was_typed_is_sent_after_signing_in(desk: Any, small_desk: Any) -> None:
    client = desk("ana")
    page = interrupted(client)
    assert page.h1 == "Sign in"
    assert "nothing that you typed is lost" in page
    again = signing_in(client, page)
    assert small_desk.extensions["booked"] == [], "not before the person sees it"
    done = client.post_form(again, form="/small-desk?day=2026-11-23")
    assert done.find("[name=patient]").get("value") == TYPED["patient"]
    ((who, query, sent),) = small_desk.extensions["booked"]
    assert (who, query) == ("Ana", {"day": "2026-11-23"})
    assert {name: sent[name] for name in TYPED} == {name: [value] for name, value in TYPED.items()}


def test_it_survives_a_wrong_password_too(desk: Any, small_desk: Any) -> None:
    client = desk("ana")
    page = interrupted(client)
    page = client.post_form(page, {"email": "ana@north.example", "password": "wrong-password"}, status=401)
    client.post_form(signing_in(client, page))
    assert len(small_desk.extensions["booked"]) == 1


def test_none_of_it_stands_in_an_address(desk: Any) -> None:
    client = desk("ana")
    page = interrupted(client)
    again = signing_in(client, page)
    for each in (page, again):
        assert "Garc" not in each.url
        assert all("Garc" not in form.get("action") for form in each.all("form"))


def test_the_same_person_need_not_press_again(desk: Any) -> None:
    client = desk("ana")
    again = signing_in(client, interrupted(client))
    assert again.find("form[data-resume]")


def test_another_person_sees_whose_turn_it_is(desk: Any) -> None:
    client = desk("ana")
    again = signing_in(client, interrupted(client), "mia")
    assert not again.find("form[data-resume]")
    assert "signed in as Mia" in again


def test_a_form_of_another_site_is_not_carried_along(desk: Any, small_desk: Any) -> None:
    client = desk()
    client.get("/login")
    answer = client.client.post(
        "/small-desk", base_url="http://north.localhost", data=TYPED | {"csrf_token": "made-up"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/")
    assert "Garc" not in answer.text


def test_a_password_is_not_carried_along(desk: Any) -> None:
    client = desk("ana")
    sent = dict(fields(client.get("/small-desk").form())) | {
        "new_password": "very secret",
        "patient": "Carla",
    }
    end_all_sessions()
    page = client.client.post("/small-desk", base_url="http://north.localhost", data=sent).text
    assert "Carla" in page
    assert "very secret" not in page


def test_an_endless_form_is_let_go(desk: Any) -> None:
    client = desk("ana")
    sent = dict(fields(client.get("/small-desk").form())) | {"patient": "x" * 200_000}
    end_all_sessions()
    answer = client.client.post("/small-desk", base_url="http://north.localhost", data=sent)
    assert answer.status_code == 303


@pytest.mark.parametrize("kept", ["", "null", "[", "[1]", '{"a": 1}', "[[1,2,3]]", '"text"'])
def test_what_was_never_kept_by_us_is_ignored(desk: Any, kept: str) -> None:
    client = desk()
    page = client.get("/login?next=/small-desk")
    values = dict(fields(page.form())) | {"email": "ana@north.example", "password": password("ana")}
    values |= {"kept": kept, "kept_path": "/small-desk"}
    answer = client.client.post("/login", base_url="http://north.localhost", data=values)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/small-desk")


def test_it_is_sent_nowhere_else(desk: Any) -> None:
    client = desk()
    values = dict(fields(client.get("/login").form())) | {
        "email": "ana@north.example",
        "password": password("ana"),
    }
    values |= {"kept": '[["a","b"]]', "kept_path": "//evil.example/"}
    answer = client.client.post("/login", base_url="http://north.localhost", data=values)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk")


def test_a_page_leads_back_to_itself(desk: Any) -> None:
    answer = desk().client.get("/small-desk?day=2026-11-23&q=mar%C3%ADa", base_url="http://north.localhost")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?next=/small-desk%3Fday%3D2026-11-23%26q%3Dmar%25C3%25ADa"


def test_a_fragment_sends_the_whole_page_to_sign_in(desk: Any) -> None:
    answer = desk().client.get(
        "/small-desk/part",
        base_url="http://north.localhost",
        headers={"HX-Request": "true", "HX-Current-URL": "http://north.localhost/small-desk?day=2026-11-23"},
    )
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"] == "/login?next=/small-desk%3Fday%3D2026-11-23"
