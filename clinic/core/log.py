"""Logs: one JSON line per happening, with an allow-list of keys.

No patient data at all: route templates instead of paths, types and places of faults instead of their messages
(a message can quote what a person typed). A canary test books with marker names and greps every output.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import orjson
import structlog

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

KEYS = frozenset(
    "event level timestamp logger request_id tenant method route status ms error frames code pid port count task "
    "worker seconds version rate_limits environment right kind".split()
)


def _only_allowed_keys(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in line.items() if key in KEYS}


def _request(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = request_id.get()
    if current:
        line.setdefault("request_id", current)
    return line


def _fault_without_its_message(
    _logger: Any, _name: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    info = line.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        line["error"] = type(error).__name__
        line["frames"] = [
            f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}"
            for f in traceback.extract_tb(error.__traceback__)[-8:]
        ]
    return line


def _foreign_without_arguments(
    _logger: Any, _name: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A library's line: its template without the arguments, which may quote a person."""
    record = line.get("_record")
    if record is not None and line.get("_from_structlog") is False and not record.name.startswith("clinic"):
        line["event"] = str(record.msg)[:200] if record.args else str(record.msg).split("\n", 1)[0][:200]
        if record.levelno >= logging.ERROR:
            line["event"] = f"{record.name} reports a fault"
    return line


class Ready(str):
    """A line of our own as it stands in the log."""

    __slots__ = ()


def _ready(logger: Any, name: str, line: MutableMapping[str, Any]) -> tuple[tuple[Ready], dict[str, Any]]:
    return (Ready(_json(_only_allowed_keys(logger, name, line))),), {}


def _json(line: MutableMapping[str, Any], **_options: Any) -> str:
    return orjson.dumps(line, str).decode()


class Lines(structlog.stdlib.ProcessorFormatter):
    """Our own lines are ready; those of libraries are made here."""

    def format(self, record: logging.LogRecord) -> str:
        return record.msg if type(record.msg) is Ready else super().format(record)


def configure(level: str = "INFO") -> None:
    """Send every logger's lines as JSON to standard error."""
    # Nobody reads these of a line, and to find them out is a third of its cost.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _request,
        _fault_without_its_message,
    ]
    structlog.configure(
        processors=[*shared, _ready],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        Lines(
            foreign_pre_chain=shared,
            processors=[
                _foreign_without_arguments,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _only_allowed_keys,
                structlog.processors.JSONRenderer(_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def get(name: str = "clinic") -> Any:
    """A logger; say ``log.info("what happened", key=value)`` with keys of the allow-list."""
    return structlog.get_logger(name)
