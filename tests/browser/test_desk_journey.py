"""Ana's morning and Dr Bose's, in a real browser: by keyboard, at a desk and on a phone, light and dark."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clinic.booking import actions as booking
from clinic.booking.asking import Asked
from clinic.core.access import SYSTEM
from clinic.queue import actions as queue
from clinic.queue import arriving
from tests.booking.times import at, today, working_day
from tests.cast import password

pytestmark = pytest.mark.browser

LONG = "María José Fernández-Castellanos de la Cruz y Villamizar"


def signed_in(window, name, *args, **more):
    """Somebody's window, where their day begins."""
    opened = window(*args, **more)
    page = opened.page
    page.goto("/login")
    page.get_by_label("E-mail address").fill(f"{name}@north.example")
    page.get_by_label("Password").fill(password(name))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk" if name == "ana" else "**/my-day")
    return opened


def free(page, clock):
    return page.locator(f'a.free[aria-label^="Book {clock}"]')


def visit(page, words):
    return page.locator("a.visit", has_text=words)


def tab_to(page, selector):
    """Tab until it is reached, as somebody without a mouse does."""
    for _ in range(20):
        if page.locator(selector).evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by Tab")


def toast(page):
    return page.locator(".toast").last


EVERY_SCREEN = pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")]
)


@EVERY_SCREEN
def test_books_moves_and_calls_off_by_keyboard_alone(window, north, width, scheme):
    ana = signed_in(window, "ana", width, scheme=scheme)
    page, keys = ana.page, ana.page.keyboard
    page.goto(f"/desk?date={working_day()}")
    ana.look()

    # Into the board, to a time, and a known patient: two presses after the first two letters of the name.
    keys.press("ArrowDown")
    expect(free(page, "09:00")).to_be_focused()
    keys.press("ArrowDown")
    expect(free(page, "09:30")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#q")).to_be_focused()
    ana.look()
    keys.type("ca")
    expect(page.locator("#q-list [role=option]").first).to_contain_text("Carla")
    keys.press("Enter")
    expect(page.locator("#q")).to_have_value("Carla Ruiz Gómez")
    keys.press("Enter")
    expect(toast(page)).to_contain_text("Booked: Carla Ruiz Gómez")
    expect(visit(page, "Carla")).to_contain_text("09:30")
    expect(page.locator("#dialog")).not_to_be_visible()
    expect(visit(page, "Carla")).to_be_focused()
    ana.look()

    # Moving: free times become buttons.
    keys.press("m")
    expect(page.locator(".moving")).to_contain_text("Moving Carla")
    ana.look()
    for _ in range(6):  # its own time is free for it, and it stands there too
        keys.press("ArrowDown")
    expect(page.get_by_role("button", name="Move to 11:00")).to_be_focused()
    keys.press("Enter")
    expect(toast(page)).to_contain_text("Moved to")
    expect(visit(page, "Carla")).to_contain_text("11:00")
    keys.press("u")
    expect(visit(page, "Carla")).to_contain_text("09:30")

    # Calling off, and thinking better of it.
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(visit(page, "Carla")).to_be_focused()
    keys.press("x")
    expect(page.locator("#panel [name=why]")).to_be_visible()
    ana.look()
    tab_to(page, "#panel [name=why]")
    keys.type("has a cold")
    keys.press("Enter")
    expect(toast(page)).to_contain_text("Cancelled: Carla")
    expect(visit(page, "Carla")).to_have_count(0)
    keys.press("u")
    expect(visit(page, "Carla")).to_contain_text("09:30")


def test_walks_about_in_the_table_and_between_days(window, north, in_north):
    booking.book(asked=Asked(doctor_id=north.bose, patient_id=north.carla, start=at("09:30")), by=SYSTEM)
    ana = signed_in(window, "ana", 1440)
    page, keys = ana.page, ana.page.keyboard
    page.goto(f"/desk?date={working_day()}")
    free(page, "09:00").focus()
    keys.press("ArrowDown")
    expect(visit(page, "Carla")).to_be_focused()
    keys.press("ArrowDown")
    expect(free(page, "10:00")).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(page.locator("#panel")).to_contain_text("Carla Ruiz Gómez")
    keys.press("Escape")
    expect(page.locator("#dialog")).not_to_be_visible()
    page.locator("h1").click()
    keys.press("ArrowRight")
    page.wait_for_url(f"**/desk?date={working_day() + timedelta(days=1)}")
    keys.press("ArrowLeft")
    page.wait_for_url(f"**/desk?date={working_day()}")
    keys.press("t")
    page.wait_for_url("**/desk")
    keys.press("?")
    expect(page.locator("#keys")).to_contain_text("New booking")
    keys.press("Escape")
    keys.press("/")
    expect(page.locator("#find-patient")).to_be_focused()
    keys.type("dora")
    expect(page.locator("#find-patient-list [role=option]")).to_have_count(1)
    keys.press("Enter")
    page.wait_for_url(f"**/patients/{north.dora}")


def test_books_somebody_new_and_keeps_what_was_typed(window, north, in_north):
    ana = signed_in(window, "ana", 1440, scheme="dark")
    page, keys = ana.page, ana.page.keyboard
    page.goto(f"/desk?date={working_day()}")
    free(page, "10:00").click()
    page.locator("#q").fill("Zoé Núñez")
    expect(page.locator("#q-list").get_by_text("Nobody found")).to_be_visible()
    page.locator("#booking-form").get_by_text("New patient").click()
    expect(page.get_by_label("Full name")).to_have_value("Zoé Núñez")
    page.get_by_label("Phone", exact=True).fill("12")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator("#booking-form .error-summary")).to_be_focused()
    ana.look()
    page.get_by_label("Phone", exact=True).fill("300 765 4321")
    page.get_by_label("Reason").fill("Headache")
    # Meanwhile somebody else takes the time.
    booking.book(asked=Asked(doctor_id=north.bose, patient_id=north.dora, start=at("10:00")), by=SYSTEM)
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator("#booking-form")).to_contain_text("The nearest free times")
    ana.look()
    page.locator("#booking-form .slot", has_text="10:30").click()
    expect(toast(page)).to_contain_text("Booked: Zoé Núñez")
    expect(visit(page, "Zoé")).to_contain_text("10:30")
    keys.press("u")
    expect(visit(page, "Zoé")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(320, "light"), (390, "light"), (390, "dark"), (768, "light"), (1440, "light"), (1440, "dark")],
)
def test_every_page_of_the_desk_holds_on_every_screen(window, north, in_north, width, scheme):
    long = arriving.walk_in(
        doctor_id=north.tok, patient={"full_name": LONG, "phone": "+573007654321"}, by=SYSTEM
    )
    arriving.walk_in(
        doctor_id=north.bose,
        patient_id=north.carla,
        priority="urgent",
        priority_reason="Chest pain",
        by=SYSTEM,
    )
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.dora, date=today()), by=SYSTEM)
    queue.call(id=long.id, by=SYSTEM)
    ana = signed_in(window, "ana", width, scheme=scheme)
    slot = f"doctor={north.bose}&start={at('09:30').isoformat().replace('+', '%2B')}"
    for address in (
        "/desk", f"/desk?date={working_day()}", "/desk?date=2026-11-22", "/desk/print", "/queue", "/queue/walk-in",
        f"/week?date={working_day()}", f"/week?doctor={north.bose}&date={working_day()}", f"/week?doctor={north.tok}",
        f"/month?date={working_day()}", "/patients", f"/patients/{north.carla}",
        "/appointments/new", f"/appointments/new?{slot}", f"/appointments/{long.appointment_id}", "/board",
        f"/patients/{north.carla}/appointments",
    ):  # fmt: skip
        ana.page.goto(address)
        ana.look()
    bose = signed_in(window, "bose", width, scheme=scheme)
    bose.look()


@EVERY_SCREEN
def test_checks_in_calls_and_serves(window, north, in_north, width, scheme):
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.carla, date=today()), by=SYSTEM)
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.dora, date=today()), by=SYSTEM)
    ana = signed_in(window, "ana", width, scheme=scheme)
    page, keys = ana.page, ana.page.keyboard
    page.goto("/queue")
    ana.look()

    # Who is here? A few letters and Enter.
    keys.press("c")
    keys.type("carl")
    keys.press("Enter")
    expect(toast(page)).to_contain_text("Carla Ruiz Gómez is here: ticket")
    expect(page.locator(".door .entry")).to_contain_text("Carla")
    keys.press("Escape")
    page.locator("h1").click()
    keys.press("u")
    expect(page.locator(".expected")).to_contain_text("Carla")

    # From the day board in one key.
    page.goto("/desk")
    visit(page, "Carla").focus()
    keys.press("c")
    expect(toast(page)).to_contain_text("is here: ticket")
    expect(visit(page, "Carla")).to_contain_text("Arrived")

    # Another window sees the same within five seconds, and the wall shows numbers alone.
    wall = signed_in(window, "ana", 1440, scheme=scheme)
    wall.page.goto("/board")
    expect(wall.page.locator(".board-doors")).to_contain_text("01")
    page.goto(f"/queue?doctor={north.tok}")
    keys.press("n")
    expect(page.locator(".entry.is-called")).to_contain_text("Carla")
    expect(wall.page.locator(".board-call")).to_contain_text("01", timeout=6000)
    expect(wall.page.locator("main")).not_to_contain_text("Carla")
    wall.look()
    keys.press("s")
    expect(page.locator(".entry.is-in_room")).to_contain_text("Carla")
    ana.look()
    keys.press("d")
    expect(page.locator(".door .entry")).to_have_count(0)
    keys.press("u")
    expect(page.locator(".entry.is-in_room")).to_contain_text("Carla")


@EVERY_SCREEN
def test_a_doctor_works_through_the_queue_with_one_key_each(window, north, in_north, width, scheme):
    arriving.walk_in(doctor_id=north.bose, patient_id=north.carla, reason="Cough", by=SYSTEM)
    arriving.walk_in(doctor_id=north.bose, patient_id=north.dora, by=SYSTEM)
    arriving.walk_in(doctor_id=north.tok, patient_id=north.emil, by=SYSTEM)
    bose = signed_in(window, "bose", width, scheme=scheme)
    page, keys = bose.page, bose.page.keyboard
    expect(page.locator("#next-patient")).to_contain_text("Carla Ruiz Gómez")
    expect(page.locator("#next-patient")).to_contain_text("Cough")
    expect(page.locator("main")).not_to_contain_text("Emil")
    bose.look()
    keys.press("n")
    expect(page.locator("#next-patient")).to_contain_text("Called")
    keys.press("s")
    expect(page.locator("#next-patient")).to_contain_text("In the room")
    bose.look()
    keys.press("d")
    expect(page.locator("#next-patient")).to_contain_text("Dora")
    keys.press("h")
    page.wait_for_url(f"**/patients/{north.dora}")


def test_the_queue_needs_no_scripts(window, north, in_north):
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.carla, date=today()), by=SYSTEM)
    page = signed_in(window, "ana", 1440, scripts=False).page
    page.goto("/queue")
    page.get_by_role("button", name="Check in").click()
    expect(page.locator(".toast")).to_contain_text("Carla Ruiz Gómez is here")
    page.get_by_role("button", name="Call next").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Done: Carla")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".entry.is-in_room")).to_contain_text("Carla")


def test_booking_needs_no_scripts(window, north):
    page = signed_in(window, "ana", 1440, scripts=False).page
    page.goto(f"/desk?date={working_day()}")
    page.locator('a.free[aria-label^="Book 09:30"]').click()
    page.locator("#q").fill("carla ruiz")
    page.locator("#q").press("Enter")
    page.get_by_label("Carla Ruiz Gómez").check()
    page.locator("main").get_by_role("button", name="Book", exact=True).last.click()
    expect(page.locator(".toast")).to_contain_text("Booked: Carla")
    expect(page.locator("a.visit")).to_contain_text("Carla")
