"""What every template may use: the kit of macros, pictures and files, and the formats of ``clinic.core.formats``.

``ui`` is the kit: ``{{ ui.field(form.name) }}`` finds the macro in ``templates/ui/``, nothing to import. The cheat
sheet of macros, blocks and variables is ``templates/ui/README.md``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    g,
    has_request_context,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup, escape
from werkzeug.routing import BuildError

from clinic.core import badges, formats, i18n, navigation, tenancy, theme
from clinic.core.access import ANONYMOUS, Actor
from clinic.core.controls import Controls
from clinic.core.errors import Refusal
from clinic.core.i18n import gettext
from clinic.core.ids import new_id

KIT = ("ui/form.html", "ui/controls.html", "ui/show.html")
POINTS = re.compile(r"(arrow|chevron)-(left|right)")  # turned round where one reads from the right
ATTRIBUTE = re.compile(r"[a-z][a-z0-9:_-]*")

# The refusals with a page of their own; the rest share errors/page.html.
OWN_PAGE = {401, 403, 404, 410, 422, 429, 500, 503}
OWN_PAGE_BY_CODE = {"unknown_clinic": "unknown_clinic", "tenant_suspended": "suspended_clinic"}


def init(app: Flask) -> None:
    """Give the templates of *app* their filters, globals and variables. Languages come first: ``i18n.init``."""
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        at=formats.at,
        day=formats.day,
        clock=formats.clock,
        span=formats.span,
        zone=formats.zone_name,
        duration=formats.duration,
        phone=formats.phone,
        money=formats.money,
        age=formats.age,
        initials=formats.initials,
        attributes=attributes,
        hyphens=hyphens,
    )
    env.globals.update(
        ui=Kit(app),
        icon=icon,
        asset=asset,
        new_key=new_key,
        language_url=language_url,
        instant=formats.instant,
    )
    app.context_processor(_page)


class Kit:
    """The macros of ``templates/ui/``, found by name: ``ui.button``."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        controls = Controls(icon, attributes, new_key)
        self.button, self.post, self.csrf = controls.button, controls.post, controls.csrf

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for file in KIT:
                macros = self._app.jinja_env.get_template(file).module
                if hasattr(macros, name):
                    found = getattr(macros, name)
                    if not self._app.jinja_env.auto_reload:
                        setattr(self, name, found)  # found once: a page asks a thousand times
                    return found
        raise AttributeError(name)

    def status(self, code: str) -> Markup:
        """The badge of a state: of a visit, a place in the queue, a time, an account."""
        return badges.status(code, icon=icon)

    def statuses(self) -> dict[str, Markup]:
        """All of them by code, for a list that shows a hundred."""
        return {code: badges.status(code, icon=icon) for code in badges.STATES}


# --- what every page knows of where it is and who reads it ---


def _page() -> dict[str, Any]:
    tenant = tenancy.current()
    actor: Actor = g.get("actor") or ANONYMOUS
    locale = i18n.locale()
    return {
        "tenant": tenant,
        "actor": actor,
        "clinic_name": tenant.name if tenant else gettext("Clinic"),
        "language": locale.language,
        "direction": locale.text_direction,
        "languages": {code: i18n.LANGUAGES[code] for code in i18n.offered()},
        "chosen_theme": _cookie("theme", "light", "dark"),
        "keys_off": _cookie("keys", "off") is not None,
        "theme_url": theme_url(),
        "ways": lambda place: navigation.ways(place, actor),
        "destinations": lambda: navigation.destinations(actor) if actor.may("patients.find") else [],
    }


def _cookie(name: str, *allowed: str) -> str | None:
    """A choice that this device keeps: its colours, whether single keys are shortcuts."""
    chosen = request.cookies.get(name) if has_request_context() else None
    return chosen if chosen in allowed else None


def theme_url() -> str | None:
    """The address of the clinic's accent, which changes with it; None where there is no clinic."""
    tenant = tenancy.current()
    if tenant is None:
        return None
    try:
        return url_for("look.theme_css", v=theme.version(tenant.setting("color")))
    except BuildError:
        return None


def language_url(code: str) -> str:
    """This page in another language."""
    view = {**request.args.to_dict(flat=False), "lang": [code]}
    return f"{request.path}?{urlencode(view, doseq=True)}"


def new_key() -> str:
    """A fresh idempotency key for a form that creates something."""
    return str(new_id())


def say(text: str, tone: str = "good", *, undo: str | None = None) -> None:
    """Say on the next page what was done; *undo* is an address to POST to that takes it back."""
    flash({"text": str(text), "undo": undo}, tone)  # type: ignore[arg-type]  # a session keeps any JSON


# --- refusals ---


def refusal_page(refusal: Refusal) -> Response:
    """A refusal as a page; for htmx as a note, which stands above a form and in the place of a list."""
    if request.headers.get("HX-Request"):
        html = render_template("errors/_refusal.html", refusal=refusal)
        headers = {"HX-Reswap": "innerHTML" if request.method == "GET" else "afterbegin"}
        return Response(html, refusal.status, {**headers, **refusal.headers})
    own = OWN_PAGE_BY_CODE.get(refusal.code) or (refusal.status if refusal.status in OWN_PAGE else "page")
    wait = refusal.headers.get("Retry-After", "")
    html = render_template(
        f"errors/{own}.html",
        refusal=refusal,
        status=refusal.status,
        request_id=g.get("request_id"),
        retry_after=int(wait) if wait.isdigit() else None,
        platform_url=_platform_url(),
    )
    return Response(html, refusal.status, refusal.headers)


def _platform_url() -> str | None:
    """The start page of the bare domain, as seen from a host that is no clinic's."""
    domain = current_app.config.get("BASE_DOMAIN")
    port = request.host.rpartition(":")[2] if ":" in request.host else ""
    return f"{request.scheme}://{domain}{f':{port}' if port.isdigit() else ''}/" if domain else None


# --- markup ---


def hyphens(given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments as attribute names: ``hx_post`` becomes ``hx-post``, ``class_`` ``class``.

    ``ValueError`` for what the content security policy forbids: handlers and styles inside a page.
    """
    return {_hyphened(name): value for name, value in given.items()}


@lru_cache(maxsize=512)
def _hyphened(given: str) -> str:
    name = given.rstrip("_").replace("_", "-").lower()
    if not ATTRIBUTE.fullmatch(name) or name.startswith(("on", "hx-on")) or name == "style":
        raise ValueError(f"no page may carry the attribute {name}")
    return name


def attributes(given: Mapping[str, Any]) -> Markup:
    """HTML attributes of keyword arguments: True is a bare name, None and False are nothing at all."""
    if not given:
        return Markup("")
    written = [
        f" {name}" if value is True else f' {name}="{escape(value)}"'
        for name, value in hyphens(given).items()
        if value is not None and value is not False
    ]
    return Markup("".join(written))  # noqa: S704 - names are checked, values escaped


def icon(name: str, label: str | None = None, class_: str = "") -> Markup:
    """A picture from ``static/icons.svg`` (``KeyError`` if it has none). Without a *label* it is silent decoration."""
    return _drawn(name, label, class_, asset("icons.svg"))


@lru_cache(maxsize=2048)
def _drawn(name: str, label: str | None, class_: str, sprite: str) -> Markup:
    if name not in _icons():
        raise KeyError(f"static/icons.svg has no {name}")
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    classes = " ".join(filter(None, ("icon", POINTS.search(name) and "icon-flip", class_)))
    drawing = Markup('<svg class="{}" {} width="20" height="20"><use href="{}#{}"></use></svg>')
    return drawing.format(classes, spoken, sprite, name)


@lru_cache(maxsize=1)
def _icons() -> frozenset[str]:
    sprite = (Path(str(current_app.static_folder)) / "icons.svg").read_text(encoding="utf-8")
    return frozenset(re.findall(r'<symbol id="([^"]+)"', sprite))


def asset(name: str) -> str:
    """The address of a static file, with its content's hash so that it may be cached for ever.

    A vendored file has its version in its folder's name and needs no hash.
    """
    known: dict[str, str] = g.setdefault("assets", {})  # a page names its pictures a hundred times
    if name not in known:
        known[name] = f"{current_app.static_url_path}/{name}"
        if not name.startswith("vendor/"):
            path = f"{current_app.static_folder}/{name}"
            known[name] += f"?v={_hash(path, os.stat(path).st_mtime_ns)}"
    return known[name]


@lru_cache(maxsize=256)
def _hash(path: str, changed: int) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:12]
