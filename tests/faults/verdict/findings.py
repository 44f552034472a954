"""What the verdict finds: counts by kind, and the first offending documents by name."""

from __future__ import annotations

from collections import Counter
from typing import Any

KINDS = ("lost", "doubled", "out_of_order", "oversold", "stuck_holds", "cases_wrong", "deliveries_wrong", "invariants", "unknown")
NAMED = 8
"""Of each kind so many are named."""


class Findings:
    """``counts`` are facts of the run, ``faults`` what must not be."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self.faults: list[str] = []

    def fault(self, kind: str, text: str) -> None:
        """Something is wrong."""
        self._kinds[kind] += 1
        if self._kinds[kind] <= NAMED:
            self.faults.append(f"{kind}: {text}")

    def told(self) -> dict[str, Any]:
        """As one object."""
        return {**self.counts, **{kind: self._kinds[kind] for kind in KINDS}, "faults": self.faults}
