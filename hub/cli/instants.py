"""Instants as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.cli.output import Usage


def instant(text: str, option: str) -> datetime:
    """An instant in UTC. Raises Usage, naming the option, for what is none or has no zone: this machine's would be a guess."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Usage(f"{text!r} is not an instant with its zone", at=option, fix="as 2026-11-25T08:00:00Z")
    return found.astimezone(UTC)
