"""What every page stands on: the layouts, the macros, the pages of refusals, and the client that checks them."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask, render_template, render_template_string

from clinic.core import errors, navigation, tenancy
from clinic.core.access import Actor
from clinic.core.doors import InternalError, Suspended, UnknownClinic
from clinic.core.ids import new_id
from clinic.core.jinja import KIT, attributes
from clinic.core.translations import ROOT
from tests.core.shell import ANA, NORTH, REFUSALS, make_shell, ways_of_north
from tests.dom import parse
from tests.good_page import problems
from tests.pages import PageClient

OWNER = Actor("user", new_id(), "owner", name="Olga")
TOO_MANY = errors.TooMany(headers={"Retry-After": "130"})
KINDS = {
    401: errors.Unauthorized(),
    403: errors.Forbidden(),
    404: errors.NotFound(),
    409: errors.Conflict("Dr Bose is away that day."),
    410: errors.Gone(),
    422: errors.invalid("/phone", "invalid_phone", "This is not a phone number."),
    429: TOO_MANY,
    500: InternalError(),
    503: errors.Unavailable(),
}
REFUSALS.update({str(status): refusal for status, refusal in KINDS.items()})
REFUSALS.update(unknown=UnknownClinic(), suspended=Suspended())


@pytest.fixture
def shell() -> Flask:
    return make_shell()


@pytest.fixture
def client(shell: Flask) -> PageClient:
    return PageClient(shell)


# --- layouts and macros ---


@pytest.mark.parametrize("address", ["/", "/names", "/login", "/styleguide", "/styleguide?layout=portal"])
@pytest.mark.parametrize("lang", ["en", "es", "fr"])
def test_pages_are_good_in_every_language(address: str, lang: str) -> None:
    client = PageClient(make_shell(actor=ANA))
    page = client.get(f"{address}{'&' if '?' in address else '?'}lang={lang}")
    assert page.tree.one("html").get("lang") == lang


def test_a_page_without_a_clinic_is_a_good_page_too() -> None:
    page = PageClient(make_shell(tenant=None)).get("/login")
    assert page.title == "Sign in – Clinic"
    assert not page.all('link[href^="/theme.css"]')


def test_the_h1_is_read_once_and_written_with_care(client: PageClient) -> None:
    page = client.get("/?doctor=O%27Neill+%3Cb%3E%26+Sons")
    assert page.h1 == "Day of O'Neill <b>& Sons"
    assert page.title == "Day of O'Neill <b>& Sons – North Clinic"


def test_what_is_wrong_stands_on_top_and_at_the_field(client: PageClient) -> None:
    page = client.get("/names")
    again = client.post_form(page, {"name": "", "city": "p", "remind": "y"}, status=422)
    assert again.title.startswith("Error: Your name")
    assert again.errors == ["Enter your name"]
    assert again.tree.one(".error-summary a").get("href") == "#name"
    name = again.tree.one("#name")
    assert name.get("aria-invalid") == "true"
    assert name.get("aria-describedby") == "name-hint name-error"
    assert again.tree.one("#city option[selected]").get("value") == "p", "what was typed is kept"
    assert "checked" in again.tree.one("#remind").attrs


def test_a_form_that_creates_has_a_fresh_key_each_time(client: PageClient) -> None:
    keys = {client.get("/names").tree.one("[name=idempotency_key]").get("value") for _ in range(2)}
    assert len(keys) == 2


def test_a_flash_offers_undo(client: PageClient) -> None:
    page = client.post_form(client.get("/names"), {"name": "Carla"})
    assert "Thank you, Carla of b" in page
    assert page.form("Undo").get("action") == "/names"


def test_a_refusal_of_a_rule_stands_with_the_form(shell: Flask) -> None:
    with shell.test_request_context():
        html = render_template_string("{{ ui.error_summary(none, refusal) }}", refusal=KINDS[409])
    assert "Dr Bose is away that day." in html


def test_the_bar_shows_what_one_may() -> None:
    ways_of_north()
    with make_shell().test_request_context("/"):
        assert [way.label for way in navigation.ways("toy", ANA)] == ["Day"]
        assert [way.label for way in navigation.ways("toy", OWNER)] == ["Day", "Settings"]
        with pytest.raises(KeyError):
            navigation.add("toy", "day", "Day", icon="x", right="things.misspelt")


def test_the_theme_is_the_clinics_and_may_be_kept_for_ever(client: PageClient) -> None:
    address = client.get("/names").tree.one('link[href^="/theme.css"]').get("href")
    answer = client.client.get(address)
    assert "--accent: #1d4ed8;" in answer.get_data(as_text=True)
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.client.get("/theme.css?v=old").headers["Cache-Control"] == "no-cache"


def test_a_device_keeps_its_colours(client: PageClient) -> None:
    client.client.set_cookie("theme", "dark", domain="localhost")
    assert client.get("/names").tree.one("html").get("data-theme") == "dark"
    client.client.set_cookie("theme", "javascript:", domain="localhost")
    assert "data-theme" not in client.get("/names").tree.one("html").attrs


def test_the_style_guide_is_for_the_demo_alone() -> None:
    app = make_shell()
    app.config["ENVIRONMENT"] = "production"
    PageClient(app).get("/styleguide", status=404)
    PageClient(app).get("/styleguide/people", status=404)


@pytest.mark.parametrize("name", ["style", "onclick", "hx_on__click", "hx-on:click", "a b", 'x"'])
def test_macros_write_no_code_into_a_page(name: str) -> None:
    with pytest.raises(ValueError, match="no page may carry"):
        attributes({name: "x"})


def test_attributes_are_escaped_and_empty_ones_left_out() -> None:
    assert (
        attributes({"hx_get": '/a?b="<', "hidden": True, "id": None, "open": False})
        == ' hx-get="/a?b=&#34;&lt;" hidden'
    )


def test_a_button_has_its_key_and_its_attributes(shell: Flask) -> None:
    with shell.test_request_context("/"):
        source = """{{ ui.button("Go <on>", href="/a?b=1&c=2", key="t", picture="x", picture_only=true,
                                 aria_current="date", attrs={"hx-target:inherited": "#x"}) }}"""
        drawn = shell.jinja_env.from_string(source).render()
    link = parse(drawn).one("a")
    assert (link.get("data-hotkey"), link.get("aria-current"), link.get("title")) == ("t", "date", "Go <on>")
    assert (link.get("href"), link.get("hx-target:inherited")) == ("/a?b=1&c=2", "#x")
    assert link.text == "Go <on>"


def test_every_picture_that_a_template_names_exists(shell: Flask) -> None:
    sprite = (ROOT / "static/icons.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    for path in (ROOT / "templates").rglob("*.html"):
        named = re.findall(r'(?:\bicon\(|picture=)"([^"]+)"', path.read_text("utf-8"))
        assert set(named) <= known, path


def test_every_macro_of_the_kit_stands_in_the_cheat_sheet(shell: Flask) -> None:
    sheet = (ROOT / "templates/ui/README.md").read_text("utf-8")
    for file in KIT:
        for name in re.findall(r"macro ([a-z]\w*)\(", (ROOT / "templates" / file).read_text("utf-8")):
            assert f"ui.{name}(" in sheet, f"{file}: {name}"


def test_a_first_visit_is_light() -> None:
    """The budget: 60 kB compressed, scripts 40 kB; the desk has more to do and stays within it too."""
    client = PageClient(make_shell(actor=ANA))
    for address in ("/", "/names"):
        page = client.get(address)
        files = {node.get("src") or node.get("href") for node in page.all("script, link[href], use")}
        files |= {
            "/static/vendor/hotkey-3.1.4/hotkey.js",
            "/static/vendor/combobox-nav-3.0.2/combobox-nav.js",
        }
        sizes = {"page": len(gzip.compress(page.html.encode()))}
        for file in {file.split("#")[0] for file in files}:
            sizes[file] = len(gzip.compress(client.client.get(file).data))
        assert sum(sizes.values()) < 60_000, sizes
        assert sum(size for file, size in sizes.items() if ".js" in file) < 40_000, sizes


# --- refusals ---


@pytest.mark.parametrize("status", KINDS)
@pytest.mark.parametrize("lang", ["en", "es", "fr"])
def test_a_refusal_is_a_good_page(client: PageClient, status: int, lang: str) -> None:
    page = client.get(f"/refused/{status}?lang={lang}", status=status)
    assert str(status) in page.text


def test_a_refusal_keeps_its_headers_and_says_how_long_to_wait(client: PageClient) -> None:
    page = client.get("/refused/429", status=429)
    assert page.response.headers["Retry-After"] == "130"
    assert "Please wait 3 minutes" in page


@pytest.mark.parametrize("tenant", [None, NORTH])
def test_an_unknown_and_a_suspended_clinic_have_pages_of_their_own(tenant: tenancy.Tenant | None) -> None:
    client = PageClient(make_shell(tenant))
    unknown = client.get("/refused/unknown", status=404)
    assert unknown.h1 == "There is no clinic at this address"
    assert unknown.find('a[href="http://localhost/"]')
    assert client.get("/refused/suspended", status=403).h1 == "This clinic is not available here"


def test_htmx_gets_a_note_instead_of_a_page(client: PageClient) -> None:
    page = client.fragment("/refused/409", status=409)
    assert page.find('[role="alert"]')
    assert not page.find("h1")
    assert "Dr Bose is away that day." in page
    assert page.response.headers["HX-Reswap"] == "innerHTML"


def test_a_form_that_htmx_sent_keeps_what_was_typed(shell: Flask) -> None:
    shell.config["WTF_CSRF_ENABLED"] = False
    answer = shell.test_client().post("/refused/409", headers={"HX-Request": "true"})
    assert answer.headers["HX-Reswap"] == "afterbegin", "the note stands above the form, not in its place"


# --- the client itself ---

GOOD = (
    '<!doctype html><html lang="en" dir="ltr"><head><title>Day – North</title><meta name="viewport" content="x"></head>'
    "<body><main><h1>Day</h1>{}</main></body></html>"
)
RULES = [
    ("<h1>Two</h1>", "2 h1"),
    ("<p id=a></p><p id=a></p>", "the id a stands 2 times"),
    ('<form method="post"><button type="submit">Go</button></form>', "without an action"),
    ('<form action="/names" method="post"><button type="submit">Go</button></form>', "has no token"),
    (
        '<form action="/names"><input type="hidden" name="csrf_token"><button type="submit">Go</button></form>',
        "into the address",
    ),
    ('<form action="/names"></form>', "has no button"),
    ('<form action="/names" method="put"><button type="submit">Go</button></form>', "which no browser sends"),
    ('<form action="/nowhere"><button type="submit">Go</button></form>', "no route"),
    ('<form action="/echo"><button type="submit">Go</button></form>', "method is not allowed"),
    ('<a href="/nowhere">There</a>', "no route"),
    ('<a href="#nowhere">There</a>', "a link to #nowhere"),
    ('<a href="/"></a>', "an empty <a>"),
    ('<button type="button"><svg aria-hidden="true"></svg></button>', "an empty <button>"),
    ("<button>Go</button>", "without a type"),
    ('<input name="q">', "no label for q"),
    ('<label for="q">Q</label>', "which is not there"),
    ('<img src="/static/icons.svg">', "no alt"),
    ('<img alt="" src="/static/none.svg">', "there is no such file"),
    ("<svg></svg>", "neither named nor hidden"),
    ('<p style="color:red">x</p>', "a style inside"),
    ("<style>p{}</style>", "a style inside"),
    ("<script>x()</script>", "a script inside"),
    ('<script src="https://cdn.example/x.js"></script>', "another server"),
    ('<p onclick="x()">x</p>', "onclick on <p>"),
    ('<p hx-on:click="x()">x</p>', "hx-on:click"),
    ('<a href="javascript:x()">x</a>', "code in href"),
    ('<p hx-get="/" hx-target="#none">x</p>', "the hx-target #none"),
    ('<p hx-get="/" hx-target="closest tr">x</p>', "the hx-target closest tr"),
    ('<p hx-get="/nowhere">x</p>', "no route"),
    ('<p hx-post="/">x</p>', "method is not allowed"),
    ('<p hx-get="/" hx-trigger="keyup[key==1]">x</p>', "a filter in hx-trigger"),
    ('<p hx-get="/" hx-swap="morph">x</p>', "not of htmx 4"),
    ('<p hx-disabled-elt="this">x</p>', "hx-disabled-elt"),
    ("<p>Hello %(name)s</p>", "left unfilled"),
    ('<p class="a" class="b">x</p>', "stands twice"),
    ('<p aria-describedby="none">x</p>', "points at none"),
]


def test_a_good_page_has_no_problems(shell: Flask) -> None:
    assert problems(GOOD.format('<p hx-get="/" hx-target="closest main">x</p>'), shell) == []


@pytest.mark.parametrize(("html", "problem"), RULES)
def test_a_rule_of_good_pages_bites(shell: Flask, html: str, problem: str) -> None:
    found = problems(GOOD.format(html), shell)
    assert any(problem in each for each in found), found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((' lang="en"', ""), "without lang"),
        (("<title>Day", "<title>Night"), "does not begin with"),
        (("<main>", "<div>"), "not one main"),
        (('<meta name="viewport" content="x">', ""), "no viewport"),
    ],
)
def test_a_rule_of_the_frame_bites(change: tuple[str, str], problem: str) -> None:
    assert any(problem in each for each in problems(GOOD.format("").replace(*change)))


def test_the_client_fails_on_a_page_that_is_not_good(shell: Flask) -> None:
    shell.add_url_rule("/bad", "bad", lambda: "<!doctype html><title>x</title><h1>y</h1>")
    with pytest.raises(AssertionError, match="is not a good page"):
        PageClient(shell).get("/bad")


def test_the_client_sends_a_form_as_a_browser_would(shell: Flask, client: PageClient) -> None:
    shell.config["WTF_CSRF_ENABLED"] = False
    shell.add_url_rule(
        "/ask",
        "ask",
        lambda: GOOD.format(
            '<form action="/echo" method="post"><input type="hidden" name="csrf_token" value="t">'
            '<input name="a" value="1" aria-label="a"><input type="checkbox" name="b" aria-label="b">'
            '<input type="checkbox" name="c" value="3" checked aria-label="c"><input name="d" disabled aria-label="d">'
            '<select name="e" aria-label="e"><option value="x">X</option><option selected>Y</option></select>'
            '<textarea name="f" aria-label="f">\ntyped</textarea>'
            '<button type="submit" name="slot" value="0900">09:00</button>'
            '<button type="submit" name="slot" value="1000">10:00</button></form>'
        ),
    )
    page = client.get("/ask")
    sent = client.post_form(page, {"a": ["7", "8"], "c": None}, button="10:00")
    assert sent.response.json == {
        "csrf_token": ["t"],
        "a": ["7", "8"],
        "e": ["Y"],
        "f": ["typed"],
        "slot": ["1000"],
    }
    with pytest.raises(AssertionError, match="no field z"):
        client.post_form(page, {"z": "1"})
    with pytest.raises(AssertionError, match="no button"):
        client.post_form(page, button="11:00")


def test_a_form_without_its_token_is_refused(shell: Flask) -> None:
    assert shell.test_client().post("/names", data={"name": "Carla"}).status_code == 400


def test_templates_of_errors_need_nothing_but_a_status(shell: Flask) -> None:
    with shell.test_request_context("/"):
        for path in sorted((ROOT / "templates/errors").glob("[!_]*.html")):
            html = render_template(f"errors/{path.name}", status=500, refusal=None)
            assert problems(html, shell) == [], path.name
