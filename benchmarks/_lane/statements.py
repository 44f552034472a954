"""Statements as PostgreSQL itself counts them: its log of every statement, with the name of the session that said it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_LINE = re.compile(r"^(?P<session>[^|\n]*)\|LOG: +(?:statement|execute [^:]*): (?P<text>.*)$", re.DOTALL)
_SHORT = [re.compile(pattern, re.IGNORECASE) for pattern in (
    r'^(INSERT) INTO "?(\w+)', r'^(UPDATE) "?(\w+)', r'^(DELETE) FROM "?(\w+)', r'^(COPY) "?(\w+)', r"^(SELECT) (pg_\w+)",
    r'^(SELECT)\b.*? FROM "?(\w+)',
)]  # fmt: skip


@contextmanager
def counted(url: str, log: Path, database: str) -> Iterator[Counter[tuple[str, str]]]:
    """Counts what is said in a database meanwhile: (session, statement in short) -> how often. Filled when it ends."""
    found: Counter[tuple[str, str]] = Counter()
    _set(url, "ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM SET log_line_prefix = '%d/%a|'")
    at = log.stat().st_size
    try:
        yield found
    finally:
        _set(url, "ALTER SYSTEM RESET log_statement")
        with log.open("rb") as file:
            file.seek(at)
            text = file.read().decode("utf-8", "replace")
        found.update(
            said for said in map(_said, text.replace("\n\t", " ").splitlines()) if said is not None and said[0].startswith(f"{database}/")
        )


def _set(url: str, *commands: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SELECT pg_sleep(0.3)")


def _said(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    return None if match is None else (match["session"], short(match["text"]))


def short(statement: str) -> str:
    """A statement by its verb and table.

    >>> short('INSERT INTO "document" ("id") SELECT * FROM unnest($1)')
    'insert document'
    >>> short("BEGIN")
    'begin'
    """
    text = " ".join(statement.split())
    match = next((found for found in (pattern.match(text) for pattern in _SHORT) if found), None)
    if match is not None:
        return f"{match[1].lower()} {match[2]}"
    return text.partition(" ")[0].lower() or "ping"
