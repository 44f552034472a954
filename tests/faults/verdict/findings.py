"""What the verdict finds: counts by kind, and the first offending documents by name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.plan import write_line

KINDS = ("lost", "doubled", "out_of_order", "oversold", "stuck_holds", "cases_wrong", "deliveries_wrong", "invariants", "unknown")
NAMED, FILE = 8, "findings.jsonl"
"""Of each kind so many are named; all of them stand in the file, since a run that took hours is not done again to be asked."""


class Findings:
    """``counts`` are facts of the run, ``faults`` what must not be. ``folder``: where the file of all of them is written, if anywhere."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.counts: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self.faults: list[str] = []

    def fault(self, kind: str, text: str) -> None:
        """Something is wrong."""
        self._kinds[kind] += 1
        if self._folder is not None:
            write_line(str(self._folder / FILE), kind=kind, text=text)
        if self._kinds[kind] <= NAMED:
            self.faults.append(f"{kind}: {text}")

    def told(self) -> dict[str, Any]:
        """As one object."""
        return {**self.counts, **{kind: self._kinds[kind] for kind in KINDS}, "faults": self.faults}
