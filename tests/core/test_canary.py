"""A canary: book with names that stand nowhere else, and look for them in every output (RULES §5)."""

from __future__ import annotations

import io
import json
import logging
from unittest.mock import patch

import pytest

from clinic.booking import inserting
from clinic.core import log
from tests.booking.times import iso

MARKERS = ("Zyxwander", "3009182736", "+573009182736", "DOC99887766", "zyx.wander", "Zyxreason", "zyxwander")


@pytest.fixture
def heard():
    """Everything that any logger says, at its most talkative."""
    root = logging.getLogger()
    before, handlers = root.level, list(root.handlers)
    log.configure("DEBUG")
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers = handlers
    root.setLevel(before)


def test_no_output_says_who_it_was_about(api, page, north, heard, server):
    person = {
        "full_name": "Zyxwander Núñez",
        "phone": "3009182736",
        "email": "zyx.wander@mail.example",
        "document_type": "CC",
        "document_number": "DOC99887766",
    }
    with open(server["log"]) as file:
        file.seek(0, 2)
        begin = file.tell()
    made = api.post("/patients", person)
    assert made.status_code == 201
    assert api.post("/patients", {**person, "full_name": "Zyxwander Other"}).status_code == 409
    body = {"patient": person, "doctor_id": str(north.bose), "start": iso("09:30"), "reason": "Zyxreason"}
    assert api.post("/appointments", body).status_code == 201
    assert api.post("/appointments", body).status_code == 409
    api.post("/appointments", {**body, "Zyxwander": 1})
    api.get("/patients", q="Zyxwander")
    api.get("/patients/by-document/CC/DOC99887766")
    api.open(
        "POST", "/patients", headers={"Content-Type": "application/json"}, data='{"full_name": "Zyxwander'
    )
    with patch.object(inserting, "insert", side_effect=RuntimeError("Zyxwander 3009182736")):
        assert api.post("/appointments", {**body, "start": iso("10:00")}).status_code == 500
    # What the database itself would quote: a key that is there already, a row that a check refuses.
    from clinic.core import db, entering

    for sql in (
        "UPDATE patient SET document_key = 'doc99887766', document_type = 'CC' WHERE tenant_id = %(tenant)s",
        "UPDATE patient SET name_key = '' WHERE tenant_id = %(tenant)s AND full_name LIKE 'Zyxwander%%'",
    ):
        with entering.acting_in("north"), pytest.raises(Exception, match=r"."):
            db.send((sql, {}))
    said = heard.getvalue()
    lines = [json.loads(line) for line in said.splitlines()]
    assert any(line.get("route") == "/api/v1/appointments" for line in lines)
    assert any(line.get("error") == "RuntimeError" for line in lines)
    with open(server["log"]) as file:
        file.seek(begin)
        said += file.read()
    assert [marker for marker in MARKERS if marker in said] == []


def test_only_keys_of_the_allow_list_are_written(app, heard):
    log.get("clinic.test").info("said", status=200, patient="Zyxwander", phone="3009182736")
    line = json.loads(heard.getvalue().splitlines()[-1])
    assert line["status"] == 200
    assert not {"patient", "phone"} & line.keys()


def test_a_librarys_line_loses_its_arguments(app, heard):
    logging.getLogger("some.library").warning("could not send to %s", "zyx.wander@mail.example")
    assert "zyx.wander" not in heard.getvalue()
    assert "could not send to" in heard.getvalue()
