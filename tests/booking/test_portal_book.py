"""A visitor books through the portal: without an account, once, and without learning of anybody."""

from __future__ import annotations

import psycopg
import pytest

from tests.booking.portal_steps import BEA, booked, checked, held, link, times
from tests.booking.times import at, iso, working_day
from tests.pages import fields


def visits(superuser, columns="status, starts_at"):
    with psycopg.connect(superuser) as connection:
        return connection.execute(f"SELECT {columns} FROM appointment ORDER BY created_at").fetchall()


def people(superuser):
    with psycopg.connect(superuser) as connection:
        return connection.execute("SELECT count(*) FROM patient").fetchall()


def take(api, north, patient="carla", clock="09:30"):
    body = {"patient_id": str(getattr(north, patient)), "doctor_id": str(north.bose), "start": iso(clock)}
    assert api.post("/appointments", body).status_code == 201


def test_a_visitor_books_without_an_account(page, api, north):
    browser = page()
    assert browser.get("/").h1 == "What do you need?"
    looked_over = checked(browser, north)
    assert BEA["name"] in looked_over
    assert BEA["phone"] in looked_over
    shown = browser.post_form(looked_over, form="/book/confirm")
    assert shown.h1 == "Your visit is booked"
    assert "Jagadish Bose" in shown
    assert "09:30–10:00, Bogot" in shown
    (visit,) = api.get("/appointments", date=working_day().isoformat()).json["items"]
    assert (visit["status"], visit["source"], visit["start"]) == ("booked", "portal", iso("09:30"))
    patient = api.get(f"/patients/{visit['patient_id']}").json
    assert (patient["full_name"], patient["phone"]) == (BEA["name"], "+573007654321")
    assert patient["preferred_language"] == "en"


def test_a_visitor_takes_a_number(page, api, north):
    browser = page()
    who = browser.post_form(times(browser, north, doctor="tok"), button="Take a number for this day")
    shown = browser.post_form(browser.post_form(who, BEA, form="/book/check"), form="/book/confirm")
    assert shown.h1 == "Your visit is booked"
    assert shown.find(".ticket").text == "1"
    (visit,) = api.get("/appointments", date=working_day().isoformat()).json["items"]
    assert (visit["token"], visit["start"]) == (1, None)


def test_a_double_click_books_once(page, north, superuser, at_once):
    browser = page()
    looked_over = checked(browser, north)
    answers = at_once(4, lambda _n: browser.post_form(looked_over, form="/book/confirm").url)
    assert len(visits(superuser)) == 1
    assert len({str(answer) for answer in answers}) == 1


def test_without_the_key_a_double_click_meets_its_own_visit(page, north, superuser):
    browser = page()
    looked_over = checked(browser, north)
    browser.post_form(looked_over, {"idempotency_key": None}, form="/book/confirm")
    browser.post_form(looked_over, {"idempotency_key": None}, form="/book/confirm", status=409)
    assert len(visits(superuser)) == 1


def test_the_same_form_with_other_answers_asks_again(page, north, superuser):
    browser = page()
    looked_over = checked(browser, north)
    browser.post_form(looked_over, form="/book/confirm")
    other = browser.post_form(looked_over, {"name": "Somebody Else"}, form="/book/confirm", status=422)
    assert "sent once already" in other
    assert len(visits(superuser)) == 1


def test_a_lost_race_offers_the_nearest_times_and_keeps_what_was_typed(page, api, north, superuser):
    browser = page()
    looked_over = checked(browser, north)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM hold")
    take(api, north)
    lost = browser.post_form(looked_over, form="/book/confirm", status=409)
    assert "What you typed is kept" in lost
    assert [node.text[-5:] for node in lost.all(".choice-name")] == ["09:00", "10:00", "10:30"]
    again = browser.post_form(lost, button=lost.all("button.choice")[0].get("value"))
    assert BEA["name"] in again
    assert browser.post_form(again, form="/book/confirm").h1 == "Your visit is booked"
    assert [row[1] for row in visits(superuser)] == [at("09:30"), at("09:00")]


def test_of_many_at_once_one_gets_the_time(page, north, superuser, at_once):
    ready = []
    for number in range(6):
        browser = page()
        who = {"name": f"Person {number}", "phone": f"30011122{number:02d}"}
        ready.append((browser, checked(browser, north, who=who)))
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("DELETE FROM hold")

    def press(number):
        browser, looked_over = ready[number]
        return browser._open(
            "/book/confirm",
            "POST",
            data=dict(fields(looked_over.form("/book/confirm"))),
            follow_redirects=False,
        ).status_code

    assert sorted(at_once(6, press)) == [303, 409, 409, 409, 409, 409]
    assert len(visits(superuser)) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Write the name of the person who comes."),
        ({"name": "   "}, "Write the name of the person who comes."),
        ({"phone": ""}, "Give a phone number or an e-mail address, so that we can reach you."),
        ({"phone": "12"}, "This is not a phone number that can be called."),
        ({"email": "bea at home"}, "Write an e-mail address such as name@example.org."),
        ({"birth_date": "31/31/1980"}, "Write a date that exists as YYYY-MM-DD."),
        ({"birth_date": "2990-01-01"}, "This day is yet to come."),
        ({"name": "B" * 101}, "Use at most 100 characters."),
        ({"name": "Bea\x07"}, "This contains a character that cannot be used."),
    ],
)
def test_bad_input_is_told_at_its_field_and_kept(page, north, superuser, typed, said):
    browser = page()
    who = {**BEA, **typed}
    shown = browser.post_form(held(browser, north), who, form="/book/check", status=422)
    assert said in shown.errors
    assert shown.title.startswith("Error: ")
    (name,) = typed
    field = shown.find(f'[name="{name}"]')
    assert field.get("aria-invalid") == "true"
    assert field.get("value") == typed[name]
    assert all(shown.find(f'[name="{other}"]').get("value") == who[other] for other in BEA if other != name)
    assert visits(superuser) == []


def test_bad_input_at_the_last_step_is_told_too(page, north, superuser):
    browser = page()
    shown = browser.post_form(checked(browser, north), {"phone": "12"}, form="/book/confirm", status=422)
    assert shown.h1 == "Who is coming?"
    assert visits(superuser) == []


@pytest.mark.parametrize("name", ["José Ñandú Ibáñez", "李小龙", "🙂", "O'Neil-d'Arc <b>", "Q"])
def test_names_are_kept_as_they_are_typed(page, north, api, name):
    shown = booked(page(), north, who={**BEA, "name": name})
    assert shown.h1 == "Your visit is booked"
    (visit,) = api.get("/appointments", date=working_day().isoformat()).json["items"]
    assert api.get(f"/patients/{visit['patient_id']}").json["full_name"] == name


def test_an_email_address_is_enough(page, north):
    assert (
        booked(page(), north, who={"name": "Bea", "email": "bea@north.example"}).h1 == "Your visit is booked"
    )


def test_a_known_patient_is_booked_and_shows_nothing_of_the_record(page, api, north, superuser):
    before = people(superuser)
    api.patch(f"/patients/{north.carla}", {"email": "carla.secret@north.example", "notes": "secret"})
    typed = {"name": "carla ruiz GOMEZ", "phone": "300 123 4567"}
    shown = booked(page(), north, who=typed)
    assert people(superuser) == before
    (visit,) = api.get("/appointments", date=working_day().isoformat()).json["items"]
    assert visit["patient_id"] == str(north.carla)
    assert "Ruiz Gómez" not in shown.html
    assert "secret" not in shown.html


def answers(browser, north, clock, who):
    """Everything a visitor sees on the way: status and text of each page, less what names the person and the moment."""
    shown = [held(browser, north, clock)]
    shown.append(browser.post_form(shown[0], who, form="/book/check"))
    shown.append(browser.post_form(shown[1], form="/book/confirm"))
    return [(each.status, each.text.replace(who["name"], "").replace(who["phone"], "")) for each in shown]


def test_a_visitor_cannot_tell_a_known_patient_from_a_new_one(page, api, north):
    """Not even when the patient has a visit at that time, or as many as the clinic allows."""
    other = api.post("/doctors", {"full_name": "Dr Other", "slot_minutes": 30}).json
    hours = {"weekday": working_day().weekday(), "start_time": "09:00", "end_time": "12:00"}
    api.post(f"/doctors/{other['id']}/availability", hours)
    busy = {"patient_id": str(north.carla), "doctor_id": other["id"], "start": iso("09:30")}
    assert api.post("/appointments", busy).status_code == 201
    api.patch("/settings", {"max_open_bookings_per_patient": 1})
    known = answers(page(), north, "09:30", {"name": "Carla Ruiz Gómez", "phone": "300 123 4567"})
    for visit in api.get("/appointments", doctor_id=str(north.bose)).json["items"]:
        api.post(f"/appointments/{visit['id']}/cancel")
    new = answers(page(), north, "09:30", {"name": "Nadie Nueva", "phone": "300 765 4329"})
    assert known == new


def test_a_page_that_was_open_too_long_loses_nothing(page, north, superuser):
    """The browser was closed meanwhile: token, visitor and hold are of a session that is gone."""
    browser = page()
    asked = held(browser, north)
    browser.client.delete_cookie("clinic_state", domain="north.localhost")
    shown = browser.post_form(asked, BEA, form="/book/check", status=422)
    assert "open for too long" in shown
    assert shown.find('[name="name"]').get("value") == BEA["name"]
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM hold")
    looked_over = browser.post_form(shown, form="/book/check")
    browser.client.delete_cookie("clinic_state", domain="north.localhost")
    again = browser.post_form(looked_over, form="/book/confirm", status=422)
    assert visits(superuser) == []
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM hold")
    assert browser.post_form(again, form="/book/confirm").h1 == "Your visit is booked"


def test_a_visit_that_is_asked_for_says_so(page, api, north):
    api.patch(f"/services/{north.visit}", {"requires_approval": True})
    browser = page()
    looked_over = checked(browser, north)
    assert "This is a request" in looked_over
    shown = browser.post_form(looked_over, form="/book/confirm")
    assert shown.h1 == "Your request is with us"
    assert "Requested" in shown


def test_a_time_that_is_blocked_meanwhile_is_refused_with_others(page, api, north):
    browser = page()
    looked_over = checked(browser, north)
    block = {"start": iso("09:00"), "end": iso("10:00")}
    assert api.post(f"/doctors/{north.bose}/blocked-times", block).status_code == 201
    lost = browser.post_form(looked_over, form="/book/confirm", status=422)
    assert lost.h1 == "That time is no longer available"
    assert [node.text[-5:] for node in lost.all(".choice-name")] == ["10:00", "10:30", "11:00"]


def test_no_address_says_who_comes(page, north):
    browser = page()
    for shown in (held(browser, north), checked(browser, north), booked(browser, north)):
        assert "Bea" not in shown.url
        assert "765" not in shown.url
    assert len(link(shown)) > 20


def test_staff_see_the_portal_too(page, north):
    assert "signed in as staff" in page("ana").get("/book")
    assert booked(page("ana"), north).h1 == "Your visit is booked"
