"""CPU time of trees of processes, those that have ended included, by /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def table() -> dict[int, tuple[int, int]]:
    """Process -> (parent, clock ticks of its own and of its children that it has seen end)."""
    found: dict[int, tuple[int, int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(path.name)] = int(words[1]), sum(int(word) for word in words[11:15])
    return found


def tree(root: int, processes: Mapping[int, tuple[int, int]]) -> set[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for process, (parent, _) in processes.items():
        below.setdefault(parent, []).append(process)
    found, waiting = set[int](), [root]
    while waiting:
        found.add(waiting[-1])
        waiting.extend(below.get(waiting.pop(), ()))
    return found & processes.keys()


def used(roots: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """CPU seconds so far of each group's trees. A child that ended and was waited for is in its parent's."""
    processes = table()
    return {
        name: sum(processes[one][1] for root in some for one in tree(root, processes)) / TICK for name, some in roots.items()
    }  # fmt: skip


def spent(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds between two looks."""
    return {name: after[name] - before[name] for name in after}
