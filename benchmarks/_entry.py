"""What a benchmark of a hub in production does as a command: measure, show, say what is at fault."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import orjson

from benchmarks._production import NOT_THERE

Found = dict[str, Any]


def told(
    name: str, chosen: argparse.Namespace, report: Callable[[argparse.Namespace], Found], faults: Callable[[Mapping[str, Any]], list[str]],
    show: Callable[[Found, argparse.Namespace], None],
) -> NoReturn:  # fmt: skip
    """Run ``report`` and end the process: 0, or 1 with what is at fault or what cannot be had here. ``--json`` prints the report in the
    last line."""
    try:
        found = report(chosen)
    except NOT_THERE as reason:
        raise SystemExit(f"{name}: {reason}") from None
    broken = faults(found)
    found = {**found, "faults": broken}
    show(found, chosen)
    if chosen.json:
        print(orjson.dumps(found, default=str).decode())
    raise SystemExit("\n".join(broken) if broken else 0)


def written(page: str, file: Path | None) -> None:
    """Print a page, and keep it where it is wanted."""
    print(page)
    if file is not None:
        file.write_text(page, "utf-8")
