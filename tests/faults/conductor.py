"""One run from an empty folder to its verdict: servers, processes, traffic with kills, drain, verdict. Ends everything it started."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.faults.crew import Crew
from tests.faults.drain import Drain
from tests.faults.family import Family
from tests.faults.killer import ARMED, Killer, inside
from tests.faults.plan import Plan, read_lines, tell
from tests.faults.prepare import write_config
from tests.faults.rules import BREAKS, CORPUS, PLACED, SHOWN
from tests.faults.servers import Servers, servers
from tests.faults.traffic import Traffic
from tests.services.private import free_port
from tests.services.processes import get

COUNTED = (
    "kills_outside", "terms", "stops", "sessions_cut", "worker_changes", "others_killed", "purge_queue", "restart_broker",
    "restart_database", "unclean_ends",
)  # fmt: skip
"""What the killer counts."""


@dataclass(frozen=True)
class Order:
    """What is asked for on the command line."""

    setup: str
    kills: int
    seed: int
    documents: int
    broken: str = ""
    extra: tuple[str, ...] = ()
    special: bool = True
    only: tuple[str, ...] = ()
    seconds: float = 3600.0
    keep: bool = False
    folder: Path | None = None


def run(order: Order, say: Callable[[str], None], family: Family | None = None) -> dict[str, Any]:
    """Every count of one run; ``ok`` says whether all is well. Its folder stays when it is not. ``family``: one that is there already."""
    folder = (order.folder or Path("var") / f"faults-{order.seed}").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    with servers(order.setup, folder) as found:
        say(f"{order.setup}: servers are up after {time.monotonic() - began:.1f} s; folder {folder}")
        doors = tuple(free_port() for _ in range(2 if order.setup == "production" else 1))
        plan = Plan(
            order.seed, order.setup, order.documents, order.special, order.only, order.broken, doors,
            free_port(), free_port(), free_port(), found.broker,
        )  # fmt: skip
        plan.save(folder)
        write_config(folder, plan, found.store)
        with Family(folder) if family is None else nullcontext(family) as own:
            own.move(folder)
            counts = Run(order, plan, found, own, say).through()
            own.move(folder)
        found.kept = order.keep or not counts["ok"]
    counts |= {"seconds": round(time.monotonic() - began, 1), "seed": order.seed, "setup": order.setup, "broken": order.broken}
    if counts["ok"] and not order.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return counts


def every(order: Order, say: Callable[[str], None]) -> dict[str, Any]:
    """Each switch in turn, broken alone: what it counted, by its name. ``ok``: every one of them was seen and its document named."""
    found: dict[str, Any] = {}
    place = (Path("var") / f"faults-{order.seed}-switches").resolve()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with Family(place) as family:
        for switch in BREAKS:
            say(f"switch {switch}")
            one = replace(order, broken=switch, special=False, only=CORPUS[switch], folder=place / switch)
            counts = run(one, say, family)
            seen = not counts["ok"] and counts[SHOWN[switch]] > 0
            found[switch] = {
                SHOWN[switch]: counts[SHOWN[switch]],
                "faults": counts["faults"][:2],
                "seconds": counts["seconds"],
                "seen": seen,
            }
    well = all(one["seen"] for one in found.values())
    if well and not order.keep:
        shutil.rmtree(place, ignore_errors=True)
    return {**found, "seed": order.seed, "setup": order.setup, "ok": well}


class Run:
    """The steps of one run, in their order."""

    def __init__(self, order: Order, plan: Plan, found: Servers, family: Family, say: Callable[[str], None]) -> None:
        self.order, self.plan, self.servers, self.family, self.say = order, plan, found, family, say
        self.deadline = time.monotonic() + order.seconds

    def through(self) -> dict[str, Any]:
        """All of it; gives the counts."""
        self.prepare()
        placed = self.plan.broken in PLACED
        crew = Crew(self.family, self.plan, 0.0 if placed else ARMED)
        crew.start()
        self.wait_ready(crew)
        self.say("the hub is up; traffic and kills begin")
        partner = self.family.start("partner", "partner")
        traffic = Traffic(self.family.folder, self.plan.documents, self.order.kills, placed=placed)
        killer = Killer(crew, self.servers, self.order.kills, self.order.seed, self.say, self.order.extra, traffic.behind)
        killer.least_pace = float(placed)
        killer.run(self.deadline)
        traffic.close()
        tell(self.family.folder, "pace", "1")
        self.say("kills are done; the rest of the traffic goes through")
        while partner.code is None and time.monotonic() < self.deadline:
            crew.revive()
            time.sleep(0.1)
        sent = self.family.wait(partner, 1.0)
        tell(self.family.folder, "finish")
        drained = Drain(self.family, crew, self.plan, self.say).through(self.deadline)
        unclean = self._end(crew)
        return self._verdict(crew, killer, sent, drained, unclean)

    def prepare(self) -> None:
        """Tables, by a migration that dies half way and comes again; then what must be there."""
        for name, words in (("migration", ("migrate", "die")), ("migration", ("migrate",)), ("filling", ("fill",))):
            code = self.family.run(name, "prepare", *words)
            if code not in (0, -9):
                raise RuntimeError(f"{name} ended with {code}:\n{self.family.log(name)}")

    def wait_ready(self, crew: Crew) -> None:
        """Until a door answers."""
        end = time.monotonic() + 60
        while get(f"http://127.0.0.1:{self.plan.doors[0]}/health/ready", 1) is None:
            if time.monotonic() > end:
                raise RuntimeError(f"the hub did not start:\n{self.family.log('hub')}{self.family.log('api1')}")
            crew.revive()
            time.sleep(0.05)

    def _end(self, crew: Crew) -> list[str]:
        """The hub's processes end in good order, the others are ended."""
        return [child.name for child in self.family.stop(crew.targets())]

    def _verdict(self, crew: Crew, killer: Killer, sent: int, drained: str, unclean: list[str]) -> dict[str, Any]:
        self.say("the verdict")
        code = self.family.run("verdict", "verdict", seconds=3600)
        if code not in (0, 1):
            raise RuntimeError(f"the verdict ended with {code}:\n{self.family.log('verdict')}")
        found: dict[str, Any] = json.loads((self.family.folder / "verdict.json").read_text())
        asked = read_lines(self.family.folder / "invariants.jsonl")
        faults = [*found.pop("faults")]
        faults += [f"while killing, invariant {name}: {rows}" for line in asked for name, rows in line["broken"].items()][:20]
        faults += [f"the senders were refused: {self.family.log('partner')[-300:]}"] if sent else []
        faults += [f"not drained: {drained}"] if drained else []
        faults += [f"{name} did not end by itself with 0: {self.family.log(name)[-300:]}" for name in unclean]
        faults += [f"only {killer.done} kills in time"] if killer.done < self.order.kills else []
        faults += killer.unclean
        points = inside(crew)
        counts = {name: killer.counts[name] for name in COUNTED}
        return {
            **found, **counts, "kills": killer.done, "kills_at": dict(sorted(points.items())), "invariants_asked": len(asked),
            "faults": faults[:40], "ok": not faults and not counts["unclean_ends"],
        }  # fmt: skip
