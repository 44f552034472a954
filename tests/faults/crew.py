"""The processes of the hub in one run, and the operator's: which there are, started again when they died, armed with a death."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from signal import SIGTERM
from typing import Any

from tests.faults import deaths, rules
from tests.faults.family import Child, Family
from tests.faults.inside import ASKED, UP
from tests.faults.plan import Plan, read_lines

WORKERS = (2, 5)
"""Fewest and most workers."""


class Crew:
    """``armed``: the share of processes that are started with a point to die at. ``patience`` stretches their lives."""

    def __init__(self, family: Family, plan: Plan, armed: float) -> None:
        self.family, self.plan, self.armed = family, plan, armed
        self.folder: Path = family.folder
        self.several = plan.production
        self.patience = 30.0 if plan.broken in rules.PLACES else 3.0 if self.several else 1.0
        self._up: set[int] = set()
        self.words: dict[str, tuple[str, ...]] = {}
        self._draw = Random(f"{plan.seed}:crew")
        self._next = 0
        if self.several:
            for n, port in enumerate(plan.doors, start=1):
                self.words[f"api{n}"] = ("api", "--listen", f"127.0.0.1:{port}")
            for _ in range(3):
                self._hire()
        else:
            self.words["hub"] = ("run",)

    def _hire(self) -> None:
        self._next += 1
        self.words[f"worker{self._next}"] = ("worker",)

    def start(self) -> None:
        """Everybody, the operator, receivers, subscriber and checker."""
        self.revive()

    def revive(self) -> None:
        """Start whoever should run and does not."""
        for name, words in self.words.items():
            child = self.family.children.get(name)
            if child is None or child.code is not None:
                asked = self._asked(words[0])
                self.family.start(name, "hub", *words, env={ASKED: json.dumps(asked)}).armed = "point" in asked
        for name in ("receivers", "reader", "checker"):
            other = self.family.children.get(name)
            if other is None or other.code is not None:
                self.family.start(name, name)
        person = self.family.children.get("operator")
        if person is None or person.code is not None:
            self.family.start("operator", "person", env={ASKED: json.dumps(self._asked("person"))})

    def _asked(self, kind: str) -> dict[str, Any]:
        """What a new process is to die of."""
        place = rules.PLACES.get(self.plan.broken)
        if place is not None and self.armed and kind != "person":
            return {"point": place, "hits": self._draw.randint(1, 2)}
        if self._draw.random() >= self.armed * (0.3 if kind == "person" else 1.0):
            return {}
        points = deaths.points(kind)
        point = self._draw.choice(list(points))
        return {"point": point, "hits": self._draw.randint(1, points[point])}

    def up(self, child: Child) -> bool:
        """Whether a process has said that it works."""
        if child.pid not in self._up:
            self._up = {int(line["pid"]) for line in read_lines(self.folder / UP)}
        return child.pid in self._up

    def targets(self) -> list[Child]:
        """Whom the killer may choose: the hub's processes that run."""
        return [child for name in self.words if (child := self.family.children.get(name)) is not None and child.code is None]

    def running(self) -> str:
        """Their names, for people."""
        return f"running: {', '.join(child.name for child in self.targets())}"

    def change_workers(self, draw: Random) -> int:
        """One worker more, or one less (stopped in good order, and not started again)."""
        workers = [name for name in self.words if name.startswith("worker")]
        fewest, most = WORKERS
        if len(workers) < most and (len(workers) <= fewest or draw.random() < 0.5):
            self._hire()
            self.revive()
            return 1
        leaving = draw.choice(workers)
        del self.words[leaving]
        child = self.family.children[leaving]
        self.family.signal(child, SIGTERM)
        self.family.wait(child, 40)
        return 1

    def died_at(self) -> list[str]:
        """Points of all deaths so far."""
        return [str(line["point"]) for line in read_lines(self.folder / deaths.DEATHS)]

    def died_inside(self, child: Child) -> bool:
        """Whether this process died by itself."""
        return any(line["pid"] == child.pid for line in read_lines(self.folder / deaths.DEATHS))

    def deaths(self) -> int:
        """How many died by themselves so far."""
        return len(self.died_at())
