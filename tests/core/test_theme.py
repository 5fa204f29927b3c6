"""The colours: whatever a clinic chooses, and in both themes, text can be read."""

from __future__ import annotations

import re

import pytest

from clinic.core import theme
from clinic.core.translations import ROOT

APP_CSS = (ROOT / "static/app.css").read_text("utf-8")
BRANDS = "#0f766e #000000 #ffffff #f5c400 #f97316 #e11d48 #1d4ed8 #c9a227 #00ff00 #7f7f7f #ffb6c1".split()
TONES = ("info", "wait", "busy", "good", "bad")


def tokens(selector: str) -> dict[str, str]:
    """The custom properties that the block of *selector* with the colours sets."""
    blocks = re.findall(re.escape(selector) + r"\s*\{([^}]*)\}", APP_CSS)
    block = next(block for block in blocks if "--paper" in block)
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


LIGHT = tokens(":root")
DARK = tokens(':root[data-theme="dark"]')


def test_both_ways_into_the_dark_are_the_same() -> None:
    assert tokens(':root:not([data-theme="light"])') == DARK
    assert LIGHT.keys() == DARK.keys()


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_surface(colours: dict[str, str]) -> None:
    pairs = [(text, on) for text in ("ink", "muted") for on in ("paper", "surface", "raised", "sunken")]
    pairs += [
        (f"{tone}-ink", on) for tone in (*TONES, "accent") for on in (f"{tone}-soft", "surface", "paper")
    ]
    pairs += [
        ("on-accent", "accent"),
        ("on-accent", "accent-hover"),
        ("on-danger", "danger"),
        ("surface", "ink"),
    ]
    low = {pair: round(theme.contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_what_is_pressed_can_be_seen(colours: dict[str, str]) -> None:
    pairs = [("line-strong", on) for on in ("surface", "paper", "raised")] + [
        (tone, "surface") for tone in TONES
    ]
    assert [pair for pair in pairs if theme.contrast(colours[pair[0]], colours[pair[1]]) < 3] == []


@pytest.mark.parametrize("brand", BRANDS)
def test_any_brand_gives_text_that_can_be_read(brand: str) -> None:
    for colours, base in zip(theme.palette(brand), (LIGHT, DARK), strict=True):
        for surface in ("surface", "paper"):
            assert theme.contrast(colours["accent-ink"], base[surface]) >= 4.5
        assert theme.contrast(colours["accent-ink"], colours["accent-soft"]) >= 4.5
        assert theme.contrast(colours["on-accent"], colours["accent"]) >= 4.5
        assert theme.contrast(colours["on-accent"], colours["accent-hover"]) >= 4.5


def test_a_brand_that_can_be_read_is_kept_as_it_is() -> None:
    assert theme.palette("#1d4ed8")[0]["accent"] == "#1d4ed8"
    assert theme.palette("#f5c400")[0]["accent"] == "#f5c400"


def test_the_default_is_that_of_the_style_sheet() -> None:
    light, dark = theme.palette(None)
    assert {name: LIGHT[name] for name in light} == light
    assert {name: DARK[name] for name in dark} == dark
    assert (LIGHT["ink"], DARK["raised"]) == (theme.LIGHT_INK, theme.DARK_SURFACE)


@pytest.mark.parametrize(
    "colour", [None, "", "red", "#12345", "#1234567", "#0f766e;} body{display:none", "url(x)", 7]
)
def test_nothing_but_a_colour_reaches_the_style_sheet(colour: str | None) -> None:
    assert theme.css(colour) == theme.css(theme.DEFAULT)
    assert theme.version(colour) == theme.version(theme.DEFAULT)
