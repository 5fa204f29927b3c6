"""The clinic's one accent colour, made safe: every pair of colours that carries text has a contrast of 4.5 or more.

The colour comes from the clinic's settings and is served as a small style sheet (``/theme.css``), because the content
security policy allows no style inside a page. Shades are derived in OKLCH, where equal steps look equal
(https://bottosson.github.io/posts/oklab/); contrast is that of WCAG 2.2, 1.4.3.
"""

from __future__ import annotations

import hashlib
import math
import re
from functools import lru_cache
from pathlib import Path

DEFAULT = "#0f766e"
ENOUGH = 4.5

# The surfaces that accent text lies on; test_theme holds them equal to the tokens of app.css.
LIGHT_SURFACE, LIGHT_INK = "#ffffff", "#16212b"
DARK_SURFACE = "#1b242b"

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]


def css(colour: str | None) -> str:
    """The style sheet that gives this clinic its accent, in light and in dark; anything but ``#rrggbb`` is ours."""
    light, dark = palette(colour)
    return (
        f":root {{\n{_lines(light)}}}\n"
        "@media screen and (prefers-color-scheme: dark) {\n"
        f":root:not([data-theme='light']) {{\n{_lines(dark)}}}\n}}\n"
        f"@media screen {{\n:root[data-theme='dark'] {{\n{_lines(dark)}}}\n}}\n"
    )


def version(colour: str | None) -> str:
    """Changes when the style sheet changes: the sheet may be cached for ever under its address with this in it."""
    return f"{_clean(colour)[1:]}-{_VERSION}"


@lru_cache(maxsize=1024)
def palette(colour: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """The accent tokens for light and for dark, by name: fill, text on the fill, text on the page, tint, line."""
    lightness, chroma, hue = _oklch(_clean(colour))

    fill_lightness = min(lightness, 0.88)  # a white button on a white page would be no button
    # A yellow or an orange keeps its brightness and takes dark text; the rest takes white, a shade darker if need be.
    bright = contrast(_hex(fill_lightness, chroma, hue), "#ffffff") < 3
    on = LIGHT_INK if bright else "#ffffff"
    fill = _reach(on, fill_lightness, chroma, hue, step=0.01 if bright else -0.01)
    soft = _hex(0.955, min(chroma, 0.03), hue)
    light = {
        "accent": fill,
        "accent-hover": _hex(_oklch(fill)[0] + (0.05 if bright or lightness < 0.3 else -0.05), chroma, hue),
        "on-accent": on,
        "accent-soft": soft,
        "accent-line": _hex(0.84, min(chroma, 0.09), hue),
        "accent-ink": _reach(soft, min(lightness, 0.52), chroma, hue, step=-0.01),
    }

    soft = _hex(0.3, min(chroma, 0.05), hue)
    dark = {
        "accent": _hex(0.76, min(chroma, 0.13), hue),
        "accent-hover": _hex(0.82, min(chroma, 0.12), hue),
        "on-accent": _hex(0.19, min(chroma, 0.04), hue),
        "accent-soft": soft,
        "accent-line": _hex(0.45, min(chroma, 0.08), hue),
        "accent-ink": _reach(soft, 0.8, min(chroma, 0.12), hue, step=0.01),
    }
    return light, dark


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours (WCAG 2.2), from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _clean(colour: str | None) -> str:
    return colour.lower() if isinstance(colour, str) and _HEX.fullmatch(colour) else DEFAULT


def _lines(tokens: dict[str, str]) -> str:
    return "".join(f"  --{name}: {value};\n" for name, value in tokens.items())


def _reach(against: str, lightness: float, chroma: float, hue: float, *, step: float) -> str:
    """The nearest shade of this hue, going lighter or darker, that can be read against another colour."""
    found = _hex(lightness, chroma, hue)
    while contrast(found, against) < ENOUGH and 0 < lightness < 1:
        lightness += step
        found = _hex(lightness, chroma, hue)
    return found


def _channels(colour: str) -> list[float]:
    """Linear light of red, green and blue, 0 to 1."""
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(colour: str) -> tuple[float, float, float]:
    red, green, blue = _channels(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """The colour as ``#rrggbb``; one that a screen cannot show gives up chroma until it can."""
    lightness = min(max(lightness, 0.0), 1.0)
    while True:
        a, b = chroma * math.cos(hue), chroma * math.sin(hue)
        long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        linear = (
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        )
        if chroma < 0.002 or all(-0.001 <= value <= 1.001 for value in linear):
            break
        chroma *= 0.96
    clipped = [min(max(value, 0.0), 1.0) for value in linear]
    coded = [value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055 for value in clipped]
    return "#" + "".join(f"{round(value * 255):02x}" for value in coded)
