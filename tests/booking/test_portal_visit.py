"""The page of a visit that its link opens: to read, to move, to call off."""

from __future__ import annotations

import psycopg
import pytest

from clinic.booking import forms_portal
from clinic.core import entering, links
from tests.booking.portal_steps import booked, link, times
from tests.booking.times import at, iso


def starts(shown):
    return [node.text for node in shown.all(".slot-time")]


def at_stake(superuser, columns="status, starts_at, version"):
    with psycopg.connect(superuser) as connection:
        return connection.execute(f"SELECT {columns} FROM appointment").fetchone()


def shift(superuser, by):
    """Move everything that is booked by an interval, as time itself would."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            "UPDATE appointment SET starts_at = starts_at + %s::interval, ends_at = ends_at + %s::interval,"
            " date = (starts_at + %s::interval)::date",
            [by, by, by],
        )


def move(browser, shown, clock):
    """Choose another time on the page of a visit, up to the question whether one means it."""
    return browser.post_form(browser.get(f"{link(shown)}/move"), button=clock)


def test_it_says_what_where_when_and_until_when_it_may_change(page, north):
    shown = booked(page(), north)
    assert "Friday" in shown or "day" in shown.find(".receipt-when").text
    for words in (
        "Visit",
        "Jagadish Bose",
        "North Clinic",
        "09:30–10:00",
        "move or cancel the visit here until",
    ):
        assert words in shown
    assert "07:30" in shown


def test_it_opens_for_anybody_who_has_the_link_and_names_nobody(page, north):
    address = link(booked(page(), north))
    shown = page().get(address)
    assert shown.h1 == "Your visit"
    assert "Bea" not in shown.html
    assert "765" not in shown.text


def test_every_look_is_on_record(page, north, superuser):
    page().get(link(booked(page(), north)))
    with psycopg.connect(superuser) as connection:
        looks = connection.execute(
            "SELECT count(*) FROM audit_event WHERE act = 'appointment.read' AND patient_id IS NOT NULL"
        ).fetchone()
    assert looks == (2,)


def test_a_forged_or_foreign_link_opens_nothing(page, app, north):
    address = link(booked(page(), north))
    page().get(address[:-3] + "abc", status=404)
    page().get("/v/rubbish", status=404)
    page(slug="south").get(address, status=404)
    with entering.acting_in("north"), app.test_request_context():
        other_purpose = links.sign("reset", north.carla)
        nobodys = links.sign(forms_portal.LINK, north.carla)
    page().get(f"/v/{other_purpose}", status=404)
    page().get(f"/v/{nobodys}", status=404)


def test_a_month_after_the_visit_it_has_run_out(page, north, superuser):
    address = link(booked(page(), north))
    shift(superuser, "-60 days")
    page().get(address, status=410)


def test_calling_it_off_frees_the_time(page, north, superuser):
    browser = page()
    shown = booked(browser, north)
    asked = browser.click(shown, "Cancel the visit")
    assert asked.h1 == "Cancel this visit?"
    done = browser.post_form(asked, form="cancel")
    assert "The visit is cancelled." in done
    assert at_stake(superuser)[0] == "cancelled"
    assert "09:30" in starts(times(page(), north))


def test_twice_is_harmless(page, north, superuser):
    browser = page()
    asked = browser.get(f"{link(booked(browser, north))}/cancel")
    browser.post_form(asked, form="cancel")
    before = at_stake(superuser)
    again = browser.post_form(asked, form="cancel")
    assert again.h1 == "This visit is cancelled"
    assert at_stake(superuser) == before
    assert browser.get(f"{link(again)}/cancel").h1 == "This visit is cancelled"


def test_moving_it_takes_the_new_time_and_frees_the_old(page, north, superuser):
    browser = page()
    shown = booked(browser, north)
    assert "09:30" not in starts(browser.get(f"{link(shown)}/move"))
    asked = move(browser, shown, "11:00")
    assert "09:30" in asked.find(".is-old").text
    assert "11:00" in asked
    done = browser.post_form(asked, form="/move")
    assert "The visit is moved." in done
    assert "11:00–11:30" in done
    assert at_stake(superuser)[1] == at("11:00")
    assert "09:30" in starts(times(page(), north))


def test_a_double_click_moves_it_once(page, north, superuser):
    browser = page()
    asked = move(browser, booked(browser, north), "11:00")
    browser.post_form(asked, form="/move")
    before = at_stake(superuser)
    assert "11:00–11:30" in browser.post_form(asked, form="/move")
    assert at_stake(superuser) == before


def test_a_time_that_is_lost_meanwhile_offers_the_nearest(page, api, north, superuser):
    browser = page()
    asked = move(browser, booked(browser, north), "11:00")
    api.post(
        "/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("11:00")}
    )
    lost = browser.post_form(asked, form="/move", status=409)
    assert [node.text[-5:] for node in lost.all(".choice-name")] == ["10:00", "10:30", "11:30"]
    other = browser.post_form(lost, button=lost.all("button.choice")[0].get("value"))
    assert "10:00–10:30" in browser.post_form(other, form="/move")


def test_days_to_move_to_are_a_part_of_the_page(page, north):
    browser = page()
    offered = browser.get(f"{link(booked(browser, north))}/move")
    other = next(node for node in offered.all("a.day") if "aria-current" not in node.attrs)
    part = browser.fragment(other.get("hx-get"))
    assert part.find("section").get("id") == "slots"
    assert starts(part)


def test_too_late_it_says_whom_to_call(page, api, north, superuser):
    api.patch("/settings", {"phone": "+576013456789"})
    browser = page()
    shown = booked(browser, north)
    asked_off, asked_on = browser.get(f"{link(shown)}/cancel"), move(browser, shown, "11:00")
    api.patch(f"/services/{north.visit}", {"cancel_notice_minutes": 60 * 24 * 30})
    late = browser.get(link(shown))
    assert "Please call us now" in late
    assert not late.all('a[href$="/cancel"]')
    assert "too late" in browser.post_form(asked_off, form="cancel", status=422)
    assert "too late" in browser.post_form(asked_on, form="/move", status=422)
    assert at_stake(superuser)[:2] == ("booked", at("09:30"))


def test_what_is_over_is_not_changed_any_more(page, north, superuser):
    browser = page()
    address = link(booked(browser, north))
    shift(superuser, "-10 days")
    assert "Book another visit" in browser.get(address)
    assert browser.get(f"{address}/move").url == address
    assert browser.get(f"{address}/cancel").url == address


def test_a_number_is_called_off_and_not_moved(page, north, superuser):
    browser = page()
    who = browser.post_form(times(browser, north, doctor="tok"), button="Take a number for this day")
    who = browser.post_form(who, {"name": "Bea", "phone": "3007654321"}, form="/book/check")
    shown = browser.post_form(who, form="/book/confirm")
    assert "take a number for another day" in shown
    assert browser.get(f"{link(shown)}/move").url == link(shown)
    browser.post_form(browser.get(f"{link(shown)}/cancel"), form="cancel")
    assert at_stake(superuser)[0] == "cancelled"


@pytest.mark.parametrize("step", ["cancel", "move"])
def test_a_page_that_was_open_too_long_changes_nothing_and_is_shown_again(page, north, superuser, step):
    browser = page()
    shown = booked(browser, north)
    asked = browser.get(f"{link(shown)}/cancel") if step == "cancel" else move(browser, shown, "11:00")
    browser.client.delete_cookie("clinic_state", domain="north.localhost")
    before = at_stake(superuser)
    again = browser.post_form(asked, form=step, status=422)
    assert "open for too long" in again
    assert at_stake(superuser) == before
    browser.post_form(again, form=step)
    assert at_stake(superuser) != before


def test_a_link_still_opens_when_the_portal_is_closed(page, api, north):
    address = link(booked(page(), north))
    api.patch("/settings", {"portal_open": False})
    shown = page().get(address)
    assert "Cancel the visit" in shown
    api.patch("/settings", {"portal_open": True})
