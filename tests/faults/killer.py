"""Who kills: processes of the hub from outside and at points inside, stops them, cuts their sessions, takes and adds workers,
breaks broker and database. What it draws depends on the seed; when it happens, on how far the traffic is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from typing import NamedTuple

from tests.faults.crew import Crew
from tests.faults.family import Child
from tests.faults.plan import tell
from tests.faults.servers import Servers

ARMED = 0.6
"""Share of processes that are started with a point to die at."""
LIFE = (0.1, 1.6)
"""Seconds that a process works before it is killed from outside, at least and at most."""
YOUNG = 0.05
"""Share of processes that are killed while they start."""


class Event(NamedTuple):
    """Something that happens once, at a share of the kills."""

    at: float
    name: str
    action: Callable[[], None]


@dataclass
class Killer:
    """Kills until there were enough. ``say`` tells people; ``ahead(share)``: the kills are ahead of the traffic, which is to come up."""

    crew: Crew
    servers: Servers
    kills: int
    seed: int
    say: Callable[[str], None]
    extra: tuple[str, ...] = ()
    ahead: Callable[[float], bool] = lambda share: False
    least_pace: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.draw = Random(f"{self.seed}:killer")
        self._ends: dict[int, float] = {}
        self._stopped: dict[int, tuple[Child, float]] = {}
        self.unclean: list[str] = []
        self._events = self._planned()

    def _planned(self) -> list[Event]:
        found = self.servers
        known: dict[str, tuple[Callable[[], None], tuple[float, ...]]] = {
            "purge_queue": (found.purge, (0.3, 0.7)),
            "restart_broker": (found.restart_broker, (0.4,)),
            "restart_database": (found.restart_database, (0.55,)),
        }
        events = [Event(at, name, known[name][0]) for name in self.extra for at in known[name][1]]
        return sorted(events, key=lambda event: event.at)

    @property
    def done(self) -> int:
        """Kills so far: from outside and by themselves at a point."""
        return self.counts["kills_outside"] + self.crew.deaths()

    def run(self, deadline: float) -> None:
        """Until there were enough kills, or the time is over."""
        told = -1
        while self.done < self.kills and time.monotonic() < deadline:
            done = self.done
            tell(self.crew.folder, "pace", str(max(self.least_pace, done / self.kills)))
            if done // max(1, self.kills // 10) > told:
                told = done // max(1, self.kills // 10)
                self.say(f"{done} of {self.kills} kills; {self.crew.running()}")
            self._step()
            time.sleep(0.03)
        self.calm()

    def calm(self) -> None:
        """Whoever is stopped goes on; whoever died is started again, with nothing to die of."""
        for child, _ in list(self._stopped.values()):
            self.crew.family.signal(child, SIGCONT)
        self._stopped.clear()
        self.crew.armed = 0.0
        self.crew.revive()

    def _step(self) -> None:
        while self._events and self.done >= self._events[0].at * self.kills:
            event = self._events.pop(0)
            self.say(event.name.replace("_", " "))
            event.action()
            self.counts[event.name] += 1
        now = time.monotonic()
        for pid, (child, until) in list(self._stopped.items()):
            if now >= until or child.code is not None:
                self.crew.family.signal(child, SIGCONT)
                del self._stopped[pid]
        self.crew.revive()
        if self.ahead(self.done / self.kills):
            return
        for child in self.crew.targets():
            if child.pid not in self._ends and (self.crew.up(child) or self.draw.random() < YOUNG / 20):
                self._ends[child.pid] = now + self.draw.uniform(*LIFE) * self.crew.patience * (2.0 if child.armed else 1.0)
            if now >= self._ends.get(child.pid, now + 1) and child.pid not in self._stopped:
                self._do(child)

    def _do(self, child: Child) -> None:
        kinds = {"kill": 10.0, "term": 1.5, "stop": 1.5, "other": 0.5, **({"cut": 2.0, "move": 1.0} if self.crew.several else {})}
        kind = self.draw.choices(list(kinds), list(kinds.values()))[0]
        self._ends.pop(child.pid, None)
        {"kill": self._kill, "term": self._term, "stop": self._stop, "other": self._other, "cut": self._cut, "move": self._move}[kind](
            child
        )

    def _kill(self, child: Child) -> None:
        self.crew.family.signal(child, SIGKILL)
        if child.ended.wait(5) and not self.crew.died_inside(child):
            self.counts["kills_outside"] += 1

    def _term(self, child: Child) -> None:
        """In good order: it must end by itself, with 0."""
        if not self.crew.up(child):
            return
        self.crew.family.signal(child, SIGTERM)
        code = self.crew.family.wait(child, 40)
        if not self.crew.died_inside(child):
            self.counts["terms"] += 1
            self.counts["unclean_ends"] += code != 0
            if code:
                self.unclean.append(f"{child.name} ended with {code} after SIGTERM")

    def _stop(self, child: Child) -> None:
        """Stopped and going on; in production sometimes for longer than the others wait for it."""
        seconds = self.draw.uniform(5.5, 8.0) if self.crew.several and self.draw.random() < 0.2 else self.draw.uniform(0.3, 4.0)
        self.crew.family.signal(child, SIGSTOP)
        self.counts["stops"] += 1
        self._stopped[child.pid] = (child, time.monotonic() + seconds)

    def _other(self, child: Child) -> None:
        """The subscriber or the operator, who are killed too."""
        name = self.draw.choice(("reader", "operator"))
        self.crew.family.signal(self.crew.family.children[name], SIGKILL)
        self.counts["others_killed"] += 1

    def _cut(self, child: Child) -> None:
        self.counts["sessions_cut"] += self.servers.cut()

    def _move(self, child: Child) -> None:
        """A worker more, or one less."""
        self.counts["worker_changes"] += self.crew.change_workers(self.draw)


def inside(crew: Crew) -> Counter[str]:
    """Deaths at each point."""
    return Counter(crew.died_at())
