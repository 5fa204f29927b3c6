"""A time that is chosen in the portal is kept for whoever chose it, and for nobody longer than need be."""

from __future__ import annotations

import psycopg
import pytest

from tests.booking.portal_steps import BEA, booked, checked, held, times
from tests.booking.times import at, iso


def starts(shown):
    return [node.text for node in shown.all(".slot-time")]


def holds(superuser):
    with psycopg.connect(superuser) as connection:
        return connection.execute(
            "SELECT starts_at, expires_at, holder FROM hold ORDER BY starts_at"
        ).fetchall()


def run_out(superuser):
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE hold SET expires_at = now() - interval '1 second'")


def test_others_do_not_see_it_and_oneself_still_does(page, north):
    browser = page()
    shown = held(browser, north)
    assert "We are holding this time for you" in shown
    assert "09:30" not in starts(times(page(), north))
    assert "09:30" in starts(times(browser, north))


def test_one_who_chooses_again_lets_go_of_the_first(page, north, superuser):
    browser = page()
    held(browser, north, "09:30")
    held(browser, north, "10:00")
    assert [row[0] for row in holds(superuser)] == [at("10:00")]


def test_the_same_time_again_is_the_same_hold_for_no_longer(page, north, superuser):
    browser = page()
    held(browser, north)
    first = holds(superuser)
    held(browser, north)
    assert holds(superuser) == first


def test_a_double_click_keeps_one_time(page, north, superuser, at_once):
    browser = page()
    shown = times(browser, north)
    answers = at_once(4, lambda _n: browser.post_form(shown, button="09:30").h1)
    assert set(answers) == {"Who is coming?"}
    assert len(holds(superuser)) == 1


def test_back_lets_go(page, north, superuser):
    browser = page()
    shown = browser.post_form(held(browser, north), form="/book/check", button="Choose another time")
    assert shown.h1 == "Choose a time"
    assert holds(superuser) == []


def test_back_keeps_what_was_typed(page, north):
    browser = page()
    chosen = held(browser, north)
    shown = browser.post_form(chosen, BEA, form="/book/check", button="Choose another time")
    again = browser.post_form(shown, button="10:00")
    assert again.h1 == "Is everything right?"
    assert BEA["name"] in again
    assert "10:00" in again


def test_it_can_be_kept_longer_once_without_losing_what_was_typed(page, north, superuser):
    browser = page()
    chosen = held(browser, north)
    before = holds(superuser)[0][1]
    shown = browser.post_form(chosen, BEA, form="/book/check", button="Keep it longer")
    assert holds(superuser)[0][1] > before
    assert shown.find('[name="name"]').get("value") == BEA["name"]
    assert "Keep it longer" not in shown
    again = browser.post_form(chosen, BEA, form="/book/check", button="Keep it longer", status=409)
    assert "kept longer once already" in again


def test_the_part_that_says_how_long_is_answered_alone(page, north, superuser):
    browser = page()
    chosen = held(browser, north)
    button = next(node for node in chosen.all("button") if node.get("hx-post"))
    sent = {name: chosen.find(f'[name="{name}"]').get("value") for name in ("csrf_token", "hold")}
    answer = browser.client.post(button.get("hx-post"), data=sent, base_url="http://north.localhost")
    part = answer.get_data(as_text=True)
    assert part.lstrip().startswith('<div class="held" id="held"')
    assert "Keep it longer" not in part


def test_one_that_ran_out_costs_nothing_as_long_as_nobody_came(page, north, superuser):
    browser = page()
    chosen = held(browser, north)
    run_out(superuser)
    shown = browser.post_form(chosen, BEA, form="/book/check")
    assert shown.h1 == "Is everything right?"
    run_out(superuser)
    assert browser.post_form(shown, form="/book/confirm").h1 == "Your visit is booked"


def test_one_that_ran_out_and_was_taken_offers_the_nearest_and_keeps_what_was_typed(
    page, api, north, superuser
):
    browser = page()
    chosen = held(browser, north)
    run_out(superuser)
    api.post(
        "/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    )
    lost = browser.post_form(chosen, BEA, form="/book/check", status=409)
    assert lost.h1 == "That time is no longer available"
    assert [node.text[-5:] for node in lost.all(".choice-name")] == ["09:00", "10:00", "10:30"]
    other = lost.all("button.choice")[1].get("value")
    again = browser.post_form(lost, button=other)
    assert again.h1 == "Is everything right?"
    assert BEA["name"] in again
    assert browser.post_form(again, form="/book/confirm").h1 == "Your visit is booked"


def test_each_visitor_has_a_name_of_their_own(page, north, superuser):
    held(page(), north)
    held(page(), north, "10:00")
    assert len({row[2] for row in holds(superuser)}) == 2


def test_a_form_without_its_token_keeps_nothing(page, app, north, superuser):
    browser = page()
    shown = times(browser, north)
    stranger = page()
    form = {"choice": shown.find(".slot").get("value")}
    answer = stranger.client.post("/book/hold", data=form, base_url="http://north.localhost")
    assert b"Who is coming?" in answer.data
    assert holds(superuser) == []


@pytest.mark.parametrize("choice", ["", "rubbish", "W10", "WzEsMiwzXQ"])
def test_what_we_never_offered_is_refused(page, north, choice):
    page().get(f"/book/details?choice={choice}", status=422)


def test_the_time_is_free_again_when_somebody_goes_to_sign_in(page, north, superuser):
    browser = page()
    shown = browser.post_form(held(browser, north), form="/book/check", button="I have an account: sign in")
    assert shown.h1 == "Sign in"
    assert "/book/details" in shown.find('[name="next"]').get("value")
    assert holds(superuser) == []


def test_a_number_of_a_day_needs_no_hold(page, north, superuser):
    browser = page()
    shown = browser.post_form(times(browser, north, doctor="tok"), button="Take a number for this day")
    assert shown.h1 == "Who is coming?"
    assert "You get a number" in shown
    assert holds(superuser) == []


def test_it_is_used_up_by_booking(page, north, superuser):
    booked(page(), north)
    assert holds(superuser) == []


def test_who_looks_it_over_may_change_the_person(page, north):
    browser = page()
    shown = browser.post_form(checked(browser, north), form="/book/confirm", button="Change the person")
    assert shown.h1 == "Who is coming?"
    assert shown.find('[name="phone"]').get("value") == BEA["phone"]


@pytest.mark.parametrize("address", ["/book/hold", "/book/check", "/book/confirm", "/book/release"])
def test_the_address_of_an_answer_leads_back_into_the_journey(page, north, address):
    browser = page()
    assert browser.get(address).h1 == "What do you need?"
    choice = times(browser, north).find(".slot").get("value")
    assert browser.get(f"{address}?choice={choice}&lang=en").h1 in ("Who is coming?", "Choose a time")
