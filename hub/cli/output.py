"""How every command speaks: lines for people, or with ``--json`` one object a line. Exit codes in one place.

0  done            1  something is held, differs or failed (the output says what)
2  wrong use       3  misconfigured: a setting, mapping or definition must be repaired first
4  not found       5  unreachable: a store, broker or system does not answer; try again
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Never
from unicodedata import east_asian_width

import orjson

from canonical_model.places import Bytes, Cell
from canonical_model.problems import HubError, Misconfigured, Problem, Retry, Unknown

WIDEST = 160
"""Characters of one cell of a table for people; ``--json`` cuts nothing."""

if TYPE_CHECKING:
    from hub.commands import Done


class Exit(IntEnum):
    """What the shell sees."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    MISCONFIGURED = 3
    NOT_FOUND = 4
    UNREACHABLE = 5


class Usage(HubError):
    """What was typed says nothing to the hub."""


CODES: Mapping[type[HubError], Exit] = {
    Usage: Exit.USAGE, Misconfigured: Exit.MISCONFIGURED, Retry: Exit.UNREACHABLE, Unknown: Exit.NOT_FOUND,
}  # fmt: skip
"""Kinds of errors with a code of their own."""


def plain(value: Any) -> Any:
    """Values of ours as JSON knows them; anything else as its text."""
    match value:
        case Bytes():
            return {"bytes": [value.start, value.end]}
        case Cell():
            return {"sheet": value.sheet, "cell": value.ref}
        case Problem():
            return problem_object(value)
        case bytes():
            return value.hex()
        case _:
            return str(value)


def problem_object(problem: Problem) -> dict[str, Any]:
    """A problem as one flat object: absent parts are left out."""
    names = ("cause", "key", "fact", "fix", "target", "source", "place", "value", "mapping", "candidates")
    pairs = ((name, getattr(problem, name)) for name in names)
    return {name: str(value) if name == "cause" else value for name, value in pairs if value not in (None, "", ())}


class Output:
    """Where a command's objects go. ``human`` turns an object into lines; without it ``--json`` is what is printed."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def emit(self, row: Mapping[str, Any], human: Callable[[Mapping[str, Any]], str] | None = None) -> None:
        """Print one object, as JSON or as the lines that ``human`` makes of it."""
        if self.as_json or human is None:
            sys.stdout.buffer.write(orjson.dumps(row, default=plain, option=orjson.OPT_NON_STR_KEYS) + b"\n")
            sys.stdout.buffer.flush()
        else:
            print(human(row), flush=True)

    def table(self, rows: Sequence[Mapping[str, Any]], *columns: str) -> None:
        """Print rows as a table of the named columns, or one object a line."""
        if self.as_json:
            for row in rows:
                self.emit(row)
            return
        cells = [columns, *[tuple(_cell(row.get(column)) for column in columns) for row in rows]]
        widths = [max(_width(line[i]) for line in cells) for i in range(len(columns))]
        for line in cells:
            print("  ".join(text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)).rstrip())


def _width(text: str) -> int:
    """Columns of a terminal: a wide character takes two (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else orjson.dumps(value, default=plain).decode()
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 4]} ..."


def say(done: Done, out: Output) -> int:
    """What a command of ``hub.commands`` did."""
    row = {"done": done.text, "freed": done.freed, "id": done.id, **done.facts}
    out.emit({name: value for name, value in row.items() if value is not None}, lambda _: done.text)
    return int(Exit.DONE)


def fail(error: HubError, out: Output) -> Never:
    """Say an error as fact, place, fix and leave with its exit code."""
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), Exit.FAILED)
    if out.as_json:
        out.emit({"error": type(error).__name__, "fact": error.fact, "at": error.at, "fix": error.fix})
    else:
        print(error, file=sys.stderr)
    raise SystemExit(int(code))


def not_found(what: str, out: Output, fix: str = "") -> Never:
    """Nothing of that name: exit code 4."""
    if out.as_json:
        out.emit({"error": "NotFound", "fact": f"{what} is not known", "fix": fix})
    else:
        print(f"{what} is not known" + (f"\n  fix: {fix}" if fix else ""), file=sys.stderr)
    raise SystemExit(int(Exit.NOT_FOUND))
