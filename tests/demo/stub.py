"""A clinic of a few lines, to try the launcher with: it answers who it is, asks the database, and takes its time.

``python -m tests.demo.stub`` is ``make demo`` with this in the place of the application.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    status, answer = "200 OK", str(os.getpid())
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    if environ["PATH_INFO"] in {"/health/ready", "/who"}:
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2) as connection:
                answer = str(connection.execute("SELECT current_user").fetchall()[0][0])
        except psycopg.OperationalError:
            status, answer = "503 Service Unavailable", "the database is away"
    body = answer.encode()
    start(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def prepare() -> None:
    """One clinic at the first start; the same at the next."""
    if os.environ.get("STUB") == "broken":
        sys.exit("the stub is broken")
    with psycopg.connect(os.environ["MIGRATION_DATABASE_URL"]) as connection:
        connection.execute("SET ROLE clinic_owner")
        connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO starts DEFAULT VALUES")
    person = {"role": "owner", "email": "ana@north.example", "password": "a-demo-password"}
    clinic = {"slug": "north", "id": "0", "api_key": "ck_north", "users": [person]}
    Path(os.environ["DATA_DIR"], "credentials.json").write_text(json.dumps({"tenants": [clinic]}))


def main() -> int:
    from clinic.core.processes import CannotStart
    from clinic.demo.launcher import Commands, Launcher
    from config import Settings

    here = (sys.executable, "-m", "tests.demo.stub")
    commands = Commands(app="tests.demo.stub:app", worker=(*here, "worker"), prepare=(*here, "prepare"))
    try:
        return Launcher(Settings(), commands, fast=True).run()
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    elif sys.argv[1:] == ["worker"]:
        time.sleep(3600)
    else:
        sys.exit(main())
