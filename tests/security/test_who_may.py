"""Who may do what: every route of the application, against the words of API.md §3.

The table is the decision, the code is held to it. A route that is not in the table fails until somebody has decided
whom it is for; *whose* records they then find is told by the tests of each room and by ``test_their_own``.
"""

from __future__ import annotations

from typing import Any

import pytest

from clinic.core.access import ANONYMOUS, ROLES, SCOPES, Actor
from tests.clients import Api, key_of

EVERYBODY = ("patient", "doctor", "receptionist", "manager", "owner")
STAFF = EVERYBODY[1:]
DESK = ("receptionist", "manager", "owner")
LEADS = ("manager", "owner")
PATIENTS_AND_DESK = ("patient", *DESK)
THEIR_OWN_TIME = ("doctor", *LEADS)

# whom it is for · which scopes open it to a key (each of them alone) · the routes
JSON: list[tuple[tuple[str, ...], str, str]] = [
    # The register. "Patient: own and dependants' record"; they change theirs, the desk makes and removes.
    (STAFF, "patients:read patients:lookup", "GET /patients"),
    (EVERYBODY, "patients:read patients:lookup", """
        GET /patients/{id}
        GET /patients/by-document/{document_type}/{document_number}
    """),
    (STAFF, "patients:write", "POST /patients"),
    (PATIENTS_AND_DESK, "patients:write", "PATCH /patients/{id}"),
    (DESK, "patients:write", """
        DELETE /patients/{id}
        POST /patients/{id}/restore
    """),
    # Visits. "Patient: … and visits"; "Doctor: … visits and their patients"; what patients may undo is cancel and move.
    (EVERYBODY, "appointments:read", """
        GET /appointments
        GET /appointments/{id}
        GET /appointments/{id}.ics
        GET /appointments/{id}/history
        GET /appointments/series/{id}
        GET /patients/{id}/appointments
        GET /proposals
        GET /proposals/{id}
    """),
    (EVERYBODY, "appointments:write", """
        POST /appointments
        POST /appointments/group
        POST /appointments/series
        DELETE /appointments/{id}
        POST /appointments/{id}/cancel
        POST /appointments/{id}/confirm
        POST /appointments/{id}/reschedule
        POST /holds
        POST /holds/{id}/extend
        DELETE /holds/{id}
        POST /proposals/{id}/confirm
        DELETE /proposals/{id}
    """),
    (STAFF, "appointments:write", """
        PATCH /appointments/{id}
        POST /appointments/{id}/approve
        POST /appointments/{id}/reject
        POST /appointments/{id}/no-show
        POST /appointments/{id}/start
        POST /appointments/{id}/complete
        POST /appointments/{id}/restore
        POST /appointments/{id}/undo
    """),
    (DESK, "appointments:write", "POST /appointments/reassign"),
    # "Receptionist: … waiting list"; patients wait for themselves.
    (PATIENTS_AND_DESK, "appointments:read", "GET /waitlist /waitlist/{id}"),
    (PATIENTS_AND_DESK, "appointments:write", """
        POST /waitlist
        DELETE /waitlist/{id}
        POST /waitlist/{id}/accept /waitlist/{id}/decline
    """),
    # "The doctor's own, versioned; receptionists: 403." No key reads it either.
    (("doctor",), "", """
        GET PUT /appointments/{id}/visit-note
        GET /appointments/{id}/visit-note/versions
    """),
    # The day. "Receptionist: … queue"; "Doctor: … queue".
    (EVERYBODY, "queue:read", "GET /checkins/{id}"),
    (STAFF, "queue:read", "GET /doctors/{id}/queue"),
    (STAFF, "queue:write", """
        POST /checkins
        POST /doctors/{id}/queue/call-next
        POST /queue/{id}/call
        POST /queue/{id}/start
        POST /queue/{id}/serve
        POST /queue/{id}/skip
        POST /queue/{id}/requeue
        POST /queue/{id}/leave
        POST /queue/{id}/priority
        POST /queue/{id}/transfer
    """),
    # "Directory, slots" for everybody; set-up by managers and owners; hours and leave by the doctor too.
    (EVERYBODY, "schedule:read", """
        GET /slots
        GET /slots/days
        GET /slots/next
        GET /doctors/{id}/slots
        GET /doctors/{id}/check-availability
        GET /doctors
        GET /doctors/{id}
        GET /doctors/{id}/availability
        GET /doctors/{id}/overrides
        GET /availability/{id}
        GET /overrides/{id}
        GET /sessions
        GET /sessions/{id}
        GET /closures
        GET /closures/{id}
        GET /closures/proposed
        GET /locations
        GET /locations/{id}
        GET /locations/{id}/doctors
        GET /specialties
        GET /specialties/{id}
        GET /services
        GET /services/{id}
        GET /rooms
        GET /rooms/{id}
        GET /lookups
        GET /lookups/{kind}
        GET /lookups/{kind}/{id}
    """),
    (STAFF, "schedule:read", """
        GET /doctors/by-document/{document_type}/{number}
        GET /doctors/{id}/blocked-times
        GET /blocked-times/{id}
        GET /doctors/{id}/days
        GET /doctors/{id}/days/{on}
    """),
    (STAFF, "schedule:write", "PUT /doctors/{id}/days/{on}"),
    (THEIR_OWN_TIME, "schedule:write", """
        POST /doctors/{id}/availability
        PATCH DELETE /availability/{id}
        POST /availability/{id}/restore
        POST /doctors/{id}/overrides
        DELETE /overrides/{id}
        POST /overrides/{id}/restore
        POST /doctors/{id}/blocked-times
        PATCH DELETE /blocked-times/{id}
        POST /blocked-times/{id}/restore
        POST /sessions
        DELETE /sessions/{id}
        POST /sessions/{id}/restore
    """),
    (LEADS, "schedule:write", """
        GET POST /zone-changes
        POST /closures /closures/proposed /doctors /locations /rooms /services /specialties
        PATCH DELETE /closures/{id} /doctors/{id} /locations/{id} /rooms/{id} /services/{id} /specialties/{id}
        POST /closures/{id}/restore /doctors/{id}/restore /locations/{id}/restore
        POST /rooms/{id}/restore /services/{id}/restore /specialties/{id}/restore
        POST /lookups/{kind}
        PATCH DELETE /lookups/{kind}/{id}
        POST /lookups/{kind}/{id}/restore
    """),
    # The manager reads "the list of keys" and how the clinic is set up; "keys, settings" are the owner's.
    (LEADS, "admin", """
        GET /api-keys
        GET /api-keys/{id}
        GET /settings
        GET /custom-fields/{kind}
    """),
    (("owner",), "admin", """
        POST /api-keys
        POST /api-keys/{id}/rotate
        POST /api-keys/{id}/revoke
        PATCH /settings
        PUT /custom-fields/{kind}
    """),
]  # fmt: skip
OPERATOR = """
    POST /admin/bootstrap
    GET POST /admin/tenants
    GET PATCH /admin/tenants/{id}
"""
PUBLIC_JSON = "GET /openapi.json"

# whom it is for · the routes; VISITORS besides means: without signing in too
VISITORS = (*EVERYBODY, "visitor")
PAGES: list[tuple[tuple[str, ...], str]] = [
    (DESK, """
        GET /desk
        GET /desk/day
        GET /desk/to-do /desk/to-move /desk/affected /desk/requests
        POST /desk/to-move/propose /desk/to-move/confirm
        POST /proposals/{id}/confirm /proposals/{id}/decline
        GET /desk/zone-changes
        GET /desk/waiting
        GET POST /desk/waiting/new
        POST /desk/waiting/{id}/accept /desk/waiting/{id}/decline /desk/waiting/{id}/remove
        GET /desk/print
        GET /desk/week
        GET /week
        GET /month
        GET /queue
        GET /queue/board
        GET POST /patients/{id}/edit
        POST /patients/{id}/remove
        POST /patients/{id}/restore
    """),
    (STAFF, """
        GET /appointments/{id}
        GET /appointments/{id}/panel
        GET /appointments/{id}/free
        GET POST /appointments/{id}/move
        GET POST /appointments/{id}/details
        POST /appointments/{id}/approve
        POST /appointments/{id}/reject
        POST /appointments/{id}/confirm
        POST /appointments/{id}/check-in
        POST /appointments/{id}/start
        POST /appointments/{id}/complete
        POST /appointments/{id}/cancel
        POST /appointments/{id}/no-show
        POST /appointments/{id}/restore
        POST /appointments/{id}/undo
        GET POST /appointments/new
        POST /appointments/questions
        GET POST /desk/doctor-day
        GET /appointments/booking-form
        GET /appointments/times
        GET POST /patients
        POST /patients/results
        POST /patients/found
        POST /go-to
        GET POST /patients/new
        GET POST /patients/{id}
        GET /patients/{id}/visits
        GET /patients/{id}/appointments
        GET /board
        GET /board/tickets
        GET /my-day
        GET POST /queue/walk-in
        GET /queue/walk-in-form
        POST /doctors/{id}/queue/call-next
        POST /queue/{id}/call
        POST /queue/{id}/start
        POST /queue/{id}/serve
        POST /queue/{id}/skip
        POST /queue/{id}/requeue
        POST /queue/{id}/leave
        POST /queue/{id}/priority
        GET POST /queue/{id}/transfer
        GET /queue/{id}/transfer-form
        POST /queue/{id}/undo
    """),
    (LEADS, """
        POST /desk/zone-changes
        GET POST /desk/closures
        GET POST /desk/closures/holidays
        POST /desk/closures/{id}/remove /desk/closures/{id}/restore
    """),
    (THEIR_OWN_TIME, """
        GET POST /desk/time-away
        POST /desk/time-away/{id}/remove /desk/time-away/{id}/restore
    """),
    (("doctor",), """
        GET /my-day/mine
        POST /my-day/delay
    """),
    (EVERYBODY, "GET /my/visits"),
    (PATIENTS_AND_DESK, """
        GET /my/waiting
        GET POST /my/waiting/new
        POST /my/waiting/{id}/accept /my/waiting/{id}/decline /my/waiting/{id}/remove
    """),
    # "Slots are visible before any account"; a signed link opens one visit to whoever has it.
    (VISITORS, """
        GET /book
        GET /book/doctors
        GET /book/times
        GET /book/slots
        GET POST /book/hold
        GET POST /book/details
        GET POST /book/check
        GET POST /book/confirm
        GET POST /book/release
        POST /book/held
        POST /book/sign-in
        GET /v/{token}
        GET /v/{token}/visit.ics
        GET POST /v/{token}/cancel
        GET POST /v/{token}/move
        GET /v/{token}/move/check
        GET /v/{token}/slots
    """),
]  # fmt: skip
PUBLIC_PAGES = """
    GET /
    GET POST /login
    POST /logout
    GET /api/docs
    GET /docs
    GET /redoc
    GET /health
    GET /health/ready
    GET /theme.css
    GET POST /styleguide
    GET /styleguide/people
"""

Route = tuple[str, str]


def read(text: str, prefix: str = "") -> list[Route]:
    """``PATCH DELETE /rooms/{id} /services/{id}``: every method at every path."""
    found = []
    for line in text.strip().splitlines():
        words = line.split()
        paths = [word for word in words if word.startswith("/")]
        found += [(method, prefix + path) for method in words if method not in paths for path in paths]
    return found


def decided() -> dict[Route, tuple[frozenset[str], frozenset[str]]]:
    """Whom each guarded route of a clinic is for, and the scopes that open it."""
    found: dict[Route, tuple[frozenset[str], frozenset[str]]] = {}
    for who, scopes, text in JSON:
        for route in read(text, "/api/v1"):
            assert route not in found, f"{route} is decided twice"
            found[route] = frozenset(who), frozenset(scopes.split())
    for who, text in PAGES:
        for route in read(text):
            assert route not in found, f"{route} is decided twice"
            found[route] = frozenset(who), frozenset()
    return found


def open_to_all() -> set[Route]:
    return {*read(PUBLIC_PAGES), *read(PUBLIC_JSON, "/api/v1")}


def routes(app: Any) -> dict[Route, Any]:
    """Every view by its method and path."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<uuid:", "<").replace("<path:", "<").replace("<", "{").replace(">", "}")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if rule.endpoint != "static":
                found[method, path] = app.view_functions[rule.endpoint]
    return found


def test_every_route_is_decided(app):
    """A new route fails here until somebody has decided whom it is for and written it into the table."""
    known = decided().keys() | open_to_all() | set(read(OPERATOR, "/api/v1"))
    there = routes(app).keys()
    assert sorted(there - known) == [], "decide whom these are for"
    assert sorted(known - there) == [], "these are no more"


def test_every_route_asks_for_a_right_that_those_and_only_those_have(app):
    wrong = []
    views = routes(app)
    for (method, path), (who, scopes) in decided().items():
        right = getattr(views.get((method, path)), "permission", "platform.run")
        has = {role for role in ROLES if Actor("user", role=role).may(right)}
        has |= {"visitor"} if ANONYMOUS.may(right) and not path.startswith("/api/") else set()
        opens = {scope for scope in SCOPES if Actor("key", scopes=frozenset({scope})).may(right)}
        if has != who:
            wrong.append(f"{method} {path}: {right} is for {sorted(has)}, decided was {sorted(who)}")
        if path.startswith("/api/") and opens != scopes:
            wrong.append(f"{method} {path}: {right} opens to {sorted(opens)}, decided was {sorted(scopes)}")
    assert wrong == []


def test_what_is_open_to_all_says_so(app):
    views = routes(app)
    for route in open_to_all():
        assert views[route].public, route
    for route in read(OPERATOR, "/api/v1"):
        assert views[route].permission == "platform.run", route


# -- the door does ask --------------------------------------------------------------------------------------------


def filled(path: str) -> str:
    """A path with ids in it: mostly nobody's, which is found out behind the door."""
    given = {"on": "2026-11-23", "kind": "genders", "document_type": "CC", "token": "x"}
    given |= {"document_number": "404", "number": "404", "id": "01a1f7f4-4701-74a6-8d9a-94567ef66fe1"}
    for name, value in given.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def test_json_is_answered_to_nobody_without_a_credential(app, north):
    visitor = Api(app, "north.localhost", None, prefix="")
    for method, path in decided().keys() - open_to_all():
        if path.startswith("/api/"):
            answer = visitor.open(method, filled(path))
            assert (answer.status_code, (answer.json or {})["code"]) == (401, "unauthorized"), (method, path)


def test_a_key_opens_what_was_decided_and_no_more(app, north):
    """With the scope alone the door opens; with all the others it does not."""
    keys: dict[tuple[str, ...], Api] = {}

    def with_scopes(scopes: set[str] | frozenset[str]) -> Api:
        chosen = tuple(sorted(scopes))
        if chosen not in keys:
            keys[chosen] = Api(app, "north.localhost", key_of("north", list(chosen)), prefix="")
        return keys[chosen]

    for (method, path), (_who, scopes) in decided().items():
        if path.startswith("/api/"):
            others = with_scopes(set(SCOPES) - scopes).open(method, filled(path))
            assert (others.status_code, (others.json or {})["code"]) == (403, "forbidden"), (method, path)
            if scopes:
                answer = with_scopes({min(scopes)}).open(method, filled(path))
                assert answer.status_code not in (401, 403), (method, path)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        (None, "visitor"),
        ("carla", "patient"),
        ("bose", "doctor"),
        ("ana", "receptionist"),
        ("mia", "manager"),
    ],
)
def test_a_page_stays_shut_to_whom_it_is_not_for(app, north, page, request, who, role):
    """A visitor is sent to sign in, whoever is signed in is told no."""
    browser = request.getfixturevalue("carla") if who == "carla" else page(who)
    for (method, path), (whom, _scopes) in decided().items():
        if role not in whom and not path.startswith("/api/"):
            answer = browser.client.open(filled(path), method=method, base_url="http://north.localhost")
            if who is None:
                assert answer.status_code in (302, 303), (method, path)
                assert answer.headers["Location"].startswith("/login"), (method, path)
            else:
                assert answer.status_code == 403, (method, path)
