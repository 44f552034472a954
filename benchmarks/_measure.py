"""Measure several sides of one comparison in turns, in one process: medians and minima of CPU and wall time.

A shared machine makes wall rates swing by a factor, so every figure is CPU time (``process_time``) with wall time beside
it, and every comparison is a ratio of two sides that took turns within one round.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Run = Callable[[], object]
"""One piece of work of a side; what it gives is thrown away."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side: each turn does the next ``turn`` of its ``runs``, and begins again where they end."""

    name: str
    runs: Sequence[Run]
    turn: int


@dataclass(slots=True)
class Times:
    """Seconds a run, one entry a turn."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Microseconds and rates a message."""
        cpu, wall = statistics.median(self.cpu), statistics.median(self.wall)
        return {
            "cpu_us": _round(cpu * 1e6), "cpu_us_min": _round(min(self.cpu) * 1e6), "wall_us": _round(wall * 1e6),
            "wall_us_min": _round(min(self.wall) * 1e6), "per_cpu_second": round(1 / cpu), "per_cpu_second_best": round(1 / min(self.cpu)),
        }  # fmt: skip


def in_turns(sides: Sequence[Side], rounds: int) -> Mapping[str, Times]:
    """Each side once a round, the order turned by one each round; the first round is not counted."""
    times = {side.name: Times() for side in sides}
    for number in range(rounds + 1):
        shift = number % len(sides)
        for side in (*sides[shift:], *sides[:shift]):
            cpu, wall = _turn(side, number)
            if not number:
                continue
            times[side.name].cpu.append(cpu)
            times[side.name].wall.append(wall)
    return times


def _turn(side: Side, number: int) -> tuple[float, float]:
    """CPU and wall seconds a run. Garbage of the side before is collected first, its own is its own cost."""
    start = number * side.turn % len(side.runs)
    runs = side.runs[start : start + side.turn]
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    for run in runs:
        run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / len(runs), wall / len(runs)


def ratio(slower: Times, faster: Times) -> dict[str, float]:
    """How many times the CPU of one side the other takes: median over rounds, worst round, and minimum against minimum."""
    each = [one / other for one, other in zip(slower.cpu, faster.cpu, strict=True)]
    return {
        "median": round(statistics.median(each), 2), "lowest": round(min(each), 2), "highest": round(max(each), 2),
        "of_minima": round(min(slower.cpu) / min(faster.cpu), 2),
    }  # fmt: skip


def machine() -> dict[str, Any]:
    """The state of the machine, to read the figures by."""
    return {"python": platform.python_version(), "cores": os.cpu_count(), "load": [round(one, 2) for one in os.getloadavg()]}


def table(rows: Sequence[Sequence[object]]) -> str:
    """Rows in columns: the first left, the others right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in texts
    )


def _round(number: float) -> float:
    return round(number, 1)
