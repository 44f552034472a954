"""What is wrong with a mapping's text, and where: the one shape that parser, planner and lint report in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from canonical_model.problems import Cause, Misconfigured, Problem, cause_key


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a mapping's text; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def after(self, characters: int) -> Mark:
        """The place that many characters further on the same line."""
        return Mark(self.file, self.line, self.column + characters)


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding about a mapping: the place, the fact, the fix. Only an ``error`` keeps a mapping from loading."""

    at: Mark
    message: str
    suggestion: str = ""
    level: Literal["error", "warning", "note"] = "error"

    def __str__(self) -> str:
        return f"{self.at}: {self.level}: {self.message}" + (f"; fix: {self.suggestion}" if self.suggestion else "")


class MappingFault(Misconfigured):
    """A mapping does not load. ``lints`` are all that stands against it, first line first."""

    def __init__(self, lints: Sequence[Lint]) -> None:
        self.lints = tuple(sorted(lints, key=lambda lint: lint.at))
        first = self.lints[0]
        more = f" (and {len(self.lints) - 1} more)" if len(self.lints) > 1 else ""
        super().__init__(f"{first.message}{more}", at=str(first.at), fix=first.suggestion)

    def problem(self, mapping: str) -> Problem:
        """The fault as a hold of one document: its layout is not the one the mapping was checked against at the start."""
        return Problem(Cause.MAPPING_ERROR, cause_key(mapping), self.fact, self.fix, mapping=self.at)


class Faults:
    """Collects what is wrong, so that one run of lint tells everything."""

    def __init__(self) -> None:
        self.lints: list[Lint] = []

    def add(self, at: Mark, message: str, suggestion: str = "", level: Literal["error", "warning", "note"] = "error") -> None:
        """Note one finding; equal ones once."""
        lint = Lint(at, message, suggestion, level)
        if lint not in self.lints:
            self.lints.append(lint)

    def check(self) -> None:
        """Raise MappingFault if there is an error among the findings."""
        errors = [lint for lint in self.lints if lint.level == "error"]
        if errors:
            raise MappingFault(errors)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?``, or the words there are when none is near and they are few, or nothing."""
    names = sorted(set(known))
    near = get_close_matches(word, names, n=1, cutoff=0.6) or [name for name in names if name.lower() == word.lower()]
    if near:
        return f"did you mean {near[0]!r}?"
    return f"one of: {', '.join(names)}" if 0 < len(names) <= 24 else ""
