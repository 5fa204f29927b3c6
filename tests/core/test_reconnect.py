"""The database was restarted under us: who asks next notices nothing."""

from __future__ import annotations

import psycopg

from clinic.core import db


def hang_up_on_everybody(superuser):
    """What a restart does to every connection of the application."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clinic_app'"
            " AND datname = current_database()"
        )


def test_the_first_request_after_a_restart_is_answered(api, north, superuser):
    assert api.get("/doctors").status_code == 200
    db.session.remove()
    hang_up_on_everybody(superuser)
    assert [api.get("/doctors").status_code for _ in range(3)] == [200, 200, 200]


def test_a_connection_lost_in_the_middle_is_a_503_and_the_next_call_works(api, north, superuser):
    from unittest.mock import patch

    from clinic.booking import actions
    from tests.booking.times import iso

    whom = actions._whom

    def lost(*args):
        hang_up_on_everybody(superuser)
        return whom(*args)

    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    with patch.object(actions, "_whom", lost):
        answer = api.post("/appointments", body)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    assert api.post("/appointments", body).status_code == 201
