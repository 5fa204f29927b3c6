"""The visits of a signed-in patient and of the people they answer for."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request

from clinic.booking import forms_portal, queries_portal, states
from clinic.core import audit, clock, navigation, tenancy
from clinic.core.access import allow
from clinic.core.doors import PortalPages
from clinic.core.i18n import lazy_gettext as _

bp = PortalPages("my", __name__)
bp.context_processor(forms_portal.reachable)

navigation.add(
    "portal", "my.visits", _("My visits"), icon="calendar-check", right="appointments.read", order=10
)

MOST = 20
LAST_PAGE = 500


@bp.get("/my/visits")
@allow("appointments.read")
def visits() -> Any:
    """What is to come, and what was."""
    if not g.actor.is_patient:
        return redirect("/desk")
    given = request.args.get("page", "")
    page = min(int(given), LAST_PAGE) if given.isascii() and given.isdigit() else 0
    today = clock.today(tenancy.require().zone)
    coming = queries_portal.coming_visits(g.actor, today) if page == 0 else []
    past = queries_portal.past_visits(g.actor, today, most=MOST, skip=page * MOST)
    audit.listed("appointment", [visit.id for visit in (*coming, *past[:MOST])], by=g.actor)
    return render_template(
        "booking/portal/visits.html",
        coming=coming,
        past=past[:MOST],
        page=page,
        has_more=len(past) > MOST,
        link=lambda visit: forms_portal.link_to(visit.id, may_act=visit.may_act),
        open_states=states.OPEN,
    )
