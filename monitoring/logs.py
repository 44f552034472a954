"""Logs of the standard library as JSON lines: one event a line, time in UTC, what was given with ``extra=`` beside it."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_WIDEST = 10_000


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON. Values that JSON does not know become texts; nothing in a record can make it fail."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": _message(record)[:_WIDEST],
        }
        line |= {key: value for key, value in vars(record).items() if key not in _OWN and key not in line}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = self.formatException(record.exc_info)
        return _dumped(line)


def _message(record: logging.LogRecord) -> str:
    """The text with its arguments; a wrong number of arguments is shown, not raised."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args!r}"


def _dumped(line: dict[str, Any]) -> str:
    options = orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(line, default=str, option=options).decode()
    except (TypeError, ValueError):  # e.g. a lone surrogate in a file name
        return orjson.dumps({key: ascii(value) for key, value in line.items()}).decode()


def configure(*, level: str = "INFO", json: bool = True, stream: TextIO | None = None) -> None:
    """Write all logs of this process to ``stream`` (standard error): JSON lines, or plain text for a person at a terminal."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if json else logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.getLogger("alembic").setLevel(logging.WARNING)  # each look at a store would tell how it is looked at
