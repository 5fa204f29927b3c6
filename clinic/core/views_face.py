"""What belongs to the look of all pages and to no room: the clinic's accent, and the style guide of the demo."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from clinic.core import styleguide, tenancy, theme
from clinic.core.access import public
from clinic.core.errors import NotFound

FOR_EVER = "public, max-age=31536000, immutable"

look = Blueprint("look", __name__)


@look.get("/theme.css")
@public
def theme_css() -> Response:
    """The clinic's accent. The address that pages use changes with the colour, so that answer may be kept for ever."""
    tenant = tenancy.current()
    colour = tenant.setting("color") if tenant else None
    response = Response(theme.css(colour), mimetype="text/css")
    current = request.args.get("v") == theme.version(colour)
    response.headers["Cache-Control"] = FOR_EVER if current else "no-cache"
    return response


@look.route("/styleguide", methods=["GET", "POST"])  # its forms lead back to it
@public
def style_guide() -> str:
    """Every component in every state."""
    _only_in_the_demo()
    return styleguide.page()


@look.get("/styleguide/people")
@public
def style_guide_people() -> str:
    """What the style guide's search boxes find."""
    _only_in_the_demo()
    return styleguide.people()


def _only_in_the_demo() -> None:
    if current_app.config.get("ENVIRONMENT") != "demo":
        raise NotFound
