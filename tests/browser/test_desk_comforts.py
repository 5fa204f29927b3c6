"""What people count on at the desk: undo, the truth about a lost connection, nothing in the way, weeks beside days."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from playwright.sync_api import expect

from clinic.booking import actions as booking
from clinic.booking.asking import Asked
from clinic.core.access import SYSTEM
from tests.booking.times import at, today, working_day
from tests.browser.test_desk_journey import LONG, free, signed_in, toast, visit

pytestmark = pytest.mark.browser

# Whether what has the focus can be seen: what is in the middle of it is it, or is inside of it.
IS_SEEN = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return true;
  const box = it.getBoundingClientRect();
  if (box.width <= 1 || box.height <= 1) return true;
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const seen = it.contains(top) || (top?.contains(it) && top.tagName === "LABEL");
  return seen || `${it.outerHTML.slice(0, 120)} under ${top?.outerHTML.slice(0, 80)}`;
}"""
COPIES = """
INSERT INTO doctor (tenant_id, id, full_name, name_key, ticket_prefix, booking_mode, slot_minutes)
SELECT tenant_id, gen_random_uuid(), 'Dra. ' || n || ' ' || %(name)s, 'dra ' || n, ticket_prefix, 'timed', 20
  FROM doctor, generate_series(10, 47) n WHERE id = %(bose)s;
"""
HOURS = """
INSERT INTO availability (tenant_id, id, doctor_id, location_id, weekday, start_time, end_time)
SELECT d.tenant_id, gen_random_uuid(), d.id, a.location_id, a.weekday, a.start_time, a.end_time
  FROM availability a JOIN doctor d ON d.tenant_id = a.tenant_id AND d.name_key LIKE 'dra %%'
 WHERE a.doctor_id = %(bose)s
"""


def test_a_step_can_be_taken_back_for_ten_seconds(window, north, in_north):
    booking.book(asked=Asked(doctor_id=north.tok, patient_id=north.carla, date=today()), by=SYSTEM)
    ana = signed_in(window, "ana", 1440)
    page = ana.page
    page.clock.install()
    page.goto("/desk")
    visit(page, "Carla").focus()
    page.keyboard.press("c")
    expect(toast(page)).to_contain_text("is here")
    page.clock.fast_forward(9_000)
    expect(toast(page)).to_be_visible()
    page.clock.fast_forward(2_000)
    expect(page.locator(".toast")).to_have_count(0)


def test_a_lost_connection_is_said_with_its_time_and_heals(window, north):
    ana = signed_in(window, "ana", 1440)
    page = ana.page
    ana.forgive("net::ERR_FAILED", "Failed to fetch")
    for address in ("/desk", "/queue", f"/week?doctor={north.bose}"):
        page.goto(address)
        page.clock.install()
        page.goto(address)
        page.route("**/desk/**", lambda route: route.abort())
        page.route("**/queue/**", lambda route: route.abort())
        page.clock.fast_forward(5_000)
        expect(page.locator("#stale")).to_contain_text("Not updated since")
        page.unroute_all()
        page.clock.fast_forward(5_000)
        expect(page.locator("#stale")).to_be_hidden()


@pytest.mark.parametrize("address", ["/desk", "/queue", "/patients", "/month", "/week"])
def test_what_has_the_focus_is_never_under_something_else(window, north, in_north, address):
    for clock in ("09:00", "10:30"):
        who = north.carla if clock == "09:00" else north.dora
        booking.book(asked=Asked(doctor_id=north.bose, patient_id=who, start=at(clock)), by=SYSTEM)
    page = signed_in(window, "ana", 1440).page
    page.set_viewport_size({"width": 1280, "height": 480})
    page.goto(f"{address}?date={working_day()}")
    for key in ["Tab"] * 45 + ["Shift+Tab"] * 20:
        page.keyboard.press(key)
        assert page.evaluate(IS_SEEN) is True, key


def test_the_focus_stays_in_view_on_its_way_through_the_board(window, north):
    page = signed_in(window, "ana", 1440).page
    page.set_viewport_size({"width": 390, "height": 640})
    page.goto(f"/desk?date={working_day()}")
    for key in ["ArrowDown"] * 8 + ["ArrowUp"] * 8:
        page.keyboard.press(key)
        assert page.evaluate(IS_SEEN) is True, key


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")]
)
def test_goes_from_the_week_to_a_booking_and_back_by_keys(window, north, width, scheme):
    ana = signed_in(window, "ana", width, scheme=scheme)
    page, keys = ana.page, ana.page.keyboard
    page.goto(f"/desk?date={working_day()}")
    keys.press("w")
    page.wait_for_url("**/week?date=*")
    ana.look()
    page.get_by_role("rowheader").get_by_role("link", name="Jagadish Bose").press("Enter")
    expect(page.locator("table.is-week")).to_be_visible()
    ana.look()
    day = working_day().strftime("%a, %-d %b")
    first = page.locator(f'a.free[aria-label^="Book {day}, 09:00"]')
    first.focus()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#q")).to_be_focused()
    keys.type("ca")
    expect(page.locator("#q-list [role=option]").first).to_contain_text("Carla")
    keys.press("Enter")
    keys.press("Enter")
    expect(toast(page)).to_contain_text("Booked: Carla Ruiz Gómez")
    expect(visit(page, "Carla")).to_contain_text("09:30")
    expect(visit(page, "Carla")).to_be_focused()
    ana.look()
    keys.press("u")
    expect(visit(page, "Carla")).to_have_count(0)
    page.locator("h1").click()
    keys.press("ArrowRight")
    page.wait_for_url(f"**date={working_day() - timedelta(days=working_day().weekday() - 7)}**")
    keys.press("o")
    expect(page.locator("table.month")).to_be_visible()
    ana.look()
    keys.press("d")
    page.wait_for_url("**/desk?**")


@pytest.mark.parametrize("width", [390, 1440])
def test_forty_doctors_with_long_names_stand_side_by_side(window, north, superuser, width):
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(COPIES, {"name": LONG, "bose": north.bose})
        connection.execute(HOURS, {"bose": north.bose})
    ana = signed_in(window, "ana", width)
    page = ana.page
    page.goto(f"/desk?date={working_day()}")
    expect(page.locator("table.day thead th")).to_have_count(40)
    ana.look()
    head = page.locator("table.day thead th").last
    head.scroll_into_view_if_needed()
    page.locator(".day-frame").evaluate("frame => frame.scrollTop = 200")
    assert page.locator(".day-corner").bounding_box()["x"] < 40, "the side of times stays"
    assert head.bounding_box()["y"] < 400, "and so do the heads"
    page.goto(f"/week?date={working_day()}")
    expect(page.locator("table.load tbody tr")).to_have_count(40)
    ana.look()


def test_a_board_goes_to_the_printer_without_its_buttons(window, north, in_north):
    booking.book(asked=Asked(doctor_id=north.bose, patient_id=north.carla, start=at("09:30")), by=SYSTEM)
    page = signed_in(window, "ana", 1440).page
    page.emulate_media(media="print")
    for address in (
        f"/week?doctor={north.bose}&date={working_day()}",
        f"/desk?date={working_day()}",
        f"/month?date={working_day()}",
    ):
        page.goto(address)
        for gone in (".bar", ".page-actions", ".views", ".day-nav"):
            expect(page.locator(gone).first).to_be_hidden()
        expect(page.locator("h1")).to_be_visible()
    page.goto(f"/week?doctor={north.bose}&date={working_day()}")
    expect(visit(page, "Carla")).to_be_visible()
    expect(free(page, "09:00")).to_have_count(0)


def test_one_box_finds_every_page_and_every_patient(window, north):
    ana = signed_in(window, "ana", 1440)
    page, keys = ana.page, ana.page.keyboard
    keys.press("Control+k")
    options = page.locator("#palette [role=option]")
    expect(options.first).to_be_visible()
    ana.look()
    keys.type("mon")
    expect(options).to_have_count(1)
    keys.press("Enter")
    page.wait_for_url("**/month")
    keys.press("Control+k")
    keys.type("dora")
    expect(options).to_have_count(1)
    ana.look()
    keys.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    keys.press("Control+k")
    expect(options).to_have_count(1)
    keys.press("Enter")
    page.wait_for_url(f"**/patients/{north.dora}")
    keys.press("?")
    expect(page.locator("#keys")).to_contain_text("Ctrl K")
