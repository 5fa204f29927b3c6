"""The start page of every host: the platform's own page on the bare domain, the portal on a clinic's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template

from clinic.core.access import public

bp = Blueprint("tenants", __name__)


@bp.get("/")
@public
def home() -> Any:
    """What this is, on the platform's host; a clinic's visitors go on to its portal."""
    if g.platform:
        return render_template("platform/home.html")
    return redirect("/book")
