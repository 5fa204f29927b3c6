"""What is written down when the last step fails: the route, never the address that somebody asked for."""

from __future__ import annotations

import io
import logging
from unittest.mock import patch

import psycopg
import pytest

from clinic.core import db, log

DOCUMENT = "9988776655"


@pytest.fixture
def heard():
    """Everything that any logger says."""
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


def test_a_commit_that_fails_names_no_address(app, api, heard, monkeypatch):
    """The view is through, and the database dies: then Flask itself would write the whole path down."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    lost = psycopg.OperationalError(f"server closed the connection, {DOCUMENT}")
    with patch.object(db, "settle", side_effect=lost):
        answer = api.get(f"/patients/by-document/CC/{DOCUMENT}")
    assert answer.status_code == 500
    assert DOCUMENT not in answer.text
    assert '"error":"OperationalError"' in heard.getvalue()
    assert DOCUMENT not in heard.getvalue()
