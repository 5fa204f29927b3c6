"""A patient books, moves and calls off a visit in a real browser: phone and desk, with and without scripts."""

from __future__ import annotations

import gzip
import re

import psycopg
import pytest
from playwright.sync_api import expect

from tests.booking.times import working_day
from tests.pages import PageClient

pytestmark = pytest.mark.browser

LONG = "María José Fernández-Castellanos de la Cruz y Villamizar"


def press(page, words):
    """The button or link that reads *words* and can be seen."""
    page.locator("button:visible, a:visible").filter(has_text=words).first.click()


def to_times(window, north, doctor="bose"):
    whose = "any" if doctor == "any" else getattr(north, doctor)
    window.page.goto(f"/book/times?service={north.visit}&doctor={whose}&day={working_day()}")


def to_details(window, north, clock="09:30"):
    to_times(window, north)
    window.page.locator("button.slot", has_text=clock).click()


@pytest.mark.parametrize(
    ("width", "scheme", "scripts"),
    [
        (390, "light", True), (390, "dark", True), (1440, "light", True), (1440, "dark", True),
        (390, "light", False), (1440, "light", False),
    ],
)  # fmt: skip
def test_from_the_first_page_to_a_booked_visit_and_back(window, north, width, scheme, scripts):
    somebody = window(width, scheme=scheme, scripts=scripts)
    page = somebody.page
    page.goto("/")
    somebody.look()
    page.locator("a.choice", has_text="Visit").click()
    somebody.look()
    page.locator("a.choice", has_text="Jagadish Bose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a time")
    page.locator("a.day").nth(1).click()
    expect(page.locator("a.day").nth(1)).to_have_attribute("aria-current", "date")
    somebody.look()
    page.locator("button.slot", has_text="10:00").click()
    expect(page.locator(".held")).to_contain_text("We are holding this time for you")
    somebody.look()
    press(page, "Continue")
    expect(page.locator(".error-summary")).to_be_visible()
    somebody.look()
    page.get_by_label("Full name").fill(LONG)
    page.get_by_label("Mobile phone").fill("300 765 4321")
    press(page, "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")
    expect(page.locator("main")).to_contain_text(LONG)
    somebody.look()
    press(page, "Book this visit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    somebody.look()
    press(page, "Move it to another time")
    somebody.look()
    page.locator("button.slot", has_text="11:00").click()
    somebody.look()
    press(page, "Move my visit")
    expect(page.locator("main")).to_contain_text("11:00–11:30")
    press(page, "Cancel the visit")
    somebody.look()
    press(page, "Cancel the visit")
    expect(page.get_by_role("heading", level=1)).to_have_text("This visit is cancelled")
    somebody.look()


def test_another_day_comes_without_the_page_and_stands_in_the_address(window, north):
    somebody = window()
    page = somebody.page
    to_times(somebody, north)
    page.evaluate("window.same = true")
    before = page.url
    other = page.locator("a.day:not([aria-current])").first
    spoken = other.get_attribute("aria-label")
    other.focus()
    other.press("Enter")
    expect(page.locator("#said")).to_have_text(spoken or "")
    assert page.evaluate("window.same") is True
    assert page.url != before
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "date"
    page.go_back()
    expect(page.locator("a.day[aria-current]")).not_to_have_attribute("aria-label", spoken or "")


def test_keeping_the_time_longer_keeps_what_was_typed(window, north):
    somebody = window()
    page = somebody.page
    to_details(somebody, north)
    expect(page.locator("[data-countdown]")).to_have_text(re.compile(r"^[45]:\d\d$"))
    page.get_by_label("Full name").fill("Bea")
    page.evaluate("window.same = true")
    press(page, "Keep it longer")
    expect(page.locator("[data-countdown]")).to_have_text(re.compile(r"^(9|10):\d\d$"))
    assert page.evaluate("window.same") is True
    assert page.get_by_label("Full name").input_value() == "Bea"
    assert page.evaluate("document.activeElement.closest('#held') !== null")
    somebody.look()


def test_enter_in_a_field_goes_on_and_nothing_else(window, north):
    somebody = window()
    page = somebody.page
    to_details(somebody, north)
    page.get_by_label("Full name").fill("Bea")
    page.get_by_label("Mobile phone").fill("300 765 4321")
    page.get_by_label("Mobile phone").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is everything right?")


def test_the_summary_of_errors_leads_into_the_field(window, north):
    somebody = window()
    page = somebody.page
    to_details(somebody, north)
    press(page, "Continue")
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    page.locator(".error-summary a").first.click()
    assert page.evaluate("document.activeElement.name") == "name"


def test_a_double_click_books_once(window, north, superuser):
    somebody = window()
    page = somebody.page
    to_details(somebody, north)
    page.get_by_label("Full name").fill("Bea")
    page.get_by_label("Mobile phone").fill("300 765 4321")
    press(page, "Continue")
    page.locator("button:visible", has_text="Book this visit").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    with psycopg.connect(superuser) as connection:
        assert connection.execute("SELECT count(*) FROM appointment").fetchone() == (1,)


def test_a_lost_race_offers_others_and_keeps_what_was_typed(window, api, north, superuser):
    somebody = window(scripts=False)
    page = somebody.page
    to_details(somebody, north)
    page.get_by_label("Full name").fill(LONG)
    page.get_by_label("Mobile phone").fill("300 765 4321")
    press(page, "Continue")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("DELETE FROM hold")
    start = f"{working_day()}T09:30:00"
    api.post("/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": start})
    press(page, "Book this visit")
    expect(page.get_by_role("heading", level=1)).to_have_text("That time is no longer available")
    page.locator("button.choice", has_text="10:00").click()
    expect(page.locator("main")).to_contain_text(LONG)
    press(page, "Book this visit")
    expect(page.locator("main")).to_contain_text("10:00–10:30")


def test_who_sits_in_another_zone_reads_both(window, north):
    somebody = window(timezone_id="Europe/Paris")
    to_details(somebody, north)
    expect(somebody.page.locator(".chosen")).to_contain_text("09:30, Bogot")
    expect(somebody.page.locator(".chosen")).to_contain_text(re.compile(r"\(1[56]:30 where you are\)"))


def test_it_fits_a_narrow_window_as_zoom_makes_it(window, api, north):
    long = {"full_name": f"Dra. {LONG}", "slot_minutes": 30, "specialties": ["general"]}
    api.post("/doctors", long)
    somebody = window(320)
    for address in ("/book", f"/book/doctors?service={north.visit}"):
        somebody.page.goto(address)
        somebody.must_fit()
    to_times(somebody, north)
    somebody.must_fit()
    somebody.page.locator("button.slot").first.click()
    somebody.must_fit()


def test_a_first_visit_is_light(window, north):
    """Under 60 kB as it travels, scripts under 40 kB, no fonts."""
    somebody = window()
    page = somebody.page
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.setdefault(answer.url, len(gzip.compress(answer.body()))))
    page.goto("/book", wait_until="networkidle")
    scripts = sum(size for url, size in sizes.items() if ".js" in url)
    assert sum(sizes.values()) < 60_000, sizes
    assert scripts < 40_000, sizes
    assert not [url for url in sizes if ".woff" in url]


def test_a_patient_sees_their_visits(window, app, api, north, superuser):
    from clinic.accounts import actions as accounts
    from clinic.core import entering
    from clinic.core.access import SYSTEM

    with entering.acting_in("north"):
        user = accounts.create_user(
            email="carla@north.example", name="Carla", role="patient", password="carla-password", by=SYSTEM
        )
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("UPDATE patient SET user_id = %s WHERE id = %s", [user.id, north.carla])
    start = f"{working_day()}T09:30:00"
    api.post("/appointments", {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": start})
    somebody = window()
    page = somebody.page
    page.goto("/my/visits")
    page.get_by_label("E-mail address").fill("carla@north.example")
    page.get_by_label("Password").fill("carla-password")
    press(page, "Sign in")
    expect(page.locator("main")).to_contain_text("09:30")
    somebody.look()
    page.locator("a.visit").first.click()
    expect(page.locator("main")).to_contain_text("Carla Ruiz Gómez")
    somebody.look()


def test_the_client_of_html_and_the_browser_see_the_same_clinic(window, app, north):
    shown = PageClient(app, "north.localhost").get("/book").h1
    somebody = window()
    somebody.page.goto("/book")
    expect(somebody.page.get_by_role("heading", level=1)).to_have_text(shown)
